//! Synthesis: plans as text, refusals of board files and netlists, and runs on the small design of
//! `tests/data/synth` (two multiply-accumulate lanes behind one coefficient memory).
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect, expect_file};
use htgen::files::OutputFolder;
use htgen::synth::{
    self, Board, CellTable, DesignFiles, Family, Port, SynthConfig, SynthResult, cells_by_module,
};
use htgen::tool::{self, Tool, YOSYS_FOR_GOWIN};
use tempfile::TempDir;

use crate::support::{absent, needs};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/synth")
}

fn sample() -> DesignFiles {
    let design = DesignFiles::axi_stream("sample_top", &data().join("sample"), 16, 64);
    design.expect("the sample design")
}

fn board(name: &str) -> Board {
    Board::load(name).expect("a board")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn synthesize(design: &DesignFiles, board: &Board, out: &Path) -> Result<SynthResult, String> {
    let config = SynthConfig { by_module: true, ..SynthConfig::of(board) };
    let plan = synth::plan(design, board, config).map_err(|problems| problems.to_string())?;
    let out = OutputFolder::claim(out).map_err(|problems| problems.to_string())?;
    synth::run(&plan, &out, &mut |_| ()).map_err(|problems| problems.to_string())
}

/// Names in a folder, including hidden ones, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<_> = entries.map(|e| name(e).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn plans_are_text() {
    for name in Board::names() {
        let board = board(name);
        let config = SynthConfig { by_module: true, ..SynthConfig::of(&board) };
        let plan = synth::plan(&sample(), &board, config).expect("a plan").to_string();
        let golden = format!("../golden/synth/{name}.plan");
        expect_file![golden].assert_eq(&plan);
    }
}

#[track_caller]
fn check_refused(design: DesignFiles, expect: Expect) {
    let board = board("icebreaker");
    let refusal = synth::plan(&design, &board, SynthConfig::of(&board)).expect_err("refused");
    expect.assert_eq(&refusal.to_string());
}

#[test]
fn names_that_cannot_stand_in_a_script_are_refused() {
    let mut design = sample();
    design.top = "top; shell".into();
    check_refused(design, expect![[r#"top; shell: not an identifier: found "top; shell""#]]);
    let mut design = sample().with_output("error", 0);
    design.verilog = vec!["a/x.v".into(), "b/x.v".into(), "a/y z.v".into()];
    check_refused(
        design,
        expect![[r#"
            sample_top: error: the port has no bits
            error: sample_top: x.v: two files of this name
            error: sample_top: a/y z.v: not a usable file name: expected letters, digits, '.', '_' and '-'"#]],
    );
}

#[track_caller]
fn check_board(edit: impl Fn(String) -> String, expect: Expect) {
    let text = include_str!("../../constraints/icebreaker.toml");
    let refusal = Board::parse(&edit(text.to_owned()), "my.toml").expect_err("refused");
    expect.assert_eq(&refusal.to_string());
}

#[test]
fn board_files_are_checked() {
    let replace = |from: &'static str, to: &'static str| move |text: String| text.replace(from, to);
    check_board(
        replace("package ", "packages"),
        expect![[
            "my.toml: line 7: unknown field \"packages\", expected one of \"name\", \"title\", \"family\", \"device\", \"package\", \"speed\", \"clock_mhz\", \"budget\", \"pins\", \"synth_flags\"; constraints/icebreaker.toml shows every key"
        ]],
    );
    check_board(
        replace("[budget]", "[budget"),
        expect![[
            r#"my.toml: line 10: unclosed table, expected "]"; constraints/icebreaker.toml shows every key"#
        ]],
    );
    check_board(
        |text| {
            let text = text.replace("\"sg48\"", "\"sg48 --evil\"").replace("up5k\"", "up6k\"");
            text.replace("24.0", "0.0")
                .replace("serial_in ", "serial_on ")
                .replace("aclk ", "aclq ")
        },
        expect![[r#"
            my.toml: package: not a plain word: found "sg48 --evil", expected up to 64 letters, digits, '.', '_' and '-'
            error: my.toml: pins.aclq: no such port: expected aclk, serial_in, serial_out
            error: my.toml: pins.serial_on: no such port: expected aclk, serial_in, serial_out
            error: my.toml: pins.aclk: missing: expected the clock's site
            error: my.toml: clock_mhz: out of range: found 0, expected more than 0, at most 1000
            error: my.toml: device: unknown: found up6k, expected one of up5k, hx8k, lp8k, hx4k, lp4k, hx1k, lp1k, u4k"#]],
    );
    expect![[
        "`target`: no such board: found icebraker, expected one of icebreaker, hx8k, ulx3s-25f, ulx3s-85f, tangnano9k; or give the path of a board file, NAME.toml"
    ]]
    .assert_eq(&Board::load("icebraker").expect_err("no such board").to_string());
    let missing = Board::load("none/board.toml").expect_err("no such file").to_string();
    assert!(missing.starts_with("none/board.toml: cannot be read ("), "{missing}");
}

#[test]
fn a_board_can_be_a_file() {
    let dir = folder();
    let path = dir.path().join("mine.toml");
    let text = include_str!("../../constraints/hx8k.toml").replace("hx8k\"\n", "mine\"\n");
    fs::write(&path, text).expect("a file");
    let refusal = Board::load(path.to_str().expect("UTF-8")).expect_err("the device changed too");
    assert!(refusal.to_string().contains("device: unknown: found mine"), "{refusal}");
    fs::write(&path, include_str!("../../constraints/hx8k.toml")).expect("a file");
    let board = Board::load(path.to_str().expect("UTF-8")).expect("a board");
    assert_eq!(board, self::board("hx8k"));
}

#[test]
fn ice40_up5k_to_a_bitstream() {
    let tools = [Tool::Yosys, Tool::NextpnrIce40, Tool::Icepack].map(needs);
    if tools.iter().any(Option::is_none) {
        return;
    }
    let mut design = sample();
    (design.expected_dsp, design.expected_bram) = (Some(2), Some(2));
    let dir = folder();
    let out = dir.path().join("deep/icebreaker");
    let result = synthesize(&design, &board("icebreaker"), &out).expect("a bitstream");
    assert!(result.fits && result.shortage.is_empty());
    assert_eq!((result.dsp, result.bram, result.spram), (2, 2, 0));
    assert_eq!(result.clock_met(), Some(true));
    assert!((10..60).contains(&result.lut4), "{result:?}");
    // The registers of the design are addr_q 8, drain_q 5, x_q 16 and five single bits; tvalid and
    // tlast are one signal, so the harness, counted by itself, has one more copy than here.
    assert_eq!(result.ff, 8 + 5 + 16 + 5 - 1, "{result:?}");
    // The header of ht_pins.v states its cost; 19 input and 67 output bits.
    assert!(result.harness.lut4 <= 67 + 2, "{:?}", result.harness);
    assert_eq!(result.harness.ff, 19 + 2 * 67 + 9, "{:?}", result.harness);
    let cells = result.logic_cells.clone().expect("use of the part");
    assert!(cells.used < 300 && cells.total == 5280, "{cells:?}");
    let bitstream = fs::metadata(result.bitstream.as_ref().expect("a bitstream")).expect("a file");
    assert!(bitstream.len() > 100_000);
    let path = result.critical_path.as_ref().expect("a critical path");
    let fmax = result.fmax_mhz.expect("a clock");
    assert!((path.total_ns - 1000.0 / fmax).abs() < 0.01, "{path} at {fmax} MHz");
    check_modules(result.modules.as_ref().expect("a table"));
    let json = serde_json::to_value(&result).expect("JSON");
    for key in ["target", "lut4", "ff", "bram", "dsp", "fmax_mhz", "fits", "logic_cells"] {
        assert!(json.get(key).is_some(), "no {key} in {json}");
    }
    assert_eq!(names(&dir.path().join("deep")), ["icebreaker"]);
}

fn check_modules(table: &CellTable) {
    let rows: Vec<_> = table.0.iter().map(|row| (row.module.as_str(), row.instances)).collect();
    assert_eq!(rows, [("sample_lane", 2), ("sample_rom", 1), ("sample_top", 1)]);
    assert_eq!(table.sum(|module| module == "sample_lane").dsp, 2);
    assert_eq!(table.sum(|module| module == "sample_rom").bram, 2);
    assert_eq!(table.sum(|module| module == "sample_top").dsp, 0);
}

#[test]
fn ecp5_to_a_bitstream() {
    let tools = [Tool::Yosys, Tool::NextpnrEcp5, Tool::Ecppack].map(needs);
    if tools.iter().any(Option::is_none) {
        return;
    }
    let mut design = sample();
    (design.expected_dsp, design.expected_bram) = (Some(2), Some(1));
    let dir = folder();
    let result = synthesize(&design, &board("ulx3s-25f"), &dir.path().join("out"));
    let result = result.expect("a bitstream");
    assert!(result.fits && result.bitstream.is_some_and(|path| path.is_file()));
    assert!(result.fmax_mhz.is_some_and(|fmax| fmax > 50.0), "{:?}", result.fmax_mhz);
    assert_eq!(result.logic_cells.map(|cells| cells.total), Some(24288));
    check_sum(&result.modules.expect("a table"), 2);
}

fn check_sum(table: &CellTable, dsp: usize) {
    assert_eq!(table.sum(|_| true).dsp, dsp);
}

#[test]
fn gowin_area_without_a_clock() {
    if let Err(problems) = tool::find_at_least(Tool::Yosys, Some(YOSYS_FOR_GOWIN)) {
        return absent(&problems.to_string());
    }
    let dir = folder();
    let result = synthesize(&sample(), &board("tangnano9k"), &dir.path().join("out"));
    let result = result.expect("an area");
    assert!(result.fits && result.fmax_mhz.is_none() && result.bitstream.is_none());
    assert_eq!((result.dsp, result.bram), (2, 1));
}

#[test]
fn a_design_too_large_is_an_answer_and_not_an_error() {
    if needs(Tool::Yosys).is_none() || needs(Tool::NextpnrIce40).is_none() {
        return;
    }
    // The multipliers in logic cells, and no space for them.
    let mut small = board("hx8k");
    small.budget.lut4 = 500;
    let dir = folder();
    let result = synthesize(&sample(), &small, &dir.path().join("a")).expect("an answer");
    assert!(!result.fits && result.fmax_mhz.is_none() && result.bitstream.is_none());
    assert!(result.shortage[0].starts_with("lut4: "), "{:?}", result.shortage);
    // The same, found by the placer.
    small = board("hx8k");
    (small.device, small.package) = ("hx1k".into(), "tq144".into());
    small.pins = [("aclk".into(), "21".into())].into();
    let result = synthesize(&sample(), &small, &dir.path().join("b")).expect("an answer");
    assert!(!result.fits && result.bitstream.is_none());
    assert!(!result.shortage.is_empty());
}

#[test]
fn a_count_that_differs_from_the_plan_is_an_error_and_leaves_the_old_output() {
    if needs(Tool::Yosys).is_none() || needs(Tool::NextpnrIce40).is_none() {
        return;
    }
    let mut design = sample();
    (design.expected_dsp, design.expected_bram) = (Some(4), Some(2));
    let dir = folder();
    let out = dir.path().join("out");
    fs::create_dir(&out).expect("a folder");
    fs::write(out.join("synthesize.ys"), "previous").expect("a file");
    fs::write(out.join("design.bin"), "previous").expect("a file");
    let refusal = synthesize(&design, &board("icebreaker"), &out).expect_err("refused");
    expect![[
        "sample_top on icebreaker: dsp: the netlist differs from the plan: found 2, expected 4; yosys has dropped logic or mapped it elsewhere: do not use this netlist; the log is DIR/out.failed/synthesize.log"
    ]]
    .assert_eq(&refusal.replace(&dir.path().display().to_string(), "DIR"));
    assert_eq!(fs::read_to_string(out.join("design.bin")).expect("kept"), "previous");
    assert_eq!(names(dir.path()), ["out", "out.failed"]);
    let log = fs::read_to_string(dir.path().join("out.failed/synthesize.log")).expect("the log");
    assert!(log.contains("Executing SYNTH_ICE40 pass"), "{log}");
    // The next result removes them, even if it is that the design does not fit.
    (design.expected_dsp, design.expected_bram) = (Some(4), Some(400));
    let result = synthesize(&design, &board("icebreaker"), &out).expect("an answer");
    assert!(result.foreseen);
    assert_eq!(names(dir.path()), ["out"]);
    assert_eq!(fs::read_to_string(out.join("design.bin")).expect("kept"), "previous");
}

/// The silent miscompile of `synth_ice40 -dsp`: exactly two product registers, no adder.
#[test]
fn logic_dropped_by_yosys_is_an_error() {
    if needs(Tool::Yosys).is_none() || needs(Tool::NextpnrIce40).is_none() {
        return;
    }
    let mut design = sample();
    design.top = "dropped".into();
    design.verilog = vec![data().join("dropped.v")];
    design.images = Vec::new();
    design.inputs = vec![Port::new("x", 16), Port::new("w", 16)];
    design.outputs = vec![Port::new("y", 32)];
    let dir = folder();
    let refusal = synthesize(&design, &board("icebreaker"), &dir.path().join("out"));
    let refusal = refusal.expect_err("the conflict is an error");
    assert!(refusal.contains("Driver-driver conflict"), "{refusal}");
    assert_eq!(names(dir.path()), ["out.failed"]);
    let (_, log) = refusal.split_once("the log is ").expect("the place of the log");
    let log = fs::read_to_string(log).expect("the log");
    assert!(log.contains("Driver-driver conflict"), "{log}");
    // So does a success, and a folder of the user's is not mistaken for one.
    let mut design = sample();
    (design.expected_dsp, design.expected_bram) = (Some(2), Some(2));
    synthesize(&design, &board("icebreaker"), &dir.path().join("out")).expect("a bitstream");
    assert_eq!(names(dir.path()), ["out"]);
    fs::create_dir(dir.path().join("out.failed")).expect("a folder");
    fs::write(dir.path().join("out.failed/mine"), "").expect("a file");
    let refusal = synthesize(&design, &board("icebreaker"), &dir.path().join("out"));
    assert!(
        refusal.expect_err("not ours").contains("out.failed: a folder that is not a synthesis")
    );
    fs::rename(dir.path().join("out.failed/mine"), dir.path().join("out/mine")).expect("moved");
    let refusal = synthesize(&design, &board("icebreaker"), &dir.path().join("out"));
    let refusal = refusal.expect_err("not only ours");
    let words = "out: a synthesis with files that htgen did not write is not replaced: found mine;";
    assert!(refusal.contains(words), "{refusal}");
    assert!(dir.path().join("out/mine").exists());
}

#[test]
fn a_missing_memory_image_is_an_error() {
    if needs(Tool::Yosys).is_none() || needs(Tool::NextpnrIce40).is_none() {
        return;
    }
    let mut design = sample();
    design.images = Vec::new();
    let dir = folder();
    let refusal = synthesize(&design, &board("icebreaker"), &dir.path().join("out"));
    let refusal = refusal.expect_err("no image");
    assert!(refusal.contains("sample_rom.hex"), "{refusal}");
}

/// yosys builds what `Family::bram_blocks` predicts, for memories that are written and for ROMs.
#[test]
fn block_memories_are_predicted() {
    let Some(yosys) = needs(Tool::Yosys) else { return };
    let dir = folder();
    let ram = include_str!("../data/synth/block_memory.v");
    let rom = include_str!("../data/synth/block_rom.v");
    let rams = [(256, 16), (300, 12), (512, 36), (1024, 40), (2048, 9), (700, 64), (1500, 13)];
    // Rows of the last share blocks: 11 of ECP5's, where separate blocks for each row would take 4
    // each.
    let roms = [(300, 12), (1500, 13), (1352, 128)];
    for (family, synth) in [(Family::Ice40, "synth_ice40"), (Family::Ecp5, "synth_ecp5")] {
        let roms = if family == Family::Ice40 { &roms[..2] } else { &roms[..] };
        let written = rams.iter().map(|&size| (size, true));
        for ((words, bits), written) in written.chain(roms.iter().map(|&size| (size, false))) {
            let text = if written { ram } else { rom };
            let text = text.replace("WORDS = 256", &format!("WORDS = {words}"));
            fs::write(dir.path().join("m.v"), text.replace("BITS = 16", &format!("BITS = {bits}")))
                .expect("a file");
            let script = format!(
                "read_verilog m.v; {synth} -top block_memory; \
                 select -assert-count {} t:SB_RAM40_4K* t:DP16KD t:PDPW16KD",
                family.bram_blocks(words, bits, written)
            );
            let run = yosys.run().args(["-q", "-p", &script]).cwd(dir.path()).run();
            let finished = run.expect("yosys starts");
            let told = format!("{family:?} {words} x {bits} {written}: {}", finished.stderr);
            assert!(finished.status.success(), "{told}");
        }
    }
}

/// yosys builds what `Family::dsp_blocks` predicts.
#[test]
fn multiplier_blocks_are_predicted() {
    let Some(yosys) = needs(Tool::Yosys) else { return };
    let dir = folder();
    let families = [
        (Family::Ice40, "up5k", "synth_ice40 -dsp"),
        (Family::Ice40, "hx8k", "synth_ice40"),
        (Family::Ecp5, "25k", "synth_ecp5"),
    ];
    for (family, device, synth) in families {
        for (a, b) in [(16, 16), (11, 8), (12, 8), (6, 6), (6, 5), (5, 5), (4, 4), (4, 3)] {
            let text = format!(
                "module product (input clk, input signed [{}:0] a, input signed [{}:0] b, \
                 output reg signed [{}:0] y); always @(posedge clk) y <= a * b; endmodule\n",
                a - 1,
                b - 1,
                a + b - 1
            );
            fs::write(dir.path().join("m.v"), text).expect("a file");
            let script = format!(
                "read_verilog m.v; {synth} -top product; \
                 select -assert-count {} t:SB_MAC16 t:MULT18X18D",
                family.dsp_blocks(device, (a, b))
            );
            let run = yosys.run().args(["-q", "-p", &script]).cwd(dir.path()).run();
            let finished = run.expect("yosys starts");
            let told = format!("{device} {a} x {b}: {}", finished.stderr);
            assert!(finished.status.success(), "{told}");
        }
    }
}

#[test]
fn the_netlist_is_verilog_of_cells() {
    if needs(Tool::Yosys).is_none() {
        return;
    }
    let dir = folder();
    let path = dir.path().join("netlist.v");
    synth::netlist(&sample(), &board("icebreaker"), &path).expect("a netlist");
    let text = fs::read_to_string(&path).expect("the netlist");
    assert!(text.contains("module sample_top(") && text.contains("SB_MAC16 #("));
    let cells = synth::simulation_cells(Family::Ice40).expect("models of the cells");
    let Some(iverilog) = needs(Tool::Iverilog) else { return };
    let run = iverilog.run().args(["-g2012", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-t", "null"]);
    run.args([&path, &cells]).run_ok().expect("a second reader accepts it");
}

#[test]
fn cells_are_counted_without_a_placer() {
    if needs(Tool::Yosys).is_none() {
        return;
    }
    check_modules(&cells_by_module(&sample(), &board("icebreaker")).expect("a table"));
}
