//! Counting cells: reads and weighs yosys' statistics, for a whole design or module by module.
//!
//! Assumption about `stat -json`: the text contains `"modules":` followed by one JSON object of
//! modules, each with `num_cells_by_type`. Only that object is read: before it yosys prints a
//! title, and after it version 0.23 mixes plain text into the summary of a hierarchy.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cells, Family};
use crate::error::{Diagnostic, ErrorKind, Result};

/// The cells of one kind of module, without those of the modules inside it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct ModuleCells {
    /// Name of the module in the Verilog, without its parameters.
    pub module: String,
    /// How many times it occurs in the design.
    pub instances: usize,
    /// Cells of all instances together.
    pub cells: Cells,
}

/// The table of cells by module, ordered by module name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CellTable(pub Vec<ModuleCells>);

impl CellTable {
    /// The sum over the modules that `wanted` accepts.
    pub fn sum(&self, wanted: impl Fn(&str) -> bool) -> Cells {
        let rows = self.0.iter().filter(|row| wanted(&row.module));
        rows.fold(Cells::default(), |sum, row| sum + row.cells)
    }
}

impl fmt::Display for CellTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ("module", "count", "lut4", "ff", "carry", "bram", "dsp");
        let (module, count, lut4, ff, carry, bram, dsp) = head;
        writeln!(f, "{module:<28} {count:>6} {lut4:>7} {ff:>7} {carry:>6} {bram:>5} {dsp:>5}")?;
        let total = ModuleCells { module: "total".into(), instances: 1, cells: self.sum(|_| true) };
        for ModuleCells { module, instances, cells } in self.0.iter().chain([&total]) {
            let Cells { lut4, ff, carry, bram, dsp, .. } = cells;
            writeln!(
                f,
                "{module:<28} {instances:>6} {lut4:>7} {ff:>7} {carry:>6} {bram:>5} {dsp:>5}"
            )?;
        }
        Ok(())
    }
}

/// Module name as yosys writes it, to its cells by type.
type Modules = BTreeMap<String, ModuleStat>;

#[derive(Debug, Deserialize)]
struct ModuleStat {
    #[serde(default)]
    num_cells_by_type: BTreeMap<String, usize>,
}

/// Counts the cells below `top` in the output of `stat -json`, module by module.
pub fn table(family: Family, top: &str, stat: &str) -> Result<CellTable> {
    let modules = read_modules(stat)?;
    let mut rows = BTreeMap::new();
    let root = format!("\\{top}");
    if !modules.contains_key(&root) {
        return Err(unreadable(format!("no module {top}")).into());
    }
    walk(family, &modules, &root, 1, &mut rows);
    let row = |(module, (instances, cells))| ModuleCells { module, instances, cells };
    Ok(CellTable(rows.into_iter().map(row).collect()))
}

fn read_modules(stat: &str) -> Result<Modules> {
    const KEY: &str = "\"modules\":";
    let start = stat.find(KEY).ok_or_else(|| unreadable("no list of modules".into()))?;
    let mut objects = serde_json::Deserializer::from_str(&stat[start + KEY.len()..]).into_iter();
    match objects.next() {
        Some(Ok(modules)) => Ok(modules),
        Some(Err(error)) => Err(unreadable(error.to_string()).into()),
        None => Err(unreadable("the list of modules is cut off".into()).into()),
    }
}

fn unreadable(reason: String) -> Diagnostic {
    Diagnostic::new("yosys: stat -json", format!("unreadable statistics: {reason}"))
        .kind(ErrorKind::Tool)
        .help("htgen doctor shows which yosys was used")
}

/// Adds `count` instances of the module `name`, and their contents, to the rows.
fn walk(
    family: Family,
    modules: &Modules,
    name: &str,
    count: usize,
    rows: &mut BTreeMap<String, (usize, Cells)>,
) {
    let mut own = Cells::default();
    for (cell, &n_cells) in &modules[name].num_cells_by_type {
        match submodule(modules, cell) {
            Some(inner) => walk(family, modules, &inner, count * n_cells, rows),
            None => own += family.cost(cell).times(n_cells),
        }
    }
    let row = rows.entry(base_name(name).to_owned()).or_default();
    row.0 += count;
    row.1 += own.times(count);
}

/// The key of the module that a cell is an instance of. Cell types omit the leading backslash of a
/// plain name.
fn submodule(modules: &Modules, cell: &str) -> Option<String> {
    let escaped = format!("\\{cell}");
    [cell.to_owned(), escaped].into_iter().find(|key| modules.contains_key(key))
}

/// The Verilog name in `\name`, `$paramod\name\A=1` or `$paramod$hash\name`.
fn base_name(name: &str) -> &str {
    let parts = name.split('\\').skip(1);
    parts.into_iter().next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::Budget;

    /// The form of version 0.23: plain text in the summary, which is not read.
    const HIERARCHY: &str = r#"
7. Printing statistics.
{
   "creator": "Yosys 0.23",
   "modules": {
      "$paramod$bf30\\lane": { "num_cells": 3, "num_cells_by_type": { "SB_LUT4": 5, "SB_MAC16": 1 } },
      "$paramod\\rom\\W=s32'1": { "num_cells_by_type": { "SB_RAM40_4KNW": 2 } },
      "\\top": { "num_cells_by_type": {
         "$paramod$bf30\\lane": 4, "$paramod\\rom\\W=s32'1": 1, "pair": 2, "SB_DFFESR": 7, "$scopeinfo": 9 } },
      "\\pair": { "num_cells_by_type": { "$paramod$bf30\\lane": 2, "SB_CARRY": 3 } }
   },
       pair                   2
      "design": {
"#;

    #[test]
    fn a_hierarchy_is_counted_by_instance() {
        let table = table(Family::Ice40, "top", HIERARCHY).expect("a table");
        let rows: Vec<_> = table.0.iter().map(|row| (row.module.as_str(), row.instances)).collect();
        assert_eq!(rows, [("lane", 8), ("pair", 2), ("rom", 1), ("top", 1)]);
        let total = table.sum(|_| true);
        assert_eq!((total.lut4, total.ff, total.carry), (40, 7, 6));
        assert_eq!((total.bram, total.dsp, total.spram), (2, 8, 0));
        assert_eq!(table.sum(|module| module != "lane").lut4, 0);
    }

    #[test]
    fn shortage_in_words() {
        let budget = Budget { lut4: 5280, bram: 30, dsp: 8, spram: 4 };
        let cells = Cells { lut4: 5280, bram: 31, dsp: 16, ..Cells::default() };
        assert_eq!(
            cells.shortage(budget),
            ["bram: 31 needed, 30 in the part", "dsp: 16 needed, 8 in the part"]
        );
        assert!(Cells::default().shortage(budget).is_empty());
    }

    #[test]
    fn broken_statistics_are_a_message() {
        for (text, expect) in [
            ("", "no list of modules"),
            ("\"modules\": ", "cut off"),
            ("\"modules\": { \"\\\\a\": {", "EOF"),
            ("\"modules\": { \"\\\\other\": {} }", "no module top"),
        ] {
            let refusal = table(Family::Ice40, "top", text).expect_err("unreadable").to_string();
            assert!(refusal.contains(expect), "{refusal}");
        }
    }
}
