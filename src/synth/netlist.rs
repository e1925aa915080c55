//! The netlist as Verilog, for simulation at the level of the part's cells.
//!
//! Assumption: `write_verilog -noattr` writes cells that the family's `cells_sim.v` describes; that
//! file is in yosys' share folder, beside the executable's folder or in the Python package that
//! carries yosys.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};

use super::design::{DesignFiles, MAX_BYTES, file_name};
use super::plan::{GUARD, RTL, read_design};
use super::{Board, Family};
use crate::error::{Diagnostic, ErrorKind, Result};
use crate::files::{self, Scratch};
use crate::tool::{self, Hold, Tool};

/// Writes the design as a netlist of the board's cells to `path`. The top module keeps its name
/// and ports; there is no harness.
pub fn netlist(design: &DesignFiles, board: &Board, path: &Path) -> Result<()> {
    let _hold = Hold::new();
    design.check()?;
    let yosys = tool::find_at_least(Tool::Yosys, board.family.yosys_minimum())?;
    let refused = |error: std::io::Error| {
        Diagnostic::new(path.display().to_string(), format!("cannot be written: {error}"))
    };
    let dir = Scratch::new()?;
    fs::create_dir(dir.path().join(RTL)).map_err(refused)?;
    for source in design.files() {
        let name = file_name(source).expect("the names were checked");
        files::copy(source, &dir.path().join(RTL).join(name), MAX_BYTES)?;
    }
    files::write(&dir.path().join("netlist.ys"), script(design, board).as_bytes())?;
    yosys.run().args(["-Q", "-T", "netlist.ys"]).cwd(dir.path()).keep_tail().run_ok()?;
    let text = files::read(&dir.path().join("netlist.v"), MAX_BYTES)?;
    files::write_all(&[(path.to_path_buf(), text)])
}

fn script(design: &DesignFiles, board: &Board) -> String {
    format!(
        "{GUARD}{read}{synth} -top {top}\ndelete t:$scopeinfo\nwrite_verilog -noattr netlist.v\n",
        read = read_design(design),
        synth = board.synth_command(),
        top = design.top,
    )
}

/// The Verilog models of a family's cells that come with the installed yosys.
///
/// iCE40's need `-DNO_ICE40_DEFAULT_ASSIGNMENTS` in Verilator.
pub fn simulation_cells(family: Family) -> Result<PathBuf> {
    let yosys = tool::find_at_least(Tool::Yosys, family.yosys_minimum())?;
    let real = fs::canonicalize(&yosys.path).unwrap_or_else(|_| yosys.path.clone());
    let roots = [real, yosys.path].map(|path| path.ancestors().nth(2).map(Path::to_owned));
    let shares = roots.into_iter().flatten().flat_map(|root| shares_below(&root));
    let file = format!("{}/cells_sim.v", family.share_folder());
    let mut files = shares.map(|share| share.join(&file));
    files.find(|path| path.is_file()).ok_or_else(|| {
        Diagnostic::new(file.clone(), "not found in the folders of yosys")
            .kind(ErrorKind::Tool)
            .help("set HTGEN_YOSYS to a yosys that is installed with its share folder")
            .into()
    })
}

fn shares_below(root: &Path) -> Vec<PathBuf> {
    let pythons = fs::read_dir(root.join("lib")).into_iter().flatten().flatten();
    let packages = pythons.map(|python| python.path().join("site-packages/pyosys/share"));
    [root.join("share/yosys")].into_iter().chain(packages).collect()
}
