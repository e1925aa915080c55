//! Stages that cannot be mixed up: what is no model becomes none, and formats find their own plan.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::models;
use expect_test::{Expect, expect};
use htgen::config::{ElementsPerBeat, Lanes};
use htgen::error::{ErrorKind, Problems};
use htgen::model::{self, Factors, Formats, HtNode, Model, ModelParts, Widths, preset};
use htgen::network;
use htgen::plan::{PlanConfig, Planned};
use htgen::quant::{self, QuantPlan};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[track_caller]
fn refused<T>(result: Result<T, Problems>, expected: &Expect) {
    let problems = result.err().expect("refused");
    expected.assert_eq(&problems.to_string());
}

/// Everything that made a stage panic when a model could be edited after its check.
#[test]
fn parts_that_are_no_model_become_none() {
    let edited = |edit: fn(&mut ModelParts)| {
        let mut parts = preset::build("digits", 1).unwrap().into_parts();
        edit(&mut parts);
        Model::try_from(parts)
    };
    refused(
        edited(|parts| parts.layers.clear()),
        &expect!["layers: number of layers out of range: found 0, expected 1 to 64"],
    );
    refused(
        edited(|parts| parts.layers[0].hidden = 0),
        &expect![[r#"
        layers[0].hidden: hidden units out of range: found 0, expected 1 to 67108864
        error: head.weight: wrong number of elements: found 640, expected 0"#]],
    );
    refused(
        edited(|parts| parts.layers[0].bias[3] = f64::INFINITY),
        &expect![
            "layers[0].bias: not finite: found inf at element 3, expected finite numbers; did the training diverge?"
        ],
    );
    refused(
        edited(|parts| parts.layers[0].matrices[0].in_modes[0] = usize::MAX),
        &expect![[r#"
        layers[0].matrices[0].in_modes: product too large: found 18446744073709551615 x 8 x 8 x 8, expected a product of at most 67108864
        error: layers[0].matrices[0].factors.tree.left.left.core: too large: found 4 x 18446744073709551615 x 6 elements, expected at most 134217728"#]],
    );
    let short = |parts: &mut ModelParts| {
        let Factors::HierarchicalTucker(HtNode::Inner { core, .. }) =
            &mut parts.layers[0].matrices[0].factors
        else {
            panic!("a tree");
        };
        core.pop();
    };
    refused(
        edited(short),
        &expect![
            "layers[0].matrices[0].factors.tree.core: wrong number of elements: found 35, expected 6 x 6 = 36"
        ],
    );
}

/// A network is built from a matrix that fits its layer, or not at all.
#[test]
fn a_matrix_of_another_layer_is_refused() {
    let [digits, other] = ["digits", "tt-ucf11"].map(|name| preset::build(name, 1).unwrap());
    let foreign = &other.layers[0].matrices[0];
    refused(
        network::build(&digits.layers[0], foreign),
        &expect![
            "matrix.out_modes: modes have the wrong product: found 16 x 4 x 4 x 4 = 1024, expected 256, gates times hidden units; change a mode or `hidden`"
        ],
    );
    // Nobody has checked these, and nothing may overflow.
    let mut matrix = foreign.clone();
    matrix.out_modes = vec![usize::MAX; 3];
    assert_eq!(matrix.rows(), usize::MAX);
    let mut layer = digits.layers[0].clone();
    (layer.inputs, layer.hidden) = (usize::MAX, usize::MAX);
    assert_eq!(layer.dense_parameters(), usize::MAX);
    refused(
        network::build(&layer, foreign),
        &expect!["inputs: inputs out of range: found 18446744073709551615, expected 1 to 67108864"],
    );
}

/// A model with a tree of three modes, planned without limits and under one on the ROM: as many
/// steps each way would not tell the plans apart.
fn twice() -> (Planned, Planned) {
    let plans = (0..).map(|seed| {
        let model = models::model(&models::random_shape(seed));
        let free = Planned::new(&model, &PlanConfig::UNLIMITED).unwrap();
        let words = free.plan().rom_words();
        let limits = PlanConfig { max_rom_words: Some(words - 1), ..PlanConfig::UNLIMITED };
        Some((free, Planned::new(&model, &limits).ok()?))
    });
    plans
        .flatten()
        .find(|(free, tight)| free.plan().step_count() == tight.plan().step_count())
        .expect("some model has two plans of as many steps")
}

fn without_plan(formats: &Formats) -> Formats {
    Formats { plan: None, ..formats.clone() }
}

#[test]
fn formats_go_to_the_plan_they_were_chosen_for() {
    let (free, tight) = twice();
    assert_ne!(free.plan().fingerprint(), tight.plan().fingerprint());
    let formats = quant::safe(&free, Widths::default());
    let quantized: QuantPlan = quant::quantize(&free, formats.clone()).unwrap();
    let refusal = quant::quantize(&tight, formats.clone()).unwrap_err().to_string();
    let (own, other) = (tight.plan().fingerprint(), free.plan().fingerprint());
    let expected = format!(
        "formats.plan: not usable: found those of the plan {other}, expected {own}; quantize the \
         model again"
    );
    assert_eq!(refusal, expected);
    // A file from before plans had fingerprints: its formats fit one of the two step by step.
    assert_eq!(quant::quantize(&free, without_plan(&formats)).unwrap(), quantized);
    let refusal = quant::quantize(&tight, without_plan(&formats)).unwrap_err().to_string();
    assert!(refusal.starts_with("formats.plan: not usable: found no plan named"), "{refusal}");
}

/// The fingerprint is that of the order, not of the values.
#[test]
fn other_values_have_the_same_plan() {
    let [first, second] = [1, 2].map(|seed| preset::build("digits", seed).unwrap());
    let planned = Planned::new(&first, &PlanConfig::UNLIMITED).unwrap();
    let other = planned.with_model(&second).unwrap();
    assert_eq!(other.plan().fingerprint(), planned.plan().fingerprint());
    assert_ne!(other.merged(), planned.merged());
    assert_eq!(other, Planned::new(&second, &PlanConfig::UNLIMITED).unwrap());
    let stranger = preset::build("tt-ucf11", 1).unwrap();
    refused(planned.with_model(&stranger), &expect!["plan: made for a model of another shape"]);
}

#[test]
fn bounds_are_those_of_the_types() {
    refused(
        Widths::new(1, 17),
        &expect![[r#"
        width of a weight out of range: found 1, expected 2 to 16 bits
        error: width of an activation out of range: found 17, expected 4 to 16 bits"#]],
    );
    refused(
        Lanes::new(12),
        &expect!["not usable: found 12, expected a power of two from 1 to 256; try 8"],
    );
    refused(
        ElementsPerBeat::new(0),
        &expect!["not usable: found 0, expected a power of two from 1 to 16; try 1"],
    );
    assert_eq!((Lanes::MOST.get(), Lanes::MOST.bits(), ElementsPerBeat::MOST.get()), (256, 8, 16));
}

/// What a program can tell apart without reading messages.
#[test]
fn errors_have_a_kind() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    let kind = |result: Result<Model, Problems>| result.unwrap_err().kind();
    assert_eq!(kind(model::load(&path("none.json"))), ErrorKind::Io);
    fs::write(path("cut.json"), "{\"format\": \"htgen-mod").unwrap();
    assert_eq!(kind(model::load(&path("cut.json"))), ErrorKind::Damaged);
    fs::write(path("other.json"), "{\"format\": \"other\", \"version\": 1}").unwrap();
    assert_eq!(kind(model::load(&path("other.json"))), ErrorKind::Unsupported);
    let digits = preset::build("digits", 1).unwrap();
    let mut parts = digits.clone().into_parts();
    parts.name = "no name".into();
    assert_eq!(kind(Model::try_from(parts)), ErrorKind::Invalid);
    let none = PlanConfig { max_rom_words: Some(1), ..PlanConfig::UNLIMITED };
    assert_eq!(Planned::new(&digits, &none).unwrap_err().kind(), ErrorKind::Limit);
    let missing = htgen::tool::Run::new("/nowhere/yosys").run().unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Tool);
}

/// Enums that crates above match in full, so that a new variant is an error where it is forgotten.
const CLOSED: &[&str] = &[
    "ArrayData",
    "Cell",
    "CellMultiplier",
    "Columns",
    "Decider",
    "Element",
    "End",
    "Factors",
    "GateActivation",
    "HtNode",
    "OutputRate",
    "SetOrigin",
    "Site",
    "SplitBy",
    "StepValues",
    "Tree",
    "Width",
];

/// All other public enums of the libraries may get variants without breaking who uses them.
#[test]
fn public_enums_may_grow() {
    fn below(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() && entry.file_name().is_some_and(|name| name != "cli") {
                below(&entry, found);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&entry).unwrap();
                let lines: Vec<&str> = text.lines().map(str::trim).collect();
                let closed = lines.windows(2).filter(|pair| pair[0] != "#[non_exhaustive]");
                let names = closed.filter_map(|pair| pair[1].strip_prefix("pub enum "));
                found.extend(names.map(|rest| rest.split([' ', '<']).next().unwrap().to_owned()));
            }
        }
    }
    let mut found = Vec::new();
    below(Path::new("src"), &mut found);
    for entry in fs::read_dir("crates").unwrap() {
        below(&entry.unwrap().path().join("src"), &mut found);
    }
    found.sort();
    assert_eq!(found, CLOSED);
}
