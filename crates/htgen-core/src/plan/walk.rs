//! Where every operand of a step lies: index arithmetic that the float reference, the fixed-point
//! reference and the interpreter of the program share. No number formats.
//!
//! Activation tensors are stored in *canonical order*: the fused column prefix slowest, then the
//! other indices of the tensor row-major in list order; the last step's result is in row order.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Plan, Prefix, Step};
use crate::network::{IndexId, IndexKind, Network, for_each_offset, strides};

/// An activation tensor's canonical order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Column positions, slowest.
    pub prefix: Prefix,
    /// All other indices, slowest first.
    pub rest: Vec<IndexId>,
}

impl Order {
    /// The input vector.
    pub fn of_input(plan: &Plan) -> Order {
        Order { prefix: plan.steps()[0].before, rest: Vec::new() }
    }
    /// The result of step `k`.
    pub fn of_result(plan: &Plan, k: usize) -> Order {
        let step = &plan.steps()[k];
        if k + 1 == plan.steps().len() {
            return Order { prefix: step.after, rest: plan.network().rows() };
        }
        let fused = &plan.network().columns()[..step.after.modes];
        let rest = step.output().into_iter().filter(|id| !fused.contains(id)).collect();
        Order { prefix: step.after, rest }
    }
    /// Words of the tensor.
    pub fn words(&self, network: &Network) -> usize {
        self.prefix.count * self.rest.iter().map(|&id| network.size(id)).product::<usize>()
    }
    /// Distance in words between neighbors along an index.
    pub fn stride(&self, network: &Network, id: IndexId) -> usize {
        let dims: Vec<usize> = self.rest.iter().map(|&i| network.size(i)).collect();
        if let Some(k) = self.rest.iter().position(|&i| i == id) {
            return strides(&dims)[k];
        }
        let IndexKind::Column(mode) = network.info(id).kind else {
            unreachable!("an index outside the rest is a fused column")
        };
        let inner: usize = network.columns()[usize::from(mode) + 1..self.prefix.modes]
            .iter()
            .map(|&c| network.size(c))
            .product();
        inner * dims.iter().product::<usize>()
    }
}

/// The operands of one step in canonical order: result element (b, f, o) is the sum over k of
/// weight\[b\]\[k\]\[o\] x input\[batch_in\[b\] + free_in\[f\] + sum_in\[k\]\] and goes to
/// result\[batch_out\[b\] + free_out\[f\] + new_out\[o\]\].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// Input offset of each batch position; a single 0 where nothing is shared and kept.
    pub batch_in: Vec<usize>,
    /// Result offset of each batch position.
    pub batch_out: Vec<usize>,
    /// Input offset of each free position.
    pub free_in: Vec<usize>,
    /// Result offset of each free position.
    pub free_out: Vec<usize>,
    /// Input offset of each contracted position, columns of the prefix slowest.
    pub sum_in: Vec<usize>,
    /// Result offset of each new position.
    pub new_out: Vec<usize>,
    /// Contracted positions that count at each free position: all, or fewer at the end of the
    /// columns that carry data.
    pub sum_count: Vec<usize>,
    /// Words of the input tensor.
    pub in_words: usize,
    /// Words of the result.
    pub out_words: usize,
}

/// The number of positions of each kind in a step, without the operands themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Positions that share an index with the weights and keep it; 1 if there are none.
    pub batch: usize,
    /// Positions kept from the input.
    pub free: usize,
    /// Positions summed over.
    pub contracted: usize,
    /// Positions that the weights bring.
    pub new: usize,
}

impl Counts {
    /// The counts of step `k`.
    pub fn of(plan: &Plan, k: usize) -> Counts {
        let (network, step) = (plan.network(), &plan.steps()[k]);
        let columns = network.columns();
        let whole = merged_columns(network, step);
        let kept = &columns[..step.after.modes];
        let fused = &columns[..step.before.modes];
        let size = |ids: &[IndexId], left_out: &[IndexId]| -> usize {
            ids.iter().filter(|id| !left_out.contains(id)).map(|&id| network.size(id)).product()
        };
        let group = if whole { step.contracted_columns(network).0 } else { 1 };
        Counts {
            batch: size(&step.batch, &[]),
            free: step.after.count * size(&step.free, kept),
            contracted: group * size(&step.contracted, if whole { fused } else { &[] }),
            new: size(&step.new, &[]),
        }
    }
}

impl Walk {
    /// The operands of step `k`.
    pub fn of(plan: &Plan, k: usize) -> Walk {
        let network = plan.network();
        let step = &plan.steps()[k];
        let input = if k == 0 { Order::of_input(plan) } else { Order::of_result(plan, k - 1) };
        let output = Order::of_result(plan, k);
        let fused = |id: &IndexId| network.columns()[..step.before.modes].contains(id);
        let kept = |id: &IndexId| network.columns()[..step.after.modes].contains(id);
        let (group, last) = step.contracted_columns(network);
        let whole = merged_columns(network, step);

        let offsets = |ids: &[IndexId], order: &Order| -> Vec<usize> {
            let dims: Vec<usize> = ids.iter().map(|&i| network.size(i)).collect();
            let steps: Vec<usize> = ids.iter().map(|&i| order.stride(network, i)).collect();
            let mut out = Vec::new();
            for_each_offset(&dims, &steps, |o| out.push(o));
            out
        };
        let free_rest: Vec<IndexId> = step.free.iter().copied().filter(|i| !kept(i)).collect();
        let in_unit = input.words(network) / input.prefix.count;
        let out_unit = output.words(network) / output.prefix.count;
        let group_in = if whole {
            group
        } else {
            super::prefix::extent(network, step.after.modes, step.before.modes)
        };
        let positions = 0..step.after.count;
        let spread = |base: usize, rest: Vec<usize>| -> Vec<usize> {
            positions.clone().flat_map(|p| rest.iter().map(move |r| p * base + r)).collect()
        };
        let free_in = spread(group_in * in_unit, offsets(&free_rest, &input));
        let free_out = spread(out_unit, offsets(&free_rest, &output));

        let sum_rest: Vec<IndexId> =
            step.contracted.iter().copied().filter(|i| !(whole && fused(i))).collect();
        let rest = offsets(&sum_rest, &input);
        let columns = if whole { group } else { 1 };
        let sum_in: Vec<usize> =
            (0..columns).flat_map(|c| rest.iter().map(move |r| c * in_unit + r)).collect();
        let per_position = free_in.len() / step.after.count;
        let sum_count = (0..step.after.count)
            .flat_map(|p| {
                let columns = match whole {
                    true if p + 1 == step.after.count => last,
                    true => group,
                    false => 1,
                };
                std::iter::repeat_n(columns * rest.len(), per_position)
            })
            .collect();
        Walk {
            batch_in: offsets(&step.batch, &input),
            batch_out: offsets(&step.batch, &output),
            free_in,
            free_out,
            sum_in,
            new_out: offsets(&step.new, &output),
            sum_count,
            in_words: input.words(network),
            out_words: output.words(network),
        }
    }
}

/// Whether the step sums over whole groups of the input's fused columns (as opposed to single modes
/// of a prefix that is not truncated).
pub(crate) fn merged_columns(network: &Network, step: &Step) -> bool {
    let columns = network.columns();
    merged_columns_between(&columns[step.after.modes..step.before.modes], &step.contracted)
}

/// Whether all of `columns` are summed over.
pub(crate) fn merged_columns_between(columns: &[IndexId], contracted: &[IndexId]) -> bool {
    columns.iter().all(|id| contracted.contains(id))
}

/// The merged weights of step `k` as \[batch\]\[contracted\]\[new\], in the order of [`Walk`].
pub fn weights(plan: &Plan, k: usize) -> Vec<f64> {
    let network = plan.network();
    let step = &plan.steps()[k];
    let merged = network.merged(&step.nodes, &step.pairs);
    let whole = merged_columns(network, step);
    let fused = |id: &&IndexId| {
        whole && network.columns()[step.after.modes..step.before.modes].contains(id)
    };
    let (columns, rest): (Vec<IndexId>, Vec<IndexId>) =
        step.contracted.iter().partition(|id| fused(id));
    let order = [&step.batch[..], &columns, &rest, &step.new].concat();
    let all = merged.transposed(&order);
    let batch: usize = step.batch.iter().map(|&id| network.size(id)).product();
    let used = step.weight_words as usize / batch;
    all.data().chunks_exact(all.data().len() / batch).flat_map(|b| &b[..used]).copied().collect()
}

impl Walk {
    /// Contracts `input` with `weights` (\[batch\]\[contracted\]\[new\]) and passes each sum
    /// through `finish` to its place in the result. `A` is f64 or an integer wide enough for every
    /// partial sum.
    #[inline]
    pub fn contract<A, Y>(
        &self,
        weights: &[A],
        input: &[A],
        result: &mut [Y],
        mut finish: impl FnMut(A) -> Y,
    ) where
        A: num_traits::Num + num_traits::NumAssignOps + Copy,
    {
        let new = self.new_out.len();
        let mut sums = vec![A::zero(); new];
        let batches = weights.chunks_exact(weights.len() / self.batch_in.len());
        for ((weights, from), to) in batches.zip(&self.batch_in).zip(&self.batch_out) {
            let places = self.free_in.iter().zip(&self.free_out);
            for ((&base, &out), &count) in places.zip(&self.sum_count) {
                sums.fill(A::zero());
                for (&offset, row) in self.sum_in[..count].iter().zip(weights.chunks_exact(new)) {
                    let x = input[from + base + offset];
                    for (sum, &w) in sums.iter_mut().zip(row) {
                        *sum += x * w;
                    }
                }
                for (&sum, &place) in sums.iter().zip(&self.new_out) {
                    result[to + out + place] = finish(sum);
                }
            }
        }
    }
}
