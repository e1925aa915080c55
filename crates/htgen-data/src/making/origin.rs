//! What a data set was made from, with the counts that a report tells.
// SPDX-License-Identifier: MIT OR Apache-2.0

use serde::Serialize;

/// What a data set was made from.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum SetOrigin {
    /// Wav files.
    Recordings {
        /// Recordings with another sample rate.
        resampled: usize,
        /// Recordings shorter than a sequence.
        padded: usize,
        /// Recordings longer than a sequence.
        cut: usize,
        /// Folders or files of classes that --classes does not list.
        left_out: usize,
        /// Files of other kinds.
        ignored: usize,
    },
    /// Frames or videos.
    Clips {
        /// Frames of another size.
        resized: usize,
        /// Clips with fewer frames than a sequence has steps.
        short: usize,
        /// Folders or files of classes that --classes does not list.
        left_out: usize,
        /// Files of other kinds.
        ignored: usize,
    },
    /// Windows of pictures.
    Pictures {
        /// Pictures of another size.
        resized: usize,
        /// Rows at the bottom of a picture that no window reaches.
        unseen_rows: usize,
        /// Columns at the right that no window reaches.
        unseen_columns: usize,
        /// Folders or files of classes that --classes does not list.
        left_out: usize,
        /// Files of other kinds.
        ignored: usize,
    },
    /// Windows of videos in time.
    Videos {
        /// Videos.
        videos: usize,
        /// Their frames.
        frames: usize,
        /// Frames of another size.
        resized: usize,
        /// Videos with fewer frames than a sequence has steps.
        short: usize,
        /// Windows left out because their last frame has no class.
        unlabelled: usize,
        /// Files of other kinds.
        ignored: usize,
    },
    /// Drawn by htgen.
    Motion {
        /// The parameters that determine every byte.
        seed: u64,
    },
}
