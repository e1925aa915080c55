//! Small models made on the fly for tests, independent of the presets.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::model::{
    Cell, Columns, Element, Factors, GateActivation, HtNode, InputPrep, Layer, Linear, Matrix,
    Model, ModelParts,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A dimension tree without cores.
#[derive(Debug, Clone)]
pub enum Tree {
    /// A mode with the rank of the edge above it.
    Leaf(usize, usize),
    /// Two subtrees with the rank of the edge above them.
    Inner(Box<Tree>, Box<Tree>, usize),
}

/// Shorthand of an inner node.
pub fn inner(left: Tree, right: Tree, rank: usize) -> Tree {
    Tree::Inner(Box::new(left), Box::new(right), rank)
}

/// The shape of a model to be filled with seeded values.
#[derive(Debug, Clone)]
pub struct Shape {
    pub inputs: usize,
    pub hidden: usize,
    pub hidden_offset: Option<usize>,
    pub out_modes: Vec<usize>,
    pub in_modes: Vec<usize>,
    pub tree: Tree,
    pub outputs: usize,
    pub element: Element,
    pub seed: u64,
}

/// Builds a checked model of the shape; `hidden_offset` none means only x.
pub fn model(shape: &Shape) -> Model {
    let mut rng = ChaCha8Rng::seed_from_u64(shape.seed);
    let root = fill(&shape.tree, shape, true, &mut rng);
    let mut values = |count: usize, scale: f64| -> Vec<f64> {
        (0..count).map(|_| scale * (rng.random::<f64>() * 2.0 - 1.0)).collect()
    };
    let columns = match shape.hidden_offset {
        Some(hidden_offset) => Columns::InputAndHidden { hidden_offset },
        None => Columns::Input,
    };
    let byte = shape.element == Element::U8;
    let model = ModelParts {
        name: "random".into(),
        layers: vec![Layer {
            cell: Cell::Lstm,
            gate_activation: GateActivation::Sigmoid,
            inputs: shape.inputs,
            hidden: shape.hidden,
            bias: values(4 * shape.hidden, 1.0),
            candidate_bias: vec![],
            matrices: vec![Matrix {
                columns,
                out_modes: shape.out_modes.clone(),
                in_modes: shape.in_modes.clone(),
                factors: Factors::HierarchicalTucker(root),
            }],
        }],
        head: (shape.outputs > 0).then(|| Linear {
            outputs: shape.outputs,
            weight: values(shape.outputs * shape.hidden, 0.5),
            bias: values(shape.outputs, 0.5),
        }),
        input: InputPrep {
            element: shape.element,
            shift: if byte { 8 } else { 0 },
            mean: if byte { vec![100.0; shape.inputs] } else { vec![] },
        },
        formats: None,
    };
    Model::try_from(model).expect("a test shape is consistent")
}

/// The cores of a shape's tree.
pub fn root(shape: &Shape) -> HtNode {
    fill(&shape.tree, shape, true, &mut ChaCha8Rng::seed_from_u64(shape.seed))
}

fn fill(tree: &Tree, shape: &Shape, root: bool, rng: &mut ChaCha8Rng) -> HtNode {
    match tree {
        Tree::Leaf(mode, rank) => {
            let rank = if root { 1 } else { *rank };
            let count = shape.out_modes[*mode] * shape.in_modes[*mode] * rank;
            let scale = 1.7 / (shape.in_modes[*mode] as f64).sqrt();
            let core = normal(count, scale, rng);
            HtNode::Leaf { mode: *mode, rank, core }
        }
        Tree::Inner(left, right, rank) => {
            let rank = if root { 1 } else { *rank };
            let left = fill(left, shape, false, rng);
            let right = fill(right, shape, false, rng);
            let fan = left.rank() * right.rank();
            let core = normal(rank * fan, 1.7 / (fan as f64).sqrt(), rng);
            HtNode::Inner { rank, core, left: Box::new(left), right: Box::new(right) }
        }
    }
}

fn normal(count: usize, scale: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| scale * (rng.random::<f64>() * 2.0 - 1.0)).collect()
}

/// The networks of fdht.md section 3 and the spoken digits, by name.
pub fn golden(name: &str) -> Shape {
    use Tree::Leaf;
    let base = Shape {
        inputs: 0,
        hidden: 0,
        hidden_offset: None,
        out_modes: vec![],
        in_modes: vec![],
        tree: Leaf(0, 1),
        outputs: 0,
        element: Element::Real,
        seed: 1,
    };
    let ht = |leaf: usize, node: usize| {
        let left = inner(inner(Leaf(0, leaf), Leaf(1, leaf), node), Leaf(2, leaf), node);
        inner(left, inner(Leaf(3, leaf), Leaf(4, leaf), node), 1)
    };
    let three = |leaf: usize, node: usize| {
        inner(inner(Leaf(0, leaf), Leaf(1, leaf), node), Leaf(2, leaf), 1)
    };
    match name {
        "digits" => Shape {
            inputs: 1024,
            hidden: 64,
            hidden_offset: Some(1024),
            out_modes: vec![4; 4],
            in_modes: vec![4, 8, 8, 8],
            tree: inner(inner(Leaf(0, 6), Leaf(1, 6), 6), inner(Leaf(2, 6), Leaf(3, 6), 6), 1),
            outputs: 10,
            element: Element::U8,
            ..base
        },
        "ht-ucf11" | "ht-youtube" => Shape {
            inputs: 57_600,
            hidden: 256,
            out_modes: vec![16, 4, 2, 4, 2],
            in_modes: vec![8, 10, 8, 9, 10],
            tree: if name == "ht-ucf11" { ht(4, 5) } else { ht(3, 3) },
            ..base
        },
        "fdht-largest" => Shape {
            inputs: 57_600,
            hidden: 256,
            hidden_offset: Some(57_600),
            out_modes: vec![8, 8, 16],
            in_modes: vec![16, 32, 113],
            tree: three(4, 2),
            ..base
        },
        "fdht-smallest" => Shape {
            inputs: 2048,
            hidden: 2048,
            hidden_offset: Some(2048),
            out_modes: vec![32, 16, 16],
            in_modes: vec![16; 3],
            tree: three(3, 5),
            ..base
        },
        "fdht-ucf11" => Shape {
            inputs: 57_600,
            hidden: 256,
            hidden_offset: Some(57_600),
            out_modes: vec![4; 5],
            in_modes: vec![4, 12, 10, 10, 16],
            tree: ht(6, 6),
            ..base
        },
        other => panic!("no golden shape {other}"),
    }
}

/// A random tree over `modes` modes; `pick` draws from a range.
pub fn random_tree(modes: usize, mut pick: impl FnMut(usize, usize) -> usize) -> Tree {
    let mut leaves: Vec<Tree> = (0..modes).map(|k| Tree::Leaf(k, pick(1, 5))).collect();
    while leaves.len() > 1 {
        let k = pick(0, leaves.len() - 2);
        let right = leaves.remove(k + 1);
        let left = std::mem::replace(&mut leaves[k], Tree::Leaf(0, 1));
        leaves[k] = inner(left, right, pick(1, 5));
    }
    leaves.remove(0)
}

/// A random small shape: odd modes, lopsided tree, unequal ranks.
pub fn random_shape(seed: u64) -> Shape {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pick = |from: usize, to: usize| from + (rng.random::<u32>() as usize) % (to - from + 1);
    let modes = pick(1, 5);
    let mut out_modes: Vec<usize> = (0..modes).map(|_| pick(1, 3)).collect();
    // The gate factor mostly leads; sometimes it is spread over two modes or hidden in the last.
    match pick(0, 5) {
        0 if modes > 1 => {
            out_modes[0] *= 2;
            out_modes[1] *= 2;
        }
        1 => out_modes[modes - 1] *= 4,
        _ => out_modes[0] *= 4,
    }
    let hidden = out_modes.iter().product::<usize>() / 4;
    let mut in_modes: Vec<usize> = (0..modes).map(|_| pick(1, 7)).collect();
    while in_modes.iter().product::<usize>() < hidden + 2 {
        let k = pick(0, modes - 1);
        in_modes[k] += pick(1, 4);
    }
    let columns: usize = in_modes.iter().product();
    let feedback = pick(0, 4) > 0;
    let most = if feedback { columns - hidden } else { columns };
    let inputs = most - pick(0, most / 2).min(most - 1);
    let hidden_offset = feedback.then(|| if pick(0, 1) == 0 { inputs } else { pick(inputs, most) });
    let tree = random_tree(modes, &mut pick);
    Shape {
        inputs,
        hidden,
        hidden_offset,
        out_modes,
        in_modes,
        tree,
        outputs: if pick(0, 2) == 0 { 0 } else { pick(1, 11) },
        element: if pick(0, 1) == 0 { Element::U8 } else { Element::Real },
        seed: seed ^ 0x5eed,
    }
}
