//! Builds a bench (a Verilated module and its C++ file) and runs it.
//!
//! Assumptions about Verilator: the class is named by `--prefix`; `--build` leaves the runtime's
//! objects in the build folder and uses them from there if they are new enough; a missing
//! `$readmemh` image is a line with `%Warning` at run time and nothing else.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use htgen::tool::{Finished, Found, Tool};

use crate::support::needs;

/// The runtime's objects, compiled once for all benches.
const RUNTIME: [&str; 2] = ["verilated.o", "verilated_threads.o"];
/// Fast to compile; the benches are short.
const MAKE_FLAGS: &str = "OPT_GLOBAL=-O0 OPT_FAST=-O1 OPT_SLOW=-O0";

/// A folder of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A bench to be built: `testbenches/tb_<top>.cpp` around the module `top`.
pub struct Bench {
    top: String,
    variant: String,
    sources: Vec<PathBuf>,
    defines: Vec<String>,
    macros: Vec<(String, i64)>,
    params: Vec<(String, i64)>,
    texts: Vec<(String, String)>,
    tolerant: bool,
}

/// The executable.
pub struct Built {
    path: PathBuf,
}

impl Bench {
    /// The bench of a library module.
    pub fn of(module: &str) -> Self {
        Bench::of_file(module, repository("templates/lib").join(format!("{module}.v")))
    }

    /// The bench of the module `top` in the file `source`, made of library modules.
    pub fn of_file(top: &str, source: PathBuf) -> Self {
        Bench {
            top: top.to_owned(),
            variant: String::new(),
            sources: vec![source],
            defines: vec![],
            macros: vec![],
            params: vec![],
            texts: vec![],
            tolerant: false,
        }
    }

    /// Adds a third-party source file: its warnings are ignored.
    pub fn source(mut self, path: PathBuf) -> Self {
        self.sources.push(path);
        self.tolerant = true;
        self
    }

    /// Defines a macro for the Verilog sources.
    pub fn define(mut self, name: &str) -> Self {
        self.defines.push(name.to_owned());
        self
    }

    /// Distinguishes this bench from one of the same module and parameters.
    pub fn named(mut self, variant: &str) -> Self {
        self.variant = format!("-{variant}");
        self
    }

    /// Sets parameters, for the module and as `P_<name>` for the C++ file.
    pub fn params(mut self, params: &[(&str, i64)]) -> Self {
        self.params.extend(params.iter().map(|(name, value)| (name.to_string(), *value)));
        self.macros(params)
    }

    /// Sets `P_<name>` only for the C++ file, if the module has no parameters left.
    pub fn macros(mut self, macros: &[(&str, i64)]) -> Self {
        self.macros.extend(macros.iter().map(|(name, value)| (name.to_string(), *value)));
        self
    }

    /// Sets a text parameter of the module.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.texts.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Builds it, below cargo's folder for tests, where an unchanged bench is not built again.
    /// `None` if a tool is absent.
    #[track_caller]
    pub fn build(&self) -> Option<Built> {
        let verilator = needs(Tool::Verilator)?;
        needs(Tool::Make)?;
        needs(Tool::Cxx)?;
        let benches = Path::new(env!("CARGO_TARGET_TMPDIR")).join("benches");
        let dir = benches.join(self.folder());
        let runtime = benches.join(format!("runtime-{}", version(&verilator)));
        fs::create_dir_all(&dir).expect("the folder for tests can be written");
        copy_missing(&runtime, &dir);
        let finished = verilator.run().args(self.arguments(&dir)).limit(Duration::from_secs(600));
        let finished = finished.run_ok().unwrap_or_else(|e| panic!("{}: {e}", self.folder()));
        let warned = finished.stderr.contains("%Warning");
        assert!(self.tolerant || !warned, "{}", finished.stderr);
        copy_missing(&dir, &runtime);
        Some(Built { path: dir.join("Vdut") })
    }

    /// A folder name that distinguishes benches.
    fn folder(&self) -> String {
        let params = self.macros.iter().map(|(name, value)| format!("-{name}_{value}"));
        format!("{}{}{}", self.top, self.variant, params.collect::<String>().to_lowercase())
    }

    fn arguments(&self, dir: &Path) -> Vec<String> {
        let common = repository("testbenches/common");
        let macros = self.macros.iter().map(|(name, value)| format!("-DP_{name}={value} "));
        let cflags = macros.collect::<String>() + &format!("-I{}", common.display());
        let library = repository("templates/lib").display().to_string();
        let mut arguments: Vec<String> =
            ["--cc", "--exe", "--build", "-Wall", "--prefix", "Vdut"].map(str::to_owned).into();
        arguments.extend(self.tolerant.then(|| "-Wno-fatal".to_owned()));
        arguments.extend(["--top-module".to_owned(), self.top.clone(), "-y".to_owned(), library]);
        arguments.extend(["--Mdir".to_owned(), dir.display().to_string()]);
        arguments.extend(["-MAKEFLAGS".to_owned(), MAKE_FLAGS.to_owned()]);
        arguments.extend(["-CFLAGS".to_owned(), cflags]);
        arguments.extend(self.params.iter().map(|(name, value)| format!("-G{name}={value}")));
        arguments.extend(self.texts.iter().map(|(name, value)| format!("-G{name}=\"{value}\"")));
        arguments.extend(self.defines.iter().map(|name| format!("-D{name}")));
        arguments.extend(self.sources.iter().map(|path| path.display().to_string()));
        let bench = repository("testbenches").join(format!("tb_{}.cpp", self.top));
        arguments.push(bench.display().to_string());
        arguments
    }
}

impl Built {
    /// Runs the bench in `dir`, where its images and vectors are.
    pub fn run_in(&self, dir: &Path, arguments: &[&str]) -> Finished {
        let run = htgen::tool::Run::new(&self.path).args(arguments).cwd(dir);
        run.limit(Duration::from_secs(300)).run().expect("a built bench starts")
    }

    /// Runs the bench, which must pass without a warning of Verilator's runtime.
    #[track_caller]
    pub fn passes_in(&self, dir: &Path, arguments: &[&str]) {
        let finished = self.run_in(dir, arguments);
        let output = finished.stdout.clone() + &finished.stderr;
        assert!(finished.status.success() && !output.contains("%Warning"), "{output}");
    }
}

/// The tool's version as part of a file name.
fn version(tool: &Found) -> String {
    tool.version.map(|version| version.to_string()).unwrap_or_default()
}

/// Copies the objects of the runtime that `to` does not have yet; whole files or none.
fn copy_missing(from: &Path, to: &Path) {
    for name in RUNTIME.iter().filter(|name| from.join(name).exists() && !to.join(name).exists()) {
        let part = to.join(format!("{name}.{:?}.part", std::thread::current().id()));
        fs::create_dir_all(to).expect("the folder for tests can be written");
        fs::copy(from.join(name), &part).expect("an object can be copied");
        fs::rename(&part, to.join(name)).expect("a copy can be renamed");
    }
}
