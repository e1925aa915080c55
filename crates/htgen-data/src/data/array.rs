//! An array with a shape, as written to and read from an npz file.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::network::for_each_offset;

/// A row-major array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Size of each axis, slowest first.
    pub shape: Vec<usize>,
    /// The elements; their number is the product of the shape.
    pub data: ArrayData,
}

/// Elements of an [`Array`].
#[derive(Debug, Clone, PartialEq)]
pub enum ArrayData {
    /// Bytes.
    U8(Vec<u8>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 64-bit integers; every other integer type is read as this one.
    I64(Vec<i64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl ArrayData {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            ArrayData::U8(data) => data.len(),
            ArrayData::I32(data) => data.len(),
            ArrayData::I64(data) => data.len(),
            ArrayData::F32(data) => data.len(),
            ArrayData::F64(data) => data.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, stored with the first axis fastest, reordered with the last one fastest.
    pub(super) fn transposed(self, shape: &[usize]) -> ArrayData {
        fn turned<T: Copy>(data: &[T], shape: &[usize]) -> Vec<T> {
            let strides: Vec<usize> = shape
                .iter()
                .scan(1, |stride, &size| {
                    let own = *stride;
                    *stride *= size;
                    Some(own)
                })
                .collect();
            let mut turned = Vec::with_capacity(data.len());
            for_each_offset(shape, &strides, |offset| turned.push(data[offset]));
            turned
        }
        match self {
            ArrayData::U8(data) => ArrayData::U8(turned(&data, shape)),
            ArrayData::I32(data) => ArrayData::I32(turned(&data, shape)),
            ArrayData::I64(data) => ArrayData::I64(turned(&data, shape)),
            ArrayData::F32(data) => ArrayData::F32(turned(&data, shape)),
            ArrayData::F64(data) => ArrayData::F64(turned(&data, shape)),
        }
    }

    /// Only the first elements.
    pub(super) fn truncate(&mut self, count: usize) {
        match self {
            ArrayData::U8(data) => data.truncate(count),
            ArrayData::I32(data) => data.truncate(count),
            ArrayData::I64(data) => data.truncate(count),
            ArrayData::F32(data) => data.truncate(count),
            ArrayData::F64(data) => data.truncate(count),
        }
    }

    /// The elements as texts, whole numbers without a decimal point.
    pub(super) fn into_texts(self) -> Vec<String> {
        match self {
            ArrayData::F32(data) => data.iter().map(f32::to_string).collect(),
            ArrayData::F64(data) => data.iter().map(f64::to_string).collect(),
            integers => integers
                .into_integers()
                .expect("no floats are left")
                .iter()
                .map(i64::to_string)
                .collect(),
        }
    }

    /// The elements as labels or counts, `None` for numbers with a fraction.
    pub(super) fn into_integers(self) -> Option<Vec<i64>> {
        match self {
            ArrayData::U8(data) => Some(data.into_iter().map(i64::from).collect()),
            ArrayData::I32(data) => Some(data.into_iter().map(i64::from).collect()),
            ArrayData::I64(data) => Some(data),
            ArrayData::F32(data) => data.into_iter().map(|v| whole(v.into())).collect(),
            ArrayData::F64(data) => data.into_iter().map(whole).collect(),
        }
    }
}

/// A whole number, `None` for one with a fraction or beyond what doubles hold exactly.
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < (1i64 << 53) as f64).then_some(value as i64)
}
