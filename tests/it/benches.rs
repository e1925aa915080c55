//! The leaf modules of the library in Verilator, against their C++ benches or Rust twins. The parts
//! of the engine: `benches_engine`, `benches_program`, `benches_cells`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt::Write;
use std::fs;
use std::path::Path;

use htgen::arith::activation::{HARD_TABLE_TEXT, TABLE_TEXT, hard_sigmoid, sigmoid, tanh};
use htgen::arith::cell::{CellFormat, CellUnit};
use htgen::arith::requant::{requant, requant_saturates};
use htgen::model::{Cell, GateActivation};
use tempfile::TempDir;

use crate::verilated::{Bench, Built};

/// The hard sigmoid's table, as `ht_act` names it.
pub const HARD_IMAGE: &str = "ht_hard_sigmoid.hex";
/// The sigmoid's table, as `ht_act` names it.
pub const IMAGE: &str = "ht_sigmoid.hex";
/// The vectors of a bench.
pub const VECTORS: &str = "vectors.txt";

/// A number generator for vectors (splitmix64), the same as the benches have.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `bound` - 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A signed number of `bits` bits, often an extreme or small.
    pub fn number(&mut self, bits: u32) -> i64 {
        let top = 1i64 << (bits - 1);
        match self.below(8) {
            0 => top - 1,
            1 => -top,
            2 => self.below(3) as i64 - 1,
            // All magnitudes are equally likely.
            3 | 4 => (self.next() as i64) >> (64 - bits + self.below(u64::from(bits)) as u32),
            _ => (self.next() as i64) >> (64 - bits),
        }
    }

    pub fn word(&mut self) -> i16 {
        self.number(16) as i16
    }
}

/// Builds and runs the bench of a module that needs no files.
#[track_caller]
pub fn check(module: &str, params: &[&[(&str, i64)]]) {
    let dir = TempDir::new().expect("a temporary folder");
    for params in params {
        if let Some(built) = Bench::of(module).params(params).build() {
            built.passes_in(dir.path(), &[]);
        }
    }
}

/// A folder with the files a bench reads.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        fs::write(dir.path().join(name), text).expect("a file in a temporary folder");
    }
    dir
}

/// The bench must fail with a wrong word in the module's image, and without the image.
///
/// If `arguments` contain the name of the image, the bench gets an intact copy of it, so that the
/// module goes wrong and not the comparison. The image is there again afterwards.
#[track_caller]
fn check_needs_image(built: &Built, dir: &Path, image: &str, arguments: &[&str]) {
    let whole = fs::read_to_string(dir.join(image)).expect("the image");
    fs::write(dir.join("whole.hex"), &whole).expect("a file in a temporary folder");
    let with_copy: Vec<&str> =
        arguments.iter().map(|&a| if a == image { "whole.hex" } else { a }).collect();
    built.passes_in(dir, &with_copy);

    let at = whole.find('\n').expect("a first line") + 1;
    let digit = whole[at..].chars().next().and_then(|c| c.to_digit(16)).expect("a first word");
    let mut other = whole.clone();
    other.replace_range(at..=at, &format!("{:x}", digit ^ 1));
    fs::write(dir.join(image), other).expect("a file in a temporary folder");
    assert!(!built.run_in(dir, &with_copy).status.success(), "a wrong word passed");

    fs::remove_file(dir.join(image)).expect("the image");
    assert!(!built.run_in(dir, &with_copy).status.success(), "zeros passed");
    assert!(!built.run_in(dir, arguments).status.success(), "a missing image passed");
    fs::write(dir.join(image), whole).expect("a file in a temporary folder");
}

#[test]
fn skid() {
    check("ht_skid", &[&[("DATA_W", 1)], &[("DATA_W", 40)]]);
}

#[test]
fn ram() {
    check("ht_ram", &[&[("WIDTH", 16), ("DEPTH", 64)], &[("WIDTH", 52), ("DEPTH", 300)]]);
}

#[test]
fn select() {
    let set = |lanes, width, always, never| {
        [("LANES", lanes), ("WIDTH", width), ("KEEP_ALWAYS", always), ("KEEP_NEVER", never)]
    };
    let sets = [set(1, 9, 0, 0), set(8, 5, 0, 0), set(16, 13, 0b0100, 0b1010), set(32, 12, 0, 31)];
    check("ht_select", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn mac() {
    let set = |act, wgt, acc| [("ACT_W", act), ("WGT_W", wgt), ("ACC_W", acc)];
    let sets = [set(12, 8, 32), set(16, 16, 32), set(16, 16, 40), set(4, 3, 9)];
    check("ht_mac", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn round() {
    let set = |input, shift, add, output| {
        [("IN_W", input), ("SHIFT", shift), ("ADD_W", add), ("OUT_W", output)]
    };
    let sets = [set(31, 15, 16, 16), set(16, 0, 16, 16), set(31, 26, 1, 16), set(20, 1, 4, 8)];
    check("ht_round", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn mul() {
    let set = |a, b, serial| [("A_W", a), ("B_W", b), ("SERIAL", serial)];
    let sets = [set(16, 16, 0), set(16, 16, 1), set(11, 8, 1), set(5, 2, 1)];
    check("ht_mul", &sets.each_ref().map(|set| &set[..]));
}

#[test]
fn rom_and_table() {
    let mut random = Random(20);
    let mut image = "// 150 words of 37 bits\n".to_owned();
    for k in 0..150 {
        let word = random.next() >> 27;
        writeln!(image, "{word:010x} // [{k}]").expect("text grows");
    }
    for module in ["ht_rom", "ht_table"] {
        let dir = folder(&[("image.hex", &image)]);
        let bench = Bench::of(module).params(&[("WIDTH", 37), ("DEPTH", 150)]);
        if let Some(built) = bench.text("FILE", "image.hex").build() {
            check_needs_image(&built, dir.path(), "image.hex", &["image.hex"]);
        }
    }
}

/// Sums that reach every region: random, around the limits of both widths, around half steps.
fn requant_sums(random: &mut Random, acc_w: u32, shift: u32, bits: u32) -> [i64; 3] {
    let edge = (random.below(3) as i64 - 1) << (bits - 1);
    let near = (edge << shift) + ((random.below(5) as i64 - 2) << (shift - 1));
    let near = near + random.below(3) as i64 - 1;
    [random.number(acc_w), random.number((shift + bits).min(acc_w)), near]
}

/// Sums, shifts and results, as lines of the requantizer's bench.
pub fn requant_vectors(acc_w: u32, out_w: u32, narrow_w: u32, least: u32, span: u32) -> String {
    let mut random = Random(21);
    let mut text = String::new();
    for _ in 0..20_000 {
        let offset = random.below(u64::from(span) + 1) as u32;
        let narrow = random.below(2);
        let (shift, bits) = (least + offset, if narrow == 1 { narrow_w } else { out_w });
        for acc in requant_sums(&mut random, acc_w, shift, bits) {
            let acc = acc << (64 - acc_w) >> (64 - acc_w);
            let value = requant(acc, shift, bits);
            let saturated = u8::from(requant_saturates(acc, shift, bits));
            writeln!(text, "{acc} {offset} {narrow} {value} {saturated}").expect("text grows");
        }
    }
    text
}

#[test]
fn requantizer_equals_its_twin() {
    for (acc_w, out_w, narrow_w, least, span) in
        [(32, 16, 12, 1, 15), (27, 16, 8, 3, 6), (40, 16, 16, 12, 0), (20, 18, 4, 1, 18)]
    {
        let dir = folder(&[(VECTORS, &requant_vectors(acc_w, out_w, narrow_w, least, span))]);
        let names = ["ACC_W", "OUT_W", "NARROW_W", "SHIFT_MIN", "SHIFT_SPAN"];
        let values = [acc_w, out_w, narrow_w, least, span].map(i64::from);
        let params: Vec<(&str, i64)> = names.into_iter().zip(values).collect();
        if let Some(built) = Bench::of("ht_requant").params(&params).build() {
            built.passes_in(dir.path(), &[VECTORS]);
        }
    }
}

/// Every `stride`-th argument and its values, as lines of the activation's bench.
pub fn activation_vectors(stride: usize, gate: fn(i16) -> i16) -> String {
    let mut text = String::new();
    for z in (i16::MIN..=i16::MAX).step_by(stride) {
        // Mixed, so that sigmoid and tanh follow each other in the pipeline.
        let other = z.wrapping_mul(12_345);
        writeln!(text, "{z} 0 {}\n{other} 1 {}", gate(z), tanh(other)).expect("text grows");
    }
    text
}

#[test]
fn activations_equal_their_twin_on_every_argument() {
    for serial in [0, 1] {
        let dir = folder(&[(IMAGE, TABLE_TEXT), (VECTORS, &activation_vectors(1, sigmoid))]);
        if let Some(built) = Bench::of("ht_act").params(&[("SERIAL", serial), ("HARD", 0)]).build()
        {
            check_needs_image(&built, dir.path(), IMAGE, &[IMAGE, VECTORS]);
        }
    }
    let vectors = activation_vectors(1, hard_sigmoid);
    let dir = folder(&[(IMAGE, TABLE_TEXT), (HARD_IMAGE, HARD_TABLE_TEXT), (VECTORS, &vectors)]);
    if let Some(built) = Bench::of("ht_act").params(&[("SERIAL", 0), ("HARD", 1)]).build() {
        for image in [IMAGE, HARD_IMAGE] {
            check_needs_image(&built, dir.path(), image, &[IMAGE, VECTORS, HARD_IMAGE]);
        }
    }
}

/// Units in any order over many time steps, as lines of the cell's bench.
pub fn cell_vectors(cell: &CellUnit, units: usize, count: usize) -> String {
    let mut random = Random(22);
    let mut states = vec![0i16; units];
    let mut text = String::new();
    for step in 0..count / units {
        for (unit, kept) in states.iter_mut().enumerate() {
            // One unit begins again only after the latency of 16 beats: four groups of five.
            let idle = if units < 5 { 4 } else { [0, 0, 0, 1, 3][random.below(5) as usize] };
            let first = step == 0 || random.below(8) == 0;
            let z: [i16; 4] = std::array::from_fn(|_| random.word() >> random.below(8));
            let state = if first { 0 } else { *kept };
            let (next, h) = cell.step(z, state);
            *kept = next;
            let numbers = z.iter().map(i16::to_string).collect::<Vec<_>>().join(" ");
            writeln!(text, "{idle} {unit} {} {numbers} {h}", u8::from(first)).expect("text grows");
        }
    }
    text
}

#[test]
fn cell_equals_its_twin() {
    for (c_frac, h_frac, act_bits, units, serial) in [
        (11, 11, 12, 64, 0),
        (12, 3, 4, 5, 1),
        (8, 15, 16, 7, 0),
        (15, 0, 4, 2, 0),
        (9, 0, 5, 3, 0),
    ] {
        let (gates, hard) = match units % 2 {
            0 => (GateActivation::Sigmoid, 0),
            _ => (GateActivation::HardSigmoid, 1),
        };
        let format = CellFormat { c_frac, h_frac, act_bits };
        let params = [
            ("HARD", hard),
            ("UNITS", units as i64),
            ("ACT_W", i64::from(act_bits)),
            ("C_FRAC", i64::from(c_frac)),
            ("H_FRAC", i64::from(h_frac)),
            ("SERIAL", serial),
        ];
        for (cell, module) in [(Cell::Lstm, "ht_cell"), (Cell::Gru, "ht_cell_gru")] {
            let vectors = cell_vectors(&CellUnit { cell, gates, format }, units, 4000);
            let images = [(IMAGE, TABLE_TEXT), (HARD_IMAGE, HARD_TABLE_TEXT)];
            let dir = folder(&[images[0], images[1], (VECTORS, &vectors)]);
            let Some(built) = Bench::of(module).params(&params).build() else { return };
            built.passes_in(dir.path(), &[IMAGE, VECTORS]);
            // A narrow h hides one wrong word of the table.
            if act_bits == 16 {
                check_needs_image(&built, dir.path(), IMAGE, &[IMAGE, VECTORS]);
            }
        }
    }
}
