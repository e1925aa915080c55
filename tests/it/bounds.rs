//! The bounds of a plan: models are built within the bounds, or refused with figures before
//! anything is formed.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::cli_refusals::refused;
use crate::cli_support::{Ended, Folder};
use crate::exact::hardware;
use crate::merging::spec;
use expect_test::expect;
use htgen::model::{self, Cell, Format, Model, NewSpec, Ranks, Recurrent, Widths};
use htgen::plan::{PlanConfig, Planned};
use htgen::quant;
use htgen::sched;
use htgen::tool::Run;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Runs `htgen` with at most two GiB of address space.
fn in_two_gib(dir: &Folder, line: &str) -> Ended {
    let run = "ulimit -v 2097152 && exec \"$0\" \"$@\"";
    let words = ["-c", run, env!("CARGO_BIN_EXE_htgen")].into_iter().map(str::to_owned);
    dir.run(Run::new("sh").args(words.chain(line.split_whitespace().map(str::to_owned))))
}

/// Two that took 184 and 8 GB in the order of the list.
#[test]
fn block_terms_of_many_modes_take_little() {
    let dir = Folder::new();
    let modes = "--out-modes 3,2,2,2,2,1,2 --in-modes 1,4,2,4,2,3,4";
    let shape =
        "--inputs 768 --hidden 32 --cell gru --format bt --recurrent none --rank 5 --blocks 4";
    dir.done(&format!("new -o seven.json {shape} {modes}"));
    let ended = in_two_gib(&dir, "inspect seven.json --dump formats");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let modes = "--out-modes 4,4,4,4 --in-modes 4,8,8,8";
    let shape = "--inputs 1024 --hidden 64 --format bt --rank 4 --blocks 4 --head 10";
    dir.done(&format!("new -o big.json {shape} {modes}"));
    let ended = in_two_gib(&dir, "emit big.json --pe 8 -o rtl");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // What the plan takes depends only on the model.
    let model = model::load(&dir.path("seven.json")).unwrap();
    let planned = Planned::new(&model, &PlanConfig::UNLIMITED).unwrap();
    let merges =
        || planned.plan().parts().flat_map(|part| part.plan().steps()).map(|step| step.merge);
    let largest = merges().map(|merge| merge.largest).max();
    let multiplies: u64 = merges().map(|merge| merge.multiplies).sum();
    expect!["largest tensor Some(312500), 5282160 multiplies"]
        .assert_eq(&format!("largest tensor {largest:?}, {multiplies} multiplies"));
}

/// At most a million values, and still far too much.
#[test]
fn plans_that_take_too_much_are_refused_with_what_they_take() {
    let dir = Folder::new();
    let make =
        |name: &str, shape: &str| dir.done(&format!("new --recurrent none -o {name} {shape}"));
    make(
        "multiplies.json",
        "--inputs 1048576 --hidden 4096 --format tt --out-modes 128,128 --in-modes 1024,1024 \
         --rank 3",
    );
    make("columns.json", "--inputs 20000000 --hidden 4 --format tt --modes 8 --rank 1");
    refused(
        &dir,
        &["inspect multiplies.json", "emit columns.json"],
        expect![[r#"
            $ htgen inspect multiplies.json
            error: multiplies.json: plan: the model takes more than htgen allows: found 452984832 multiplies per time step, expected at most 268435456; smaller ranks, fewer blocks, or more equal modes reduce it
            $ htgen emit columns.json
            error: columns.json: plan: the model takes more than htgen allows: found 20000000 columns of an operand, expected at most 16777216; take fewer inputs per time step
        "#]],
    );
}

/// A random shape of at most a million values; none if the options do not fit each other.
fn random(seed: u64) -> Option<Model> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pick = |from: usize, to: usize| rng.random_range(from..=to);
    let (modes, wide) = (pick(1, 8), pick(1, 60));
    let format = match pick(0, 4) {
        0 => Format::HierarchicalTucker,
        1 => Format::TensorTrain,
        2 if modes < 8 => Format::TensorRing { closing_rank: None },
        3 => Format::BlockTerm { blocks: pick(1, 20) },
        _ => Format::Dense,
    };
    let cell = [Cell::Lstm, Cell::Gru][pick(0, 1)];
    let mut out_modes: Vec<usize> = (0..modes).map(|_| [1, 1, 2, 2, 3, 4][pick(0, 5)]).collect();
    let hidden: usize = out_modes.iter().product();
    out_modes[0] *= cell.gates();
    let in_modes: Vec<usize> =
        (0..modes).map(|_| pick(1, [60, 30, 12, 8][(modes - 1) / 2])).collect();
    let inputs: usize = in_modes.iter().product();
    let ranks = match format {
        Format::Dense => Ranks::PerNode(vec![]),
        _ => Ranks::Uniform { leaf: wide, inner: wide },
    };
    let most = match format {
        Format::Dense => inputs * hidden * 4,
        Format::BlockTerm { blocks } => blocks * wide.pow(modes as u32),
        Format::HierarchicalTucker => modes * wide.pow(3),
        _ => wide,
    };
    if most > 1_000_000 {
        return None;
    }
    let recurrent = [Recurrent::None, Recurrent::Dense, Recurrent::Factored][pick(0, 2)];
    let layers = [1, 1, 2, 3][pick(0, 3)];
    let spec =
        NewSpec { cell, hidden, recurrent, layers, ..spec(format, &out_modes, &in_modes, ranks) };
    let model = model::new(&spec).ok()?;
    (model.parameters() <= 1_000_000).then_some(model)
}

/// The result for a random model: formats and a program, or a refusal with figures; nothing in
/// between, and never more than the bounds.
#[test]
fn random_models_are_built_or_refused() {
    let mut built = 0;
    for model in (0..32).filter_map(random) {
        let config = PlanConfig::UNLIMITED;
        let planned = match Planned::new(&model, &config) {
            Ok(planned) => planned,
            Err(problems) => {
                let text = problems.to_string();
                assert!(text.contains("takes more than htgen computes with: found "), "{text}");
                continue;
            }
        };
        let plan = planned.plan();
        let most = (1u64 << 23).max(model.parameters() as u64);
        assert!(plan.rom_words() <= most, "{} ROM words", plan.rom_words());
        assert!(plan.macs_per_step() <= 1 << 28);
        for step in plan.parts().flat_map(|part| part.plan().steps()) {
            assert!(step.merge.largest <= 1 << 24 && step.merge.multiplies <= 1 << 31);
        }
        if plan.macs_per_step() > 300_000 || plan.rom_words() > 50_000 {
            continue;
        }
        let formats = quant::safe(&planned, Widths::default());
        let quant = quant::quantize(&planned, formats).unwrap();
        sched::schedule(&quant, &hardware(8, 1)).unwrap();
        built += 1;
    }
    assert!(built >= 5, "{built} built");
}

/// Two products that are each within a limit, but not together: the larger one gets a smaller plan.
#[test]
fn products_share_a_limit() {
    let dir = Folder::new();
    let shape = "--inputs 64 --hidden 16 --modes 3 --rank 3 --recurrent factored";
    dir.done(&format!("new {shape} -o two.json"));
    let words =
        |options: &str| dir.json(&format!("inspect two.json {options}"))["rom_words"].as_u64();
    let whole = words("").unwrap();
    let limit = whole - 1;
    let shared = words(&format!("--max-rom-words {limit}")).unwrap();
    assert!(shared <= limit, "{shared} words under a limit of {limit}");
    dir.done(&format!("emit two.json --pe 4 --max-rom-words {limit} -o rtl"));
    let ended = dir.htgen("inspect two.json --max-rom-words 293");
    assert_eq!(ended.code, Some(2));
    expect![[r#"
        error: two.json: plan: no contraction order is within the limits: found at least 294 ROM words, at least 0 buffer words, expected at most 293 ROM words and any number of buffer words; raise max_rom_words
    "#]].assert_eq(&ended.stderr);
}
