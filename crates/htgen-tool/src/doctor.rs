//! The state of the tool chain: each tool, and which targets it makes usable.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fmt;
use std::path::PathBuf;
use std::thread;

use serde::Serialize;

use super::{Found, Origin, Search, Tool, Version, zlib};

/// The oldest yosys tried on Gowin parts; 0.23 maps none of their multipliers.
pub const YOSYS_FOR_GOWIN: Version = Version::new(0, 70);

/// What `htgen doctor` found.
#[derive(Debug, Clone, Serialize)]
pub struct DoctorReport {
    /// Every tool, in a fixed order.
    pub tools: Vec<ToolReport>,
    /// Every target, in a fixed order.
    pub targets: Vec<TargetReport>,
    /// Folders of tool venvs that were searched after PATH.
    pub venvs: Vec<PathBuf>,
}

/// The state of one tool.
#[derive(Debug, Clone, Serialize)]
pub struct ToolReport {
    /// Which tool.
    pub name: Tool,
    /// Its executable, if one answered.
    pub path: Option<PathBuf>,
    /// How the executable was found.
    pub origin: Option<Origin>,
    /// Its version, if it reports one.
    pub version: Option<Version>,
    /// The oldest suitable version.
    pub minimum: Option<Version>,
    /// Whether the tool can be used.
    pub usable: bool,
    /// What is wrong, if it cannot be used.
    pub problem: Option<String>,
    /// What to install, if it cannot be used.
    pub install: Option<&'static str>,
}

/// Whether one use of htgen is possible.
#[derive(Debug, Clone, Serialize)]
pub struct TargetReport {
    /// `simulate`, or the name of a board.
    pub name: &'static str,
    /// What the target gives.
    pub gives: &'static str,
    /// Whether everything it needs is present.
    pub usable: bool,
    /// What is missing or too old.
    pub lacks: Vec<String>,
}

/// One use of htgen and what it needs.
struct Target {
    name: &'static str,
    gives: &'static str,
    needs: &'static [Need],
}

#[derive(Debug, Clone, Copy)]
enum Need {
    Tool(Tool),
    /// A tool newer than other uses require.
    Newer(Tool, Version),
    /// The header of zlib, found by the C++ compiler.
    Zlib,
}

const ICE40: &[Need] =
    &[Need::Tool(Tool::Yosys), Need::Tool(Tool::NextpnrIce40), Need::Tool(Tool::Icepack)];
const ECP5: &[Need] =
    &[Need::Tool(Tool::Yosys), Need::Tool(Tool::NextpnrEcp5), Need::Tool(Tool::Ecppack)];

const TARGETS: [Target; 9] = [
    Target {
        name: "simulate",
        gives: "bit-exact simulation",
        needs: &[Need::Tool(Tool::Verilator), Need::Tool(Tool::Make), Need::Tool(Tool::Cxx)],
    },
    Target {
        name: "waves",
        gives: "FST waves of a simulation; VCD needs no more than simulate",
        needs: &[
            Need::Tool(Tool::Verilator),
            Need::Tool(Tool::Make),
            Need::Tool(Tool::Cxx),
            Need::Zlib,
        ],
    },
    Target {
        name: "icarus",
        gives: "second reader of the Verilog",
        needs: &[Need::Tool(Tool::Iverilog), Need::Tool(Tool::Vvp)],
    },
    Target {
        name: "icebreaker",
        gives: "iCE40 UP5K area and clock, bitstream to measure",
        needs: ICE40,
    },
    Target { name: "hx8k", gives: "iCE40 HX8K area and clock, bitstream to measure", needs: ICE40 },
    Target {
        name: "ulx3s-25f",
        gives: "ECP5 25F area and clock, bitstream to measure",
        needs: ECP5,
    },
    Target {
        name: "ulx3s-85f",
        gives: "ECP5 85F area and clock, bitstream to measure",
        needs: ECP5,
    },
    Target {
        name: "tangnano9k",
        gives: "Gowin area only",
        needs: &[Need::Newer(Tool::Yosys, YOSYS_FOR_GOWIN)],
    },
    Target {
        name: "video",
        gives: "data sets from video files",
        needs: &[Need::Tool(Tool::Ffmpeg)],
    },
];

/// Asks every tool and determines which targets are usable.
pub fn doctor() -> DoctorReport {
    let search = Search::here();
    let tools = thread::scope(|scope| {
        // A WebAssembly tool takes seconds to answer, so all are asked at once.
        let asked = Tool::ALL.map(|tool| {
            let search = &search;
            scope.spawn(move || tool_report(search, tool))
        });
        asked.map(|thread| thread.join().expect("a report does not panic")).into()
    });
    let targets = TARGETS.iter().map(|target| target_report(&search, target)).collect();
    DoctorReport { tools, targets, venvs: search.venvs }
}

fn tool_report(search: &Search, name: Tool) -> ToolReport {
    let minimum = name.minimum();
    match search.find(name, minimum) {
        Ok(Found { path, origin, version, .. }) => ToolReport {
            name,
            path: Some(path),
            origin: Some(origin),
            version,
            minimum,
            usable: true,
            problem: None,
            install: None,
        },
        Err(problems) => ToolReport {
            name,
            path: None,
            origin: None,
            version: None,
            minimum,
            usable: false,
            problem: Some(problems.to_string()),
            install: Some(name.install()),
        },
    }
}

fn target_report(search: &Search, target: &Target) -> TargetReport {
    let lacks: Vec<String> = target.needs.iter().filter_map(|need| need.lacking(search)).collect();
    TargetReport { name: target.name, gives: target.gives, usable: lacks.is_empty(), lacks }
}

impl Need {
    /// What is missing; nothing if the need is met.
    fn lacking(self, search: &Search) -> Option<String> {
        let (tool, minimum) = match self {
            Need::Tool(tool) => (tool, tool.minimum()),
            Need::Newer(tool, minimum) => (tool, Some(minimum)),
            Need::Zlib => {
                // This cannot be determined without a compiler.
                let cxx = search.find(Tool::Cxx, Tool::Cxx.minimum()).ok()?;
                return zlib::check_zlib(&cxx).err().map(|_| zlib::NAME.to_owned());
            }
        };
        search.find(tool, minimum).err()?;
        Some(match minimum {
            Some(minimum) => format!("{} {minimum}", tool.name()),
            None => tool.name().to_owned(),
        })
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:<9} {:<9} {:<9} where, or what to do",
            "tool", "version", "needs", "by"
        )?;
        for tool in &self.tools {
            writeln!(f, "{tool}")?;
        }
        writeln!(f, "\n{:<20} {:<9} gives", "target", "usable")?;
        for target in &self.targets {
            writeln!(f, "{target}")?;
        }
        let venvs: Vec<String> = self.venvs.iter().map(|dir| dir.display().to_string()).collect();
        writeln!(f, "\nafter PATH, tools are looked for in {}", or_nowhere(&venvs.join(", ")))
    }
}

fn or_nowhere(places: &str) -> &str {
    if places.is_empty() { "no other folder" } else { places }
}

impl fmt::Display for ToolReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_dash = |version: Option<Version>| {
            version.map_or_else(|| "-".to_owned(), |version| version.to_string())
        };
        let origin = match self.origin {
            Some(Origin::Variable) => "variable",
            Some(Origin::Path) => "PATH",
            Some(Origin::Yowasp) => "yowasp",
            Some(Origin::Venv) => "venv",
            None => "-",
        };
        let (version, minimum) = (or_dash(self.version), or_dash(self.minimum));
        write!(f, "{:<20} {version:<9} {minimum:<9} {origin:<9} ", self.name.name())?;
        match (&self.path, &self.problem) {
            (Some(path), _) => write!(f, "{}", path.display()),
            (None, Some(problem)) => f.write_str(problem),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for TargetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usable = if self.usable { "yes" } else { "no" };
        write!(f, "{:<20} {usable:<9} {}", self.name, self.gives)?;
        if self.usable { Ok(()) } else { write!(f, "; lacks {}", self.lacks.join(", ")) }
    }
}
