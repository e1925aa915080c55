//! One array of an npz file, read under a size limit. Problems here have the array's name as their
//! place; the caller adds the file.

use super::{Array, ArrayData};
use crate::error::Diagnostic;
use npyz::{DType, Deserialize, NpyFile, NpyHeader, Order, TypeChar};
use std::io::{Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// Largest array, unpacked, header included.
const MAX_BYTES: u64 = 1 << 30;
/// Longest header; NumPy's own are a few hundred bytes.
const MAX_HEADER: usize = 1 << 14;
/// Largest product of all sizes in a header; guards the multiplication in the npy reader.
const MAX_PRODUCT: u64 = 1 << 40;
/// Deepest nesting of a header; guards the recursion in the npy reader.
const MAX_NESTING: usize = 8;
/// Names listed when one is missing.
const MAX_LISTED: usize = 12;

/// An open npz file.
pub(crate) struct Npz {
    archive: ZipArchive<Cursor<Vec<u8>>>,
}

impl Npz {
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            Diagnostic::new("", format!("not a whole npz file ({error})"))
                .expected("arrays written by numpy.savez or savez_compressed")
                .help("was it copied whole?")
        })?;
        Ok(Npz { archive })
    }

    /// Names of the arrays, sorted.
    pub(crate) fn list(&self) -> Vec<String> {
        let files = self.archive.file_names_raw().map(String::from_utf8_lossy);
        let mut names: Vec<String> =
            files.filter_map(|file| file.strip_suffix(".npy").map(str::to_owned)).collect();
        names.sort_unstable();
        names
    }

    /// The first names as text.
    pub(super) fn names(&self) -> String {
        let names = self.list();
        if names.is_empty() {
            return "no array".to_string();
        }
        let listed: Vec<String> =
            names.iter().take(MAX_LISTED).map(|name| name.escape_debug().to_string()).collect();
        let more = if names.len() > MAX_LISTED { ", ..." } else { "" };
        format!("{}{more}", listed.join(", "))
    }

    /// Reads an array, `None` when the file does not have it.
    pub(crate) fn array(&mut self, name: &str) -> Result<Option<Array>, Diagnostic> {
        match self.unpack(name)? {
            None => Ok(None),
            Some(bytes) => decode(&bytes, name).map(Some),
        }
    }

    /// Reads an array of NumPy strings, `None` when the file does not have it or it holds others.
    pub(super) fn strings(&mut self, name: &str) -> Result<Option<Vec<String>>, Diagnostic> {
        let Some(bytes) = self.unpack(name)? else { return Ok(None) };
        check_header(&bytes).map_err(|reason| Diagnostic::new(name, reason))?;
        let mut rest = bytes.as_slice();
        let header = NpyHeader::from_reader(&mut rest).map_err(|_| {
            Diagnostic::new(name, "not an npy array").help("save it with numpy.savez")
        })?;
        let width = match header.dtype() {
            DType::Plain(kind) if kind.type_char() == TypeChar::UnicodeStr => kind.size_field(),
            _ => return Ok(None),
        };
        let width = usize::try_from(width).ok().and_then(|width| width.checked_mul(4));
        let expected = width.and_then(|width| width.checked_mul(header.len() as usize));
        let Some(width) = width.filter(|&width| width > 0 && expected == Some(rest.len())) else {
            return Err(
                Diagnostic::new(name, "wrong number of bytes").help("was it written whole?")
            );
        };
        let text = |bytes: &[u8]| -> String {
            let points =
                bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let characters = points.take_while(|&point| point != 0).map(char::from_u32);
            characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        Ok(Some(rest.chunks_exact(width).map(text).collect()))
    }

    fn unpack(&mut self, name: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
        let damaged = |error: String| {
            Diagnostic::new(name, format!("damaged in the npz file ({error})"))
                .help("was it copied whole?")
        };
        let packed = match self.archive.by_name(&format!("{name}.npy")) {
            Err(ZipError::FileNotFound) => return Ok(None),
            packed => packed.map_err(|error| damaged(error.to_string()))?,
        };
        let mut bytes = Vec::new();
        packed
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Diagnostic::new(name, "array too large")
                .found(format!("more than {MAX_BYTES} bytes"))
                .expected(format!("at most {MAX_BYTES}"))
                .help("split the data set"));
        }
        Ok(Some(bytes))
    }
}

fn decode(bytes: &[u8], name: &str) -> Result<Array, Diagnostic> {
    check_header(bytes).map_err(|reason| Diagnostic::new(name, reason))?;
    let mut rest = bytes;
    let header = NpyHeader::from_reader(&mut rest)
        .map_err(|_| Diagnostic::new(name, "not an npy array").help("save it with numpy.savez"))?;
    if header.order() == Order::Fortran && header.shape().len() > 1 {
        return Err(Diagnostic::new(name, "array in Fortran order")
            .expected("C order")
            .help("save numpy.ascontiguousarray(...) of it"));
    }
    let shape: Option<Vec<usize>> =
        header.shape().iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = shape.ok_or_else(|| Diagnostic::new(name, "array too large"))?;
    let data = elements(header, rest, name)?;
    Ok(Array { shape, data })
}

/// Reads the elements; integers other than bytes become i64.
fn elements(header: NpyHeader, data: &[u8], name: &str) -> Result<ArrayData, Diagnostic> {
    let dtype = header.dtype();
    let DType::Plain(kind) = &dtype else {
        return Err(wrong_type(name, "a record"));
    };
    let file = NpyFile::with_header(header, data);
    let widened = |data: Vec<i64>| ArrayData::I64(data);
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Uint, 1) => take(file, name).map(ArrayData::U8),
        (TypeChar::Uint, 2) => take::<u16>(file, name).map(|data| widened(widen(data))),
        (TypeChar::Uint, 4) => take::<u32>(file, name).map(|data| widened(widen(data))),
        (TypeChar::Uint, 8) => unsigned(take(file, name)?, name).map(widened),
        (TypeChar::Int, 1) => take::<i8>(file, name).map(|data| widened(widen(data))),
        (TypeChar::Int, 2) => take::<i16>(file, name).map(|data| widened(widen(data))),
        (TypeChar::Int, 4) => take(file, name).map(ArrayData::I32),
        (TypeChar::Int, 8) => take(file, name).map(ArrayData::I64),
        (TypeChar::Float, 4) => take(file, name).map(ArrayData::F32),
        (TypeChar::Float, 8) => take(file, name).map(ArrayData::F64),
        _ => Err(wrong_type(name, &kind.to_string())),
    }
}

fn take<T: Deserialize>(file: NpyFile<&[u8]>, name: &str) -> Result<Vec<T>, Diagnostic> {
    let expected = file.len();
    // The check before reading keeps a false shape from reserving memory.
    let size = file.dtype().num_bytes().unwrap_or(1) as u64;
    let present = file.clone().into_inner().len() as u64;
    if expected.checked_mul(size) != Some(present) {
        return Err(Diagnostic::new(name, "wrong number of bytes")
            .found(present)
            .expected(format!("{expected} elements of {size}"))
            .help("was the file written whole?"));
    }
    file.into_vec().map_err(|error| Diagnostic::new(name, error.to_string()))
}

fn widen<T: Into<i64>>(data: Vec<T>) -> Vec<i64> {
    data.into_iter().map(Into::into).collect()
}

fn unsigned(data: Vec<u64>, name: &str) -> Result<Vec<i64>, Diagnostic> {
    data.into_iter()
        .map(|value| {
            i64::try_from(value).map_err(|_| {
                Diagnostic::new(name, "integer too large")
                    .found(value)
                    .expected(format!("at most {}", i64::MAX))
            })
        })
        .collect()
}

fn wrong_type(name: &str, found: &str) -> Diagnostic {
    Diagnostic::new(name, "element type that cannot be read")
        .found(found)
        .expected("integers, f4 or f8")
}

/// Keeps in bounds what the npy reader does unchecked: multiply sizes, recurse over the header.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    let (start, length) = match (bytes.get(6), bytes.get(8..12)) {
        (Some(1), Some(size)) => (10, usize::from(u16::from_le_bytes([size[0], size[1]]))),
        (Some(_), Some(size)) => {
            (12, u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize)
        }
        _ => return Err("not an npy array".to_string()),
    };
    if length > MAX_HEADER {
        return Err(format!("header of {length} bytes, at most {MAX_HEADER} can be read"));
    }
    let header = bytes.get(start..start + length).ok_or("the header ends too early")?;
    let (mut depth, mut product) = (0usize, 1u64);
    for part in header.split(|byte| !byte.is_ascii_digit()).filter(|part| !part.is_empty()) {
        let size: Option<u64> = std::str::from_utf8(part).ok().and_then(|text| text.parse().ok());
        product = size
            .and_then(|size| product.checked_mul(size.max(1)))
            .filter(|&product| product <= MAX_PRODUCT)
            .ok_or("sizes too large")?;
    }
    for byte in header {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err("header nested too deeply".to_string());
        }
    }
    Ok(())
}
