//! An array with a shape, as it goes into and comes out of an npz file.

/// A row-major array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Size of each axis, slowest first.
    pub shape: Vec<usize>,
    /// The elements; as many as the shape multiplies out to.
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

    /// The elements as labels or counts, `None` for numbers with a fraction.
    pub(super) fn into_integers(self) -> Option<Vec<i64>> {
        match self {
            ArrayData::U8(data) => Some(data.into_iter().map(i64::from).collect()),
            ArrayData::I32(data) => Some(data.into_iter().map(i64::from).collect()),
            ArrayData::I64(data) => Some(data),
            ArrayData::F32(_) | ArrayData::F64(_) => None,
        }
    }
}
