//! Merging the cores of a step: in which pairs, that no other order multiplies less, and that the
//! merged result equals the rebuilt one.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::formats::{self, FORMATS, PLAIN, Wanted};
use expect_test::expect;
use htgen::model::{self, Cell, Element, Format, InputPrep, Model, NewSpec, Ranks, Recurrent};
use htgen::network::{self, IndexId, Merges, Network, NodeId, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// The network of the first product of a model's first layer.
fn first(model: &Model) -> Network {
    let first = network::parts(model).unwrap().swap_remove(0).swap_remove(0);
    Arc::unwrap_or_clone(first.network)
}

/// An LSTM whose one matrix multiplies x, of bytes.
pub fn spec(format: Format, out_modes: &[usize], in_modes: &[usize], ranks: Ranks) -> NewSpec {
    let rows: usize = out_modes.iter().product();
    NewSpec {
        name: "made".into(),
        cell: Cell::Lstm,
        gate_activation: model::GateActivation::Sigmoid,
        inputs: in_modes.iter().product(),
        hidden: rows / 4,
        layers: 1,
        format,
        out_modes: out_modes.to_vec(),
        in_modes: in_modes.to_vec(),
        tree: String::new(),
        ranks,
        recurrent: Recurrent::None,
        head: None,
        input: InputPrep { element: Element::U8, shift: 8, mean: vec![] },
        seed: 7,
    }
}

/// A train of 4x2, 2x1 and 2x1 with ranks 2 and 8. From the left the second pair has 16 x 8 words
/// to multiply, from the right the first has 2 x 2 x 8 x 2.
#[test]
fn the_pair_that_multiplies_less_comes_first() {
    let spec = spec(Format::TensorTrain, &[4, 2, 2], &[2, 1, 1], Ranks::PerNode(vec![2, 8]));
    let network = first(&model::new(&spec).unwrap());
    let merges = Merges::of(&network);
    assert_eq!(merges.pairs(0b111), [(1, 2), (0, 3)]);
    let cost = merges.cost(0b111);
    assert_eq!((cost.multiplies, cost.largest), (2 * 2 * 8 * 2 + 8 * 2 * 4, 32));
    assert_eq!(merges.pairs(0b011), [(0, 1)]);
    // The outer cores share nothing.
    assert_eq!(merges.groups(), [0b001, 0b010, 0b011, 0b100, 0b110, 0b111]);
}

/// Factors of block terms share the block with each other, yet they are contracted with the core.
#[test]
fn factors_of_block_terms_meet_their_core() {
    let ranks = Ranks::Uniform { leaf: 4, inner: 4 };
    let format = Format::BlockTerm { blocks: 4 };
    let spec = spec(format, &[4, 4, 4, 4], &[4, 8, 8, 8], ranks);
    let network = first(&model::new(&spec).unwrap());
    let merges = Merges::of(&network);
    let all = (1 << network.nodes().len()) - 1;
    // Node 4 is the core; in the order of the list the four factors would make 4 x 4^4 x 524,288
    // words.
    assert_eq!(network.nodes()[4].name, "core");
    let cost = merges.cost(all);
    expect!["[(0, 4), (5, 1), (6, 2), (7, 3)] 9584640 multiplies, largest 524288 words"].assert_eq(
        &format!(
            "{:?} {} multiplies, largest {} words",
            merges.pairs(all),
            cost.multiplies,
            cost.largest
        ),
    );
}

/// The least multiplies of all ways to merge a set in connected pairs, straight from the
/// definition.
fn least(network: &Network, set: &[usize]) -> u64 {
    let indices = |set: &[usize]| -> Vec<IndexId> {
        let others = (0..network.nodes().len()).filter(|k| !set.contains(k));
        let others: Vec<usize> = others.collect();
        let has = |nodes: &[usize], id: IndexId| {
            nodes.iter().any(|&k| network.nodes()[k].tensor.indices().contains(&id))
        };
        let outer = [network.rows(), network.columns()].concat();
        let all = (0..network.indices().len()).map(|k| IndexId(k as u8));
        all.filter(|&id| has(set, id) && (outer.contains(&id) || has(&others, id))).collect()
    };
    if set.len() == 1 {
        return 0;
    }
    let mut best = u64::MAX;
    for half in 1..(1usize << set.len()) - 1 {
        let pick = |bit: usize| -> Vec<usize> {
            let own = set.iter().enumerate().filter(|(k, _)| half >> k & 1 == bit);
            own.map(|(_, &node)| node).collect()
        };
        let (a, b) = (pick(1), pick(0));
        if !hangs_together(network, &a) || !hangs_together(network, &b) {
            continue;
        }
        let mut both = indices(&a);
        both.extend(indices(&b).into_iter().filter(|id| !indices(&a).contains(id)));
        let own: u64 = both.iter().map(|&id| network.size(id) as u64).product();
        best = best.min(own + least(network, &a) + least(network, &b));
    }
    best
}

fn hangs_together(network: &Network, set: &[usize]) -> bool {
    let shares = |a: usize, b: usize| {
        let of_b = network.nodes()[b].tensor.indices();
        network.nodes()[a].tensor.indices().iter().any(|id| of_b.contains(id))
    };
    let mut reached = vec![set[0]];
    while let Some(&next) =
        set.iter().find(|&&k| !reached.contains(&k) && reached.iter().any(|&r| shares(k, r)))
    {
        reached.push(next);
    }
    reached.len() == set.len()
}

/// The entry of the whole matrix as the sum over all ranks of the product of all nodes.
fn entry(network: &Network, outer: &[(IndexId, usize)]) -> f64 {
    let inner: Vec<IndexId> = (0..network.indices().len())
        .map(|k| IndexId(k as u8))
        .filter(|id| outer.iter().all(|(o, _)| o != id))
        .collect();
    let count: usize = inner.iter().map(|&id| network.size(id)).product();
    let of = |tensor: &Tensor, at: &[(IndexId, usize)]| {
        let places = tensor.indices().iter().zip(tensor.dims());
        let place = places.fold(0, |place, (id, size)| {
            place * size
                + at.iter().find(|(other, _)| other == id).expect("every index has a value").1
        });
        tensor.data()[place]
    };
    let term = |mut number: usize| -> f64 {
        let mut at = outer.to_vec();
        for &id in &inner {
            at.push((id, number % network.size(id)));
            number /= network.size(id);
        }
        network.nodes().iter().map(|node| of(&node.tensor, &at)).product()
    };
    (0..count).map(term).sum()
}

#[test]
fn no_order_multiplies_less_and_none_changes_the_matrix() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for (k, format) in FORMATS.into_iter().enumerate() {
        for seed in 0..6 {
            let network = first(&formats::model(Wanted { format, ..PLAIN }, 100 * k as u64 + seed));
            let merges = Merges::of(&network);
            for &group in merges.groups() {
                let set: Vec<usize> =
                    (0..network.nodes().len()).filter(|k| group >> k & 1 == 1).collect();
                assert!(hangs_together(&network, &set));
                assert_eq!(merges.cost(group).multiplies, least(&network, &set), "{network}");
            }
            let nodes: Vec<NodeId> = (0..network.nodes().len()).map(|k| NodeId(k as u8)).collect();
            let merged = network.merged(&nodes, &merges.pairs((1 << nodes.len()) - 1));
            let outer = [network.rows(), network.columns()].concat();
            let merged = merged.transposed(&outer);
            for _ in 0..8 {
                let pick = |&id: &IndexId| (id, rng.random_range(0..network.size(id)));
                let at: Vec<(IndexId, usize)> = outer.iter().map(pick).collect();
                let place = at.iter().fold(0, |place, &(id, v)| place * network.size(id) + v);
                let (found, wanted) = (merged.data()[place], entry(&network, &at));
                assert!((found - wanted).abs() < 1e-9, "{found}, not {wanted}:\n{network}");
            }
        }
    }
}
