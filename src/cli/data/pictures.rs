//! Labelled pictures: a folder a class of files, or an array of bytes.

use super::clips::{self, is_picture};
use super::folders::{self, Items, Tree};
use super::labels;
use crate::data::{ArrayData, Arrays, Each, Labels, Part};
use crate::error::{Diagnostic, Result};
use crate::model::shape_text;
use crate::video::FrameSize;
use std::borrow::Cow;
use std::path::Path;

/// Pictures of one size, and where their bytes are.
pub enum Pictures {
    /// Files, read one by one.
    Files { tree: Tree<()>, size: FrameSize },
    /// All of them one behind the other, channel by channel.
    Bytes { bytes: Vec<u8>, size: FrameSize, labels: Labels },
}

/// What a picture is: its axes and what they are called.
pub struct Axes {
    /// As a message says them.
    pub expected: &'static str,
    /// Size by the axes of a picture; `None` for another number of them.
    pub size: fn(&[usize]) -> Option<FrameSize>,
}

/// Rows and columns, or planes before them.
const PLANES: Axes = Axes {
    expected: "bytes of (pictures, rows, columns) or (pictures, planes, rows, columns)",
    size: |axes| match *axes {
        [height, width] => Some(FrameSize { width, height, channels: 1 }),
        [channels, height, width] => Some(FrameSize { width, height, channels }),
        _ => None,
    },
};

/// An array of bytes as pictures: how many, their size, and the bytes.
pub fn bytes(
    arrays: &mut Arrays,
    name: &str,
    axes: &Axes,
) -> std::result::Result<(usize, FrameSize, Vec<u8>), Diagnostic> {
    let array = arrays.needed(name, &format!("{name}, {}", axes.expected))?;
    let refuse = |what: &str, found: String| {
        Err(Diagnostic::new(name, what).found(found).expected(axes.expected))
    };
    let ArrayData::U8(bytes) = array.data else {
        return refuse("wrong type", "elements that are no unsigned bytes".to_owned());
    };
    let size = array.shape.split_first().and_then(|(_, rest)| (axes.size)(rest));
    match size {
        Some(size) if !bytes.is_empty() => Ok((array.shape[0], size, bytes)),
        _ => refuse("wrong shape", shape_text(&array.shape)),
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
    pub fn arrays(path: &Path, named: Option<&[String]>, group: Option<&str>) -> Result<Pictures> {
        let pictures = Arrays::load(path, |arrays| {
            let (count, size, bytes) = bytes(arrays, "x", &PLANES)?;
            let each = Each(count, "picture");
            let classes = each.classes(arrays, "y", named)?;
            let groups = each.group_names(arrays, group)?;
            let names = groups.as_ref().map(|names| names.iter().map(String::as_str).collect());
            let part = |part: &Part| match part {
                Part::Training => 0,
                Part::Validation => 1,
                Part::Other => 2,
            };
            let parts = each.parts(arrays)?.unwrap_or_default();
            let split = parts.iter().map(part).collect();
            let labels = labels(&classes.names, classes.of, names, Vec::new());
            Ok((bytes, size, Labels { split, ..labels }))
        });
        let (bytes, size, labels) = pictures?;
        super::check_classes(&labels.classes, path)?;
        Ok(Pictures::Bytes { bytes, size, labels })
    }

    /// Size of each.
    pub fn size(&self) -> FrameSize {
        match self {
            Pictures::Files { size, .. } | Pictures::Bytes { size, .. } => *size,
        }
    }

    /// What goes with them as sequences of so many steps.
    pub fn labels(&self, steps: usize) -> Labels {
        let mut labels = match self {
            Pictures::Files { tree, .. } => {
                let (y, groups) = tree.labels();
                labels(&tree.classes, y, Some(groups), Vec::new())
            }
            Pictures::Bytes { labels, .. } => labels.clone(),
        };
        labels.length = vec![steps; labels.y.len()];
        labels
    }

    /// Files of other kinds.
    pub fn ignored(&self) -> usize {
        match self {
            Pictures::Files { tree, .. } => tree.ignored,
            Pictures::Bytes { .. } => 0,
        }
    }

    /// The bytes of one, and whether it had another size.
    pub fn read(&self, picture: usize) -> Result<(Cow<'_, [u8]>, bool)> {
        match self {
            Pictures::Files { tree, size } => {
                let (frame, resized) = clips::frame(&tree.items[picture].path, *size)?;
                Ok((frame.into(), resized))
            }
            Pictures::Bytes { bytes, size, .. } => {
                let begin = picture * size.bytes();
                Ok((bytes[begin..begin + size.bytes()].into(), false))
            }
        }
    }
}
