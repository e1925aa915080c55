//! Tables of the element-wise units: in which order hidden units are processed, where their gates
//! lie, where h goes.

use super::loops::{Context, RawLoop};
use super::rom::{for_each_iteration, value_at};
use crate::network::IndexId;
use crate::quant::QuantPlan;

/// One hidden unit as the element-wise unit meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Hidden unit number j; none in a slot that only fills the table up.
    pub unit: Option<usize>,
    /// Groups of gate pre-activations that must have arrived.
    pub need: usize,
    /// Words of the gate buffer, gates i, f, g, o.
    pub gates: [usize; 4],
    /// Biases, gates i, f, g, o.
    pub bias: [i32; 4],
    /// Word of the input buffer that takes h, when h is fed back.
    pub hidden_word: Option<usize>,
}

/// Units of one element-wise unit in processing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellTable(pub Vec<Unit>);

/// Builds the tables for `cells` units side by side from the last step's loops; also the number of
/// groups that the gate buffer holds.
pub(super) fn tables(
    ctx: &Context<'_>,
    quant: &QuantPlan,
    last: &[RawLoop],
    cells: usize,
) -> (Vec<CellTable>, usize) {
    let units = quant.cell().units;
    let places = gate_places(ctx, last, units);
    let mut order: Vec<usize> = (0..units).collect();
    let need =
        |j: usize| (0..4).map(|g| places[g * units + j] >> ctx.lane_bits).max().unwrap_or(0) + 1;
    order.sort_by_key(|&j| (need(j), places[j]));
    let hidden_word = hidden_words(ctx, quant);
    let mut tables: Vec<Vec<Unit>> = vec![Vec::new(); cells];
    for j in order {
        let gates = [0, 1, 2, 3].map(|g| places[g * units + j]);
        let bias = [0, 1, 2, 3].map(|g| quant.cell().bias[g * units + j]);
        let hidden_word = hidden_word.as_ref().map(|w| w[j]);
        tables[gates[0] % cells].push(Unit {
            unit: Some(j),
            need: need(j),
            gates,
            bias,
            hidden_word,
        });
    }
    // The hardware's tables have two rows at least.
    let longest = tables.iter().map(Vec::len).max().unwrap_or(0).max(2);
    for (e, table) in tables.iter_mut().enumerate() {
        let filler = Unit { unit: None, need: 0, gates: [e; 4], bias: [0; 4], hidden_word: None };
        table.resize(longest, filler);
    }
    // The units run in lock step: each row waits for the latest of its gates.
    for row in 0..longest {
        let need = tables.iter().map(|t| t[row].need).max().unwrap_or(0);
        tables.iter_mut().for_each(|t| t[row].need = need);
    }
    let groups = last.iter().filter(|l| !l.contracted).map(|l| l.bound).product();
    (tables.into_iter().map(CellTable).collect(), groups)
}

/// Word of the gate buffer for every row: group x P + lane.
fn gate_places(ctx: &Context<'_>, last: &[RawLoop], units: usize) -> Vec<usize> {
    let network = ctx.network();
    let rows = network.rows();
    let final_tensor = ctx.shapes.tensors.len() - 1;
    let lanes = 1usize << ctx.lane_bits;
    let idle: usize = (0..ctx.lane_bits as usize)
        .filter(|&k| ctx.slots.tensors[final_tensor][k].is_none())
        .fold(0, |m, k| m | 1 << k);
    let kept: Vec<RawLoop> = last.iter().copied().filter(|l| !l.contracted).collect();
    let mut places = vec![usize::MAX; 4 * units];
    for_each_iteration(&kept, |group, counters| {
        for lane in (0..lanes).filter(|lane| lane & idle == 0) {
            let value = |id: IndexId| value_at(ctx, final_tensor, &kept, counters, lane, id);
            let row = rows.iter().try_fold(0usize, |row, &id| {
                let v = value(id);
                (v < network.size(id)).then(|| row * network.size(id) + v)
            });
            if let Some(row) = row {
                places[row] = group * lanes + lane;
            }
        }
    });
    assert!(places.iter().all(|&p| p != usize::MAX), "the last step yields every row");
    places
}

/// Word of the input buffer for every hidden unit.
fn hidden_words(ctx: &Context<'_>, quant: &QuantPlan) -> Option<Vec<usize>> {
    let offset = quant.input().hidden_offset?;
    let units = quant.cell().units;
    Some((0..units).map(|j| input_word(ctx, offset + j)).collect())
}

/// Word of the input buffer that holds a column.
pub(super) fn input_word(ctx: &Context<'_>, column: usize) -> usize {
    let network = ctx.network();
    let addressing = ctx.addressing(0);
    let (mut rest, mut word) = (column, 0);
    for &id in network.columns().iter().rev() {
        let mut value = rest % network.size(id);
        rest /= network.size(id);
        for (weight, _, bit) in ctx.parts(id, ctx.field(0, id), 0) {
            let stride = bit.map_or(addressing.stride(id), |bit| ctx.bank(0, id, bit) as usize);
            word += value / weight * stride;
            value %= weight;
        }
    }
    word
}
