//! Tables of the element-wise units: in which order hidden units are processed, where their gates
//! are, where h goes.

use super::loops::{Context, RawLoop};
use super::rom::{for_each_iteration, value_at};
use crate::network::IndexId;
use crate::quant::QuantPlan;

/// Maximum number of parts in a layer.
pub(super) const PARTS: usize = 2;

/// One hidden unit as the element-wise unit processes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Hidden unit number j of its layer; none in a slot that only pads the table.
    pub unit: Option<usize>,
    /// Its layer.
    pub layer: usize,
    /// Number of groups of gate pre-activations of the layer's last part that must have arrived.
    pub need: usize,
    /// Words of the gate buffer for the four sums of the unit, and within each sum for the
    /// contributions of the parts; the part that completes the gates comes first.
    pub gates: [[Option<usize>; PARTS]; 4],
    /// Biases of the four sums.
    pub bias: [i32; 4],
    /// Word of the input buffer that receives h, if h is fed back there.
    pub hidden_word: Option<usize>,
    /// Word of the hidden buffer that receives h.
    pub slot: usize,
    /// Whether its row is the last of its layer.
    pub last: bool,
}

/// Units of one element-wise unit in processing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellTable(pub Vec<Unit>);

/// The gate buffer's words of every part, in the order of the parts.
pub(super) struct Places(Vec<Vec<usize>>);

impl Places {
    /// From the last step's loops of every part.
    pub(super) fn of(ctxs: &[Context<'_>], last: &[Vec<RawLoop>]) -> Places {
        Places(ctxs.iter().zip(last).map(|(ctx, last)| gate_places(ctx, last)).collect())
    }
}

/// Where h of each layer lies in the hidden buffer: the first word of unit 0; none if units are
/// placed in the order in which they are processed.
pub(super) type HiddenPlaces = Option<Vec<usize>>;

/// Builds the tables for `cells` units side by side; none if the parts of a layer do not deliver
/// the gates of every unit to the same element-wise unit.
pub(super) fn tables(
    ctxs: &[Context<'_>],
    quant: &QuantPlan,
    places: &Places,
    hidden: &HiddenPlaces,
    cells: usize,
) -> Option<Vec<CellTable>> {
    let mut tables: Vec<Vec<Unit>> = vec![Vec::new(); cells];
    for layer in 0..quant.layers().len() {
        let units = units(ctxs, quant, places, hidden, layer);
        let mut own: Vec<Vec<Unit>> = vec![Vec::new(); cells];
        for unit in units {
            let mut banks = unit.gates.iter().flatten().flatten().map(|place| place % cells);
            let bank = banks.next().expect("every unit has a gate");
            if banks.any(|other| other != bank) {
                return None;
            }
            own[bank].push(unit);
        }
        level(&mut own, layer);
        for (table, own) in tables.iter_mut().zip(own) {
            table.extend(own);
        }
    }
    number_slots(&mut tables, quant, hidden);
    Some(tables.into_iter().map(CellTable).collect())
}

/// The units of a layer in processing order.
fn units(
    ctxs: &[Context<'_>],
    quant: &QuantPlan,
    places: &Places,
    hidden: &HiddenPlaces,
    layer: usize,
) -> Vec<Unit> {
    let cell = &quant.layers()[layer].cell;
    let mut parts: Vec<(&Context<'_>, &Vec<usize>)> =
        ctxs.iter().zip(&places.0).filter(|(ctx, _)| ctx.layer == layer).collect();
    parts.reverse();
    let place = |phase: usize, j: usize, k: usize| {
        let (ctx, places) = parts.get(k)?;
        cell.row(phase, j, ctx.part.operand()).map(|row| places[row])
    };
    let lane_bits = ctxs[0].lane_bits;
    let hidden_word = if layer == 0 { hidden_words(&ctxs[0], quant) } else { None };
    let unit = |j: usize| {
        let gates = [0, 1, 2, 3].map(|phase| [0, 1].map(|k| place(phase, j, k)));
        let completing = gates.iter().filter_map(|gate| gate[0]);
        Unit {
            unit: Some(j),
            layer,
            need: completing.map(|place| place >> lane_bits).max().unwrap_or(0) + 1,
            gates,
            bias: [0, 1, 2, 3].map(|phase| cell.bias[phase * cell.units + j]),
            hidden_word: hidden_word.as_ref().map(|words| words[j]),
            slot: hidden.as_ref().map_or(0, |first| first[layer] + j),
            last: false,
        }
    };
    let mut units: Vec<Unit> = (0..cell.units).map(unit).collect();
    units.sort_by_key(|unit| (unit.need, unit.gates[0][0], unit.gates[0][1]));
    units
}

/// Pads the tables of a layer to one length, at least the two rows of the hardware tables. The
/// units run in lock step: each row waits for the latest of its gates.
fn level(tables: &mut [Vec<Unit>], layer: usize) {
    let longest = tables.iter().map(Vec::len).max().unwrap_or(0).max(2);
    for (e, table) in tables.iter_mut().enumerate() {
        let filler = Unit {
            unit: None,
            layer,
            need: 0,
            gates: [[Some(e), None]; 4],
            bias: [0; 4],
            hidden_word: None,
            slot: 0,
            last: false,
        };
        table.resize(longest, filler);
    }
    for row in 0..longest {
        let need = tables.iter().map(|t| t[row].need).max().unwrap_or(0);
        tables.iter_mut().for_each(|t| t[row].need = need);
    }
    tables.iter_mut().for_each(|t| t[longest - 1].last = true);
}

/// Gives every row a word of the hidden buffer that has none yet: with a head and nothing else that
/// reads h, in the order of processing; otherwise fillers after all units.
fn number_slots(tables: &mut [Vec<Unit>], quant: &QuantPlan, hidden: &HiddenPlaces) {
    let cells = tables.len();
    let ordered = hidden.is_none() && quant.head().is_some();
    let mut fillers = 0;
    for (e, table) in tables.iter_mut().enumerate() {
        for (row, unit) in table.iter_mut().enumerate() {
            match unit.unit {
                _ if ordered => unit.slot = row * cells + e,
                Some(j) if hidden.is_none() => unit.slot = j,
                Some(_) => {}
                None => {
                    unit.slot = usize::MAX - fillers;
                    fillers += 1;
                }
            }
        }
    }
}

/// Places the rows without a unit after `used` words of the hidden buffer; returns the total number
/// of words.
pub(super) fn place_fillers(tables: &mut [CellTable], used: usize) -> usize {
    let mut next = used;
    let units = tables.iter_mut().flat_map(|table| &mut table.0);
    for unit in units.filter(|unit| unit.unit.is_none() && unit.slot > usize::MAX / 2) {
        unit.slot = next;
        next += 1;
    }
    next
}

/// Word of the gate buffer for every row: group x P + lane.
fn gate_places(ctx: &Context<'_>, last: &[RawLoop]) -> Vec<usize> {
    let network = ctx.network();
    let rows = network.rows();
    let final_tensor = ctx.shapes.tensors.len() - 1;
    let lanes = 1usize << ctx.lane_bits;
    let idle: usize = (0..ctx.lane_bits as usize)
        .filter(|&k| ctx.slots.tensors[final_tensor][k].is_none())
        .fold(0, |m, k| m | 1 << k);
    let kept: Vec<RawLoop> = last.iter().copied().filter(|l| !l.contracted).collect();
    let mut places = vec![usize::MAX; network.gates() * network.units()];
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

/// Word of the input buffer for every hidden unit of the bottom layer.
fn hidden_words(ctx: &Context<'_>, quant: &QuantPlan) -> Option<Vec<usize>> {
    let offset = quant.input().hidden_offset?;
    let units = quant.layers()[0].cell.units;
    Some((0..units).map(|j| input_word(ctx, offset + j)).collect())
}

/// Word of the part's operand memory that holds a column.
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
