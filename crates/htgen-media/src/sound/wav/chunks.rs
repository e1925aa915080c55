//! The chunks of a wav file: where its format is, where its samples begin, how far they extend.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};

/// The value of a 32-bit size if the true one is elsewhere or was never known.
const UNKNOWN: u32 = u32::MAX;
/// Sizes from this one on come from writers that could not go back: larger than any file read here.
const ENDLESS: u32 = 0x7fff_0000;
/// Bytes of the name and size of a chunk.
const HEAD: usize = 8;

/// The parts of a wav file that matter.
#[derive(Debug)]
pub struct Audio<'a> {
    /// The chunk `fmt `.
    pub format: &'a [u8],
    /// Everything after the head of the chunk `data`.
    pub data: &'a [u8],
    /// How much of it is samples.
    pub extent: Extent,
}

/// How far the samples extend.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// This many bytes, according to the header.
    Known(u64),
    /// The header does not know.
    ToTheEnd,
}

/// Finds format and samples.
pub fn find(bytes: &[u8]) -> Result<Audio<'_>> {
    let large = container(bytes)?;
    let (mut at, mut format, mut true_size) = (12, None, None);
    while let Some(head) = bytes.get(at..at + HEAD) {
        let (name, size) = (&head[..4], word(&head[4..]));
        let body = &bytes[at + HEAD..];
        if name == b"data" {
            let Some(format) = format else { return Err(no_format("after the samples").into()) };
            let size = match true_size.filter(|_| large && size == UNKNOWN) {
                Some(size) => Extent::Known(size),
                None => extent(bytes, at + HEAD, size),
            };
            return Ok(Audio { format, data: body, extent: size });
        }
        let Some(content) = body.get(..size as usize) else {
            return Err(Diagnostic::new("", "the wav file ends too early")
                .kind(ErrorKind::Damaged)
                .found(format!("{} bytes of its chunk {:?}", body.len(), shown(name)))
                .expected(format!("{size}, as its header says"))
                .help("was it copied whole?")
                .into());
        };
        match name {
            b"fmt " => format = Some(content),
            b"ds64" => true_size = content.get(8..16).map(long),
            _ => {}
        }
        at = next(bytes, at + HEAD + content.len(), size);
    }
    Err(match format {
        None => no_format("nowhere"),
        Some(_) => Diagnostic::new("", "a wav file without samples")
            .found("no chunk \"data\"")
            .help("was it copied whole?"),
    }
    .into())
}

/// Checks the head of the file; whether its sizes are of 64 bits.
fn container(bytes: &[u8]) -> Result<bool> {
    let wrong = |found: &str, help: &str| {
        Err(Diagnostic::new("", "not a wav file that can be read")
            .found(found)
            .expected("RIFF, RF64 or BW64, and then WAVE")
            .help(help)
            .into())
    };
    let convert = "convert it, for example with sox IN OUT.wav";
    let (Some(name), Some(kind)) = (bytes.get(..4), bytes.get(8..12)) else {
        return Err(Diagnostic::new("", "the wav file ends too early")
            .kind(ErrorKind::Damaged)
            .found("no whole header")
            .help("was it copied whole?")
            .into());
    };
    match (name, kind) {
        (b"RIFF", b"WAVE") => Ok(false),
        (b"RF64" | b"BW64", b"WAVE") => Ok(true),
        (b"RIFX", _) => wrong("RIFX, big-endian", convert),
        (b"FORM", _) => wrong("AIFF", convert),
        (b"fLaC", _) => wrong("FLAC", convert),
        (b"OggS", _) => wrong("Ogg", convert),
        (b"caff", _) => wrong("CAF", convert),
        (b"riff", _) => wrong("Wave64", convert),
        (b".snd", _) => wrong("AU", convert),
        ([b'I', b'D', b'3', _], _) => wrong("MP3", "convert it, for example with ffmpeg"),
        (b"RIFF", _) => wrong(&format!("RIFF of {:?}", shown(kind)), "is it a wav file?"),
        _ => wrong(&format!("{:?}", shown(name)), "is it a wav file?"),
    }
}

/// How far samples extend that begin at `start` and have `size` bytes according to a header of 32
/// bits.
fn extent(bytes: &[u8], start: usize, size: u32) -> Extent {
    // Where nothing was known, the size of the file may be 0, or end where the samples begin.
    let file = word(&bytes[4..8]);
    let open = file >= ENDLESS || u64::from(file) + HEAD as u64 <= start as u64;
    match size {
        ENDLESS.. => Extent::ToTheEnd,
        0 if open => Extent::ToTheEnd,
        size => Extent::Known(u64::from(size)),
    }
}

/// Where the next chunk begins. A chunk of odd size is followed by a byte that its size does not
/// count; some writers omit it, and then a name is found there.
fn next(bytes: &[u8], end: usize, size: u32) -> usize {
    if size.is_multiple_of(2) {
        return end;
    }
    let is_chunk = |at: usize| {
        let head = bytes.get(at..at + HEAD)?;
        let printable = head[..4].iter().all(|byte| (b' '..=b'~').contains(byte));
        let left = bytes.len() - at - HEAD;
        let open = &head[..4] == b"data" && word(&head[4..]) >= ENDLESS;
        Some(printable && (open || word(&head[4..]) as usize <= left))
    };
    let forgotten = bytes.get(end) != Some(&0) && is_chunk(end) == Some(true);
    if forgotten { end } else { end + 1 }
}

fn no_format(place: &str) -> Diagnostic {
    Diagnostic::new("", "a wav file that does not give its format")
        .found(format!("the chunk \"fmt \" {place}"))
        .expected("this chunk before the samples")
        .help("was it copied whole?")
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Little-endian, 32 bits.
fn word(bytes: &[u8]) -> u32 {
    bytes[..4].iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte))
}

/// Little-endian, 64 bits.
fn long(bytes: &[u8]) -> u64 {
    u64::from(word(&bytes[4..])) << 32 | u64::from(word(bytes))
}
