//! Arrays written to an npz file, whole or not at all; the same arrays give the same bytes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Array, ArrayData};
use crate::error::Result;
use crate::files::{self, ToOutput};
use npyz::{AutoSerialize, WriterBuilder};
use std::io::{self, Cursor};
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

/// Above this many bytes a zip entry needs 64-bit sizes.
const LARGE_BYTES: usize = 1 << 30;

/// Writes named arrays as `numpy.savez_compressed` would, in the order given.
///
/// The number of elements of every array is the product of its shape.
pub fn write_npz(to: &(impl ToOutput + ?Sized), arrays: &[(&str, Array)]) -> Result<()> {
    let output = to.to_output()?;
    let bytes = pack(arrays).map_err(|error| files::not_written(output.path(), &error))?;
    files::write_all(&[(output, bytes)])
}

fn pack(arrays: &[(&str, Array)]) -> io::Result<Vec<u8>> {
    let mut npz = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, Array { shape, data }) in arrays {
        match data {
            ArrayData::U8(data) => add(&mut npz, name, shape, data)?,
            ArrayData::I32(data) => add(&mut npz, name, shape, data)?,
            ArrayData::I64(data) => add(&mut npz, name, shape, data)?,
            ArrayData::F32(data) => add(&mut npz, name, shape, data)?,
            ArrayData::F64(data) => add(&mut npz, name, shape, data)?,
        }
    }
    Ok(npz.finish()?.into_inner())
}

fn add<T: AutoSerialize + Copy>(
    npz: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    shape: &[usize],
    data: &[T],
) -> io::Result<()> {
    if shape.iter().product::<usize>() != data.len() {
        return Err(io::Error::other(format!("{name}: shape and number of elements differ")));
    }
    // A fixed time stamp: the start of the zip calendar.
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .large_file(size_of_val(data) >= LARGE_BYTES);
    let axes: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
    npz.start_file(format!("{name}.npy"), options)?;
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&axes).writer(npz).begin_nd()?;
    writer.extend(data.iter().copied())?;
    writer.finish()
}
