//! Helpers shared by the tests of data sets: wav files and pictures made here, npz files read back.
// SPDX-License-Identifier: MIT OR Apache-2.0

use npyz::npz::NpzArchive;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

/// How a wav file is written.
#[derive(Clone, Copy)]
pub struct Wav {
    pub rate: u32,
    pub channels: u16,
    pub bits: u16,
    pub float: bool,
}

impl Wav {
    pub fn new(rate: u32, channels: u16, bits: u16) -> Wav {
        Wav { rate, channels, bits, float: false }
    }

    pub fn float(rate: u32) -> Wav {
        Wav { rate, channels: 1, bits: 32, float: true }
    }

    /// The bytes of a file of 16-bit samples, scaled to its width; every channel holds them, with
    /// the second of two shifted up and the first shifted down by the same amount.
    pub fn bytes(self, samples: &[i16]) -> Vec<u8> {
        let mut data = Vec::new();
        for &sample in samples {
            for channel in 0..self.channels {
                let spread = [-100, 100][usize::from(channel % 2)] * i32::from(self.channels == 2);
                let sample = i32::from(sample) + spread;
                match (self.float, self.bits) {
                    (true, _) => data.extend((sample as f32 / 32768.0).to_le_bytes()),
                    (_, 8) => data.push(((sample >> 8) + 128) as u8),
                    (_, 16) => data.extend((sample as i16).to_le_bytes()),
                    (_, 24) => data.extend(&(sample << 8).to_le_bytes()[..3]),
                    _ => data.extend((sample << 16).to_le_bytes()),
                }
            }
        }
        let block = self.channels * self.bits / 8;
        let mut file = b"RIFF".to_vec();
        file.extend((36 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0");
        file.extend([if self.float { 3 } else { 1 }, 0]);
        file.extend(self.channels.to_le_bytes());
        file.extend(self.rate.to_le_bytes());
        file.extend((self.rate * u32::from(block)).to_le_bytes());
        file.extend(block.to_le_bytes());
        file.extend(self.bits.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    pub fn write(self, path: &Path, samples: &[i16]) {
        fs::write(path, self.bytes(samples)).unwrap();
    }
}

/// Header and data of each array of an npz file.
pub type Arrays = BTreeMap<String, (String, Vec<u8>)>;

/// Reads an npz file without htgen: the headers as texts, the data as bytes.
#[track_caller]
pub fn arrays(path: &Path) -> Arrays {
    let mut npz = NpzArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let names: Vec<String> = npz.array_names().map(str::to_owned).collect();
    let mut arrays = BTreeMap::new();
    for name in names {
        let mut bytes = Vec::new();
        let zip = npz.zip_archive();
        zip.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\0", "{name}");
        let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((end % 64, bytes[end - 1]), (0, b'\n'), "{name}");
        let header = String::from_utf8(bytes[10..end].to_vec()).unwrap();
        arrays.insert(name, (header.trim().to_owned(), bytes[end..].to_vec()));
    }
    arrays
}

/// An array of bytes in a shape of several axes.
#[track_caller]
pub fn bytes(arrays: &Arrays, name: &str, shape: &[usize]) -> Vec<u8> {
    let (header, data) = &arrays[name];
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let sizes = sizes.join(", ");
    let wanted = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({sizes}), }}");
    assert_eq!(header, &wanted);
    assert_eq!(data.len(), shape.iter().product::<usize>());
    data.clone()
}

/// An array of double precision in a shape of several axes.
#[track_caller]
pub fn reals(arrays: &Arrays, name: &str, shape: &[usize]) -> Vec<f64> {
    let (header, data) = &arrays[name];
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let wanted = format!("'<f8', 'fortran_order': False, 'shape': ({}), ", sizes.join(", "));
    assert!(header.contains(&wanted), "{header}");
    data.as_chunks::<8>().0.iter().map(|&word| f64::from_le_bytes(word)).collect()
}

/// A vector of integers.
#[track_caller]
pub fn integers(arrays: &Arrays, name: &str) -> Vec<i64> {
    let (header, data) = &arrays[name];
    let values: Vec<i64> = if header.contains("'|u1'") {
        data.iter().map(|&value| i64::from(value)).collect()
    } else {
        assert!(header.contains("'<i4'"), "{header}");
        let words = data.as_chunks::<4>().0;
        words.iter().map(|&word| i64::from(i32::from_le_bytes(word))).collect()
    };
    assert!(header.contains(&format!("'shape': ({},)", values.len())), "{header}");
    values
}

/// A vector of NumPy strings.
#[track_caller]
pub fn strings(arrays: &Arrays, name: &str) -> Vec<String> {
    let (header, data) = &arrays[name];
    let (_, rest) = header.split_once("'<U").expect("strings");
    let width: usize = rest.split('\'').next().unwrap().parse().unwrap();
    let text = |points: &[[u8; 4]]| {
        let points = points.iter().map(|&point| u32::from_le_bytes(point));
        points.filter(|&p| p > 0).map(|p| char::from_u32(p).unwrap()).collect()
    };
    data.as_chunks::<4>().0.chunks(width).map(text).collect()
}
