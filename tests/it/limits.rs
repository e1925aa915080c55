//! Plans under limits: one is found whenever there is one. Against all orders and all cuts of small
//! networks, each walked from the definitions only.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::all_orders::{Taken, all};
use crate::merging::spec;
use htgen::error::Problems;
use htgen::model::{self, Cell, Format, Model, NewSpec, Ranks, Recurrent, preset};
use htgen::network::{self, Network, Part};
use htgen::plan::{self, ModelPlan, PlanConfig, Planned};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A random model of at most six cores a matrix; none where the options do not fit each other.
fn random(seed: u64) -> Option<Model> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pick = |from: usize, to: usize| rng.random_range(from..=to);
    let (format, modes) = match pick(0, 9) {
        0..=2 => (Format::HierarchicalTucker, pick(2, 3)),
        3..=4 => (Format::TensorTrain, pick(2, 5)),
        5..=6 => (Format::TensorRing { closing_rank: None }, pick(2, 3)),
        7..=8 => (Format::BlockTerm { blocks: pick(1, 3) }, pick(2, 4)),
        _ => (Format::Dense, pick(1, 3)),
    };
    let cell = [Cell::Lstm, Cell::Gru][pick(0, 1)];
    let mut out_modes: Vec<usize> = (0..modes).map(|_| pick(1, 3)).collect();
    let hidden: usize = out_modes.iter().product();
    out_modes[0] *= cell.gates();
    let in_modes: Vec<usize> = (0..modes).map(|_| pick(2, 6)).collect();
    let rank = pick(1, 5);
    let ranks = match format {
        Format::Dense => Ranks::PerNode(vec![]),
        _ => Ranks::Uniform { leaf: rank, inner: pick(1, 5).max(rank) },
    };
    let together = Recurrent::Shared { hidden_offset: None };
    let recurrent = [together, together, Recurrent::None, Recurrent::Dense, Recurrent::Factored];
    let recurrent = recurrent[pick(0, 4)];
    let columns: usize = in_modes.iter().product();
    let room = columns.checked_sub(if recurrent == together { hidden } else { 0 })?;
    let inputs = pick((room / 2).max(1), room.max(1));
    let made = spec(format, &out_modes, &in_modes, ranks);
    model::new(&NewSpec { cell, hidden, inputs, recurrent, ..made }).ok()
}

fn limited(rom: Option<u64>, peak: Option<u64>) -> PlanConfig {
    PlanConfig { max_rom_words: rom, max_buffer_words: peak, ..PlanConfig::UNLIMITED }
}

fn least(all: &[Taken], of: impl Fn(&Taken) -> u64) -> u64 {
    all.iter().map(of).min().expect("some order exists")
}

/// The fewest multiplies under both limits, none where no plan keeps them.
fn fewest(all: &[Taken], rom: u64, peak: u64) -> Option<u64> {
    all.iter().filter(|t| t.rom <= rom && t.peak <= peak).map(|t| t.macs).min()
}

/// Plans under the limits as the exhaustive search says.
#[track_caller]
fn compare(network: &Network, all: &[Taken], rom: u64, peak: u64) {
    let plan = plan::contract(network.clone(), &limited(Some(rom), Some(peak)));
    let found = plan.as_ref().ok().map(|plan| plan.macs_per_step());
    assert_eq!(found, fewest(all, rom, peak), "{rom} ROM and {peak} buffer words\n{network}");
    let within = |t: &&Taken| t.peak <= peak;
    match plan {
        Ok(plan) => assert!(plan.rom_words() <= rom && plan.peak_words() <= peak),
        Err(refusal) if least(all, |t| t.rom) <= rom && all.iter().any(|t| within(&t)) => {
            let rom = all.iter().filter(within).map(|t| t.rom).min().unwrap();
            let figures = format!("found at least {rom} ROM words within {peak} buffer words,");
            assert!(refusal.to_string().contains(&figures), "{refusal}");
        }
        Err(_) => {}
    }
}

/// One limit at its least, and one less than that.
fn extremes(network: &Network, all: &[Taken]) -> (u64, u64) {
    let (rom, peak) = (least(all, |t| t.rom), least(all, |t| t.peak));
    let plan = |rom, peak| plan::contract(network.clone(), &limited(rom, peak));
    assert_eq!(plan(None, None).unwrap().macs_per_step(), least(all, |t| t.macs));
    let leanest = plan(Some(rom), None).unwrap();
    assert_eq!((leanest.rom_words(), Some(leanest.macs_per_step())), {
        (rom, fewest(all, rom, u64::MAX))
    });
    let tightest = plan(None, Some(peak)).unwrap();
    assert_eq!((tightest.peak_words(), Some(tightest.macs_per_step())), {
        (peak, fewest(all, u64::MAX, peak))
    });
    let figures = format!("found at least {rom} ROM words, at least {peak} buffer words, ");
    let less = [(Some(rom - 1), None), (None, peak.checked_sub(1))];
    for (rom, peak) in less.into_iter().filter(|limits| *limits != (None, None)) {
        let refusal = plan(rom, peak).expect_err("less than the least").to_string();
        assert!(refusal.contains(&figures), "{refusal}, not {figures}");
    }
    (rom, peak)
}

fn plan_of(model: &Model, limits: &PlanConfig) -> Result<ModelPlan, Problems> {
    Planned::new(model, limits).map(|planned| planned.plan().clone())
}

/// The parts of all layers.
fn parts(model: &Model) -> Vec<Part> {
    network::parts(model).unwrap().into_iter().flatten().collect()
}

/// Two hundred models: every product by itself, and what all of them take together.
#[test]
fn plans_are_found_exactly_when_there_are_any() {
    let models = (0..).filter_map(|seed| Some((seed, random(seed)?)));
    let (mut both, mut neither) = (0, 0);
    for (seed, model) in models.take(200) {
        let parts = parts(&model);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut rom, mut peak) = (0, 0);
        for Part { network, .. } in &parts {
            let all = all(network);
            let own = extremes(network, &all);
            (rom, peak) = (rom + own.0, peak.max(own.1));
            let macs = least(&all, |t| t.macs);
            let most = |of: fn(&Taken) -> u64, least: u64| {
                let fast = all.iter().filter(|t| t.macs == macs);
                fast.map(of).max().unwrap().max(least)
            };
            let (most_rom, most_peak) = (most(|t| t.rom, own.0), most(|t| t.peak, own.1));
            for _ in 0..4 {
                let limits =
                    (rng.random_range(own.0..=most_rom), rng.random_range(own.1..=most_peak));
                match fewest(&all, limits.0, limits.1) {
                    Some(_) => both += 1,
                    None => neither += 1,
                }
                compare(network, &all, limits.0, limits.1);
            }
        }
        let plan = plan_of(&model, &limited(Some(rom), None)).unwrap();
        assert_eq!(plan.rom_words(), rom, "all that the products take");
        let plan = plan_of(&model, &limited(None, Some(peak))).unwrap();
        assert_eq!(plan.peak_words(), peak, "one product after the other");
        let refusal = plan_of(&model, &limited(Some(rom - 1), None)).unwrap_err();
        let figure = format!("found at least {rom} ROM words, at least {peak} buffer words,");
        assert!(refusal.to_string().contains(&figure), "{refusal}, not {figure}");
    }
    println!("{both} pairs of limits kept, {neither} not");
    assert!(both > 200 && neither > 20, "{both} pairs of limits kept, {neither} not");
}

/// The figures of a refusal: ROM words and buffer words.
fn figures(model: &Model, config: &PlanConfig) -> Vec<u64> {
    let refusal = plan_of(model, config).expect_err("no plan takes nothing").to_string();
    let found = refusal.split("found ").nth(1).unwrap().split(", expected").next().unwrap();
    found.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// What a refusal names as the least of each is reached, and with both the least of ROM words.
#[test]
fn every_preset_reaches_its_least() {
    for preset in preset::list() {
        let model = preset::build(preset.name, 1).unwrap();
        let least = figures(&model, &limited(Some(0), None));
        let (rom, peak) = (least[0], least[1]);
        let plan = |rom, peak| plan_of(&model, &limited(rom, peak));
        assert_eq!(plan(Some(rom), None).unwrap().rom_words(), rom, "{}", preset.name);
        plan(Some(rom - 1), None).unwrap_err();
        assert_eq!(plan(None, Some(peak)).unwrap().peak_words(), peak, "{}", preset.name);
        if let Some(less) = peak.checked_sub(1) {
            plan(None, Some(less)).unwrap_err();
        }
        println!("{}: {rom} ROM words, {peak} buffer words", preset.name);
        if let Err(refusal) = plan(Some(rom), Some(peak)) {
            let within = figures(&model, &limited(Some(rom), Some(peak)));
            println!("  {refusal}");
            let both = plan(Some(within[0]), Some(peak)).unwrap();
            assert_eq!((both.rom_words(), both.peak_words() <= peak), (within[0], true));
        }
    }
}

/// One copy of each core, nothing merged: the front of labels dropped it.
#[test]
fn a_ring_keeps_one_copy_of_each_core() {
    let model = preset::build("tr-ucf11", 1).unwrap();
    let plan = plan_of(&model, &limited(Some(1725), None)).unwrap();
    assert!(plan.rom_words() <= 1725);
}
