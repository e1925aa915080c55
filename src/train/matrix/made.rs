//! The contraction of a matrix as one operation of candle.

use super::Node;
use crate::train::contract::Contraction;
use crate::train::view;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use std::sync::Arc;

/// A contraction as an operation of candle on the parameters and on x; without x, which is then the
/// parameters again and gets no gradient, the nodes are all that was given.
pub(super) struct Made {
    pub(super) result: Tensor,
    pub(super) contraction: Contraction,
    pub(super) nodes: Arc<Vec<Node>>,
    pub(super) boxes: Arc<Vec<Vec<(usize, usize)>>>,
    pub(super) before: usize,
    pub(super) width: usize,
}

impl CustomOp2 for Made {
    fn name(&self) -> &'static str {
        "contraction"
    }
    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (storage, layout) = self.result.storage_and_layout();
        let candle_core::Storage::Cpu(storage) = &*storage else {
            candle_core::bail!("the result is not in main memory")
        };
        Ok((view::copy(storage, layout)?, self.result.elem_count().into()))
    }
    fn bwd(
        &self,
        values: &Tensor,
        x: &Tensor,
        _result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?.flatten_all()?;
        let mut gradients = self.contraction.gradients(gradient)?.into_iter();
        let mut sum: Option<Tensor> = None;
        for (node, ranges) in self.nodes.iter().zip(self.boxes.iter()) {
            let Some(gradient) = gradients.next().flatten() else { continue };
            let own = node.values.give_back(&gradient, &node.dims, ranges, values.elem_count())?;
            sum = Some(match sum {
                Some(sum) => (sum + own)?,
                None => own,
            });
        }
        let of_x = gradients.next().flatten().map(|gradient| {
            let vectors = x.dim(0)?;
            let whole = gradient.reshape((vectors, gradient.elem_count() / vectors))?;
            whole.narrow(1, self.before, self.width)?.contiguous()
        });
        Ok((sum, of_x.transpose()?))
    }
}
