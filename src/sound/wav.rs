//! Samples out of the bytes of a wav file.

use crate::error::{Diagnostic, Result};
use hound::{SampleFormat, WavReader, WavSpec};
use std::io::Cursor;

/// Full scale of the features: samples are 16-bit integers.
const FULL_SCALE: f64 = 32768.0;
/// Most channels.
const MAX_CHANNELS: u16 = 64;

/// One channel of samples on the scale of 16-bit integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The samples; at least one.
    pub samples: Vec<f64>,
    /// Samples a second.
    pub rate: u32,
}

/// Decodes a wav file: integers of 8 to 32 bits or floats of 32 bits, brought to the scale of 16-bit
/// integers without rounding, the channels averaged.
///
/// Refused: what is not a whole wav file, other codings, no samples, samples that are not finite.
pub fn decode(bytes: &[u8]) -> Result<Recording> {
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(|error| refusal(&error))?;
    let spec = reader.spec();
    if spec.channels > MAX_CHANNELS {
        return Err(Diagnostic::new("", "too many channels")
            .found(spec.channels)
            .expected(format!("1 to {MAX_CHANNELS}"))
            .into());
    }
    let announced = reader.len() as usize;
    let samples = match spec.sample_format {
        SampleFormat::Int => {
            let scale = FULL_SCALE / 2f64.powi(i32::from(spec.bits_per_sample) - 1);
            collect(reader.samples::<i32>().map(|s| s.map(|s| f64::from(s) * scale)), announced)
        }
        SampleFormat::Float => collect(
            reader.samples::<f32>().map(|s| s.map(|s| f64::from(s) * FULL_SCALE)),
            announced,
        ),
    }?;
    check(&samples, spec)?;
    Ok(Recording { samples: mono(&samples, spec.channels), rate: spec.sample_rate })
}

fn collect(
    samples: impl Iterator<Item = hound::Result<f64>>,
    announced: usize,
) -> Result<Vec<f64>> {
    let mut present = Vec::new();
    for sample in samples {
        match sample {
            Ok(sample) => present.push(sample),
            Err(hound::Error::IoError(_)) => {
                return Err(Diagnostic::new("", "the wav file ends too early")
                    .found(format!("{} samples", present.len()))
                    .expected(format!("{announced}, as its header says"))
                    .help("was it copied whole? a wav file written to a pipe has no true length")
                    .into());
            }
            Err(error) => return Err(refusal(&error).into()),
        }
    }
    Ok(present)
}

fn check(samples: &[f64], spec: WavSpec) -> Result<()> {
    if samples.is_empty() {
        return Err(Diagnostic::new("", "a recording without samples")
            .found("zero length")
            .expected("at least one sample")
            .help("remove the file")
            .into());
    }
    if let Some(at) = samples.iter().position(|sample| !sample.is_finite()) {
        return Err(Diagnostic::new("", "not finite")
            .found(format!("{} at sample {}", samples[at], at / usize::from(spec.channels)))
            .expected("finite samples")
            .into());
    }
    Ok(())
}

/// The mean of the channels.
fn mono(samples: &[f64], channels: u16) -> Vec<f64> {
    let frames = samples.chunks_exact(usize::from(channels));
    frames.map(|frame| frame.iter().sum::<f64>() / f64::from(channels)).collect()
}

fn refusal(error: &hound::Error) -> Diagnostic {
    match error {
        hound::Error::IoError(_) => Diagnostic::new("", "the wav file ends too early")
            .found("no whole header")
            .help("was it copied whole?"),
        hound::Error::FormatError(reason) => {
            Diagnostic::new("", format!("not a wav file that can be read ({reason})"))
                .expected("RIFF WAVE with PCM samples")
        }
        _ => Diagnostic::new("", "a coding that cannot be read")
            .expected("PCM of 8 to 32 bits, or 32-bit float")
            .help("convert it, for example with sox IN.wav -b 16 -e signed OUT.wav"),
    }
}
