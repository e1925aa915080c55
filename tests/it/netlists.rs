//! What yosys makes of the library for iCE40, run in the benches of the sources.
//!
//! A synthesis tool may drop logic without an error (the DSP patterns of yosys do, see
//! `templates/README.md`): the multipliers and memories are simulated again after it, and the
//! expected blocks are counted.
//!
//! Slow: `HTGEN_SLOW=1` runs all, otherwise the modules in [`QUICK`].
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::Path;

use htgen::synth::{self, Family};
use htgen::tool::Tool;
use tempfile::TempDir;

use crate::benches::{IMAGE, VECTORS, activation_vectors, cell_vectors, folder, requant_vectors};
use crate::support::{needs, whole};
use crate::verilated::{Bench, repository};
use htgen::arith::activation::{TABLE_TEXT, sigmoid};
use htgen::arith::cell::{CellFormat, CellUnit};
use htgen::model::{Cell, GateActivation};

/// Modules of which a synthesis and a bench take seconds.
const QUICK: [&str; 2] = ["ht_mul", "ht_requant"];

/// A module after synthesis: DSP blocks, block RAMs and LUT4 that it must have.
struct Netlist {
    module: &'static str,
    params: Vec<(&'static str, i64)>,
    dsp: usize,
    bram: usize,
    most_lut4: usize,
}

impl Netlist {
    fn script(&self) -> String {
        let module = self.module;
        let sets = self.params.iter().map(|(name, value)| format!(" -set {name} {value}"));
        let library = repository("templates/lib").display().to_string();
        format!(
            "read_verilog {library}/ht_*.v; chparam{} {module}; synth_ice40 -dsp -top {module}; \
             tee -o cells.txt select -count t:SB_MAC16; tee -a cells.txt select -count \
             t:SB_RAM40_4K; tee -a cells.txt select -count t:SB_LUT4; rename -top {module}; \
             write_verilog -noattr netlist.v",
            sets.collect::<String>()
        )
    }

    /// Synthesizes in `dir`, counts the cells, and runs the module's bench on the netlist.
    #[track_caller]
    fn check(&self, dir: &Path, arguments: &[&str]) {
        if !QUICK.contains(&self.module) && !whole(&format!("not {}", self.module)) {
            return;
        }
        let Some(yosys) = needs(Tool::Yosys) else { return };
        let run = yosys.run().args(["-q", "-e", "Driver-driver conflict", "-p", &self.script()]);
        run.cwd(dir).run_ok().unwrap_or_else(|e| panic!("{}: {e}", self.module));
        let cells = fs::read_to_string(dir.join("cells.txt")).expect("the counts");
        let counts: Vec<usize> =
            cells.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
        let [dsp, bram, lut4] = counts[..] else { panic!("three counts in {cells}") };
        assert_eq!((dsp, bram), (self.dsp, self.bram), "{}: DSP and RAM blocks", self.module);
        assert!(lut4 <= self.most_lut4, "{}: {lut4} LUT4", self.module);

        let bench = Bench::of_file(self.module, dir.join("netlist.v"))
            .named("netlist")
            .source(synth::simulation_cells(Family::Ice40).expect("the models of the cells"))
            .define("NO_ICE40_DEFAULT_ASSIGNMENTS")
            .macros(&self.params);
        if let Some(built) = bench.build() {
            built.passes_in(dir, arguments);
        }
    }
}

#[test]
fn mac_keeps_its_product_and_sums_in_one_lut_a_bit() {
    let dir = TempDir::new().expect("a temporary folder");
    for (act, wgt, acc) in [(16, 16, 32), (12, 8, 28)] {
        let params = vec![("ACT_W", act), ("WGT_W", wgt), ("ACC_W", acc)];
        let most_lut4 = acc as usize;
        let net = Netlist { module: "ht_mac", params, dsp: 1, bram: 0, most_lut4 };
        net.check(dir.path(), &[]);
    }
}

#[test]
fn mul_is_a_block_or_none() {
    let dir = TempDir::new().expect("a temporary folder");
    for (serial, dsp, most_lut4) in [(0, 1, 2), (1, 0, 64)] {
        let params = vec![("A_W", 16), ("B_W", 16), ("SERIAL", serial)];
        Netlist { module: "ht_mul", params, dsp, bram: 0, most_lut4 }.check(dir.path(), &[]);
    }
}

#[test]
fn requant_is_small() {
    let dir = folder(&[(VECTORS, &requant_vectors(32, 16, 12, 1, 15))]);
    let params =
        vec![("ACC_W", 32), ("OUT_W", 16), ("NARROW_W", 12), ("SHIFT_MIN", 1), ("SHIFT_SPAN", 15)];
    let net = Netlist { module: "ht_requant", params, dsp: 0, bram: 0, most_lut4: 125 };
    net.check(dir.path(), &[VECTORS]);
}

#[test]
fn act_has_its_table_in_block_ram() {
    let dir = folder(&[(IMAGE, TABLE_TEXT), (VECTORS, &activation_vectors(97, sigmoid))]);
    for (serial, dsp, most_lut4) in [(0, 1, 90), (1, 0, 130)] {
        let params = vec![("SERIAL", serial), ("HARD", 0)];
        let net = Netlist { module: "ht_act", params, dsp, bram: 2, most_lut4 };
        net.check(dir.path(), &[IMAGE, VECTORS]);
    }
}

#[test]
fn cell_has_its_state_in_block_ram() {
    let format = CellFormat { c_frac: 11, h_frac: 11, act_bits: 12 };
    let gates = GateActivation::Sigmoid;
    for (cell, module, limits) in [
        (Cell::Lstm, "ht_cell", [(0, 2, 265), (1, 0, 365)]),
        (Cell::Gru, "ht_cell_gru", [(0, 2, 300), (1, 0, 400)]),
    ] {
        let vectors = cell_vectors(&CellUnit { cell, gates, format }, 64, 1000);
        let dir = folder(&[(IMAGE, TABLE_TEXT), (VECTORS, &vectors)]);
        for (serial, dsp, most_lut4) in limits {
            let params = vec![
                ("UNITS", 64),
                ("ACT_W", 12),
                ("C_FRAC", 11),
                ("H_FRAC", 11),
                ("SERIAL", serial),
            ];
            let net = Netlist { module, params, dsp, bram: 3, most_lut4 };
            net.check(dir.path(), &[IMAGE, VECTORS]);
        }
    }
}
