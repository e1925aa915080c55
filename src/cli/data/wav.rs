//! `htgen data wav`: recordings as sequences of logarithmic mel bands.

use super::folders::{self, Items, Tree, has_ending};
use super::{Destination, go_on, labels, spoken};
use crate::cli::Outcome;
use crate::cli::options::{ClassNames, class_names};
use crate::cli::progress::Progress;
use crate::data::Rows;
use crate::error::{Diagnostic, Problems, Result};
use crate::files;
use crate::report::Origin;
use crate::sound::{self, LogMel, Patch};
use crate::tool::Hold;
use clap::Args;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Endings of wav files.
pub const ENDINGS: &[&str] = &["wav", "wave"];
/// Largest recording.
const MAX_BYTES: u64 = 1 << 28;
/// Number of recordings in memory at once.
const BATCH: usize = 64;

const EXAMPLE: &str = "\
Example:
  htgen data wav recordings -o spoken.npz
  htgen data wav commands --classes yes,no,stop -o commands.npz --json";

/// Turn recordings into features: one folder per class, or DIGIT_SPEAKER_INDEX.wav in one folder
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Wav {
    /// The folder with the recordings
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The classes in the order of their labels, and no others; all folders, or the ten digits,
    /// when absent
    #[arg(long, value_name = "NAME,…", value_parser = class_names)]
    classes: Option<ClassNames>,
    #[command(flatten)]
    to: Destination,
}

/// What happened to the recordings.
#[derive(Debug, Default)]
struct Tally {
    resampled: usize,
    padded: usize,
    cut: usize,
}

impl Wav {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let hold = Hold::new();
        let to = self.to.clone().claim()?;
        let tree = self.tree()?;
        let shape = [tree.items.len(), LogMel::STEPS, LogMel::INPUTS];
        let progress = Progress::start("computing features");
        let mut tally = Tally::default();
        let (y, groups) = tree.labels();
        let length = vec![LogMel::STEPS; y.len()];
        let labels = labels(&tree.classes, y, Some(groups), length);
        let bytes = to.write(&shape, &labels, |rows| {
            fill(&tree, rows, &mut tally, &hold)?;
            Ok(())
        })?;
        drop(progress);
        let Tally { resampled, padded, cut } = tally;
        let origin = Origin::Recordings {
            resampled,
            padded,
            cut,
            left_out: tree.left_out,
            ignored: tree.ignored,
        };
        to.report(bytes, &shape, &labels, origin)
    }

    fn tree(&self) -> Result<Tree<()>> {
        let top = folders::list(&self.dir)?;
        let named = self.classes.as_ref().map(|classes| classes.0.as_slice());
        let flat = top.files.iter().any(|file| has_ending(&file.name, ENDINGS));
        match (flat, top.folders.is_empty()) {
            (true, true) => spoken::scan(&self.dir, &top, named),
            (true, false) => Err(Diagnostic::new("", "recordings beside folders")
                .expected("one folder per class, or all recordings in one folder")
                .in_file(self.dir.display())
                .into()),
            (false, _) => {
                let items = Items {
                    noun: "recordings",
                    file: |entry| has_ending(&entry.name, ENDINGS).then_some(()),
                    folder: |_| None,
                };
                folders::scan(&self.dir, top, named, &items)
            }
        }
    }
}

fn fill(tree: &Tree<()>, rows: &mut Rows<'_>, tally: &mut Tally, hold: &Hold) -> Result<()> {
    let features = LogMel::new();
    for batch in tree.items.chunks(BATCH) {
        go_on(hold)?;
        let patches: Vec<Result<(Patch, u32)>> =
            batch.par_iter().map(|item| patch(&features, &item.path)).collect();
        for patch in patches {
            let (patch, rate) = patch?;
            rows.push(&patch.bytes)?;
            tally.resampled += usize::from(rate != sound::RATE);
            tally.padded += usize::from(patch.frames < LogMel::FRAMES);
            tally.cut += usize::from(patch.frames > LogMel::FRAMES);
        }
    }
    Ok(())
}

/// The features of a file and its sample rate.
fn patch(features: &LogMel, path: &Path) -> Result<(Patch, u32)> {
    let bytes = files::read(path, MAX_BYTES)?;
    let in_file = |problems: Problems| problems.in_file(path.display());
    let recording = sound::decode(&bytes).map_err(in_file)?;
    let samples = sound::resample(recording.samples, recording.rate).map_err(in_file)?;
    Ok((features.patch(&samples), recording.rate))
}
