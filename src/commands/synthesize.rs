//! An emitted design through yosys and nextpnr to a bitstream.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Told;
use crate::design::Design;
use crate::error::Result;
use crate::files::OutputFolder;
use crate::report::Synthesis;
use crate::synth::{self, Board, DesignFiles, SynthConfig};
use crate::verilog::{self, Sizes};

/// A synthesis to run.
#[derive(Debug)]
pub struct SynthesisRequest<'a> {
    /// The design.
    pub design: &'a Design,
    /// The board that it is placed on.
    pub board: &'a Board,
    /// Clock, placements and what is counted.
    pub config: SynthConfig,
    /// Time steps of an inference, for its predicted speed.
    pub steps: u64,
    /// The folder for everything that the tools write; `synth_BOARD` in that of the design when
    /// absent.
    pub output: Option<OutputFolder>,
}

/// Synthesizes and places a design.
///
/// # Errors
/// Tools missing or failing, logic that was dropped. A design that does not fit the part or misses
/// the clock is a result.
pub fn synthesize(request: SynthesisRequest<'_>, told: &mut impl Told) -> Result<Synthesis> {
    let SynthesisRequest { design, board, config, steps, output } = request;
    let plan = synth::plan(&files(design, board)?, board, config)?;
    let output = match output {
        Some(output) => output,
        None => OutputFolder::claim(&design.dir.join(format!("synth_{}", board.name)))?,
    };
    told.stage("reading the design");
    let result = synth::run(&plan, &output, &mut |stage: &str| told.stage(stage))?;
    Ok(Synthesis::of(result, &design.program, design.edited(), steps, output.path()))
}

/// The files of the design, with the blocks that must be found again in the netlist.
fn files(design: &Design, board: &Board) -> Result<DesignFiles> {
    let program = &design.program;
    let sizes = Sizes::of(program)?;
    let files = DesignFiles::emitted(&design.top, &design.dir, sizes.in_bits(program))?;
    let memories = verilog::memories(program, &sizes);
    Ok(files.expecting(board, &memories, &verilog::multipliers(program)))
}
