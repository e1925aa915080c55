//! Samples from the bytes of a wav file.
//!
//! Written here because no available crate reads everything that recorders write: odd chunks with
//! their pad byte, 24 bits in 32, 64-bit floats, RF64, and lengths that a pipe left open.
// SPDX-License-Identifier: MIT OR Apache-2.0

mod chunks;
mod coding;

use crate::error::{Diagnostic, ErrorKind, Result};
use chunks::{Audio, Extent};
use coding::SampleFormat;

/// Maximum number of channels.
const MAX_CHANNELS: u16 = 64;

/// One channel of samples on the scale of 16-bit integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The samples; at least one.
    pub samples: Vec<f64>,
    /// Samples per second.
    pub rate: u32,
}

/// Decodes a wav file: integers of 8 to 32 bits or floats of 32 or 64 bits, converted to the scale
/// of 16-bit integers without rounding; the channels are averaged.
///
/// A file whose header does not know its length, such as one written to a pipe, is read to its end.
/// Refused: anything that is not a whole wav file, other codings, no samples, samples that are not
/// finite.
pub fn decode(bytes: &[u8]) -> Result<Recording> {
    let Audio { format, data, extent } = chunks::find(bytes)?;
    let format = SampleFormat::parse(format)?;
    if !(1..=MAX_CHANNELS).contains(&format.channels) {
        return Err(Diagnostic::new("", "an unsupported number of channels")
            .kind(ErrorKind::Unsupported)
            .found(format.channels)
            .expected(format!("1 to {MAX_CHANNELS}"))
            .into());
    }
    let frame = format.frame_bytes();
    let data = match extent {
        Extent::Known(announced) => {
            whole(data, announced, frame)?;
            &data[..announced as usize]
        }
        // A pipe may break in the middle of a frame.
        Extent::ToTheEnd => &data[..data.len() / frame * frame],
    };
    let samples: Vec<f64> = data.chunks_exact(frame).map(|frame| format.mean(frame)).collect();
    check(&samples)?;
    Ok(Recording { samples, rate: format.rate })
}

/// Checks that the data are complete and consist of whole frames.
fn whole(data: &[u8], announced: u64, frame: usize) -> Result<()> {
    if announced > data.len() as u64 {
        return Err(Diagnostic::new("", "the wav file ends too early")
            .kind(ErrorKind::Damaged)
            .found(format!("{} bytes of samples", data.len()))
            .expected(format!("{announced}, as its header says"))
            .help("was it copied whole? sox --ignore-length IN.wav OUT.wav keeps what is there")
            .into());
    }
    if !announced.is_multiple_of(frame as u64) {
        return Err(Diagnostic::new("", "the samples end within a frame")
            .kind(ErrorKind::Damaged)
            .found(format!("{announced} bytes"))
            .expected(format!("a multiple of {frame}, the bytes of all channels"))
            .help("was it copied whole? sox IN.wav OUT.wav keeps the whole frames")
            .into());
    }
    Ok(())
}

fn check(samples: &[f64]) -> Result<()> {
    if samples.is_empty() {
        return Err(Diagnostic::new("", "a recording without samples")
            .found("zero length")
            .expected("at least one sample")
            .help("remove the file")
            .into());
    }
    if let Some(at) = samples.iter().position(|sample| !sample.is_finite()) {
        return Err(Diagnostic::new("", "not finite")
            .found(format!("{} at sample {at}", samples[at]))
            .expected("finite samples")
            .into());
    }
    Ok(())
}
