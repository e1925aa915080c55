//! Arrays into an npz file, whole or not at all; the same arrays give the same bytes.

use super::{Array, ArrayData};
use crate::error::{Diagnostic, Result};
use crate::files;
use npyz::{AutoSerialize, WriterBuilder};
use std::io::{self, Cursor};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

/// Above this many bytes a zip entry needs 64-bit sizes.
const LARGE_BYTES: usize = 1 << 30;

/// Writes named arrays as `numpy.savez_compressed` would, in the order given.
///
/// Every array's shape multiplies out to its number of elements.
pub fn write_npz(path: &Path, arrays: &[(&str, Array)]) -> Result<()> {
    let bytes = pack(arrays).map_err(|error| {
        Diagnostic::new("", format!("cannot be written ({error})")).in_file(path.display())
    })?;
    files::write_all(&[(path.to_path_buf(), bytes)])
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
    Ok(npz.finish().map_err(io::Error::other)?.into_inner())
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
    npz.start_file(format!("{name}.npy"), options).map_err(io::Error::other)?;
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&axes).writer(npz).begin_nd()?;
    writer.extend(data.iter().copied())?;
    writer.finish()
}
