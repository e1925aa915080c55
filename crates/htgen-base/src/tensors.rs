//! The tensors of a safetensors file: its header is checked before the crate sees it, values are
//! returned as f64. Knows neither models nor checkpoints.
// SPDX-License-Identifier: MIT OR Apache-2.0

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::collections::BTreeMap;

/// Largest safetensors file.
pub const MAX_BYTES: u64 = 1 << 30;
/// Number of names listed in a message.
const MAX_LISTED: usize = 12;
/// Bytes of the header length at the start of a safetensors file.
const LENGTH_BYTES: usize = 8;

/// A parsed safetensors file.
pub struct Tensors<'a> {
    content: SafeTensors<'a>,
    metadata: BTreeMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// Parses the bytes of a file; the error says what is wrong with them.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let metadata = check_header(bytes)?;
        let content = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        Ok(Tensors { content, metadata })
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.content.names().into_iter().map(String::from).collect();
        names.sort_unstable();
        names
    }

    /// The writer's metadata, stored beside the tensors.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Shape and element type of a tensor, `None` if there is no such tensor.
    pub fn kind(&self, name: &str) -> Option<(Vec<usize>, Dtype)> {
        let view = self.content.tensor(name).ok()?;
        Some((view.shape().to_vec(), view.dtype()))
    }

    /// The values of a tensor of real numbers, row-major; `None` when there is no such tensor or
    /// its elements are of another kind.
    pub fn values(&self, name: &str) -> Option<Vec<f64>> {
        let view = self.content.tensor(name).ok()?;
        let data = view.data();
        match view.dtype() {
            Dtype::F16 => Some(decode(data, |b: [u8; 2]| half(u16::from_le_bytes(b)))),
            Dtype::BF16 => Some(decode(data, |b: [u8; 2]| {
                f64::from(f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))
            })),
            Dtype::F32 => Some(decode(data, |b: [u8; 4]| f64::from(f32::from_le_bytes(b)))),
            Dtype::F64 => Some(decode(data, f64::from_le_bytes)),
            _ => None,
        }
    }

    /// The elements of a tensor as bytes; `None` when there is no such tensor.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.content.tensor(name).ok().map(|view| view.data())
    }

    /// The elements of a tensor of integers; `None` when there is no such tensor or its elements
    /// are of another kind.
    pub fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let view = self.content.tensor(name).ok()?;
        let data = view.data();
        match view.dtype() {
            Dtype::U8 => Some(widened(data, u8::from_le_bytes)),
            Dtype::I8 => Some(widened(data, i8::from_le_bytes)),
            Dtype::U16 => Some(widened(data, u16::from_le_bytes)),
            Dtype::I16 => Some(widened(data, i16::from_le_bytes)),
            Dtype::U32 => Some(widened(data, u32::from_le_bytes)),
            Dtype::I32 => Some(widened(data, i32::from_le_bytes)),
            Dtype::I64 => Some(widened(data, i64::from_le_bytes)),
            _ => None,
        }
    }
}

/// The first names of a list as text.
pub fn listed(names: &[String]) -> String {
    let shown: Vec<String> =
        names.iter().take(MAX_LISTED).map(|name| name.escape_debug().to_string()).collect();
    let more = if names.len() > MAX_LISTED { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn decode<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|chunk| value(*chunk)).collect()
}

fn widened<const N: usize, T: Into<i64>>(bytes: &[u8], value: fn([u8; N]) -> T) -> Vec<i64> {
    bytes.as_chunks().0.iter().map(|chunk| value(*chunk).into()).collect()
}

/// The value of an IEEE half: 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits.
pub fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * (-24f64).exp2(),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * f64::from(exponent - 25).exp2(),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// The crate adds offsets up without checking; this makes sure that no sum can overflow. Returns
/// the metadata.
fn check_header(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let length = bytes.first_chunk::<LENGTH_BYTES>().ok_or("shorter than its header length")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "header too long")?;
    let rest = &bytes[LENGTH_BYTES..];
    let header = rest.get(..length).ok_or("the header ends too early")?;
    let mut header: BTreeMap<String, Value> =
        serde_json::from_slice(header).map_err(|error| format!("header: {error}"))?;
    let metadata = header.remove("__metadata__");
    let n_data = (rest.len() - length) as u64;
    for (name, entry) in &header {
        let end = entry.pointer("/data_offsets/1").and_then(Value::as_u64);
        if end.is_none_or(|end| end > n_data) {
            return Err(format!("\"{}\" ends after the end of the file", name.escape_debug()));
        }
    }
    // Metadata in any other form is left to the crate to refuse.
    Ok(metadata.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_real_number_is_read() {
        let stored: [(Dtype, Vec<u8>); 4] = [
            (Dtype::F16, vec![0x00, 0xc1]),
            (Dtype::BF16, vec![0x20, 0xc0]),
            (Dtype::F32, (-2.5f32).to_le_bytes().to_vec()),
            (Dtype::F64, (-2.5f64).to_le_bytes().to_vec()),
        ];
        for (dtype, bytes) in stored {
            let view = safetensors::tensor::TensorView::new(dtype, vec![1], &bytes);
            let file = safetensors::serialize([("a", view.expect("one element"))], None);
            let file = file.expect("a file");
            let tensors = Tensors::parse(&file).expect("whole");
            assert_eq!(tensors.values("a"), Some(vec![-2.5]), "{dtype}");
            assert_eq!(tensors.kind("a"), Some((vec![1], dtype)));
            assert_eq!(tensors.values("b"), None);
        }
    }

    #[test]
    fn every_kind_of_integer_is_read() {
        let stored: [(Dtype, Vec<u8>, i64); 8] = [
            (Dtype::U8, vec![0xfe], 254),
            (Dtype::I8, vec![0xfe], -2),
            (Dtype::U16, vec![0xfe, 0xff], 65_534),
            (Dtype::I16, vec![0xfe, 0xff], -2),
            (Dtype::U32, vec![0xfe, 0xff, 0xff, 0xff], 4_294_967_294),
            (Dtype::I32, vec![0xfe, 0xff, 0xff, 0xff], -2),
            (Dtype::I64, (-2i64).to_le_bytes().to_vec(), -2),
            (Dtype::F32, 2f32.to_le_bytes().to_vec(), 0),
        ];
        for (dtype, bytes, value) in stored {
            let view = safetensors::tensor::TensorView::new(dtype, vec![1], &bytes);
            let file = safetensors::serialize([("a", view.expect("one element"))], None);
            let file = file.expect("a file");
            let tensors = Tensors::parse(&file).expect("whole");
            let wanted = (dtype != Dtype::F32).then(|| vec![value]);
            assert_eq!(tensors.integers("a"), wanted, "{dtype}");
            assert_eq!(tensors.bytes("a"), Some(bytes.as_slice()));
        }
    }

    #[test]
    fn halves_are_read() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x0400, 6.103_515_625e-5),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
        assert!(half(0x8000).is_sign_negative());
    }
}
