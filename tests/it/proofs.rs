//! The FORMAL block of every library module: proved by induction, and refuted for one mutant.
//!
//! Assumption about yosys: `sat -verify` ends with an error that says `proof did fail` when an
//! assertion does not hold. A constant table is not read: it gives any word in any clock, so a
//! proof holds for every image.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::time::Duration;

use htgen::tool::{Finished, Tool};
use tempfile::TempDir;

use crate::support::needs;
use crate::verilated::repository;

/// The replacement for `ht_table`: words that the solver chooses.
const ANY_TABLE: &str = "
module ht_table #(
  parameter FILE = \"\", parameter WIDTH = 1, parameter DEPTH = 2, parameter ADDR_W = $clog2(DEPTH)
) (
  input wire [ADDR_W-1:0] i_addr, output wire [WIDTH-1:0] o_data
);
  (* anyseq *) wire [WIDTH-1:0] word;
  assign o_data = word;
endmodule
";

/// A proof of one module at one set of parameters, small enough for a SAT solver.
struct Proof {
    module: &'static str,
    params: &'static str,
    /// A text of the module, found once, and its replacement in the mutant.
    mutation: (&'static str, &'static str),
}

impl Proof {
    /// The library in a folder of its own, with `edit` applied to the module's text.
    fn library(&self, edit: impl Fn(String) -> String) -> TempDir {
        let dir = TempDir::new().expect("a temporary folder");
        for entry in fs::read_dir(repository("templates/lib")).expect("the library") {
            let path = entry.expect("the library").path();
            let mut text = fs::read_to_string(&path).expect("a library file");
            if path.file_stem().is_some_and(|stem| stem == self.module) {
                text = edit(text);
            }
            let name = path.file_name().expect("a file has a name");
            fs::write(dir.path().join(name), text).expect("a file in a temporary folder");
        }
        fs::write(dir.path().join("ht_table.v"), ANY_TABLE).expect("a file in a temporary folder");
        dir
    }

    /// Only the module itself is read with FORMAL: its submodules have proofs of their own. Its
    /// outputs are dropped, and with them everything that reaches no assertion and no assumption.
    fn script(&self, dir: &TempDir) -> String {
        let module = self.module;
        let mut others: Vec<String> = fs::read_dir(dir.path())
            .expect("a temporary folder")
            .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".v") && *name != format!("{module}.v"))
            .collect();
        others.sort();
        let others = others.join(" ");
        let params: String = self
            .params
            .split_whitespace()
            .map(|set| format!(" -set {}", set.replace('=', " ")))
            .collect();
        format!(
            "read_verilog -formal -DFORMAL {module}.v; read_verilog {others}; \
             chparam{params} {module}; prep -flatten -top {module}; \
             delete -output o:*; opt_clean -purge; \
             memory_map; async2sync; opt_clean; \
             sat -verify -set-assumes -prove-asserts -tempinduct -maxsteps 40 -seq 1"
        )
    }

    fn run(&self, edit: impl Fn(String) -> String) -> Option<Finished> {
        let yosys = needs(Tool::Yosys)?;
        let dir = self.library(edit);
        let run = yosys.run().arg("-p").arg(self.script(&dir)).cwd(dir.path());
        Some(run.limit(Duration::from_secs(600)).run().expect("yosys starts"))
    }

    fn mutate(&self, text: String) -> String {
        let (from, to) = self.mutation;
        assert_eq!(text.matches(from).count(), 1, "{}: mutation of {from:?}", self.module);
        text.replace(from, to)
    }

    #[track_caller]
    fn holds(&self) {
        let Some(finished) = self.run(|text| text) else { return };
        let output = finished.stdout.clone() + &finished.stderr;
        assert!(finished.status.success(), "{} {}: {output}", self.module, self.params);
        assert!(output.contains("Import proof for assert"), "{}: nothing proved", self.module);
    }

    #[track_caller]
    fn refuses_the_mutant(&self) {
        let Some(finished) = self.run(|text| self.mutate(text)) else { return };
        let output = finished.stdout.clone() + &finished.stderr;
        assert!(output.contains("proof did fail"), "{}: mutant passed: {output}", self.module);
    }
}

/// Proves a module at each of `params`; the mutant must be refuted at the first.
#[track_caller]
fn check(module: &'static str, params: &[&'static str], from: &'static str, to: &'static str) {
    let proof = |params| Proof { module, params, mutation: (from, to) };
    params.iter().for_each(|params| proof(params).holds());
    proof(params[0]).refuses_the_mutant();
}

#[test]
fn skid() {
    // The mutant forgets a kept word as soon as the next one is offered.
    let (from, to) = ("if (o_in_ready) spare_q", "if (i_in_valid) spare_q");
    check("ht_skid", &["DATA_W=1", "DATA_W=16"], from, to);
}

#[test]
fn ram() {
    let (from, to) = ("if (i_re) rdata_q", "if (i_re || i_we) rdata_q");
    check("ht_ram", &["WIDTH=3 DEPTH=8", "WIDTH=2 DEPTH=5"], from, to);
}

#[test]
fn select() {
    let params = [
        "LANES=8 WIDTH=2",
        "LANES=8 WIDTH=2 KEEP_NEVER=2",
        "LANES=16 WIDTH=1 KEEP_ALWAYS=1 KEEP_NEVER=6",
    ];
    // The mutant gives both lanes of a pair the even lane's bank.
    check("ht_select", &params, "bit_of_odd  = i_sel |  i_keep", "bit_of_odd  = i_sel & ~i_keep");
}

#[test]
fn mac() {
    let params = ["ACT_W=4 WGT_W=3 ACC_W=9", "ACT_W=3 WGT_W=4 ACC_W=7"];
    check(
        "ht_mac",
        &params,
        "i_acc_first ? prod : acc_q + prod",
        "i_acc_first ? acc_q : acc_q + prod",
    );
}

#[test]
fn round() {
    let params = [
        "IN_W=9 SHIFT=3 ADD_W=4 OUT_W=5",
        "IN_W=8 SHIFT=0 ADD_W=9 OUT_W=6",
        "IN_W=5 SHIFT=2 ADD_W=4 OUT_W=9",
    ];
    // The mutant truncates.
    check("ht_round", &params, "half = i_data[SHIFT-1]", "half = 1'b0");
}

#[test]
fn requant() {
    let params = [
        "ACC_W=32",
        "ACC_W=14 OUT_W=6 NARROW_W=4 SHIFT_SPAN=7",
        "ACC_W=14 OUT_W=6 NARROW_W=6 SHIFT_MIN=3 SHIFT_SPAN=5",
        "ACC_W=14 OUT_W=8 NARROW_W=4 SHIFT_MIN=5 SHIFT_SPAN=0",
    ];
    // The mutant rounds the greatest value out of the range.
    check("ht_requant", &params, "wire up     = guard && !at_max", "wire up     = guard");
}

#[test]
fn mul() {
    let params = ["A_W=4 B_W=4 SERIAL=1", "A_W=3 B_W=2 SERIAL=1", "A_W=3 B_W=5 SERIAL=1"];
    // The mutant adds the sign bit's term instead of subtracting it.
    check(
        "ht_mul",
        &params,
        "else if (next_to_last) a_q <= ~a_q",
        "else if (next_to_last) a_q <= a_q",
    );
    let (from, to) = ("product_q <= a_q * b_q", "product_q <= a_q + b_q");
    check("ht_mul", &["A_W=4 B_W=4 SERIAL=0"], from, to);
}

#[test]
fn act() {
    // The mutant mirrors a beat too early.
    check("ht_act", &["SERIAL=0"], "mirror = negative_q[3]", "mirror = negative_q[2]");
}

#[test]
fn cell() {
    // The mutant gives h of a unit the number of the next one.
    let (from, to) =
        ("o_h_unit  = unit_q[3*UNIT_W +: UNIT_W]", "o_h_unit  = unit_q[2*UNIT_W +: UNIT_W]");
    let params = ["UNITS=4 SERIAL=0", "UNITS=4 SERIAL=1"];
    check("ht_cell", &params, from, to);
    check("ht_cell_gru", &params, from, to);
}

#[test]
fn sequencer() {
    let params = [
        "LOOPS=2 COUNT_W=2 SLABS=2 ACT_AW=3 OUT_AW=2",
        "LOOPS=3 COUNT_W=2 FRAMES=2 HEAD=0 PROGRAM_LEN=3 ACT_AW=3 OUT_AW=2",
        "LOOPS=1 COUNT_W=4 SLABS=3 EVERY_STEP=1 ACT_AW=3 OUT_AW=2",
    ];
    // One mutant starts with one result too many in flight, the other loses iterations.
    let (from, to) = ("in_flight_q <= {1'b0, ir_lag}", "in_flight_q <= {1'b0, ir_lag} + 4'd1");
    check("ht_sequencer", &params, from, to);
    check("ht_sequencer", &params[..1], ": (own == ONE)", ": (own == ZERO)");
}

#[test]
fn every_module_with_a_formal_block_is_proved_here() {
    let here = include_str!("proofs.rs");
    for entry in fs::read_dir(repository("templates/lib")).expect("the library") {
        let path = entry.expect("the library").path();
        let text = fs::read_to_string(&path).expect("a library file");
        let module = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let proved = here.contains(&format!("\"{module}\","));
        assert_eq!(text.contains("`ifdef FORMAL"), proved, "{module}");
    }
}
