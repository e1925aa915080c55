//! The modules around the engine's lanes and buffers in Verilator, each against its C++ bench.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::bench_images::{Fields, check_files, index_bits, line};
use crate::benches::{Random, VECTORS, check};
use crate::verilated::Bench;

#[test]
fn pick_and_resize() {
    let pick = |count, width| [("COUNT", count), ("WIDTH", width)];
    check("ht_pick", &[&pick(1, 5), &pick(5, 13), &pick(16, 30)]);
    let resize = |from, to| [("IN_W", from), ("OUT_W", to)];
    check("ht_resize", &[&resize(12, 7), &resize(9, 9), &resize(3, 40)]);
}

#[test]
fn convert() {
    let set = |input, signed, left, output| {
        [("IN_W", input), ("IN_SIGNED", signed), ("SHIFT_LEFT", left), ("OUT_W", output)]
    };
    let sets = [set(8, 0, 3, 12), set(16, 1, -5, 10), set(12, 1, 7, 9), set(5, 0, -32, 8)];
    check("ht_convert", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn banks() {
    let set = |lanes, drains, banks, groups| {
        let widths = [("WIDTH", 12), ("OUT_AW", 4), ("ACT_AW", 8)];
        [("LANES", lanes), ("DRAINS", drains), ("BANKS", banks), ("GROUPS", groups)]
            .into_iter()
            .chain(widths)
            .collect::<Vec<_>>()
    };
    let sets = [set(1, 1, 1, 2), set(8, 2, 4, 5), set(8, 8, 8, 3)];
    check("ht_banks", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn input_buffer() {
    let set = |width, words, banks, elements| {
        [
            ("WIDTH", width),
            ("WORDS", words),
            ("BANKS", banks),
            ("ELEMENTS", elements),
            ("ACT_AW", 8),
        ]
    };
    let sets = [set(12, 7, 1, 1), set(9, 48, 4, 2), set(16, 40, 1, 4)];
    check("ht_input_buffer", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn lanes() {
    let set = |lanes, acc, input_banks, banks, always, never, used| {
        [
            ("LANES", lanes),
            ("ACT_W", 9),
            ("WGT_W", 6),
            ("ACC_W", acc),
            ("INPUT_BANKS", input_banks),
            ("BANKS", banks),
            ("BANK_ALWAYS", always),
            ("BANK_NEVER", never),
            ("LANES_USED", used),
        ]
    };
    let sets = [
        set(1, 24, 1, 1, 0, 0, 1),
        set(8, 19, 2, 4, 1, 2, 0xff),
        set(8, 18, 8, 8, 0, 0, 0b0110_1101),
    ];
    check("ht_lanes", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn writeback() {
    for (lanes, drains, acc, act, least, span, nests, head) in [
        (4i64, 1i64, 32i64, 12i64, 1i64, 1i64, 2i64, 1u32),
        (8, 4, 24, 8, 2, 5, 5, 9),
        (8, 8, 28, 16, 3, 0, 3, 4),
        (1, 1, 20, 5, 1, 11, 6, 7),
    ] {
        let mut random = Random(24);
        let (mut nest_words, mut vectors) = (String::new(), String::new());
        for k in 0..nests {
            let (shift, dest) = (random.below(span as u64 + 1) as i64, k % 3);
            let word = Fields::default().push(random.number(head + 1), head);
            nest_words += &word.push(shift, index_bits(span + 1)).push(dest, 2).line();
            vectors += &line(&[shift, dest]);
        }
        let bench = Bench::of("ht_writeback").params(&[
            ("LANES", lanes),
            ("DRAINS", drains),
            ("ACC_W", acc),
            ("ACT_W", act),
            ("OUT_AW", 5),
            ("SHIFT_MIN", least),
            ("SHIFT_SPAN", span),
            ("NESTS", nests),
            ("NEST_HEAD_W", head.into()),
        ]);
        let bench = bench.text("NEST_FILE", "nests.hex");
        check_files(bench, &[("nests.hex", &nest_words), (VECTORS, &vectors)]);
    }
}

#[test]
fn output() {
    for (outputs, with_bias) in [(1i64, true), (10, true), (70, true), (64, false)] {
        let mut random = Random(25);
        let bias: Vec<i64> =
            (0..outputs).map(|_| if with_bias { random.number(16) } else { 0 }).collect();
        let mut image: String =
            bias.iter().map(|&b| Fields::default().push(b, 16).line()).collect();
        if outputs < 2 {
            image += "0\n";
        }
        let vectors: String = bias.iter().map(|&b| line(&[b])).collect();
        let bench = Bench::of("ht_output")
            .params(&[("OUTPUTS", outputs), ("IDX_W", index_bits(outputs).into())]);
        let bench = match with_bias {
            true => bench.named("bias").text("BIAS_FILE", "bias.hex"),
            false => bench,
        };
        check_files(bench, &[("bias.hex", &image), (VECTORS, &vectors)]);
    }
}

/// Elements, slabs and words of a loader.
struct Loader {
    name: &'static str,
    /// Iterations and stride in words of each loop of the write address, innermost first.
    loops: &'static [(i64, i64)],
    /// INPUTS, BEAT, ELEMENTS.
    stream: [i64; 3],
    /// SLAB_COLUMNS, SLABS, FRAMES, FRAME_WORDS.
    slabs: [i64; 4],
    /// SLOT_W, IN_W, IN_SIGNED, SHIFT_LEFT.
    element: [i64; 4],
}

#[test]
fn loader() {
    for loader in [
        // One loop: consecutive words, whatever its count.
        Loader {
            name: "consecutive",
            loops: &[(1000, 1)],
            stream: [10, 1, 1],
            slabs: [10, 1, 2, 16],
            element: [8, 8, 0, 3],
        },
        Loader {
            name: "slabs",
            loops: &[(3, 8), (4, 30)],
            stream: [24, 4, 2],
            slabs: [6, 4, 1, 128],
            element: [16, 12, 1, -3],
        },
        // The last beat and the last slab are not full.
        Loader {
            name: "partial",
            loops: &[(2, 5), (2, 16), (8, 40)],
            stream: [50, 8, 2],
            slabs: [16, 4, 1, 400],
            element: [8, 6, 0, 0],
        },
        Loader {
            name: "wide",
            loops: &[(2, 4), (5, 20)],
            stream: [33, 4, 4],
            slabs: [64, 1, 2, 128],
            element: [16, 16, 1, -6],
        },
    ] {
        let many = loader.loops.len() > 1;
        let (count_w, act_aw) = (5, 10);
        let mut image = String::new();
        for level in 0..1usize << index_bits(loader.loops.len() as i64) {
            let used = many && level < loader.loops.len();
            let (bound, delta) = match used {
                true => {
                    let inner: i64 = loader.loops[..level].iter().map(|l| (l.0 - 1) * l.1).sum();
                    (loader.loops[level].0, loader.loops[level].1 - inner)
                }
                false => (1, 0),
            };
            image += &Fields::default().push(delta, act_aw).push(bound - 1, count_w).line();
        }
        let stride = |l: &(i64, i64)| if many { l.1 } else { loader.stream[2] };
        let vectors: String = loader.loops.iter().map(|l| line(&[l.0, stride(l)])).collect();
        let names =
            ["INPUTS", "BEAT", "ELEMENTS", "SLAB_COLUMNS", "SLABS", "FRAMES", "FRAME_WORDS"];
        let sizes = names.into_iter().zip(loader.stream.into_iter().chain(loader.slabs));
        let formats = ["SLOT_W", "IN_W", "IN_SIGNED", "SHIFT_LEFT"].into_iter().zip(loader.element);
        let rest = [
            ("LOOPS", loader.loops.len() as i64),
            ("COUNT_W", count_w.into()),
            ("WIDTH", 12),
            ("ACT_AW", act_aw.into()),
        ];
        let params: Vec<(&str, i64)> = sizes.chain(formats).chain(rest).collect();
        let bench = Bench::of("ht_loader").named(loader.name).params(&params);
        let bench = bench.text("LOOP_FILE", "loader.hex");
        check_files(bench, &[("loader.hex", &image), (VECTORS, &vectors)]);
    }
}
