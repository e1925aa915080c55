//! The folder tree that holds a data set: one folder per class, containing the items, or folders of
//! groups that contain the items.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::data::{check_name, group_of, natural};
use crate::error::{Diagnostic, Problems, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names listed in a message.
const MAX_LISTED: usize = 12;

/// A file or folder and its name.
pub struct Entry {
    pub name: String,
    pub path: PathBuf,
}

/// The entries of a folder, ordered by name; hidden entries are left out.
#[derive(Default)]
pub struct Listing {
    pub folders: Vec<Entry>,
    pub files: Vec<Entry>,
}

/// How items are distinguished from other files.
pub struct Items<T> {
    /// What an item is called, in the plural.
    pub noun: &'static str,
    /// An item that is a file.
    pub file: fn(&Entry) -> Option<T>,
    /// An item that is a folder.
    pub folder: fn(&Listing) -> Option<T>,
}

/// One item of a data set.
#[derive(Debug)]
pub struct FolderItem<T> {
    pub class: usize,
    pub group: String,
    pub path: PathBuf,
    pub content: T,
}

/// All items of a data set, class by class.
#[derive(Debug)]
pub struct FolderTree<T> {
    pub classes: Vec<String>,
    pub items: Vec<FolderItem<T>>,
    /// Files that are not items.
    pub ignored: usize,
    /// Folders, or files of a folder without classes, of classes that were not requested.
    pub left_out: usize,
}

/// Lists a folder.
pub fn list(dir: &Path) -> Result<Listing> {
    let failed = |path: &Path, error: &io::Error| {
        let what = format!("cannot be read ({error})");
        Problems::from(Diagnostic::new("", what).help("check the path").in_file(path.display()))
    };
    let mut listing = Listing::default();
    for entry in fs::read_dir(dir).map_err(|error| failed(dir, &error))? {
        let path = entry.map_err(|error| failed(dir, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            return Err(Diagnostic::new("", "a name that is not in UTF-8")
                .help("rename the file")
                .in_file(path.display())
                .into());
        };
        if name.starts_with('.') {
            continue;
        }
        let meta = fs::metadata(&path).map_err(|error| failed(&path, &error))?;
        let kind = if meta.is_dir() { &mut listing.folders } else { &mut listing.files };
        kind.push(Entry { name, path });
    }
    for entries in [&mut listing.folders, &mut listing.files] {
        entries.sort_by(|a, b| natural(&a.name, &b.name));
    }
    Ok(listing)
}

/// Whether a file name has one of these endings, in either case.
pub fn has_ending(name: &str, endings: &[&str]) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.iter().any(|e| e.eq_ignore_ascii_case(ending)))
}

/// Finds every item below `top`, the listing of `dir`. The classes are those given, in their order,
/// or otherwise all folders; folders of other classes are left out.
pub fn scan<T>(
    dir: &Path,
    top: Listing,
    named: Option<&[String]>,
    items: &Items<T>,
) -> Result<FolderTree<T>> {
    if top.folders.is_empty() {
        return Err(Diagnostic::new("", format!("no {}", items.noun))
            .found("no folder")
            .expected("one folder per class")
            .in_file(dir.display())
            .into());
    }
    let classes = match named {
        Some(named) => named.to_vec(),
        None => top.folders.iter().map(|folder| folder.name.clone()).collect(),
    };
    let chosen = |folder: &&Entry| classes.contains(&folder.name);
    for folder in top.folders.iter().filter(chosen) {
        check_name(&folder.name).map_err(|p| p.in_file(folder.path.display()))?;
    }
    let left_out = top.folders.len() - top.folders.iter().filter(chosen).count();
    let mut tree = FolderTree { classes, items: Vec::new(), ignored: top.files.len(), left_out };
    for class in 0..tree.classes.len() {
        let place = dir.join(&tree.classes[class]);
        let folder = top.folders.iter().find(|folder| folder.name == tree.classes[class]);
        let folder = folder.ok_or_else(|| no_folder(&place, &top.folders))?;
        let before = tree.items.len();
        tree.gather(list(&folder.path)?, class, None, items)?;
        if tree.items.len() == before {
            return Err(empty("a class", items.noun, &place).into());
        }
    }
    Ok(tree)
}

/// Checks the name of a class, and that it is one of `classes`.
pub fn check_class(name: &str, classes: &[String]) -> Result<()> {
    check_name(name)?;
    if classes.iter().any(|class| class == name) {
        return Ok(());
    }
    Err(Diagnostic::new("", "a label outside the classes")
        .found(format!("{name:?}"))
        .expected(format!("one of {}", classes.join(", ")))
        .help("`classes` can list others")
        .into())
}

/// A requested class that has no folder.
fn no_folder(place: &Path, folders: &[Entry]) -> Diagnostic {
    let names: Vec<String> =
        folders.iter().take(MAX_LISTED).map(|f| f.name.escape_debug().to_string()).collect();
    let more = if folders.len() > MAX_LISTED { ", …" } else { "" };
    Diagnostic::new("", "a class without a folder")
        .expected(format!("one of {}{more}", names.join(", ")))
        .help("list the existing classes with `classes`")
        .in_file(place.display())
}

/// A class or group without items.
fn empty(what: &str, noun: &str, place: &Path) -> Diagnostic {
    Diagnostic::new("", format!("{what} without {noun}"))
        .help("remove the folder, or name the classes with `classes`")
        .in_file(place.display())
}

impl<T> FolderTree<T> {
    /// Class and group of each item.
    pub fn labels(&self) -> (Vec<usize>, Vec<&str>) {
        self.items.iter().map(|item| (item.class, item.group.as_str())).unzip()
    }

    fn gather(
        &mut self,
        listing: Listing,
        class: usize,
        group: Option<&str>,
        items: &Items<T>,
    ) -> Result<()> {
        for file in &listing.files {
            match (items.file)(file) {
                Some(content) => self.add(file, class, group, content)?,
                None => self.ignored += 1,
            }
        }
        for folder in &listing.folders {
            let inner = list(&folder.path)?;
            let refuse = |what: String, expected: &str| {
                let problem = Diagnostic::new("", what).expected(expected);
                Err(problem.in_file(folder.path.display()).into())
            };
            if let Some(content) = (items.folder)(&inner) {
                if !inner.folders.is_empty() {
                    let what = "folders among frames".to_owned();
                    return refuse(what, "a folder containing only frames");
                }
                self.add(folder, class, group, content)?;
            } else if group.is_some() {
                let what = format!("a folder without {}", items.noun);
                return refuse(what, "classes, containing at most groups");
            } else {
                let before = self.items.len();
                self.gather(inner, class, Some(&folder.name), items)?;
                if self.items.len() == before {
                    return Err(empty("a folder", items.noun, &folder.path).into());
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, entry: &Entry, class: usize, group: Option<&str>, content: T) -> Result<()> {
        let stem = Path::new(&entry.name).file_stem().unwrap_or_default().to_string_lossy();
        // A folder name has no ending, whatever dots it contains.
        let stem = if entry.path.is_dir() { entry.name.as_str() } else { stem.as_ref() };
        let group = group.unwrap_or_else(|| group_of(stem)).to_owned();
        check_name(&group).map_err(|problems| problems.in_file(entry.path.display()))?;
        self.items.push(FolderItem { class, group, path: entry.path.clone(), content });
        Ok(())
    }
}
