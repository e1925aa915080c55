//! Stages that cannot be mixed up: what is no model becomes none, and formats find their own plan.

use crate::models;
use expect_test::{Expect, expect};
use htgen::config::{ElementsPerBeat, Lanes};
use htgen::error::Problems;
use htgen::model::{Factors, Formats, HtNode, Model, ModelParts, Widths, preset};
use htgen::network;
use htgen::plan::{PlanConfig, Planned};
use htgen::quant::{self, QuantPlan};

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
