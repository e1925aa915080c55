//! Labelled pictures: one folder of files per class, or an array of bytes.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::clips::{self, is_picture};
use super::folders::{self, FolderTree, Items};
use super::set::{check_classes, labels};
use crate::data::{ArrayData, Arrays, Each, Labels, SplitPart};
use crate::error::{Diagnostic, Result};
use crate::model::shape_text;
use crate::video::{FrameSize, planar};
use std::borrow::Cow;
use std::path::Path;

/// Pictures of one size, and where their bytes are.
#[non_exhaustive]
pub enum Pictures {
    /// Files, read one by one.
    Files { tree: FolderTree<()>, size: FrameSize },
    /// An array of pictures.
    Stored { stored: StoredPictures, labels: Labels },
}

/// The order of the axes of a picture in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PictureAxes {
    /// Channels, rows, columns, as PyTorch has them.
    Chw,
    /// Rows, columns, channels, as TensorFlow, OpenCV and Pillow have them.
    Hwc,
}

/// Maximum number of channels of a picture whose axes were not given.
const MAX_CHANNELS: usize = 4;

impl PictureAxes {
    /// The axes of pictures of three sizes, if only one order makes them pictures.
    fn of(sizes: [usize; 3]) -> Option<PictureAxes> {
        let [first, last] = [sizes[0], sizes[2]].map(|size| (1..=MAX_CHANNELS).contains(&size));
        match (first, last) {
            (true, false) => Some(PictureAxes::Chw),
            (false, true) => Some(PictureAxes::Hwc),
            _ => None,
        }
    }

    fn size(self, [a, b, c]: [usize; 3]) -> FrameSize {
        match self {
            PictureAxes::Chw => FrameSize { channels: a, height: b, width: c },
            PictureAxes::Hwc => FrameSize { height: a, width: b, channels: c },
        }
    }
}

/// Pictures in an array of bytes, in the order of its axes.
pub struct StoredPictures {
    bytes: Vec<u8>,
    size: FrameSize,
    axes: PictureAxes,
}

impl StoredPictures {
    /// The array `name` of things called `nouns`; their order comes from `axes`, or else from the
    /// sizes.
    pub fn read(
        arrays: &mut Arrays,
        (name, nouns): (&str, &str),
        axes: Option<PictureAxes>,
    ) -> std::result::Result<StoredPictures, Diagnostic> {
        let expected = format!(
            "bytes of ({nouns}, rows, columns), ({nouns}, channels, rows, columns) or ({nouns}, \
             rows, columns, channels)"
        );
        let array = arrays.needed(name, &format!("{name}, {expected}"))?;
        let refuse = |what: &str, found: String| {
            Err(Diagnostic::new(name, what).found(found).expected(&expected))
        };
        let ArrayData::U8(bytes) = array.data else {
            return refuse("wrong type", "elements that are not unsigned bytes".to_owned());
        };
        let (axes, sizes) = match array.shape[..] {
            [_, height, width] => (PictureAxes::Chw, [1, height, width]),
            [_, a, b, c] => match axes.or(PictureAxes::of([a, b, c])) {
                Some(axes) => (axes, [a, b, c]),
                None => {
                    return Err(Diagnostic::new(name, "ambiguous axes")
                        .found(format!("shape {}", shape_text(&array.shape)))
                        .expected(format!("1 to {MAX_CHANNELS} channels either first or last"))
                        .help("`axes` chw or `axes` hwc says which they are"));
                }
            },
            _ => return refuse("wrong shape", shape_text(&array.shape)),
        };
        if bytes.is_empty() {
            return refuse("wrong shape", shape_text(&array.shape));
        }
        Ok(StoredPictures { bytes, size: axes.size(sizes), axes })
    }

    /// How many pictures there are.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.size.bytes()
    }

    /// Size of each.
    pub fn size(&self) -> FrameSize {
        self.size
    }

    /// One of them, channel by channel.
    pub fn frame(&self, picture: usize) -> Cow<'_, [u8]> {
        let each = self.size.bytes();
        let stored = &self.bytes[picture * each..][..each];
        match self.axes {
            PictureAxes::Chw => stored.into(),
            PictureAxes::Hwc => planar(stored, self.size.channels).into(),
        }
    }
}

impl Pictures {
    /// The pictures below a folder, to be scaled to a size.
    pub fn files(dir: &Path, named: Option<&[String]>, size: FrameSize) -> Result<Pictures> {
        let items = Items {
            noun: "pictures",
            file: |entry| is_picture(entry).then_some(()),
            folder: |_| None,
        };
        let tree = folders::scan(dir, folders::list(dir)?, named, &items)?;
        Ok(Pictures::Files { tree, size })
    }

    /// The pictures in the array `x` of a file, with their classes `y`, their groups and parts.
    pub fn arrays(
        path: &Path,
        named: Option<&[String]>,
        group: Option<&str>,
        axes: Option<PictureAxes>,
    ) -> Result<Pictures> {
        let pictures = Arrays::load(path, |arrays| {
            let stored = StoredPictures::read(arrays, ("x", "pictures"), axes)?;
            let each = Each(stored.count(), "picture");
            let classes = each.classes(arrays, "y", named)?;
            let groups = each.groups(arrays, group)?.map(|(_, keys)| keys);
            let names = groups.as_ref().map(|names| names.iter().map(String::as_str).collect());
            let part = |part: &SplitPart| match part {
                SplitPart::Training => 0,
                SplitPart::Validation => 1,
                SplitPart::Other => 2,
            };
            let parts = each.parts(arrays)?.unwrap_or_default();
            let split = parts.iter().map(part).collect();
            let labels = labels(&classes.names, classes.of, names, Vec::new());
            Ok((stored, Labels { split, ..labels }))
        });
        let (stored, labels) = pictures?;
        check_classes(&labels.classes, path)?;
        Ok(Pictures::Stored { stored, labels })
    }

    /// Size of each.
    pub fn size(&self) -> FrameSize {
        match self {
            Pictures::Files { size, .. } => *size,
            Pictures::Stored { stored, .. } => stored.size(),
        }
    }

    /// The labels for them as sequences of this many steps.
    pub fn labels(&self, steps: usize) -> Labels {
        let mut labels = match self {
            Pictures::Files { tree, .. } => {
                let (y, groups) = tree.labels();
                labels(&tree.classes, y, Some(groups), Vec::new())
            }
            Pictures::Stored { labels, .. } => labels.clone(),
        };
        labels.length = vec![steps; labels.y.len()];
        labels
    }

    /// Files of other kinds.
    pub fn ignored(&self) -> usize {
        match self {
            Pictures::Files { tree, .. } => tree.ignored,
            Pictures::Stored { .. } => 0,
        }
    }

    /// Folders of classes that were not requested.
    pub fn left_out(&self) -> usize {
        match self {
            Pictures::Files { tree, .. } => tree.left_out,
            Pictures::Stored { .. } => 0,
        }
    }

    /// The bytes of one picture, and whether it had another size.
    pub fn read(&self, picture: usize) -> Result<(Cow<'_, [u8]>, bool)> {
        match self {
            Pictures::Files { tree, size } => {
                let (frame, resized) = clips::frame(&tree.items[picture].path, *size)?;
                Ok((frame.into(), resized))
            }
            Pictures::Stored { stored, .. } => Ok((stored.frame(picture), false)),
        }
    }
}
