//! Small models made on the spot for tests, independent of the presets.

use htgen::model::{Cell, Columns, Element, Factors, HtNode, InputPrep, Layer, Linear, Matrix, Model};
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

/// Builds a checked model of the shape; `hidden_offset` none means x alone.
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
    let model = Model {
        name: "random".into(),
        layers: vec![Layer {
            cell: Cell::Lstm,
            inputs: shape.inputs,
            hidden: shape.hidden,
            bias: values(4 * shape.hidden, 1.0),
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
    model.check().expect("a test shape is consistent");
    model
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
