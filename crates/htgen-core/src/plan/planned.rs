//! A model together with its plan: what the references run and what is quantized.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::model::{ModelPlan, contract_all};
use super::{PlanConfig, walk};
use crate::error::Result;
use crate::model::Model;
use crate::network;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A model with the plan of its contraction, so that neither meets another's. Copies share both.
#[derive(Clone)]
pub struct Planned {
    model: Model,
    plan: Arc<ModelPlan>,
    limits: PlanConfig,
    /// The merged weights of each step, computed when they are first asked for.
    merged: OnceLock<Arc<[Vec<f64>]>>,
}

impl Planned {
    /// Plans a model.
    ///
    /// # Errors
    /// When the model has matrices other than one for x and h together, or one each; when no plan
    /// stays within the limits, with the smallest figures that can be reached; or when any plan
    /// takes more than the bounds of this program.
    pub fn new(model: &Model, limits: &PlanConfig) -> Result<Planned> {
        let plan = Arc::new(contract_all(network::parts(model)?, limits)?);
        Ok(Planned { model: model.clone(), plan, limits: *limits, merged: OnceLock::new() })
    }
    /// The same plan for a model of the same shape with other values: steps and costs depend only
    /// on shapes.
    ///
    /// # Errors
    /// When the model has another shape.
    pub fn with_model(&self, model: &Model) -> Result<Planned> {
        let plan = Arc::new(self.plan.with_values(network::parts(model)?)?);
        let limits = self.limits;
        Ok(Planned { model: model.clone(), plan, limits, merged: OnceLock::new() })
    }
    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }
    /// Its plan.
    pub fn plan(&self) -> &ModelPlan {
        &self.plan
    }
    /// The limits that the plan keeps.
    pub fn limits(&self) -> &PlanConfig {
        &self.limits
    }
    /// The merged weights of every contraction step of the model, in canonical order
    /// ([`walk::weights`]); computed once.
    pub fn merged(&self) -> &Arc<[Vec<f64>]> {
        self.merged.get_or_init(|| {
            let steps = self.plan.parts().flat_map(|part| {
                let plan = part.plan();
                (0..plan.steps().len()).map(|k| walk::weights(plan, k))
            });
            steps.collect()
        })
    }
    /// The same without the merged weights, which take memory as long as they are kept.
    pub(crate) fn unmerged(&self) -> Planned {
        Planned { merged: OnceLock::new(), ..self.clone() }
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Planned) -> bool {
        self.model == other.model && self.plan == other.plan && self.limits == other.limits
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Planned");
        shown.field("model", &self.model.name).field("plan", &self.plan).finish_non_exhaustive()
    }
}
