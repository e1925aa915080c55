//! One frame: decoded, scaled, laid out by channels. Only integers.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, ErrorKind, Result};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use std::fmt;
use std::io::Cursor;

/// Longest side of a picture, pixels.
const MAX_SIDE: u32 = 16_384;
/// Maximum size of any picture when unpacked, bytes.
const FREE_BYTES: u64 = 1 << 26;
/// Additional bytes for each byte of the file; only pictures of nearly one colour have more.
const BYTES_A_BYTE: u64 = 64;

/// Size of the frames of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize {
    /// Pixels per row; at least 1.
    pub width: usize,
    /// Rows; at least 1.
    pub height: usize,
    /// 3 for red, green, blue; 1 for brightness.
    pub channels: usize,
}

impl FrameSize {
    /// Bytes of a frame.
    pub fn bytes(self) -> usize {
        self.width * self.height * self.channels
    }
}

impl fmt::Display for FrameSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.width, self.height, self.channels)
    }
}

/// Decodes a PNG or JPEG picture to 8 bits of red, green and blue, rotated according to its EXIF
/// orientation; transparency is ignored, grey is equal parts of all three.
///
/// Refused before it is unpacked: a picture of more than 64 MiB plus 64 bytes per byte of the file.
pub fn decode(bytes: &[u8]) -> Result<RgbImage> {
    let unreadable = |reason: String| {
        Diagnostic::new("", format!("a frame that cannot be read ({reason})"))
            .kind(ErrorKind::Unsupported)
            .expected("a whole PNG or JPEG picture")
            .help("was it copied whole?")
    };
    let guessed = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = guessed.map_err(|error| unreadable(error.to_string()))?;
    let most = FREE_BYTES + BYTES_A_BYTE * bytes.len() as u64;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(most);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| unreadable(error.to_string()))?;
    if decoder.total_bytes() > most {
        let (width, height) = decoder.dimensions();
        return Err(Diagnostic::new("", "a picture that takes too much memory")
            .kind(ErrorKind::Limit)
            .found(format!("{width} x {height} pixels, {} bytes", decoder.total_bytes()))
            .expected(format!("at most {most} bytes for a file of {}", bytes.len()))
            .help("scale it down")
            .into());
    }
    let orientation = decoder.orientation().map_err(|error| unreadable(error.to_string()))?;
    let picture = DynamicImage::from_decoder(decoder);
    let mut picture = picture.map_err(|error| unreadable(error.to_string()))?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// A picture as a frame: scaled to the size, regardless of its own size and proportions, and laid
/// out by channels.
///
/// A pixel is the mean over the area that it covers, rounded; brightness is
/// (299 red + 587 green + 114 blue) / 1000, rounded.
pub fn resize(picture: &RgbImage, size: FrameSize) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let across = Spans::new(width, size.width);
    let down = Spans::new(height, size.height);
    // Sums over the columns first: one value per source row, target column and colour.
    let mut rows = vec![[0u32; 3]; height * size.width];
    for (row, source) in picture.as_raw().chunks_exact(3 * width).enumerate() {
        for (x, sum) in rows[row * size.width..][..size.width].iter_mut().enumerate() {
            for (column, weight) in across.of(x) {
                for (colour, sum) in sum.iter_mut().enumerate() {
                    *sum += weight * u32::from(source[3 * column + colour]);
                }
            }
        }
    }
    let area = width as u64 * height as u64;
    let pixels = size.width * size.height;
    let mut planes = vec![0; 3 * pixels];
    for y in 0..size.height {
        for x in 0..size.width {
            let mut sums = [0u64; 3];
            for (row, weight) in down.of(y) {
                for (sum, value) in sums.iter_mut().zip(rows[row * size.width + x]) {
                    *sum += u64::from(weight) * u64::from(value);
                }
            }
            for (colour, sum) in sums.into_iter().enumerate() {
                planes[colour * pixels + y * size.width + x] = ((sum + area / 2) / area) as u8;
            }
        }
    }
    if size.channels == 1 { brightness(&planes, pixels) } else { planes }
}

fn brightness(planes: &[u8], pixels: usize) -> Vec<u8> {
    let plane = |colour: usize, k: usize| u32::from(planes[colour * pixels + k]);
    let of = |k| (299 * plane(0, k) + 587 * plane(1, k) + 114 * plane(2, k) + 500) / 1000;
    (0..pixels).map(|k| of(k) as u8).collect()
}

/// How the pixels of one axis overlap: source pixels are `target` units long, target pixels
/// `source`.
struct Spans {
    source: usize,
    target: usize,
}

impl Spans {
    fn new(source: usize, target: usize) -> Spans {
        Spans { source, target }
    }

    /// Source pixels under a target pixel and the units that they share, `source` units in all.
    fn of(&self, at: usize) -> impl Iterator<Item = (usize, u32)> + use<> {
        let (source, target) = (self.source, self.target);
        let (begin, end) = (at * source, (at + 1) * source);
        (begin / target..end.div_ceil(target)).map(move |pixel| {
            let shared = end.min((pixel + 1) * target) - begin.max(pixel * target);
            (pixel, shared as u32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, values: &[u8]) -> RgbImage {
        let raw = values.iter().flat_map(|&v| [v, v, v]).collect();
        RgbImage::from_raw(width, values.len() as u32 / width, raw).expect("as many as said")
    }

    fn frame(width: usize, height: usize, channels: usize) -> FrameSize {
        FrameSize { width, height, channels }
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        let picture = grey(4, &[0, 10, 20, 30, 40, 50, 60, 71]);
        assert_eq!(resize(&picture, frame(2, 1, 1)), [25, 45]);
        // Three columns into two: the middle one counts half for either side.
        assert_eq!(resize(&grey(3, &[0, 100, 200]), frame(2, 1, 1)), [33, 167]);
        // Larger than it was.
        assert_eq!(resize(&grey(2, &[10, 20]), frame(4, 2, 1)), [10, 10, 20, 20, 10, 10, 20, 20]);
    }

    #[test]
    fn channels_are_planes_and_brightness_is_weighted() {
        let raw = vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3];
        let picture = RgbImage::from_raw(2, 2, raw).expect("four pixels");
        let planes = resize(&picture, frame(2, 2, 3));
        assert_eq!(planes, [255, 0, 0, 1, 0, 255, 0, 2, 0, 0, 255, 3]);
        assert_eq!(resize(&picture, frame(2, 2, 1)), [76, 150, 29, 2]);
    }
}
