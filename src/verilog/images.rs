//! Memory images as commented hexadecimal files.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::pack::{Word, image, index_bits};
use super::sizes::Sizes;
use super::tables;
use crate::sched::isa::words;
use crate::sched::{Instr, Kind, Loop, Program, deltas};

/// All images: file name and text.
pub(super) fn files(program: &Program, sizes: &Sizes) -> Vec<(String, String)> {
    let mut files = vec![
        ("program.hex".to_string(), instructions(program, sizes)),
        ("nests.hex".to_string(), nests(program, sizes)),
        ("deltas.hex".to_string(), delta_table(program, sizes)),
        ("weights.hex".to_string(), weights(program)),
    ];
    if sizes.loader_loops > 1 {
        files.push(("loader.hex".into(), loader(program, sizes)));
    }
    for (e, table) in program.tables().iter().enumerate() {
        files.push((format!("gates{e}.hex"), tables::gates(program, sizes, table)));
        files.push((format!("hidden{e}.hex"), tables::hidden(program, sizes, table)));
    }
    if let Some(head) = program.quant().head() {
        let words = head.bias.iter().enumerate();
        let rows = words.map(|(o, &b)| (Word::default().push(i64::from(b), 16), format!("[{o}]")));
        let format = format!("16 bits, {} fraction bits, one output per word", head.out_frac);
        files.push(("head_bias.hex".into(), image("head_bias.hex", &format, rows, 2)));
    }
    files
}

fn instructions(program: &Program, sizes: &Sizes) -> String {
    let rows = program.instrs().iter().enumerate().map(|(k, i)| {
        (sizes.packed(Word::default(), &words::INSTRUCTION, i), describe(k, i, program))
    });
    image("program.hex", &sizes.names(&words::INSTRUCTION), rows, 2)
}

/// An instruction in words.
pub(super) fn describe(k: usize, i: &Instr, program: &Program) -> String {
    let what = match i.kind {
        Kind::Head => "head".to_string(),
        _ => format!("step {}, slab {}", program.nest_of(k).step, i.slab),
    };
    let mut text = format!("i{k}: {what}, nest {}, from {} to {}", i.nest, i.act_base, i.out_base);
    for (flag, name) in [
        (i.wait_input, "waits for x"),
        (i.release_input, "releases x"),
        (i.wait_hidden, "waits for h"),
    ] {
        if flag {
            text.push_str(", ");
            text.push_str(name);
        }
    }
    text
}

fn nests(program: &Program, sizes: &Sizes) -> String {
    let rows = program.nests().iter().enumerate().map(|(k, nest)| {
        let mut word = Word::default();
        for level in 0..sizes.loops {
            let own = nest.loops.get(level).copied().unwrap_or(Loop::UNUSED);
            word = sizes.packed(word, &words::LOOP, &(own, level < nest.summed));
        }
        let word = sizes.packed(word, &words::NEST, nest);
        let bounds: Vec<String> = nest.loops.iter().rev().map(|l| l.bound.to_string()).collect();
        let comment = format!(
            "nest {k}: step {}, {:?} to {:?}, loops {} (the last {} summed), shift {}",
            nest.step,
            nest.source,
            nest.dest,
            bounds.join(" x "),
            nest.summed,
            nest.shift
        );
        (word, comment)
    });
    let (own, loops) = (sizes.names(&words::NEST), sizes.names(&words::LOOP));
    let format = format!("{own}, then by loop, outermost first: {loops}");
    image("nests.hex", &format, rows, sizes.nests)
}

fn delta_table(program: &Program, sizes: &Sizes) -> String {
    let levels = 1usize << sizes.level_w();
    let mut rows = Vec::new();
    for (k, nest) in program.nests().iter().enumerate() {
        for level in 0..levels {
            let used = level < nest.loops.len();
            let delta = if used { deltas(&nest.loops, level) } else { Loop::UNUSED };
            let comment = match used {
                true => format!(
                    "nest {k}, loop {level}: operand {:+}, weight {:+}, result {:+}",
                    delta.act, delta.wgt, delta.out
                ),
                false => format!("nest {k}, loop {level}: not used"),
            };
            rows.push((sizes.packed(Word::default(), &words::DELTAS, &delta), comment));
        }
    }
    let [operand, weight, result] = words::DELTAS.each_ref().map(|item| item.name);
    let format = format!("{result}, {weight} and {operand} address deltas");
    image("deltas.hex", &format, rows, sizes.nests * levels)
}

fn weights(program: &Program) -> String {
    let bits = program.quant().weight_bits() as usize;
    let step_of = |at: usize| {
        let first = program.nests().iter().rev().find(|d| d.weights <= at);
        first.map_or(String::new(), |d| format!("step {}, word {}", d.step, at - d.weights))
    };
    let rows = program.rom().words().enumerate().map(|(at, word)| {
        let packed = word.iter().fold(Word::default(), |w, &v| w.push(i64::from(v), bits));
        (packed, step_of(at))
    });
    let lanes = program.lanes();
    let format = format!("{lanes} weights of {bits} bits, lane 0 lowest");
    image("weights.hex", &format, rows, 2)
}

fn loader(program: &Program, sizes: &Sizes) -> String {
    let loops = &program.loader().loops;
    let rows = (0..1usize << index_bits(sizes.loader_loops)).map(|level| {
        let used = level < loops.len();
        let own = if used { deltas(loops, level) } else { Loop::UNUSED };
        let comment = format!("loop {level}: {} iterations, delta {:+}", own.bound, own.act);
        (sizes.packed(Word::default(), &words::LOADER, &own), comment)
    });
    image("loader.hex", &sizes.names(&words::LOADER), rows, 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HwConfig;
    use crate::model::{Widths, preset};
    use crate::plan::{PlanConfig, Planned};
    use crate::quant;
    use crate::sched::isa::words::{Item, Width};

    /// The items of a word of an image, lowest first.
    fn apart<T>(line: &str, items: &[Item<T>], sizes: &Sizes) -> Vec<u64> {
        let digits = line.split(" //").next().expect("a word").chars().rev();
        let digits = digits.map(|digit| digit.to_digit(16).expect("a digit"));
        let mut bits = digits.flat_map(|digit| (0..4).map(move |k| u64::from(digit >> k & 1)));
        let item = |item: &Item<T>| {
            let own = bits.by_ref().take(sizes.width(item.width)).enumerate();
            own.fold(0, |value, (k, bit)| value | bit << k)
        };
        let apart = items.iter().map(item).collect();
        assert!(bits.all(|bit| bit == 0), "nothing above the last item: {line}");
        apart
    }

    /// Whoever takes the words apart by the list finds the instructions of the program.
    #[test]
    fn the_words_come_apart_as_they_are_listed() {
        let model = crate::model::new(&preset::spec("digits", 1).expect("a preset"));
        let model = model.expect("a model");
        let planned = Planned::new(&model, &PlanConfig::UNLIMITED).expect("a plan");
        let formats = quant::safe(&planned, Widths::default());
        let quant = quant::quantize(&planned, formats).expect("fits");
        let program = crate::sched::schedule(&quant, &HwConfig::default()).expect("schedules");
        let sizes = Sizes::of(&program).expect("fits");

        let text = instructions(&program, &sizes);
        let mut lines = text.lines();
        let head = lines.next().expect("a head");
        let names = words::INSTRUCTION.iter().rev().map(|item| item.name).collect::<Vec<_>>();
        assert_eq!(head.split_once("; ").expect("the items").1, names.join(", "));
        assert_eq!(lines.clone().count(), program.instrs().len());
        for (line, instr) in lines.zip(program.instrs()) {
            let expected = words::INSTRUCTION.map(|item| (item.value)(instr) as u64);
            assert_eq!(apart(line, &words::INSTRUCTION, &sizes), expected, "{line}");
        }

        let nest = &program.nests()[0];
        let word = sizes.packed(Word::default(), &words::NEST, nest).hex();
        let floor = |width| if width == Width::Shift { i64::from(sizes.shift_min) } else { 0 };
        let expected = words::NEST.map(|item| ((item.value)(nest) - floor(item.width)) as u64);
        assert_eq!(apart(&word, &words::NEST, &sizes), expected, "{word}");
    }
}
