//! The input of synthesis: the files of an emitted design, its ports and the expected counts.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Blocks, Board};
use crate::error::{Diagnostic, Problems, Result};
use crate::verilog::{Memory, Multiplier};

/// Largest file of a design or of a tool, bytes.
pub(super) const MAX_BYTES: u64 = 1 << 30;
/// Width of an output value of an emitted design, bits.
const OUT_BITS: usize = 16;

/// A design on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesignFiles {
    /// Name of the top module. It has `aclk`, `aresetn` and the ports below.
    pub top: String,
    /// The Verilog files, in reading order.
    pub verilog: Vec<PathBuf>,
    /// The memory images that they read, by the bare file name.
    pub images: Vec<PathBuf>,
    /// Inputs except clock and reset.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// Multiplier blocks that the plan expects; any other number found is an error.
    pub expected_dsp: Option<usize>,
    /// Block memories that the plan expects; any other number found is an error.
    pub expected_bram: Option<usize>,
}

/// A port of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its width.
    pub bits: usize,
}

impl Port {
    /// A port of `bits` bits.
    pub fn new(name: impl Into<String>, bits: usize) -> Self {
        Port { name: name.into(), bits }
    }
}

impl DesignFiles {
    /// The design in a folder, all of whose `.v` and `.hex` files belong to it, with an
    /// AXI4-Stream input of `in_bits` and output of `out_bits`.
    pub fn axi_stream(
        top: impl Into<String>,
        dir: &Path,
        in_bits: usize,
        out_bits: usize,
    ) -> Result<Self> {
        Ok(DesignFiles {
            top: top.into(),
            verilog: files_in(dir, "v")?,
            images: files_in(dir, "hex")?,
            inputs: vec![
                Port::new("s_axis_tdata", in_bits),
                Port::new("s_axis_tvalid", 1),
                Port::new("s_axis_tlast", 1),
                Port::new("m_axis_tready", 1),
            ],
            outputs: vec![
                Port::new("s_axis_tready", 1),
                Port::new("m_axis_tdata", out_bits),
                Port::new("m_axis_tvalid", 1),
                Port::new("m_axis_tlast", 1),
            ],
            expected_dsp: None,
            expected_bram: None,
        })
    }

    /// With the blocks that a netlist for the board must have.
    pub fn expecting(self, board: &Board, memories: &[Memory], multipliers: &[Multiplier]) -> Self {
        let Blocks { bram, dsp } = Blocks::of(board, memories, multipliers);
        DesignFiles { expected_bram: Some(bram), expected_dsp: Some(dsp), ..self }
    }

    /// An emitted design in its folder: the two streams, the mark of a sequence's last vector and
    /// the sticky error.
    pub fn emitted(top: impl Into<String>, dir: &Path, in_bits: usize) -> Result<Self> {
        let streams = Self::axi_stream(top, dir, in_bits, OUT_BITS)?;
        Ok(streams.with_output("m_axis_tuser", 1).with_output("error", 1))
    }

    /// Adds an output in addition to the streams.
    pub fn with_output(mut self, name: &str, bits: usize) -> Self {
        self.outputs.push(Port::new(name, bits));
        self
    }

    /// Every file, Verilog first.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.verilog.iter().chain(&self.images)
    }

    /// Refuses names that cannot be used in a script, and a design without files or ports.
    pub(super) fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        if self.verilog.is_empty() {
            problems.push(Diagnostic::new("", "the design has no Verilog file"));
        }
        let ports = self.inputs.iter().chain(&self.outputs);
        for name in ports.clone().map(|port| &port.name).chain([&self.top]) {
            if !is_identifier(name) {
                problems.push(Diagnostic::new("", "not an identifier").found(format!("{name:?}")));
            }
        }
        for port in ports.filter(|port| port.bits == 0) {
            problems.push(Diagnostic::new(&port.name, "the port has no bits"));
        }
        let mut seen = BTreeSet::new();
        for file in self.files() {
            match file_name(file) {
                Some(name) if !seen.insert(name) => {
                    problems.push(Diagnostic::new(name, "two files of this name"));
                }
                Some(_) => {}
                None => problems.push(
                    Diagnostic::new(file.display().to_string(), "not a usable file name")
                        .expected("letters, digits, '.', '_' and '-'"),
                ),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems).in_file(&self.top)) }
    }
}

/// The name of the file, if it can be used in a script as it is.
pub(super) fn file_name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (name.chars().all(fine) && !name.starts_with('-')).then_some(name)
}

fn is_identifier(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// The files with an extension in a folder, sorted by name.
fn files_in(dir: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        Diagnostic::new(dir.display().to_string(), format!("cannot be read: {error}"))
            .help("give a folder written by htgen emit")
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
