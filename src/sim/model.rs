//! The Verilated model of a design: built in the `sim` folder of the design, and kept there until
//! its Verilog or the bench changes. Memory images are read when the model starts. A model that
//! this user has not built ([`Built`]) is never run.
//!
//! Assumptions about Verilator:
//!
//! * `--prefix` names the C++ class, whatever the name of the top module;
//! * `--build` runs make in the folder of `--Mdir`, and relative names stay relative, so that
//!   nothing depends on the folder's own path;
//! * objects of its runtime (`verilated*.o`) found in that folder are used if they are newer than
//!   their sources, whatever design they were compiled for;
//! * a warning is a line that begins with `%Warning`; `$readmemh` reads when the model starts.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::built::{self, Built};
use super::sources::{read_source, read_verilog, unreadable};
use super::{Netlist, SimOptions, failed};
use crate::error::{Diagnostic, ErrorKind, Problems, Result};
use crate::files::{self, Staged};
use crate::sched::Program;
use crate::tool::{self, Finished, Found, Tool};

/// Largest file that is read, bytes.
const MAX_BYTES: u64 = 1 << 30;

/// The bench, file by file; one for all designs.
pub const BENCH: [(&str, &str); 8] = [
    ("ht_top_tb.cpp", include_str!("../../testbenches/ht_top_tb.cpp")),
    ("ht_probes.vlt", include_str!("../../testbenches/ht_probes.vlt")),
    ("observers.h", include_str!("../../testbenches/common/observers.h")),
    ("ports.h", include_str!("../../testbenches/common/ports.h")),
    ("probes.h", include_str!("../../testbenches/common/probes.h")),
    ("random.h", include_str!("../../testbenches/common/random.h")),
    ("scenario.h", include_str!("../../testbenches/common/scenario.h")),
    ("streams.h", include_str!("../../testbenches/common/streams.h")),
];

/// The wave format that the model can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wave {
    None,
    Vcd,
    Fst,
}

impl Wave {
    fn of(options: &SimOptions) -> Self {
        match &options.wave {
            None => Wave::None,
            Some(wave) if wave.path().extension().is_some_and(|e| e == "vcd") => Wave::Vcd,
            Some(_) => Wave::Fst,
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Wave::None => "",
            Wave::Vcd => "-vcd",
            Wave::Fst => "-fst",
        }
    }

    fn flag(self) -> Option<&'static str> {
        match self {
            Wave::None => None,
            Wave::Vcd => Some("--trace"),
            Wave::Fst => Some("--trace-fst"),
        }
    }
}

/// A model that is ready to run.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// The design's folder, absolute; the model runs there.
    pub dir: PathBuf,
    /// The executable, absolute.
    pub executable: PathBuf,
    /// The design's own Verilog: its memories and signals can be inspected.
    pub is_rtl: bool,
}

/// Builds the model, or finds it already built.
pub(super) fn build(
    design_dir: &Path,
    program: &Program,
    options: &SimOptions,
    progress: &mut dyn FnMut(&str),
) -> Result<Model> {
    let dir = fs::canonicalize(design_dir).map_err(|e| unreadable(design_dir, &e))?;
    if dir.to_string_lossy().contains(char::is_whitespace) {
        return Err(Diagnostic::new("", "make cannot build in a folder with a space in its path")
            .found(dir.display())
            .help("move the design to a folder without spaces")
            .in_file(design_dir.display())
            .into());
    }
    let verilator = tool::find(Tool::Verilator)?;
    let recipe = Recipe::new(&dir, program, options, &verilator)?;
    let folder = dir.join("sim").join(recipe.folder());
    let model = Model {
        executable: folder.join("obj").join("Vtop"),
        is_rtl: options.netlist.is_none(),
        dir,
    };
    let (known, recipe_hash) = (Built::in_folder(options.built.as_deref()), recipe.hash());
    if !known.has(&recipe_hash, &model.executable) {
        tool::find(Tool::Make)?;
        let cxx = tool::find(Tool::Cxx)?;
        if Wave::of(options) == Wave::Fst {
            tool::check_zlib(&cxx)?;
        }
        progress("building the model");
        built::check_place(&folder, BENCH[0].0)?;
        let staged = Staged::beside(&folder)?;
        let finished = recipe.build_in(&staged.path(), &verilator)?;
        if let Some(what) = recipe.fault(&finished) {
            return Err(failed::keep(staged, &folder, &finished, what));
        }
        recipe.keep_runtime(&staged.path())?;
        staged.commit()?;
        failed::clear(&folder)?;
        known.add(&recipe_hash, &model.executable)?;
    }
    Ok(model)
}

/// Everything that the model is made from.
struct Recipe<'a> {
    top: String,
    /// Verilog files by bare name.
    sources: Vec<(String, Vec<u8>)>,
    options: &'a SimOptions,
    version: String,
}

impl<'a> Recipe<'a> {
    fn new(dir: &Path, program: &Program, options: &'a SimOptions, tool: &Found) -> Result<Self> {
        let top = format!("{}_top", program.quant().name());
        let sources = match &options.netlist {
            None => read_verilog(dir)?,
            Some(Netlist { verilog, cells }) => vec![read_source(verilog)?, read_source(cells)?],
        };
        if options.netlist.is_none() && !sources.iter().any(|s| s.0 == format!("{top}.v")) {
            return Err(Diagnostic::new(
                dir.display().to_string(),
                "not the folder of this design",
            )
            .expected(format!("a file {top}.v"))
            .help("give a folder written by htgen emit")
            .into());
        }
        let version = tool.version.map(|v| v.to_string()).unwrap_or_default();
        Ok(Recipe { top, sources, options, version })
    }

    fn folder(&self) -> String {
        let netlist = if self.options.netlist.is_some() { "-netlist" } else { "" };
        format!("model{netlist}{}", Wave::of(self.options).suffix())
    }

    /// A text that is the same only for the same model.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        add(self.version.as_bytes());
        self.arguments().iter().for_each(|argument| add(argument.as_bytes()));
        BENCH.iter().for_each(|(_, text)| add(text.as_bytes()));
        self.sources.iter().for_each(|(_, text)| add(text));
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Verilator's arguments; every name in them was checked or is ours.
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            ["--cc", "--exe", "--build", "-j", "2", "--prefix", "Vtop", "--Mdir", "obj", "-O3"]
                .map(str::to_owned)
                .into();
        arguments.extend(["--top-module".to_owned(), self.top.clone()]);
        arguments.extend(Wave::of(self.options).flag().map(str::to_owned));
        let flags = self.options.build.make_flags();
        arguments.extend(flags.into_iter().flat_map(|f| ["-MAKEFLAGS".to_owned(), f.to_owned()]));
        // We are not responsible for keeping the cells of a netlist free of warnings.
        let manner: &[&str] = match self.options.netlist {
            None => &["-Wall", "ht_probes.vlt"],
            Some(_) => &["-Wno-fatal", "-Wno-lint", "-DNO_ICE40_DEFAULT_ASSIGNMENTS"],
        };
        arguments.extend(manner.iter().map(|&text| text.to_owned()));
        arguments.extend(self.sources.iter().map(|(name, _)| name.clone()));
        arguments.push(BENCH[0].0.to_owned());
        arguments
    }

    fn build_in(&self, folder: &Path, verilator: &Found) -> Result<Finished> {
        fs::create_dir(folder.join("obj")).map_err(|e| unwritable(folder, &e))?;
        for (name, text) in BENCH {
            files::write(&folder.join(name), text.as_bytes())?;
        }
        for (name, text) in &self.sources {
            files::write(&folder.join(name), text)?;
        }
        if let Some(runtime) = self.runtime() {
            copy_objects(&runtime, &folder.join("obj"))?;
        }
        let limit = Duration::from_secs(4 * 3600);
        let run = verilator.run().args(self.arguments()).cwd(folder).limit(limit).keep_tail();
        run.env("LC_ALL", "C").log_file(folder.join(failed::LOG)).run()
    }

    /// What is wrong with a build that has ended, in a word or two.
    fn fault(&self, finished: &Finished) -> Option<&'static str> {
        if !finished.status.success() {
            return Some("failed");
        }
        let warns = self.options.netlist.is_none() && finished.stderr.contains("%Warning");
        warns.then_some("warned about the design")
    }

    /// Where objects of Verilator's runtime are kept for the next model, if they are.
    fn runtime(&self) -> Option<PathBuf> {
        let [fast, ..] = self.options.build.make_flags();
        let dir = self.options.runtime.as_ref()?;
        Some(dir.join(format!("{}{fast}", self.version)))
    }

    fn keep_runtime(&self, folder: &Path) -> Result<()> {
        self.runtime().map_or(Ok(()), |runtime| copy_objects(&folder.join("obj"), &runtime))
    }
}

/// Copies the objects of the runtime that `to` does not have yet; whole files or none.
fn copy_objects(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(|e| unwritable(to, &e))?;
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let target = to.join(&name);
        if name.starts_with("verilated") && name.ends_with(".o") && !target.exists() {
            let bytes = files::read(&entry.path(), MAX_BYTES)?;
            files::write_all(&[(target, bytes)])?;
        }
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Problems {
    Diagnostic::new(path.display().to_string(), format!("cannot be written ({error})"))
        .kind(ErrorKind::Io)
        .into()
}
