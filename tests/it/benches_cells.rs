//! The element-wise part of the engine in Verilator, against the Rust twin of its units.
// SPDX-License-Identifier: MIT OR Apache-2.0

use htgen::arith::activation::TABLE_TEXT;
use htgen::arith::cell::{CellFormat, GateSums, gate_sum};

use crate::bench_images::{Fields, check_files, index_bits, line};
use crate::benches::{IMAGE, Random, VECTORS};
use crate::verilated::Bench;

/// Sizes of an element-wise part.
struct Cells {
    lanes: usize,
    drains: usize,
    cells: usize,
    rows: usize,
    groups: usize,
    format: CellFormat,
    gate_shift: u32,
    parts: usize,
    serial: bool,
    steps: usize,
}

/// The table entries of one hidden unit.
struct Unit {
    /// Flat numbers of its gates in each part: group times lanes, plus lane.
    gates: Vec<[usize; 4]>,
    bias: [i16; 4],
    to_input: bool,
    addr: i64,
    slot: i64,
}

impl Cells {
    const ACT_AW: u32 = 9;
    const SLOT_W: u32 = 7;
    const NEED_W: u32 = 5;

    /// Numbers below `count` in a random order.
    fn shuffled(random: &mut Random, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        (1..count).rev().for_each(|k| order.swap(k, random.below(k as u64 + 1) as usize));
        order
    }

    /// The units of cell `cell`, row by row: their gates anywhere in the lanes that it reads.
    fn units(&self, random: &mut Random, cell: usize) -> Vec<Unit> {
        let own = self.groups * self.lanes / self.cells;
        let places: Vec<_> = (0..self.parts).map(|_| Self::shuffled(random, own)).collect();
        let place = |row: usize, part: &Vec<usize>| {
            std::array::from_fn(|gate| part[4 * row + gate] * self.cells + cell)
        };
        let unit = |row: usize| Unit {
            gates: places.iter().map(|part| place(row, part)).collect(),
            bias: std::array::from_fn(|_| random.word() >> random.below(4)),
            to_input: random.below(4) != 0,
            addr: random.below(1 << Self::ACT_AW) as i64,
            slot: random.below(1 << Self::SLOT_W) as i64,
        };
        (0..self.rows).map(unit).collect()
    }

    /// The images of a cell: gates and hidden.
    fn images(&self, units: &[Unit], need: &[i64]) -> (String, String) {
        let (mut gates, mut hidden) = (String::new(), String::new());
        let word_w = index_bits((self.groups * self.lanes / self.drains) as i64)
            + (self.drains / self.cells).ilog2();
        for (unit, need) in units.iter().zip(need) {
            for gate in 0..4 {
                let word = Fields::default().push(unit.bias[gate].into(), 16);
                let words = unit.gates.iter().map(|gates| (gates[gate] / self.cells) as i64);
                let word = words.fold(word, |word, at| word.push(at, word_w));
                gates += &word.push(*need, Self::NEED_W).line();
            }
            let word = Fields::default().push(unit.slot, Self::SLOT_W);
            hidden += &word.push(unit.addr, Self::ACT_AW).push(unit.to_input.into(), 1).line();
        }
        (gates, hidden)
    }

    /// Time steps, as lines of the bench.
    fn vectors(&self, random: &mut Random, table: &[Vec<Unit>], arrival: &[usize]) -> String {
        let mut states = vec![vec![0i16; self.rows]; self.cells];
        let mut text = String::new();
        for step in 0..self.steps {
            let first = step == 0 || random.below(3) == 0;
            let count = self.groups * self.lanes;
            let gates: Vec<i16> = (0..self.parts * count).map(|_| random.word()).collect();
            let mut numbers = vec![i64::from(first)];
            numbers.extend(arrival.iter().map(|&group| group as i64));
            numbers.extend(gates.iter().map(|&gate| i64::from(gate)));
            for row in 0..self.rows {
                for cell in 0..self.cells {
                    let (unit, kept) = (&table[cell][row], &mut states[cell][row]);
                    let sum = |gate: usize| {
                        let parts = gates.chunks(count).zip(&unit.gates);
                        let results = parts.map(|(results, at)| i32::from(results[at[gate]])).sum();
                        gate_sum(results, unit.bias[gate].into(), self.gate_shift)
                    };
                    let sums = GateSums { i: sum(0), f: sum(1), g: sum(2), o: sum(3) };
                    let (next, h) = self.format.step(sums, if first { 0 } else { *kept });
                    *kept = next;
                    numbers.extend([h.into(), unit.to_input.into(), unit.addr, unit.slot]);
                }
            }
            text += &line(&numbers);
        }
        text
    }

    #[track_caller]
    fn check(&self) {
        let mut random = Random(27);
        let table: Vec<Vec<Unit>> = (0..self.cells).map(|c| self.units(&mut random, c)).collect();
        let arrival = Self::shuffled(&mut random, self.groups);
        let arrived = |gate: usize| {
            let group = gate / self.lanes;
            arrival.iter().position(|&g| g == group).expect("every group arrives") as i64 + 1
        };
        let need = |row: usize| {
            let gates = table.iter().flat_map(|units| units[row].gates[0]);
            gates.map(arrived).max().expect("a unit has gates")
        };
        let need: Vec<i64> = (0..self.rows).map(need).collect();
        let mut files = vec![(IMAGE.to_owned(), TABLE_TEXT.to_owned())];
        for (cell, units) in table.iter().enumerate() {
            let (gates, hidden) = self.images(units, &need);
            files.push((format!("gates{cell}.hex"), gates));
            files.push((format!("hidden{cell}.hex"), hidden));
        }
        files.push((VECTORS.to_owned(), self.vectors(&mut random, &table, &arrival)));
        let files: Vec<(&str, &str)> = files.iter().map(|(n, text)| (&n[..], &text[..])).collect();
        let bench = Bench::of("ht_cells").params(&self.params());
        check_files(bench.text("GATE_FILE", "gates").text("HIDDEN_FILE", "hidden"), &files);
    }

    fn params(&self) -> Vec<(&'static str, i64)> {
        [
            ("LANES", self.lanes),
            ("DRAINS", self.drains),
            ("CELLS", self.cells),
            ("ROWS", self.rows),
            ("GROUPS", self.groups),
            ("GATE_SHIFT", self.gate_shift as usize),
            ("PARTS", self.parts),
            ("SERIAL", usize::from(self.serial)),
        ]
        .map(|(name, value)| (name, value as i64))
        .into_iter()
        .chain([
            ("NEED_W", Self::NEED_W.into()),
            ("OUT_AW", 5),
            ("ACT_AW", Self::ACT_AW.into()),
            ("SLOT_W", Self::SLOT_W.into()),
            ("ACT_W", self.format.act_bits.into()),
            ("C_FRAC", self.format.c_frac.into()),
            ("H_FRAC", self.format.h_frac.into()),
        ])
        .collect()
    }
}

#[test]
fn cells() {
    let format = |c_frac, h_frac, act_bits| CellFormat { c_frac, h_frac, act_bits };
    for cells in [
        Cells {
            lanes: 4,
            drains: 1,
            cells: 1,
            rows: 9,
            groups: 10,
            format: format(11, 11, 12),
            gate_shift: 0,
            parts: 1,
            serial: false,
            steps: 150,
        },
        Cells {
            lanes: 8,
            drains: 4,
            cells: 2,
            rows: 6,
            groups: 7,
            format: format(8, 15, 16),
            gate_shift: 3,
            parts: 2,
            serial: false,
            steps: 150,
        },
        Cells {
            lanes: 2,
            drains: 2,
            cells: 2,
            rows: 2,
            groups: 8,
            format: format(14, 7, 8),
            gate_shift: 1,
            parts: 1,
            serial: true,
            steps: 60,
        },
        Cells {
            lanes: 4,
            drains: 4,
            cells: 4,
            rows: 5,
            groups: 20,
            format: format(12, 9, 10),
            gate_shift: 0,
            parts: 2,
            serial: false,
            steps: 150,
        },
    ] {
        cells.check();
    }
}
