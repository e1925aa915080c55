//! The table of cells in `templates/README.md`: what yosys makes of each library module.
//!
//! Slow: `HTGEN_SLOW=1` makes all lines, otherwise some are made. The numbers are those of yosys
//! 0.23, the oldest suitable version; what another version may make of a module is in [`MAY`].
//! `HTGEN_SLOW=1 UPDATE_EXPECT=1` writes the table, with yosys 0.23.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use htgen::arith::activation::TABLE_TEXT;
use htgen::tool::{Found, Tool, Version};
use serde_json::Value;

use crate::benches::{IMAGE, folder};
use crate::support::{needs, whole};
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

/// What another yosys may make of a line: at least and at most so many percent of the numbers in
/// the table, in their order. Memories, multipliers and carries are what the sources ask for;
/// registers may go into multipliers; lookup tables differ, most where constants select among
/// inputs.
const MAY: [(u64, u64); 9] = [
    (90, 160),
    (80, 100),
    (100, 100),
    (100, 100),
    (90, 160),
    (100, 100),
    (80, 100),
    (100, 100),
    (100, 100),
];

/// Lookup tables that may be added to the percentage, for the smallest modules.
const FEW: u64 = 4;

/// The numbers of a line.
fn numbers(line: &str) -> Vec<u64> {
    let fields = line.split('|').skip(3).flat_map(|field| field.split('+'));
    fields.filter_map(|number| number.trim().parse().ok()).collect()
}

/// Whether another yosys may make `found` where the table has `written`.
fn is_near(found: &str, written: &str) -> bool {
    let (found, written) = (numbers(found), numbers(written));
    let near = |((n, w), (least, most)): ((&u64, &u64), &(u64, u64))| {
        let few = if *most > 100 { FEW } else { 0 };
        100 * (n + few) >= w * least && 100 * n <= w * most + 100 * few
    };
    found.len() == MAY.len()
        && written.len() == MAY.len()
        && found.iter().zip(&written).zip(&MAY).all(near)
}

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
    let Some(yosys) = needs(Tool::Yosys) else { return };
    let whole = whole("4 of 18 modules");
    let dir = folder(&[(IMAGE, TABLE_TEXT)]);
    let rows = ROWS.iter().enumerate().step_by(if whole { 1 } else { 5 });
    let lines: Vec<_> = rows.map(|(k, row)| (k, line(&yosys, dir.path(), *row))).collect();

    let readme = fs::read_to_string(repository(README)).expect("the library's README");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's beginning");
    let (written, after) = rest.split_once(END).expect("the table's end");
    let same_version = yosys.version == Some(Version::new(0, 23));
    if whole && same_version && env::var_os("UPDATE_EXPECT").is_some() {
        let table: String = lines.into_iter().map(|(_, line)| line).collect();
        let text = format!("{before}{BEGIN}{HEAD}{table}{END}{after}");
        return fs::write(repository(README), text).expect("the README can be written");
    }
    let written: Vec<&str> = written.strip_prefix(HEAD).expect("its head").lines().collect();
    assert_eq!(written.len(), ROWS.len(), "{README}: lines of the table");
    let differ = |(k, line): &(usize, String)| match (line.trim_end(), written[*k]) {
        (found, wanted) if found == wanted => None,
        (found, wanted) if !same_version && is_near(found, wanted) => None,
        (found, wanted) => Some(format!("found   {found}\nwritten {wanted}\n")),
    };
    let differences: String = lines.iter().filter_map(differ).collect();
    assert!(differences.is_empty(), "{README}, yosys {:?}:\n{differences}", yosys.version);
}

#[test]
fn another_yosys_may_differ_in_lookup_tables_and_little_else() {
    let written = "| `ht_act` | SERIAL=0 | 85 | 93 | 2 | 1 | 47 + 48 | 104 | 1 | 1 |";
    // As yosys 0.70 has it.
    assert!(is_near("| `ht_act` | SERIAL=0 | 83 | 76 | 2 | 1 | 46 + 48 | 104 | 1 | 1 |", written));
    for (what, found) in [
        ("twice the lookup tables", "170 | 93 | 2 | 1 | 47 + 48 | 104 | 1 | 1 |"),
        ("more registers", "85 | 94 | 2 | 1 | 47 + 48 | 104 | 1 | 1 |"),
        ("the memory in logic", "85 | 93 | 0 | 1 | 47 + 48 | 104 | 1 | 1 |"),
        ("no multiplier", "85 | 93 | 2 | 0 | 47 + 48 | 104 | 1 | 1 |"),
        ("no carries", "85 | 93 | 2 | 1 | 47 + 0 | 104 | 1 | 1 |"),
        ("nothing but the memory", "0 | 0 | 2 | 1 | 0 + 48 | 0 | 1 | 1 |"),
        ("a number missing", "85 | 93 | 2 | 1 | 47 + 48 | 104 | 1 |"),
    ] {
        assert!(!is_near(&format!("| `ht_act` | SERIAL=0 | {found}"), written), "{what}");
    }
}
