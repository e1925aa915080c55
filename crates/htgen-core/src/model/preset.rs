//! Named untrained models: the shapes for which numbers are published in the literature, and those
//! of this project's own examples.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{
    Cell, Element, Format, GateActivation, InputPrep, Model, NewSpec, Ranks, Recurrent, new,
};
use crate::error::{Diagnostic, Result};

/// A named shape.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Name on the command line; the name of the model has underscores for the dashes.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    inputs: usize,
    hidden: usize,
    out_modes: &'static [usize],
    in_modes: &'static [usize],
    format: Format,
    tree: &'static str,
    leaf_rank: usize,
    inner_rank: usize,
    fully: bool,
    head: Option<usize>,
    element: Element,
    shift: i32,
}

/// Bytes of frames of 160 x 120 pixels in three colours, to the gates of 256 units; only the matrix
/// of the inputs, as counted in the literature.
const VIDEO: Preset = Preset {
    name: "",
    about: "",
    inputs: 57_600,
    hidden: 256,
    out_modes: &[],
    in_modes: &[],
    format: Format::HierarchicalTucker,
    tree: "",
    leaf_rank: 4,
    inner_rank: 4,
    fully: false,
    head: None,
    element: Element::U8,
    shift: 11,
};

/// The presets in the order in which they are listed.
///
/// The shift of byte inputs brings |x|^2 near the number of hidden units for random bytes.
const PRESETS: &[Preset] = &[
    Preset {
        name: "bt-ucf11",
        about: "BT-LSTM for UCF11, only the input-to-hidden matrix: 3,392 parameters",
        out_modes: &[16, 4, 4, 4],
        in_modes: &[8, 20, 20, 18],
        format: Format::BlockTerm { blocks: 2 },
        ..VIDEO
    },
    Preset {
        name: "digits",
        about: "the spoken-digits example, untrained: FDHT, 1,140 parameters",
        inputs: 1024,
        hidden: 64,
        out_modes: &[4, 4, 4, 4],
        in_modes: &[4, 8, 8, 8],
        format: Format::HierarchicalTucker,
        tree: "((0,1),(2,3))",
        leaf_rank: 6,
        inner_rank: 6,
        fully: true,
        head: Some(10),
        element: Element::U8,
        shift: 9,
    },
    Preset {
        name: "fdht-largest",
        about: "FDHT-LSTM, largest published: 57,600 inputs, 8,808 parameters",
        inputs: 57_600,
        hidden: 256,
        out_modes: &[8, 8, 16],
        in_modes: &[16, 32, 113],
        format: Format::HierarchicalTucker,
        tree: "((0,1),2)",
        leaf_rank: 4,
        inner_rank: 2,
        fully: true,
        head: None,
        element: Element::U8,
        shift: 11,
    },
    Preset {
        name: "fdht-smallest",
        about: "FDHT-LSTM, smallest published: 2,048 inputs, 3,132 parameters",
        inputs: 2048,
        hidden: 2048,
        out_modes: &[32, 16, 16],
        in_modes: &[16, 16, 16],
        format: Format::HierarchicalTucker,
        tree: "((0,1),2)",
        leaf_rank: 3,
        inner_rank: 5,
        fully: true,
        head: None,
        element: Element::Real,
        shift: 0,
    },
    Preset {
        name: "fdht-ucf11",
        about: "FDHT-LSTM for UCF11 video in power-of-two modes: 57,600 inputs, 1,932 parameters",
        inputs: 57_600,
        hidden: 256,
        out_modes: &[4, 4, 4, 4, 4],
        in_modes: &[4, 12, 10, 10, 16],
        format: Format::HierarchicalTucker,
        tree: "",
        leaf_rank: 6,
        inner_rank: 6,
        fully: true,
        head: Some(11),
        element: Element::U8,
        shift: 11,
    },
    Preset {
        name: "ht-ucf11",
        about: "HT-LSTM for UCF11, only the input-to-hidden matrix: 1,245 parameters",
        out_modes: &[16, 4, 2, 4, 2],
        in_modes: &[8, 10, 8, 9, 10],
        tree: "(((0,1),2),(3,4))",
        inner_rank: 5,
        ..VIDEO
    },
    Preset {
        name: "ht-youtube",
        about: "HT-LSTM for YouTube Celebrities, only the input-to-hidden matrix: 810 parameters",
        out_modes: &[16, 4, 2, 4, 2],
        in_modes: &[8, 10, 8, 9, 10],
        tree: "(((0,1),2),(3,4))",
        leaf_rank: 3,
        inner_rank: 3,
        ..VIDEO
    },
    Preset {
        name: "tr-ucf11",
        about: "TR-LSTM for UCF11, only the input-to-hidden matrix: 1,725 parameters",
        out_modes: &[16, 4, 2, 4, 2],
        in_modes: &[4, 2, 5, 8, 6, 5, 3, 2],
        format: Format::TensorRing { closing_rank: Some(10) },
        leaf_rank: 5,
        inner_rank: 5,
        ..VIDEO
    },
    Preset {
        name: "tt-ucf11",
        about: "TT-LSTM for UCF11, only the input-to-hidden matrix: 3,360 parameters",
        out_modes: &[16, 4, 4, 4],
        in_modes: &[8, 20, 20, 18],
        format: Format::TensorTrain,
        ..VIDEO
    },
    Preset {
        name: "tt-youtube",
        about: "TT-LSTM for YouTube Celebrities, only the input-to-hidden matrix: 3,392 parameters",
        out_modes: &[16, 4, 4, 4],
        in_modes: &[4, 20, 20, 36],
        format: Format::TensorTrain,
        ..VIDEO
    },
];

/// All presets.
pub fn list() -> &'static [Preset] {
    PRESETS
}

/// The model of a preset with values from a seed.
pub fn build(name: &str, seed: u64) -> Result<Model> {
    new(&spec(name, seed)?)
}

/// The options of `new` that correspond to a preset.
pub fn spec(name: &str, seed: u64) -> Result<NewSpec> {
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let shown: String = name.chars().take(40).collect();
        return Err(Diagnostic::new("preset", "no such preset")
            .found(format!("\"{}\"", shown.escape_debug()))
            .expected(format!("one of {}", names.join(", ")))
            .into());
    };
    Ok(NewSpec {
        name: preset.name.replace('-', "_"),
        cell: Cell::Lstm,
        gate_activation: GateActivation::Sigmoid,
        layers: 1,
        format: preset.format,
        inputs: preset.inputs,
        hidden: preset.hidden,
        out_modes: preset.out_modes.to_vec(),
        in_modes: preset.in_modes.to_vec(),
        tree: preset.tree.to_string(),
        ranks: Ranks::Uniform { leaf: preset.leaf_rank, inner: preset.inner_rank },
        recurrent: match preset.fully {
            true => Recurrent::Shared { hidden_offset: None },
            false => Recurrent::None,
        },
        head: preset.head,
        input: InputPrep { element: preset.element, shift: preset.shift, mean: Vec::new() },
        seed,
    })
}
