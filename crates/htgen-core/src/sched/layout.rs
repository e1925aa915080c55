//! Lane patterns and slots of every part of a plan, computed in one place.

use super::lanes::{self, Fields};
use super::loops::Context;
use super::shape::Shapes;
use super::slots::Slots;
use crate::network::Operand;
use crate::plan::{ModelPlan, PlanPart};

/// The layout of one part.
pub(super) struct Layout {
    shapes: Shapes,
    slots: Slots,
    fields: Vec<Fields>,
}

impl Layout {
    /// The layouts of all parts of a plan; `layer` of each is numbered accordingly.
    pub(super) fn all(plan: &ModelPlan, lane_bits: u32) -> Vec<Layout> {
        let layers = plan.layers().iter().enumerate();
        layers
            .flat_map(|(layer, parts)| parts.iter().map(move |part| (layer, part)))
            .map(|(layer, part)| Layout::of(part, layer, lane_bits))
            .collect()
    }

    /// The input buffer has as many banks as lanes may want; the hidden buffer has one.
    fn of(part: &PlanPart, layer: usize, lane_bits: u32) -> Layout {
        let plan = part.plan();
        let shapes = Shapes::of(plan);
        let banked = layer == 0 && matches!(part.operand(), Operand::Input { .. });
        let patterns = lanes::choose(plan, &shapes, lane_bits, banked);
        let slots = Slots::assign(plan, &shapes, &patterns, lane_bits);
        let fields = [&[patterns.input][..], &patterns.steps].concat();
        Layout { shapes, slots, fields }
    }
}

/// What the layouts mean for their parts, in the same order.
pub(super) fn contexts<'a>(
    plan: &'a ModelPlan,
    layouts: &'a [Layout],
    lane_bits: u32,
) -> Vec<Context<'a>> {
    let layers = plan.layers().iter().enumerate();
    let parts = layers.flat_map(|(layer, parts)| {
        let last = parts.len() - 1;
        parts.iter().enumerate().map(move |(k, part)| (layer, part, k == last))
    });
    parts
        .zip(layouts)
        .map(|((layer, part, completes), layout)| Context {
            part,
            layer,
            completes,
            plan: part.plan(),
            shapes: &layout.shapes,
            slots: &layout.slots,
            layouts: layout.fields.clone(),
            lane_bits,
        })
        .collect()
}
