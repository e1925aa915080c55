//! The modules that walk the program in Verilator, each against its C++ bench.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::bench_images::{Fields, check_files, index_bits, line};
use crate::benches::{Random, VECTORS, folder};
use crate::verilated::Bench;

/// A random loop nest, innermost loop first.
struct Nest {
    bounds: Vec<i64>,
    summed: usize,
    /// Strides of each loop, by stream.
    strides: [Vec<i64>; 3],
}

impl Nest {
    fn random(random: &mut Random, loops: usize) -> Nest {
        let used = 1 + random.below(loops as u64) as usize;
        let bounds = (0..loops).map(|l| if l < used { 1 + random.below(4) as i64 } else { 1 });
        let bounds = bounds.collect();
        let strides = std::array::from_fn(|_| (0..loops).map(|_| random.number(8)).collect());
        Nest { bounds, summed: random.below(used as u64 + 1) as usize, strides }
    }

    fn iterations(&self) -> i64 {
        self.bounds.iter().product()
    }

    /// The loop indices of iteration `n`.
    fn indices(&self, n: i64) -> Vec<i64> {
        let mut rest = n;
        let digits = self.bounds.iter().map(|bound| {
            let digit = rest % bound;
            rest /= bound;
            digit
        });
        digits.collect()
    }

    /// The outermost loop whose index differs between iterations `n` - 1 and `n`.
    fn level(&self, n: i64) -> usize {
        let (before, now) = (self.indices(n - 1), self.indices(n));
        (0..now.len()).rev().find(|&l| before[l] != now[l]).expect("iterations differ")
    }

    /// Sum of indices times strides.
    fn offset(&self, stream: usize, n: i64) -> i64 {
        self.indices(n).iter().zip(&self.strides[stream]).map(|(i, stride)| i * stride).sum()
    }

    /// How far the address moves when loop `level` is the outermost that advances.
    fn delta(&self, stream: usize, level: usize) -> i64 {
        let inner = (0..level).map(|l| (self.bounds[l] - 1) * self.strides[stream][l]);
        self.strides[stream][level] - inner.sum::<i64>()
    }
}

#[test]
fn addresses_follow_the_loop_indices() {
    for (nests, loops, act, wgt, out, head, tail) in [
        (2i64, 1usize, 12u32, 10u32, 8u32, 9u32, 1u32),
        (5, 3, 9, 11, 6, 4, 7),
        (9, 5, 5, 3, 4, 1, 2),
    ] {
        let mut random = Random(23);
        let table: Vec<Nest> = (0..nests).map(|_| Nest::random(&mut random, loops)).collect();
        let (mut nest_words, mut delta_words) = (String::new(), String::new());
        let mut first_words = Vec::new();
        for nest in &table {
            let first = random.number(wgt);
            first_words.push(first);
            let word = Fields::default().push(random.number(head), head).push(first, wgt);
            nest_words += &word.push(random.number(tail + 1), tail).line();
            for level in 0..1 << index_bits(loops as i64) {
                let delta = |stream| if level < loops { nest.delta(stream, level) } else { 0 };
                let word = Fields::default().push(delta(0), act).push(delta(1), wgt);
                delta_words += &word.push(delta(2), out).line();
            }
        }
        let mut vectors = String::new();
        for _ in 0..600 {
            let k = random.below(nests as u64) as usize;
            let (nest, bases) =
                (&table[k], [random.number(act), first_words[k], random.number(out)]);
            for n in 0..nest.iterations() {
                let level = if n == 0 { 0 } else { nest.level(n) as i64 };
                let [a, w, o] = [(0, act), (1, wgt), (2, out)].map(|(stream, width)| {
                    (bases[stream] + nest.offset(stream, n)).rem_euclid(1 << width)
                });
                vectors +=
                    &line(&[i64::from(n == 0), level, k as i64, bases[0], bases[2], a, w, o]);
            }
        }
        let bench = Bench::of("ht_address").params(&[
            ("NESTS", nests),
            ("LOOPS", loops as i64),
            ("ACT_AW", act.into()),
            ("WGT_AW", wgt.into()),
            ("OUT_AW", out.into()),
            ("NEST_HEAD_W", head.into()),
            ("NEST_TAIL_W", tail.into()),
        ]);
        let bench = bench.text("NEST_FILE", "nests.hex").text("DELTA_FILE", "deltas.hex");
        let files =
            [("nests.hex", &nest_words[..]), ("deltas.hex", &delta_words), (VECTORS, &vectors)];
        check_files(bench, &files);
    }
}

/// One instruction: operand, result, nest, lag, then the flags of the program image: waits for x,
/// releases x, takes the time step, waits for h, reads x, last step, answers, opens the time step,
/// reads h of this time step, reads that of the previous one.
type Instr = [i64; 14];

/// A time step: for each slab its first reader and sometimes more, later steps, the head.
fn program(random: &mut Random, nests: u64, slabs: usize, head: bool) -> Vec<Instr> {
    let mut plain = |flags: [bool; 6]| {
        let [waits, releases, takes, hidden, reads, last] = flags.map(i64::from);
        let lag = random.below(4) as i64;
        let [act, out] = [11, 7].map(|width| random.below(1 << width) as i64);
        let nest = random.below(nests) as i64;
        let hidden_of = if reads == 0 { random.below(3) as i64 } else { 2 };
        let [now, before] = [0, 1].map(|of| i64::from(hidden_of == of));
        [act, out, nest, lag, waits, releases, takes, hidden, reads, last, 0, 0, now, before]
    };
    let mut program = Vec::new();
    for slab in 0..slabs {
        let (takes, alone) = (slab + 1 == slabs, slab % 2 == 0);
        program.push(plain([true, alone, takes, takes, true, false]));
        if !alone {
            program.push(plain([false; 6]));
            program.push(plain([false, true, false, false, true, false]));
        }
    }
    if slabs > 1 || head {
        program.push(plain([false; 6]));
        program.push(plain([false, false, false, false, false, true]));
    } else {
        // All in one instruction.
        program[0][9] = 1;
    }
    if head {
        let mut last = plain([false, false, false, true, false, false]);
        last[10] = 1;
        program.push(last);
    }
    program[0][11] = 1;
    // Without a head the last step answers.
    program.iter_mut().filter(|instr| !head && instr[9] == 1).for_each(|instr| instr[10] = 1);
    program
}

#[test]
fn sequencer() {
    for (slabs, frames, head, every_step, nests, loops) in [
        (3usize, 1i64, true, false, 5i64, 3usize),
        (1, 2, true, true, 4, 2),
        (4, 1, false, false, 3, 1),
        (1, 2, false, true, 2, 5),
    ] {
        let (act, out, count, tail) = (11u32, 7u32, 3u32, 5u32);
        let mut random = Random(26);
        let program = program(&mut random, nests as u64, slabs, head);
        let (mut program_words, mut program_rows) = (String::new(), String::new());
        for instr in &program {
            let word = Fields::default().push(instr[0], act).push(instr[1], out);
            let word = word.push(instr[2], index_bits(nests)).push(instr[3], 3);
            program_words += &instr[4..].iter().fold(word, |w, &flag| w.push(flag, 1)).line();
            program_rows += &line(instr);
        }
        if program.len() < 2 {
            program_words += "0\n";
        }
        let (mut nest_words, mut nest_rows) = (String::new(), String::new());
        for _ in 0..nests {
            let nest = Nest::random(&mut random, loops);
            let word =
                nest.bounds.iter().enumerate().fold(Fields::default(), |word, (l, bound)| {
                    word.push(bound - 1, count).push(i64::from(l < nest.summed), 1)
                });
            nest_words += &word.push(random.number(tail + 1), tail).line();
            nest_rows += &line(&[&nest.bounds[..], &[nest.summed as i64]].concat());
        }
        let bench = Bench::of("ht_sequencer").params(&[
            ("PROGRAM_LEN", program.len() as i64),
            ("NESTS", nests),
            ("LOOPS", loops as i64),
            ("COUNT_W", count.into()),
            ("ACT_AW", act.into()),
            ("OUT_AW", out.into()),
            ("NEST_TAIL_W", tail.into()),
            ("SLABS", slabs as i64),
            ("FRAMES", frames),
            ("FRAME_WORDS", 900),
            ("HIDDEN_HALF", 70 * i64::from(slabs != 4)),
            ("EVERY_STEP", every_step.into()),
            ("HEAD", head.into()),
        ]);
        let bench = bench.text("PROGRAM_FILE", "program.hex").text("NEST_FILE", "nests.hex");
        let dir = folder(&[
            ("program.hex", &program_words),
            ("nests.hex", &nest_words),
            ("program.txt", &program_rows),
            ("nests.txt", &nest_rows),
        ]);
        if let Some(built) = bench.build() {
            built.passes_in(dir.path(), &["program.txt", "nests.txt"]);
        }
    }
}
