//! The table of cells in `templates/README.md`: what yosys makes of each library module.
//!
//! Slow: requires `HTGEN_SLOW=1`. The numbers are those of yosys 0.23, the oldest suitable version;
//! with another version the table is printed and not compared. `UPDATE_EXPECT=1` writes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use htgen::arith::activation::TABLE_TEXT;
use htgen::tool::{Found, Tool, Version};
use serde_json::Value;

use crate::benches::{IMAGE, folder};
use crate::support::needs;
use crate::verilated::repository;

const README: &str = "templates/README.md";
const BEGIN: &str = "<!-- cells: begin, written by tests/it/cells.rs -->\n";
const END: &str = "<!-- cells: end -->\n";
const HEAD: &str = "\
| module | parameters | iCE40: LUT4 | FF | RAM | DSP | ECP5: LUT4 + carry | FF | RAM | DSP |
|---|---|---|---|---|---|---|---|---|---|
";

/// The modules and parameters of the table.
const ROWS: &[(&str, &str)] = &[
    ("ht_skid", "DATA_W=16"),
    ("ht_ram", "WIDTH=16 DEPTH=64"),
    ("ht_ram", "WIDTH=12 DEPTH=1024"),
    ("ht_rom", "WIDTH=24 DEPTH=256 FILE=ht_sigmoid.hex"),
    ("ht_table", "WIDTH=24 DEPTH=256 FILE=ht_sigmoid.hex"),
    ("ht_select", "LANES=16 WIDTH=13"),
    ("ht_select", "LANES=16 WIDTH=13 KEEP_NEVER=15"),
    ("ht_select", "LANES=16 WIDTH=13 KEEP_ALWAYS=12 KEEP_NEVER=3"),
    ("ht_mac", "ACT_W=12 WGT_W=8 ACC_W=28"),
    ("ht_mac", "ACT_W=16 WGT_W=16 ACC_W=32"),
    ("ht_requant", "ACC_W=28 SHIFT_MIN=4 SHIFT_SPAN=7"),
    ("ht_requant", "ACC_W=32 SHIFT_MIN=1 SHIFT_SPAN=15"),
    ("ht_mul", "A_W=16 B_W=16 SERIAL=0"),
    ("ht_mul", "A_W=16 B_W=16 SERIAL=1"),
    ("ht_act", "SERIAL=0"),
    ("ht_act", "SERIAL=1"),
    ("ht_cell", "UNITS=64 SERIAL=0"),
    ("ht_cell", "UNITS=64 SERIAL=1"),
];

/// Cells by type, of one module for one family.
fn cells(yosys: &Found, dir: &Path, row: (&str, &str), synth: &str) -> BTreeMap<String, u64> {
    let (module, params) = row;
    let sets: String = params
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| match value.parse::<u64>() {
            Ok(_) => format!(" -set {name} {value}"),
            Err(_) => format!(" -set {name} \"{value}\""),
        })
        .collect();
    let script = format!(
        "read_verilog {}/ht_*.v; chparam{sets} {module}; {synth} -top {module}; \
         tee -q -o stat.json stat -json",
        repository("templates/lib").display()
    );
    let run = yosys.run().args(["-q", "-e", "Driver-driver conflict", "-p", &script]);
    run.cwd(dir).run_ok().unwrap_or_else(|e| panic!("{module} {params}: {e}"));
    let text = fs::read_to_string(dir.join("stat.json")).expect("yosys wrote its counts");
    let json: Value = serde_json::from_str(&text).expect("the counts are JSON");
    let counts = &json["design"]["num_cells_by_type"];
    serde_json::from_value(counts.clone()).expect("counts by cell type")
}

/// The sum over the cell types whose names contain one of `parts`.
fn sum(cells: &BTreeMap<String, u64>, parts: &[&str]) -> u64 {
    let wanted = |name: &String| parts.iter().any(|part| name.contains(part));
    cells.iter().filter(|(name, _)| wanted(name)).map(|(_, count)| count).sum()
}

fn line(yosys: &Found, dir: &Path, row: (&str, &str)) -> String {
    let ice = cells(yosys, dir, row, "synth_ice40 -dsp");
    let ecp = cells(yosys, dir, row, "synth_ecp5 -nowidelut");
    // A carry cell of ECP5 takes the place of two LUT4.
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} + {} | {} | {} | {} |\n",
        row.0,
        row.1.replace(" FILE=ht_sigmoid.hex", "").replace(' ', ", "),
        sum(&ice, &["SB_LUT4"]),
        sum(&ice, &["SB_DFF"]),
        sum(&ice, &["SB_RAM40"]),
        sum(&ice, &["SB_MAC16"]),
        sum(&ecp, &["LUT4"]),
        2 * sum(&ecp, &["CCU2C"]),
        sum(&ecp, &["TRELLIS_FF"]),
        sum(&ecp, &["DP16KD", "DPR16X4"]),
        sum(&ecp, &["MULT18X18D"]),
    )
}

#[test]
fn the_table_of_cells_is_up_to_date() {
    if env::var_os("HTGEN_SLOW").is_none() {
        return eprintln!("skipped: the table of cells asks for HTGEN_SLOW=1");
    }
    let Some(yosys) = needs(Tool::Yosys) else { return };
    let dir = folder(&[(IMAGE, TABLE_TEXT)]);
    let lines: String = ROWS.iter().map(|row| line(&yosys, dir.path(), *row)).collect();
    let table = format!("{HEAD}{lines}");
    println!("{table}");

    let readme = fs::read_to_string(repository(README)).expect("the library's README");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's beginning");
    let (written, after) = rest.split_once(END).expect("the table's end");
    if env::var_os("UPDATE_EXPECT").is_some() {
        let text = format!("{before}{BEGIN}{table}{END}{after}");
        return fs::write(repository(README), text).expect("the README can be written");
    }
    if yosys.version == Some(Version::new(0, 23)) {
        assert!(written == table, "{README} is out of date: UPDATE_EXPECT=1 writes it");
    }
}
