//! Windows of a frame, one per step, as they pass over it row by row.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::FrameSize;
use crate::error::{Diagnostic, ErrorKind, Result};

/// How a window passes over the frames of a data set.
#[derive(Debug, Clone, Copy)]
pub struct Windows {
    frame: FrameSize,
    window: FrameSize,
    stride: usize,
}

impl Windows {
    /// A window of `width` x `height` pixels that moves by `stride`, each at least 1.
    ///
    /// # Errors
    /// A window that is larger than the frame.
    pub fn new(
        frame: FrameSize,
        (width, height): (usize, usize),
        stride: usize,
    ) -> Result<Windows> {
        if width > frame.width || height > frame.height {
            return Err(Diagnostic::new("`window`", "a window larger than the picture")
                .kind(ErrorKind::Limit)
                .found(format!("{width}x{height}"))
                .expected(format!("at most {}x{}", frame.width, frame.height))
                .into());
        }
        let window = FrameSize { width, height, ..frame };
        Ok(Windows { frame, window, stride })
    }

    /// Size of a window, with the channels of the frame.
    pub fn size(&self) -> FrameSize {
        self.window
    }

    /// Windows per row.
    fn across(&self) -> usize {
        (self.frame.width - self.window.width) / self.stride + 1
    }

    /// Rows of windows.
    fn down(&self) -> usize {
        (self.frame.height - self.window.height) / self.stride + 1
    }

    /// Windows of a frame.
    pub fn count(&self) -> usize {
        self.across() * self.down()
    }

    /// Columns at the right and rows at the bottom that no window reaches.
    pub fn unseen(&self) -> (usize, usize) {
        let columns = (self.frame.width - self.window.width) % self.stride;
        (columns, (self.frame.height - self.window.height) % self.stride)
    }

    /// The windows of a frame one after another, each channel-planar like the frame.
    pub fn cut(&self, frame: &[u8]) -> Vec<u8> {
        let Windows { frame: FrameSize { width, height, channels }, window, stride } = *self;
        let mut cut = Vec::with_capacity(self.count() * window.bytes());
        for top in (0..self.down()).map(|k| k * stride) {
            for left in (0..self.across()).map(|k| k * stride) {
                let plane = |c: usize| c * height + top..c * height + top + window.height;
                for row in (0..channels).flat_map(plane) {
                    let begin = row * width + left;
                    cut.extend_from_slice(&frame[begin..begin + window.width]);
                }
            }
        }
        cut
    }
}

/// Reorders a frame whose pixels hold their channels side by side, channel by channel.
pub fn planar(pixels: &[u8], channels: usize) -> Vec<u8> {
    (0..channels).flat_map(|c| pixels.iter().skip(c).step_by(channels).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_pass_row_by_row() {
        let frame = FrameSize { width: 4, height: 3, channels: 2 };
        let windows = Windows::new(frame, (2, 2), 2).expect("it fits");
        assert_eq!((windows.count(), windows.unseen()), (2, (0, 1)));
        let bytes: Vec<u8> = (0..24).collect();
        let wanted = [0, 1, 4, 5, 12, 13, 16, 17, 2, 3, 6, 7, 14, 15, 18, 19];
        assert_eq!(windows.cut(&bytes), wanted);
        let windows = Windows::new(frame, (3, 2), 1).expect("it fits");
        assert_eq!((windows.count(), windows.unseen()), (4, (0, 0)));
        assert_eq!(windows.cut(&bytes)[..12], [0, 1, 2, 4, 5, 6, 12, 13, 14, 16, 17, 18]);
        assert!(Windows::new(frame, (2, 4), 1).is_err());
    }

    #[test]
    fn channels_become_planes() {
        assert_eq!(planar(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
        assert_eq!(planar(&[1, 2], 1), [1, 2]);
    }
}
