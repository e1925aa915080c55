//! The format of a wav file, and one frame of its samples as a number.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};

/// Full scale of the features: samples are 16-bit integers.
const FULL_SCALE: f64 = 32768.0;
/// The tag of a format that is given in an extension.
const EXTENSIBLE: u16 = 0xfffe;
/// The bytes after the tag in the extension's identifier.
const FAMILY: [u8; 14] = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
const PCM: u16 = 1;
const FLOAT: u16 = 3;
/// Other codings by tag, with their names in the registry of WAVE formats.
const OTHERS: [(u16, &str); 8] = [
    (2, "Microsoft ADPCM"),
    (6, "A-law"),
    (7, "mu-law"),
    (0x11, "IMA ADPCM"),
    (0x31, "GSM 6.10"),
    (0x50, "MPEG"),
    (0x55, "MP3"),
    (0xff, "AAC"),
];

/// How samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// Integers; `shift` bits above the value are not part of it.
    Integer { bytes: usize, shift: u32 },
    /// IEEE 754.
    Float { bytes: usize },
}

/// A format that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFormat {
    /// Samples per frame.
    pub channels: u16,
    /// Frames per second.
    pub rate: u32,
    coding: Coding,
}

impl SampleFormat {
    /// From the content of the chunk `fmt `.
    pub fn parse(chunk: &[u8]) -> Result<SampleFormat> {
        let half = |at: usize| {
            let bytes = chunk.get(at..at + 2).ok_or_else(|| short(chunk))?;
            Ok::<u16, Diagnostic>(u16::from_le_bytes([bytes[0], bytes[1]]))
        };
        let (tag, channels, block, bits) = (half(0)?, half(2)?, half(12)?, half(14)?);
        let rate = u32::from(half(4)?) | u32::from(half(6)?) << 16;
        let extended = tag == EXTENSIBLE;
        let tag = if extended { extension(chunk)? } else { tag };
        let bytes = usize::from(block) / usize::from(channels.max(1));
        if bytes * usize::from(channels) != usize::from(block) || block == 0 {
            return Err(unlike(channels, block, bits).into());
        }
        let needed = usize::from(bits).div_ceil(8);
        let coding = match (tag, bits, bytes) {
            (PCM, 1..=32, 1..=4) if bytes == needed => Coding::Integer { bytes, shift: 0 },
            // In the extensible form the valid bits are the upper ones of the container; in the
            // plain form of writers that put 24 bits in 4 bytes, the lower ones.
            (PCM, 8..=32, 1..=4) if bytes > needed && !extended => {
                Coding::Integer { bytes, shift: 8 * (bytes - needed) as u32 }
            }
            (PCM, 8..=32, 1..=4) if bytes > needed => Coding::Integer { bytes, shift: 0 },
            (FLOAT, 32, 4) | (FLOAT, 64, 8) => Coding::Float { bytes },
            _ => return Err(other(tag, bits).into()),
        };
        Ok(SampleFormat { channels, rate, coding })
    }

    /// Bytes of one sample of every channel.
    pub fn frame_bytes(&self) -> usize {
        usize::from(self.channels) * self.coding.bytes()
    }

    /// The mean of the channels of a frame, on the scale of 16-bit integers.
    pub fn mean(&self, frame: &[u8]) -> f64 {
        let samples = frame.chunks_exact(self.coding.bytes());
        samples.map(|sample| self.coding.value(sample)).sum::<f64>() / f64::from(self.channels)
    }
}

impl Coding {
    fn bytes(self) -> usize {
        match self {
            Coding::Integer { bytes, .. } | Coding::Float { bytes } => bytes,
        }
    }

    fn value(self, sample: &[u8]) -> f64 {
        let mut wide = [0; 8];
        match self {
            // Bytes are the only integers without a sign.
            Coding::Integer { bytes: 1, .. } => (f64::from(sample[0]) - 128.0) * 256.0,
            Coding::Integer { bytes, shift } => {
                wide[4 - bytes..4].copy_from_slice(sample);
                let word = i32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]]) << shift;
                f64::from(word) / 65536.0
            }
            Coding::Float { bytes: 4 } => {
                f64::from(f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]))
                    * FULL_SCALE
            }
            Coding::Float { .. } => {
                wide.copy_from_slice(sample);
                f64::from_le_bytes(wide) * FULL_SCALE
            }
        }
    }
}

/// The tag in the extension of a format.
fn extension(chunk: &[u8]) -> std::result::Result<u16, Diagnostic> {
    let identifier = chunk.get(24..40).ok_or_else(|| short(chunk))?;
    if identifier[2..] != FAMILY {
        return Err(convert("an extension of another kind"));
    }
    Ok(u16::from_le_bytes([identifier[0], identifier[1]]))
}

fn short(chunk: &[u8]) -> Diagnostic {
    Diagnostic::new("", "the format of the wav file is cut off")
        .kind(ErrorKind::Damaged)
        .found(format!("{} bytes", chunk.len()))
        .expected("16, or 40 of the extensible form")
        .help("was it copied whole?")
}

fn unlike(channels: u16, block: u16, bits: u16) -> Diagnostic {
    Diagnostic::new("", "a format that contradicts itself")
        .found(format!("{channels} channels of {bits} bits in {block} bytes"))
        .expected("as many bytes as the channels take")
        .help("was it copied whole?")
}

fn other(tag: u16, bits: u16) -> Diagnostic {
    let named = OTHERS.iter().find(|(other, _)| *other == tag).map(|(_, name)| (*name).to_owned());
    convert(&match tag {
        PCM => format!("integers of {bits} bits"),
        FLOAT => format!("floats of {bits} bits"),
        _ => named.unwrap_or_else(|| format!("format {tag:#x}")),
    })
}

fn convert(found: &str) -> Diagnostic {
    Diagnostic::new("", "a coding that cannot be read")
        .kind(ErrorKind::Unsupported)
        .found(found)
        .expected("integers of 8 to 32 bits, or floats of 32 or 64 bits")
        .help("convert it, for example with sox IN.wav -b 16 -e signed OUT.wav")
}
