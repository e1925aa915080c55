//! The generated top, its parameter header and the design's README.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::about::About;
use super::parameters;
use super::sizes::Sizes;
use crate::model::Cell;
use crate::model::Element;
use crate::sched::Program;
use askama::Template;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Template)]
#[template(path = "top/top.v", escape = "none")]
struct Top<'a> {
    top: &'a str,
    what: String,
    version: &'a str,
    command: &'a str,
    facts: Vec<String>,
    inputs: usize,
    beat: usize,
    element: String,
    in_bits: usize,
    in_pad: String,
    outputs: usize,
    output: String,
    parameters: Vec<String>,
}

#[derive(Template)]
#[template(path = "top/params.h", escape = "none")]
struct Params<'a> {
    top: &'a str,
    version: &'a str,
    command: &'a str,
    defines: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "top/README.md", escape = "none")]
struct Readme<'a> {
    top: &'a str,
    what: String,
    version: &'a str,
    command: &'a str,
    rows: Vec<(String, String)>,
    lanes: usize,
    drains: usize,
    cells: usize,
    images: Vec<(String, String)>,
}

/// The top module.
pub(super) fn verilog(program: &Program, sizes: &Sizes, top: &str, about: &About) -> String {
    let quant = program.quant();
    let input = quant.input();
    let in_bits = program.hw().elements_per_beat.get() * sizes.slot_w;
    let element = match input.element {
        Element::U8 => "an element is an unsigned byte".to_string(),
        Element::Real => format!(
            "an element is a signed word of {} bits with {} fraction bits in {} bits",
            input.stream_bits, input.frac, sizes.slot_w
        ),
    };
    let range = format!("[{}:0]", in_bits - 1);
    render(&Top {
        top,
        what: what(program),
        version: VERSION,
        command: &about.command,
        facts: facts(program),
        inputs: input.count,
        beat: program.hw().elements_per_beat.get(),
        element,
        in_bits,
        in_pad: " ".repeat(6usize.saturating_sub(range.len())),
        outputs: quant.outputs(),
        output: format!("16 bits, {} fraction bits", quant.output_frac()),
        parameters: parameters::lines(program, sizes),
    })
}

/// The header for testbenches.
pub(super) fn params(program: &Program, sizes: &Sizes, about: &About) -> String {
    let quant = program.quant();
    let input = quant.input();
    let number = |name, value: usize| (name, value.to_string());
    let defines = vec![
        number("INPUTS", input.count),
        number("BEAT", program.hw().elements_per_beat.get()),
        number("SLOT_BITS", sizes.slot_w),
        number("IN_BITS", program.hw().elements_per_beat.get() * sizes.slot_w),
        number("OUTPUTS", quant.outputs()),
        number("LANES", program.lanes()),
        number("DRAINS", program.drains()),
        number("INSTRUCTIONS", program.instrs().len()),
        number("EVERY_STEP", usize::from(sizes.every_step)),
    ];
    let top = format!("{}_top", quant.name());
    render(&Params { top: &top, version: VERSION, command: &about.command, defines })
}

/// The design's README.
pub(super) fn readme(program: &Program, sizes: &Sizes, top: &str, about: &About) -> String {
    let quant = program.quant();
    let bits = |words: usize, width: usize| format!("{words} x {width} bits");
    let act = quant.activation_bits() as usize;
    let rows = [
        ("lanes", program.lanes().to_string()),
        ("multiplies per time step", quant.plan().macs_per_step().to_string()),
        ("cycles per time step, predicted", program.timing().cycles_per_step.to_string()),
        ("weights", format!("{} bits each", quant.weight_bits())),
        ("activations", format!("{act} bits each")),
        ("accumulators", format!("{} bits, {} needed", sizes.acc_w, quant.acc_bits())),
        ("weight ROM", bits(program.rom().len(), program.lanes() * quant.weight_bits() as usize)),
        ("input buffer", bits(program.input_words() * program.loader().frames, act + 1)),
        ("result buffer", bits(program.buffer_groups() * program.lanes(), act)),
        ("gate buffer", bits(program.gate_groups() * program.gate_parts() * program.lanes(), 16)),
        ("instructions", program.instrs().len().to_string()),
    ];
    let mut images = vec![
        ("program.hex".into(), "the microprogram".into()),
        ("nests.hex".into(), "loop nests of the instructions".into()),
        ("deltas.hex".into(), "address deltas of the loops".into()),
        ("weights.hex".into(), "merged weights, one per lane in each word".into()),
        ("gates*.hex".into(), "where each unit's gates are, biases".into()),
        ("hidden*.hex".into(), "where each unit's h goes".into()),
        ("ht_sigmoid.hex".into(), "the table of sigmoid and tanh".into()),
        ("ht_hard_sigmoid.hex".into(), "the table of the hard sigmoid, if it is in use".into()),
    ];
    if quant.head().is_some() {
        images.push(("head_bias.hex".into(), "biases of the linear head".into()));
    }
    render(&Readme {
        top,
        what: what(program),
        version: VERSION,
        command: &about.command,
        rows: rows.map(|(n, v)| (n.to_string(), v)).to_vec(),
        lanes: program.lanes(),
        drains: program.drains(),
        cells: program.cells(),
        images,
    })
}

fn render(template: &impl Template) -> String {
    template.render().expect("writing to a string cannot fail")
}

fn what(program: &Program) -> String {
    let quant = program.quant();
    let tail = match quant.head() {
        Some(head) => format!(", linear head with {} outputs", head.outputs),
        None => ", hidden vector out".to_string(),
    };
    let units: Vec<String> =
        quant.layers().iter().map(|layer| layer.cell.units.to_string()).collect();
    let cell = if quant.cell_unit(0).cell == Cell::Gru { "GRU" } else { "LSTM" };
    format!(
        "factored {cell} \"{}\", {} inputs, {} hidden units{tail}",
        quant.name(),
        quant.input().count,
        units.join(" + "),
    )
}

fn facts(program: &Program) -> Vec<String> {
    let quant = program.quant();
    vec![
        format!(
            "{} lanes, {} bit weights, {} bit activations, {} instructions",
            program.lanes(),
            quant.weight_bits(),
            quant.activation_bits(),
            program.instrs().len()
        ),
        format!(
            "{} multiplies and {} cycles per time step (predicted)",
            quant.plan().macs_per_step(),
            program.timing().cycles_per_step
        ),
    ]
}
