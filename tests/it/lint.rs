//! The library without a warning in three readers, bounds that stop elaboration, and its style.
//!
//! Every file of `templates/lib` is read; a module that is not in [`GRID`], with its defaults.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use htgen::arith::activation::TABLE_TEXT;
use htgen::tool::{Finished, Found, Tool};
use tempfile::TempDir;

use crate::support::{needs, said};
use crate::verilated::repository;

/// Parameter sets in addition to the defaults: corners of the bounds, and both forms of each
/// choice.
const GRID: &[(&str, &[&str])] = &[
    ("ht_skid", &["DATA_W=1", "DATA_W=600"]),
    ("ht_ram", &["WIDTH=1 DEPTH=2", "WIDTH=90 DEPTH=300"]),
    ("ht_rom", &["FILE=image.hex WIDTH=24", "FILE=image.hex WIDTH=24 DEPTH=256"]),
    ("ht_table", &["FILE=image.hex WIDTH=24", "FILE=image.hex WIDTH=24 DEPTH=256"]),
    (
        "ht_select",
        &[
            "LANES=1",
            "LANES=2 WIDTH=1",
            "LANES=2 KEEP_ALWAYS=1",
            "LANES=2 KEEP_NEVER=1",
            "LANES=16 KEEP_NEVER=15",
            "LANES=16 KEEP_ALWAYS=15",
            "LANES=16 KEEP_ALWAYS=5 KEEP_NEVER=2",
            "LANES=64 KEEP_NEVER=12",
            "LANES=256 WIDTH=4",
        ],
    ),
    ("ht_mac", &["ACT_W=2 WGT_W=2 ACC_W=4", "ACT_W=16 WGT_W=16 ACC_W=32", "ACC_W=64"]),
    (
        "ht_round",
        &[
            "IN_W=16 SHIFT=0 ADD_W=16",
            "IN_W=16 SHIFT=15 ADD_W=1 OUT_W=2",
            "IN_W=31 SHIFT=26 ADD_W=1",
            "IN_W=8 SHIFT=1 ADD_W=20 OUT_W=40",
        ],
    ),
    (
        "ht_requant",
        &[
            "NARROW_W=2",
            "NARROW_W=16",
            "SHIFT_SPAN=0",
            "SHIFT_SPAN=1",
            "SHIFT_MIN=7 SHIFT_SPAN=5",
            "ACC_W=17 OUT_W=18 SHIFT_SPAN=15",
            "ACC_W=64 SHIFT_SPAN=40",
        ],
    ),
    ("ht_mul", &["SERIAL=1", "A_W=2 B_W=2 SERIAL=1", "A_W=2 B_W=3", "A_W=11 B_W=31 SERIAL=1"]),
    ("ht_act", &["SERIAL=1", "HARD=1"]),
    (
        "ht_cell",
        &[
            "SERIAL=1",
            "UNITS=2 ACT_W=4 C_FRAC=8 H_FRAC=0",
            "UNITS=2048 ACT_W=16 C_FRAC=15 H_FRAC=15",
            "C_FRAC=10 ACT_W=16 H_FRAC=4",
            "C_FRAC=12 ACT_W=4 H_FRAC=15 SERIAL=1",
        ],
    ),
    (
        "ht_cell_gru",
        &[
            "SERIAL=1 HARD=1",
            "UNITS=2 ACT_W=4 C_FRAC=8 H_FRAC=0",
            "UNITS=2048 ACT_W=16 C_FRAC=15 H_FRAC=15",
            "C_FRAC=10 ACT_W=16 H_FRAC=14",
        ],
    ),
    ("ht_pick", &["COUNT=1 WIDTH=1", "COUNT=5 WIDTH=40"]),
    ("ht_resize", &["IN_W=1 OUT_W=9", "IN_W=9 OUT_W=1"]),
    ("ht_convert", &["IN_W=1 OUT_W=2", "IN_W=16 IN_SIGNED=1 SHIFT_LEFT=32 OUT_W=16"]),
    ("ht_banks", &["LANES=1", "LANES=8 DRAINS=2 BANKS=4 GROUPS=5", "LANES=8 DRAINS=8 BANKS=8"]),
    ("ht_input_buffer", &["WORDS=7", "WORDS=48 BANKS=4 ELEMENTS=2"]),
    (
        "ht_lanes",
        &[
            "LANES=1",
            "LANES=8 INPUT_BANKS=2 BANKS=4 BANK_ALWAYS=1 BANK_NEVER=2",
            "LANES=4 LANES_USED=7",
        ],
    ),
    (
        "ht_address",
        &[
            "NESTS=5 LOOPS=3 NEST_FILE=zero.hex DELTA_FILE=zero.hex",
            "NESTS=64 LOOPS=4 NEST_TAIL_W=9 NEST_FILE=zero.hex DELTA_FILE=zero.hex",
        ],
    ),
    (
        "ht_sequencer",
        &[
            "PROGRAM_LEN=1 HEAD=0",
            "PROGRAM_LEN=256 NESTS=256 LOOPS=16 SLABS=64 PROGRAM_FILE=zero.hex NEST_FILE=zero.hex",
            "LOOPS=3 FRAMES=2 FRAME_WORDS=900 EVERY_STEP=1",
            "HIDDEN_HALF=100",
        ],
    ),
    (
        "ht_writeback",
        &[
            "LANES=1",
            "LANES=8 DRAINS=8 SHIFT_SPAN=0",
            "LANES=16 DRAINS=4 NESTS=9 NEST_FILE=zero.hex",
        ],
    ),
    (
        "ht_loader",
        &[
            "INPUTS=50 BEAT=8 ELEMENTS=2 SLAB_COLUMNS=16 SLABS=4 LOOPS=3",
            "INPUTS=10 SLAB_COLUMNS=10 FRAMES=2 FRAME_WORDS=16 SHIFT_LEFT=3",
        ],
    ),
    (
        "ht_cells",
        &[
            "SERIAL=1",
            "LANES=8 DRAINS=4 CELLS=2 ROWS=6 GROUPS=7 GATE_SHIFT=3 GATE_FILE=gates \
             HIDDEN_FILE=hidden",
            "LANES=2 DRAINS=2 CELLS=2",
            "PARTS=2 GRU=1 MASKED=1 GATE_SHIFT=15",
            "LANES=8 DRAINS=4 CELLS=2 ROWS=6 GROUPS=7 PARTS=2 LAYERED=1 HARD=1 GATE_FILE=gates \
             HIDDEN_FILE=hidden",
        ],
    ),
    ("ht_output", &["OUTPUTS=1", "OUTPUTS=64 IDX_W=6", "OUTPUTS=70 IDX_W=7 BIAS_FILE=zero.hex"]),
];

/// Parameter sets that must not elaborate, and the name of the missing module that gives the
/// reason.
const BOUNDS: &[(&str, &str, &str)] = &[
    ("ht_skid", "DATA_W=0", "skid_data_w_must_be_at_least_1"),
    ("ht_ram", "WIDTH=0", "ram_width_must_be_at_least_1"),
    ("ht_ram", "DEPTH=1", "ram_depth_must_be_at_least_2"),
    ("ht_rom", "DEPTH=9", "rom_file_must_be_named"),
    ("ht_rom", "FILE=image.hex WIDTH=24 DEPTH=1", "rom_size_out_of_bounds"),
    ("ht_table", "DEPTH=9", "table_file_must_be_named"),
    ("ht_table", "FILE=image.hex WIDTH=24 DEPTH=257", "table_size_out_of_bounds"),
    ("ht_select", "WIDTH=0", "select_width_must_be_at_least_1"),
    ("ht_select", "LANES=12", "select_lanes_must_be_a_power_of_two_up_to_256"),
    ("ht_select", "LANES=512", "select_lanes_must_be_a_power_of_two_up_to_256"),
    ("ht_select", "KEEP_ALWAYS=3 KEEP_NEVER=2", "select_keep_always_and_never_overlap"),
    ("ht_mac", "ACT_W=19", "mac_act_w_must_be_2_to_18"),
    ("ht_mac", "WGT_W=1", "mac_wgt_w_must_be_2_to_18"),
    ("ht_mac", "ACC_W=19", "mac_acc_w_must_hold_a_product"),
    ("ht_round", "IN_W=15", "round_shift_must_be_less_than_in_w"),
    ("ht_round", "OUT_W=1", "round_width_too_small"),
    ("ht_requant", "SHIFT_MIN=0", "requant_shift_must_be_1_to_less_than_acc_w"),
    ("ht_requant", "ACC_W=16", "requant_shift_must_be_1_to_less_than_acc_w"),
    ("ht_requant", "NARROW_W=17", "requant_narrow_w_must_be_2_to_out_w"),
    ("ht_mul", "B_W=32", "mul_width_out_of_bounds"),
    ("ht_mul", "SERIAL=2", "mul_serial_must_be_0_or_1"),
    ("ht_cell", "UNITS=1", "cell_units_must_be_at_least_2"),
    ("ht_cell", "ACT_W=17", "cell_act_w_must_be_4_to_16"),
    ("ht_cell", "C_FRAC=7", "cell_c_frac_must_be_8_to_15"),
    ("ht_cell", "H_FRAC=16", "cell_h_frac_must_be_0_to_15"),
    ("ht_pick", "WIDTH=0", "pick_size_out_of_bounds"),
    ("ht_resize", "IN_W=0", "resize_width_must_be_at_least_1"),
    ("ht_convert", "OUT_W=1", "convert_width_too_small"),
    ("ht_convert", "SHIFT_LEFT=33", "convert_shift_out_of_bounds"),
    ("ht_banks", "GROUPS=0", "banks_size_out_of_bounds"),
    ("ht_banks", "LANES=6", "banks_must_be_a_power_of_two_from_drains_to_lanes"),
    ("ht_banks", "BANKS=8", "banks_must_be_a_power_of_two_from_drains_to_lanes"),
    ("ht_input_buffer", "WORDS=6 BANKS=3", "input_buffer_banks_and_elements_must_be_powers_of_two"),
    ("ht_input_buffer", "WORDS=7 BANKS=2", "input_buffer_words_must_be_a_multiple_of_a_row"),
    ("ht_lanes", "BANKS=8", "lanes_banks_must_be_powers_of_two_up_to_lanes"),
    ("ht_lanes", "INPUT_BANKS=3", "lanes_banks_must_be_powers_of_two_up_to_lanes"),
    ("ht_address", "NESTS=257", "address_nests_or_loops_out_of_bounds"),
    ("ht_sequencer", "PROGRAM_LEN=257", "sequencer_program_len_must_be_1_to_256"),
    ("ht_sequencer", "LOOPS=17", "sequencer_nests_or_loops_out_of_bounds"),
    ("ht_sequencer", "FRAMES=3", "sequencer_slabs_or_frames_out_of_bounds"),
    ("ht_writeback", "LANES=12", "writeback_drains_must_be_a_power_of_two_up_to_lanes"),
    ("ht_writeback", "DRAINS=8", "writeback_drains_must_be_a_power_of_two_up_to_lanes"),
    ("ht_loader", "BEAT=3 ELEMENTS=2", "loader_elements_must_divide_beat"),
    ("ht_loader", "IN_W=9", "loader_element_must_fit_its_slot"),
    ("ht_loader", "SLABS=2", "loader_slabs_must_be_those_of_the_inputs"),
    ("ht_loader", "FRAMES=3", "loader_frames_must_be_1_or_2"),
    ("ht_cells", "CELLS=2", "cells_must_be_a_power_of_two_up_to_drains_and_8"),
    ("ht_cells", "ROWS=1", "cells_rows_or_groups_too_few"),
    ("ht_cells", "PARTS=3", "cells_parts_must_be_1_or_2"),
    ("ht_cell_gru", "UNITS=1", "cell_gru_units_must_be_at_least_2"),
    ("ht_cell_gru", "ACT_W=17", "cell_gru_act_w_must_be_4_to_16"),
    ("ht_cell_gru", "C_FRAC=7", "cell_gru_c_frac_must_be_8_to_15"),
    ("ht_cell_gru", "H_FRAC=16", "cell_gru_h_frac_must_be_0_to_15"),
    ("ht_output", "OUTPUTS=3", "output_idx_w_must_hold_outputs"),
];

/// The files of the library, sorted.
fn library() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository("templates/lib")).expect("the library");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "v"));
    files.sort();
    files
}

/// The module of a file.
fn module(path: &Path) -> String {
    path.file_stem().expect("a file has a name").to_string_lossy().into_owned()
}

/// Each module with each of its parameter sets.
fn cases() -> Vec<(String, &'static str)> {
    let mut cases = Vec::new();
    for path in library() {
        let module = module(&path);
        let sets = GRID.iter().find(|row| row.0 == module).map_or(&[][..], |row| row.1);
        cases.push((module.clone(), ""));
        cases.extend(sets.iter().map(|set| (module.clone(), *set)));
    }
    cases
}

/// A folder with the images that a module may name.
fn images() -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    for name in ["image.hex", "ht_sigmoid.hex", "ht_hard_sigmoid.hex"] {
        fs::write(dir.path().join(name), TABLE_TEXT).expect("a file in a temporary folder");
    }
    // Of any width.
    for name in ["zero.hex", "gates0.hex", "gates1.hex", "hidden0.hex", "hidden1.hex"] {
        fs::write(dir.path().join(name), "0\n").expect("a file in a temporary folder");
    }
    dir
}

/// Name and value of each parameter in a set; a value that is text in quotes.
fn settings(set: &str) -> Vec<(&str, String)> {
    set.split_whitespace()
        .map(|pair| pair.split_once('=').expect("NAME=VALUE"))
        .map(|(name, value)| match value.parse::<u64>() {
            Ok(_) => (name, value.to_owned()),
            Err(_) => (name, format!("\"{value}\"")),
        })
        .collect()
}

fn verilator(tool: &Found, dir: &Path, module: &str, set: &str) -> Finished {
    let library = repository("templates/lib");
    let run = tool.run().args(["--lint-only", "-Wall", "--top-module", module, "-y"]).arg(&library);
    let run = run.args(settings(set).iter().map(|(name, value)| format!("-G{name}={value}")));
    run.arg(library.join(format!("{module}.v"))).cwd(dir).run().expect("verilator starts")
}

fn iverilog(tool: &Found, dir: &Path, module: &str, set: &str) -> Finished {
    let library = repository("templates/lib");
    let run = tool.run().args(["-g2005", "-Wall", "-t", "null", "-s", module, "-y"]).arg(&library);
    let set = settings(set);
    let run = run.args(set.iter().map(|(name, value)| format!("-P{module}.{name}={value}")));
    run.arg(library.join(format!("{module}.v"))).cwd(dir).run().expect("iverilog starts")
}

/// The whole library is read, as in a design.
fn yosys(tool: &Found, dir: &Path, module: &str, set: &str) -> Finished {
    let files: Vec<String> = library().iter().map(|path| path.display().to_string()).collect();
    let sets = settings(set).into_iter().map(|(name, value)| format!(" -set {name} {value}"));
    let sets: String = sets.collect();
    let script = format!(
        "read_verilog {}; chparam{sets} {module}; hierarchy -check -top {module}; proc; \
         check -assert",
        files.join(" ")
    );
    tool.run().args(["-q", "-p", &script]).cwd(dir).run().expect("yosys starts")
}

/// Runs one reader over every case; each must succeed and print nothing.
#[track_caller]
fn silent(tool: Tool, read: fn(&Found, &Path, &str, &str) -> Finished) {
    let Some(found) = needs(tool) else { return };
    let dir = images();
    for (module, set) in cases() {
        let finished = read(&found, dir.path(), &module, set);
        let said = said(tool, &finished);
        assert!(finished.status.success() && said.is_empty(), "{module} {set}: {said}");
    }
}

#[test]
fn verilator_wall_is_silent() {
    silent(Tool::Verilator, verilator);
}

/// The check above can fail: a fault that only causes a warning is not taken for silence.
#[test]
fn a_planted_warning_is_heard() {
    let Some(found) = needs(Tool::Verilator) else { return };
    let dir = TempDir::new().expect("a temporary folder");
    let lint = |expression: &str| {
        let text = format!(
            "module m (input wire [3:0] a, output wire [3:0] y); assign y = {expression}; \
             endmodule\n"
        );
        fs::write(dir.path().join("m.v"), text).expect("a file in a temporary folder");
        let run = found.run().args(["--lint-only", "-Wall", "-Wno-fatal", "m.v"]).cwd(dir.path());
        let finished = run.run().expect("verilator starts");
        assert!(finished.status.success(), "{}", finished.stderr);
        said(Tool::Verilator, &finished)
    };
    assert_eq!(lint("a"), "");
    let heard = lint("a[2:0]");
    assert!(heard.starts_with("%Warning-WIDTH"), "{heard}");
}

#[test]
fn icarus_wall_is_silent() {
    silent(Tool::Iverilog, iverilog);
}

#[test]
fn yosys_reads_without_a_warning() {
    silent(Tool::Yosys, yosys);
}

/// Runs one reader over every forbidden set; each must be refused by name.
#[track_caller]
fn refused(tool: Tool, read: fn(&Found, &Path, &str, &str) -> Finished) {
    let Some(found) = needs(tool) else { return };
    let dir = images();
    for (module, set, reason) in BOUNDS {
        let finished = read(&found, dir.path(), module, set);
        let output = finished.stdout + &finished.stderr;
        let named = output.contains(&format!("ht_error_{reason}"));
        assert!(!finished.status.success() && named, "{module} {set}: {output}");
    }
}

#[test]
fn bounds_stop_verilator() {
    refused(Tool::Verilator, verilator);
}

#[test]
fn bounds_stop_yosys() {
    refused(Tool::Yosys, yosys);
}

#[test]
fn every_bound_is_tried() {
    for path in library() {
        let text = fs::read_to_string(&path).expect("a library file");
        for line in text.lines().filter(|line| line.trim().starts_with("ht_error_")) {
            let name = line.trim().split(' ').next().expect("a name");
            let reason = name.trim_start_matches("ht_error_");
            assert!(BOUNDS.iter().any(|row| row.2 == reason), "{name} has no row in BOUNDS");
        }
    }
}

/// The rules of form that a reader of one file can check.
#[test]
fn library_files_keep_the_form() {
    for path in library() {
        let (module, text) = (module(&path), fs::read_to_string(&path).expect("a library file"));
        let at = |n: usize| format!("{module}.v:{}", n + 1);
        for (n, line) in text.lines().enumerate() {
            assert!(line.chars().count() <= 100, "{}: more than 100 columns", at(n));
            assert!(!line.contains('\t') && line.trim_end() == line, "{}: blanks", at(n));
            assert!(!line.contains("lint_off"), "{}: a waiver", at(n));
        }
        let header = text.lines().take_while(|line| line.starts_with("//")).count();
        assert!(text.starts_with(&format!("// {module}.v: ")), "{}: name and role", at(0));
        let end = "not generated, safe to read and edit.\n// SPDX-License-Identifier: MIT OR \
                   Apache-2.0\n`default_nettype none\n";
        assert!(text.contains(end), "{}: the end of its header", at(header));
        assert!(header <= 16, "{}: a header of {header} lines", at(header));
        assert!(text.ends_with("\nendmodule\n\n`default_nettype wire\n"), "{module}: its end");
        assert_eq!(text.matches("\nmodule ").count(), 1, "{module}: one module a file");
        assert!(text.contains(&format!("\nmodule {module} ")), "{module}: file and module differ");
    }
}
