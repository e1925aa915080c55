//! `htgen data split`: the parts that training makes of a data set, as files. The work is done in
//! the feature `train`, which defines the parts.

use crate::cli::Outcome;
use clap::Args;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  htgen data split voices.npz --config train.toml -o parts";

/// Write what training learns from and what it holds out
#[derive(Debug, Args)]
#[command(name = "split", after_help = EXAMPLE)]
pub struct SplitCommand {
    /// The data: npz or safetensors files with x and y, taken together
    #[arg(value_name = "DATA", required = true)]
    data: Vec<PathBuf>,
    /// The configuration of the training
    #[arg(long, value_name = "TOML")]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The folder for training.npz and validation.npz
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl SplitCommand {
    #[cfg(not(feature = "train"))]
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        Err(crate::cli::train::absent("data split"))
    }

    #[cfg(feature = "train")]
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        use crate::cli::{compare::make_folder, out, train};
        use crate::data::write_npz;
        use crate::files::Output;
        use crate::report::Parts;
        let part = |name: &str| Output::claim(&self.output.join(format!("{name}.npz")));
        let outputs = [part("training")?, part("validation")?];
        let config = train::config(&self.config)?;
        let data = train::data(&self.data, &config)?;
        let split = crate::train::Split::of(&data, &config.data)
            .map_err(|problems| problems.in_file(self.data[0].display()))?;
        make_folder(&self.output)?;
        for (output, sequences) in outputs.iter().zip([&split.training, &split.validation]) {
            write_npz(output, &data.arrays(sequences))?;
        }
        let parts = Parts {
            folder: self.output,
            training: split.training.len(),
            validation: split.validation.len(),
            division: train::division(&data, &split, false),
            steps: (0..data.sequences.count()).map(|k| data.sequences.steps(k)).max().unwrap_or(0),
        };
        out::report(&parts, self.json)?;
        Ok(Outcome::Done)
    }
}
