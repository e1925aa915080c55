//! Memory images as commented hexadecimal files.

use super::pack::Word;
use super::sizes::Sizes;
use crate::arith::GATE_FRAC;
use crate::model::Cell;
use crate::sched::{Instr, Kind, Loop, Program, Source, Unit, UnitTable, deltas};

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
        files.push((format!("gates{e}.hex"), gates(program, sizes, table)));
        files.push((format!("hidden{e}.hex"), hidden(program, sizes, table)));
    }
    if let Some(head) = program.quant().head() {
        let words = head.bias.iter().enumerate();
        let rows = words.map(|(o, &b)| (Word::default().push(i64::from(b), 16), format!("[{o}]")));
        let format = format!("16 bits, {} fraction bits, one output per word", head.out_frac);
        files.push(("head_bias.hex".into(), image("head_bias.hex", &format, rows, 2)));
    }
    files
}

/// Text of an image: a header line, then words with comments on their content; padded to `least`
/// words.
fn image(
    name: &str,
    format: &str,
    rows: impl IntoIterator<Item = (Word, String), IntoIter: ExactSizeIterator>,
    least: usize,
) -> String {
    let mut rows = rows.into_iter().peekable();
    let count = rows.len();
    let width = rows.peek().map_or(1, |r| r.0.width());
    let mut text = format!("// {name}: {} words of {width} bits; {format}\n", count.max(least));
    let unused = || (Word::default().push_modulo(0, 1).padded(width), "not used".to_owned());
    let filler = (count..least).map(|_| unused());
    for (word, comment) in rows.chain(filler) {
        text.push_str(&word.hex());
        text.push_str(" // ");
        text.push_str(&comment);
        text.push('\n');
    }
    text
}

/// Which bits of an image's words are not the same in every word, lowest first.
pub(super) fn live_bits(text: &str) -> Vec<bool> {
    let mut words = text.lines().filter_map(|line| {
        line.split("//").next().map(str::trim).filter(|digits| !digits.is_empty())
    });
    let values = |word: &str| -> Vec<u32> {
        word.chars().map(|digit| digit.to_digit(16).unwrap_or(0)).collect()
    };
    let Some(first) = words.next().map(values) else { return Vec::new() };
    let mut differing = vec![0; first.len()];
    for word in words {
        for ((all, digit), first) in differing.iter_mut().zip(word.chars()).zip(&first) {
            *all |= digit.to_digit(16).unwrap_or(0) ^ first;
        }
    }
    differing.iter().rev().flat_map(|digit| (0..4).map(move |bit| digit >> bit & 1 == 1)).collect()
}

fn instructions(program: &Program, sizes: &Sizes) -> String {
    let rows = program.instrs().iter().enumerate().map(|(k, i)| {
        let nest = program.nest_of(k);
        let word = Word::default()
            .push(i.act_base as i64, sizes.act_aw)
            .push(i.out_base as i64, sizes.out_aw)
            .push(i.nest as i64, super::pack::index_bits(sizes.nests))
            .push(i.lag as i64, 3);
        let flags = [
            i.wait_input,
            i.release_input,
            i.takes_frame,
            i.wait_hidden,
            nest.source == Source::Input,
            i.kind == Kind::Last,
            i.answers,
            i.opens_step,
            nest.source == Source::Hidden,
            nest.source == Source::HiddenBefore,
        ];
        let word = flags.iter().fold(word, |w, &f| w.push(i64::from(f), 1));
        (word, describe(k, i, program))
    });
    let format = "reads-h-before, reads-h, opens-step, answers, last, reads-x, waits-h, takes-frame, \
                  releases-x, waits-x, lag, nest, result group, operand word";
    image("program.hex", format, rows, 2)
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
    let rows = program.nests().iter().enumerate().map(|(k, d)| {
        let mut word = Word::default();
        for level in 0..sizes.loops {
            let bound = d.loops.get(level).map_or(1, |l| l.bound);
            word = word.push(bound as i64 - 1, sizes.count_w).push(i64::from(level < d.summed), 1);
        }
        let source = i64::from(d.source.code());
        let dest = i64::from(d.dest.code());
        let keep = if d.source == Source::Buffer { d.keep } else { 0 };
        let word = word
            .push(d.weights as i64, sizes.wgt_aw)
            .push(source, 2)
            .push(i64::from(keep), sizes.bank_w)
            .push(i64::from(d.shift - sizes.shift_min), sizes.shift_w)
            .push(dest, 2);
        let bounds: Vec<String> = d.loops.iter().rev().map(|l| l.bound.to_string()).collect();
        let comment = format!(
            "nest {k}: step {}, {:?} to {:?}, loops {} (the last {} summed), shift {}",
            d.step,
            d.source,
            d.dest,
            bounds.join(" x "),
            d.summed,
            d.shift
        );
        (word, comment)
    });
    let format = format!(
        "destination, shift - {}, kept bank bits, source, first weight, then by loop, outermost \
         first: summed, iterations - 1",
        sizes.shift_min
    );
    image("nests.hex", &format, rows, sizes.nests)
}

fn delta_table(program: &Program, sizes: &Sizes) -> String {
    let levels = 1usize << sizes.level_w();
    let zero = Loop { bound: 1, act: 0, wgt: 0, out: 0 };
    let mut rows = Vec::new();
    for (k, d) in program.nests().iter().enumerate() {
        for level in 0..levels {
            let used = level < d.loops.len();
            let delta = if used { deltas(&d.loops, level) } else { zero };
            let word = Word::default()
                .push_modulo(delta.act, sizes.act_aw)
                .push_modulo(delta.wgt, sizes.wgt_aw)
                .push_modulo(delta.out, sizes.out_aw);
            let comment = match used {
                true => format!(
                    "nest {k}, loop {level}: operand {:+}, weight {:+}, result {:+}",
                    delta.act, delta.wgt, delta.out
                ),
                false => format!("nest {k}, loop {level}: not used"),
            };
            rows.push((word, comment));
        }
    }
    let format = "result, weight and operand address deltas";
    image("deltas.hex", format, rows, sizes.nests * levels)
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
    let rows = (0..1usize << super::pack::index_bits(sizes.loader_loops)).map(|level| {
        let used = level < loops.len();
        let (bound, delta) = match used {
            true => (loops[level].bound as i64, deltas(loops, level).act),
            false => (1, 0),
        };
        let word =
            Word::default().push_modulo(delta, sizes.act_aw).push(bound - 1, sizes.loader_cw);
        (word, format!("loop {level}: {bound} iterations, delta {delta:+}"))
    });
    image("loader.hex", "iterations - 1, address delta", rows, 2)
}

fn gates(program: &Program, sizes: &Sizes, table: &UnitTable) -> String {
    let names = match program.quant().cell_unit(0).cell {
        Cell::Lstm => ["gate i", "gate f", "gate g", "gate o"],
        Cell::Gru => ["gate r", "gate z", "candidate of h", "candidate of x"],
    };
    let several = program.quant().layers().len() > 1;
    let mut rows = Vec::new();
    for unit in &table.0 {
        for (phase, name) in names.iter().enumerate() {
            let mut word = Word::default().push(i64::from(unit.bias[phase]), 16);
            for place in &unit.gates[phase][..program.gate_parts()] {
                let own = place.unwrap_or(0) / program.cells();
                word = word.push(own as i64, sizes.gate_word_w);
                if sizes.masked {
                    word = word.push(i64::from(place.is_some()), 1);
                }
            }
            word = word.push(unit.need as i64, sizes.need_w);
            if several {
                word = word.push(i64::from(unit.last), 1);
            }
            rows.push((
                word,
                format!("{}, {name}, bias {}", unit_name(unit, several), unit.bias[phase]),
            ));
        }
    }
    let frac = GATE_FRAC - program.quant().gate_shift() as i32;
    let format = format!(
        "last of its layer (of several), gate groups needed, by part from the last: in use (if not \
         always), word of the gate buffer; bias ({frac} fraction bits)"
    );
    image("gates", &format, rows, 8)
}

fn hidden(program: &Program, sizes: &Sizes, table: &UnitTable) -> String {
    let several = program.quant().layers().len() > 1;
    let rows = table.0.iter().map(|unit| {
        let mut word = Word::default()
            .push(unit.hidden_word as i64, sizes.hidden_word_w)
            .push(unit.input_word.unwrap_or(0) as i64, sizes.act_aw)
            .push(i64::from(unit.input_word.is_some()), 1);
        if several {
            word = word.push(i64::from(unit.last), 1);
        }
        (word, unit_name(unit, several))
    });
    let format = "last of its layer (of several), to the input buffer, word of the input buffer, word \
                  of the hidden buffer";
    image("hidden", format, rows, 2)
}

fn unit_name(unit: &Unit, several: bool) -> String {
    match unit.unit {
        None => "filler".to_string(),
        Some(j) if several => format!("layer {}, unit {j}", unit.layer),
        Some(j) => format!("unit {j}"),
    }
}

#[cfg(test)]
mod tests {
    use super::live_bits;

    #[test]
    fn constant_columns_are_not_stored() {
        let live = live_bits("// 3 words\n1f0 // a\n1e4\n1f0 // b\n");
        let expected = (0..12).map(|bit| bit == 2 || bit == 4);
        assert_eq!(live, expected.collect::<Vec<_>>());
        assert!(!live_bits("3\n3\n").contains(&true));
    }
}
