//! One array in the npy format: its header is checked before it is trusted, and its elements are
//! widened to a few types. Problems here have the name of the array as their place.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Array, ArrayData, pickle};
use crate::error::{Diagnostic, ErrorKind};
use crate::tensors::half;
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr};
use std::io::Read;

/// Largest array, without its header.
const MAX_BYTES: u64 = 1 << 30;
/// Longest header; NumPy's own are a few hundred bytes.
const MAX_HEADER: usize = 1 << 14;
/// Largest product of all sizes in a header; guards the multiplication in the npy reader.
const MAX_PRODUCT: u64 = 1 << 40;
/// Deepest nesting of a header; guards the recursion in the npy reader.
const MAX_NESTING: usize = 8;
/// Bytes before the length of the header.
const MAGIC: usize = 8;
/// Maximum that is reserved before it is read.
const RESERVED: u64 = 1 << 24;

/// The header of an array and the bytes of its elements.
pub(super) struct Npy {
    kind: TypeStr,
    shape: Vec<usize>,
    fortran: bool,
    data: Vec<u8>,
}

impl Npy {
    /// Reads an array; at most `rows` of its first axis, if given.
    pub fn read(mut source: impl Read, name: &str, rows: Option<usize>) -> Result<Npy, Diagnostic> {
        let header = header(&mut source, name)?;
        let DType::Plain(kind) = header.dtype() else {
            return Err(wrong_type(name, "a record"));
        };
        let sizes = header.shape().iter().map(|&size| usize::try_from(size).ok());
        let shape: Option<Vec<usize>> = sizes.collect();
        let mut shape =
            shape.ok_or_else(|| Diagnostic::new(name, "array too large").kind(ErrorKind::Limit))?;
        let fortran = header.order() == Order::Fortran && shape.len() > 1;
        let pickled = kind.type_char() == TypeChar::Object;
        let cut = match (rows, shape.first_mut()) {
            (Some(rows), Some(first)) if rows < *first && !fortran && !pickled => {
                *first = rows;
                true
            }
            _ => false,
        };
        let elements: u64 = shape.iter().map(|&size| size as u64).product();
        let width = kind.num_bytes().unwrap_or(0) as u64;
        let expected = elements.saturating_mul(width);
        let most = if pickled { MAX_BYTES } else { expected };
        if most > MAX_BYTES {
            return Err(Diagnostic::new(name, "array too large")
                .kind(ErrorKind::Limit)
                .found(format!("{expected} bytes"))
                .expected(format!("at most {MAX_BYTES}"))
                .help("split the data set"));
        }
        let mut data = Vec::with_capacity(most.min(RESERVED) as usize);
        let damaged = |error: std::io::Error| damaged(name, &error.to_string());
        (&mut source).take(most).read_to_end(&mut data).map_err(damaged)?;
        // What is left out follows the cut array.
        let more = !cut && source.take(1).read(&mut [0]).map_err(damaged)? > 0;
        if !pickled && (data.len() as u64 != expected || more) {
            let found = if more { "more".to_owned() } else { data.len().to_string() };
            return Err(Diagnostic::new(name, "wrong number of bytes")
                .kind(ErrorKind::Damaged)
                .found(found)
                .expected(format!("{elements} elements of {width}"))
                .help("was the file written whole?"));
        }
        Ok(Npy { kind, shape, fortran, data })
    }

    /// The elements as numbers, row-major; integers other than bytes become i64.
    pub fn array(self, name: &str) -> Result<Array, Diagnostic> {
        let Npy { kind, shape, fortran, data } = self;
        let big = kind.endianness() == Endianness::Big;
        let elements = match (kind.type_char(), kind.size_field()) {
            (TypeChar::Uint | TypeChar::Bool, 1) => ArrayData::U8(data),
            (TypeChar::Uint, 2) => i64s(words(&data, big, |w| u16::from_le_bytes(w).into())),
            (TypeChar::Uint, 4) => i64s(words(&data, big, |w| u32::from_le_bytes(w).into())),
            (TypeChar::Uint, 8) => i64s(unsigned(words(&data, big, u64::from_le_bytes), name)?),
            (TypeChar::Int, 1) => i64s(words(&data, big, |w| i8::from_le_bytes(w).into())),
            (TypeChar::Int, 2) => i64s(words(&data, big, |w| i16::from_le_bytes(w).into())),
            (TypeChar::Int, 4) => ArrayData::I32(words(&data, big, i32::from_le_bytes)),
            (TypeChar::Int, 8) => i64s(words(&data, big, i64::from_le_bytes)),
            (TypeChar::Float, 2) => {
                ArrayData::F32(words(&data, big, |w| half(u16::from_le_bytes(w)) as f32))
            }
            (TypeChar::Float, 4) => ArrayData::F32(words(&data, big, f32::from_le_bytes)),
            (TypeChar::Float, 8) => ArrayData::F64(words(&data, big, f64::from_le_bytes)),
            (TypeChar::Object, _) => {
                return Err(wrong_type(name, "Python objects").help(
                    "give the array a type of numbers, as with numpy.asarray(..., dtype=...)",
                ));
            }
            _ => return Err(wrong_type(name, &kind.to_string())),
        };
        let data = if fortran { elements.transposed(&shape) } else { elements };
        Ok(Array { shape, data })
    }

    /// The elements as texts: unicode and byte strings, and objects that are texts or whole
    /// numbers. `None` for numbers.
    pub fn strings(self, name: &str) -> Result<Option<Vec<String>>, Diagnostic> {
        let Npy { kind, shape, data, .. } = self;
        let width = kind.num_bytes().unwrap_or(0);
        let count: usize = shape.iter().product();
        let texts = match kind.type_char() {
            TypeChar::UnicodeStr | TypeChar::ByteStr if width == 0 => vec![String::new(); count],
            TypeChar::UnicodeStr => {
                let big = kind.endianness() == Endianness::Big;
                data.chunks_exact(width)
                    .map(|text| unicode(&words(text, big, u32::from_le_bytes)))
                    .collect()
            }
            TypeChar::ByteStr => {
                let texts = data.chunks_exact(width).enumerate();
                texts.map(|(k, text)| utf8(name, k, text)).collect::<Result<_, _>>()?
            }
            TypeChar::Object => {
                let texts = pickle::texts(&data).map_err(|reason| {
                    Diagnostic::new(name, format!("Python objects that cannot be read ({reason})"))
                        .kind(ErrorKind::Unsupported)
                        .expected("texts or whole numbers")
                        .help("save numpy.array(..., dtype=str) of them")
                })?;
                if texts.len() != count {
                    return Err(Diagnostic::new(name, "wrong number of objects")
                        .found(texts.len())
                        .expected(count));
                }
                texts
            }
            _ => return Ok(None),
        };
        Ok(Some(texts))
    }
}

fn i64s(data: Vec<i64>) -> ArrayData {
    ArrayData::I64(data)
}

/// The words in either byte order.
fn words<const N: usize, T>(data: &[u8], big: bool, of: impl Fn([u8; N]) -> T) -> Vec<T> {
    let turn = |mut word: [u8; N]| {
        if big {
            word.reverse();
        }
        word
    };
    data.as_chunks::<N>().0.iter().map(|&word| of(turn(word))).collect()
}

fn unsigned(data: Vec<u64>, name: &str) -> Result<Vec<i64>, Diagnostic> {
    let signed = |value: u64| {
        i64::try_from(value).map_err(|_| {
            Diagnostic::new(name, "integer too large")
                .kind(ErrorKind::Limit)
                .found(value)
                .expected(format!("at most {}", i64::MAX))
        })
    };
    data.into_iter().map(signed).collect()
}

fn unicode(points: &[u32]) -> String {
    let end = points.iter().rposition(|&point| point != 0).map_or(0, |last| last + 1);
    points[..end]
        .iter()
        .map(|&p| char::from_u32(p).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn utf8(name: &str, k: usize, bytes: &[u8]) -> Result<String, Diagnostic> {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| {
        Diagnostic::new(format!("{name}[{k}]"), "a byte string that is not UTF-8")
            .found(bytes[..end].escape_ascii())
            .help("decode it, as with numpy.char.decode(..., 'latin-1')")
    })?;
    Ok(text.to_owned())
}

fn wrong_type(name: &str, found: &str) -> Diagnostic {
    Diagnostic::new(name, "element type that cannot be read")
        .kind(ErrorKind::Unsupported)
        .found(found)
        .expected("integers, bool, f2, f4 or f8")
}

/// How a damaged entry of an npz file is reported.
pub(super) fn damaged(name: &str, reason: &str) -> Diagnostic {
    Diagnostic::new(name, format!("damaged in the npz file ({reason})"))
        .kind(ErrorKind::Damaged)
        .help("was it copied whole?")
}

/// Reads and checks the header.
fn header(source: &mut impl Read, name: &str) -> Result<NpyHeader, Diagnostic> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>, count: usize| {
        let read = source.take(count as u64).read_to_end(bytes);
        read.map_err(|error| damaged(name, &error.to_string()))
    };
    more(&mut bytes, MAGIC)?;
    let width = match bytes.get(MAGIC - 2) {
        Some(1) if bytes.len() == MAGIC => 2,
        Some(_) if bytes.len() == MAGIC => 4,
        _ => 0,
    };
    let has_magic = bytes.starts_with(b"\x93NUMPY");
    if more(&mut bytes, width)? != width || width == 0 || !has_magic {
        return Err(Diagnostic::new(name, "not an npy array").help("save it with numpy.savez"));
    }
    let length = bytes[MAGIC..].iter().rev().fold(0, |n, &byte| n << 8 | usize::from(byte));
    if length > MAX_HEADER {
        let reason = format!("header of {length} bytes, at most {MAX_HEADER} can be read");
        return Err(Diagnostic::new(name, reason));
    }
    let start = bytes.len();
    if more(&mut bytes, length)? != length {
        return Err(Diagnostic::new(name, "the header ends too early").kind(ErrorKind::Damaged));
    }
    check(&bytes[start..]).map_err(|reason| Diagnostic::new(name, reason))?;
    NpyHeader::from_reader(bytes.as_slice())
        .map_err(|_| Diagnostic::new(name, "not an npy array").help("save it with numpy.savez"))
}

/// Guards what the npy reader does unchecked: multiplying sizes, and recursion over the header.
fn check(header: &[u8]) -> Result<(), String> {
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
