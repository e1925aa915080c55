//! The file names of the Free Spoken Digit Dataset, `{digit}_{speaker}_{index}.wav` in one folder.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::folders::{Entry, FolderItem, FolderTree, Listing, check_class};
use crate::data::check_name;
use crate::error::{Diagnostic, Result};
use std::path::Path;

/// The recordings in such a folder; the classes are those given, or else the ten digits.
pub fn scan(
    dir: &Path,
    top: &Listing,
    is_recording: fn(&Entry) -> bool,
    named: Option<&[String]>,
) -> Result<FolderTree<()>> {
    let digits = || (0..10).map(|digit| digit.to_string()).collect();
    let classes: Vec<String> = named.map_or_else(digits, <[String]>::to_vec);
    let mut tree = FolderTree { classes, items: Vec::new(), ignored: 0, left_out: 0 };
    for file in &top.files {
        if !is_recording(file) {
            tree.ignored += 1;
            continue;
        }
        let (class, group) = parse(file).map_err(|p| p.in_file(file.path.display()))?;
        match tree.classes.iter().position(|name| *name == class) {
            Some(class) => {
                tree.items.push(FolderItem { class, group, path: file.path.clone(), content: () });
            }
            None if named.is_some() => tree.left_out += 1,
            None => {
                let problem = check_class(&class, &tree.classes).expect_err("it is none of them");
                return Err(problem.in_file(file.path.display()));
            }
        }
    }
    let count = |class: usize| tree.items.iter().filter(|item| item.class == class).count();
    if let Some(class) = (0..tree.classes.len()).find(|&class| count(class) == 0) {
        return Err(Diagnostic::new("", "a class without recordings")
            .found(format!("none of {}", tree.classes[class]))
            .help("list the existing classes with `classes`")
            .in_file(dir.display())
            .into());
    }
    // Class by class, as from folders.
    tree.items.sort_by_key(|item| item.class);
    Ok(tree)
}

/// Class and speaker of a file.
fn parse(file: &Entry) -> Result<(String, String)> {
    let stem = Path::new(&file.name).file_stem().unwrap_or_default().to_string_lossy();
    let parts = stem.split_once('_').and_then(|(class, rest)| {
        let (speaker, index) = rest.rsplit_once('_')?;
        let counted = !index.is_empty() && index.chars().all(|c| c.is_ascii_digit());
        (counted && !speaker.is_empty()).then_some((class, speaker))
    });
    let Some((class, speaker)) = parts else {
        return Err(Diagnostic::new("", "a name without a class")
            .expected("DIGIT_SPEAKER_INDEX.wav, or one folder per class")
            .into());
    };
    check_name(class)?;
    check_name(speaker)?;
    Ok((class.to_owned(), speaker.to_owned()))
}
