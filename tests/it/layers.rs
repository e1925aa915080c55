//! The order among modules: siblings in a folder do not import each other in a circle, and a public
//! type has a name of its own in the whole workspace.
//!
//! Sources are read as text. An import counts for the folder in which it leads from one sibling to
//! another, also through a name that their parent takes from one of them; what a module takes from
//! its parent itself does not count, nor do tests.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Modules, as names from the root of their crate on.
type Module = Vec<String>;

/// Folders whose circles are known, each as crate and folder.
const KNOWN: &[(&str, &str)] = &[];

/// Every crate with the folder of its sources.
fn crates() -> Vec<(String, String)> {
    let mut crates = vec![("htgen".to_owned(), "src".to_owned())];
    for entry in fs::read_dir("crates").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        crates.push((name.clone(), format!("crates/{name}/src")));
    }
    crates.sort();
    crates
}

/// The modules of a crate with their texts, without comments and tests.
fn modules(folder: &Path, module: &[String], found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner = [module, std::slice::from_ref(&name)].concat();
        if entry.is_dir() {
            modules(&entry, &inner, found);
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            let own = ["mod", "lib", "main"].contains(&name.as_str());
            let module = if own { module.to_vec() } else { inner };
            found.insert(module, code(&fs::read_to_string(&entry).unwrap()));
        }
    }
}

fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths of a `use`, one per name: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(text: &str, before: &[String], found: &mut Vec<Module>) {
    let (mut depth, mut start) = (0, 0);
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let (head, inner) = match part.split_once('{') {
            Some((head, rest)) => (head, Some(rest.trim_end().trim_end_matches('}'))),
            None => (part.split(" as ").next().unwrap(), None),
        };
        let names = head.split("::").map(|name| name.trim().to_owned());
        let path = [before, &names.filter(|name| !name.is_empty()).collect::<Vec<_>>()].concat();
        match inner {
            // Only the brace that closes this one is taken off.
            Some(_) => {
                paths(&part[part.find('{').unwrap() + 1..part.rfind('}').unwrap()], &path, found)
            }
            None => found.push(path),
        }
    }
}

/// Every path that a module names: those of its imports, and others that begin at its parent or at
/// the crate.
fn named(text: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in text.split_inclusive(';') {
        match statement.rfind("use ").filter(|&at| statement[at..].lines().count() < 40) {
            Some(at)
                if statement[..at].trim_end().ends_with(['}', ';', ')', ']', 'b'])
                    || statement[..at].trim().is_empty() =>
            {
                rest.push_str(&statement[..at]);
                paths(statement[at + 4..].trim_end_matches(';'), &[], &mut found);
            }
            _ => rest.push_str(statement),
        }
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for word in rest.split(|c| !is_name(c)) {
        if word.starts_with("super::") || word.starts_with("crate::") {
            found.push(word.split("::").map(str::to_owned).collect());
        }
    }
    found
}

/// Which sibling imports which, by folder.
fn imports(
    texts: &BTreeMap<Module, String>,
) -> BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> {
    let all: BTreeMap<&Module, Vec<Module>> =
        texts.iter().map(|(module, text)| (module, named(text))).collect();
    // What a module takes from those below it, by the name under which it shows it.
    let mut taken: BTreeMap<Module, Module> = BTreeMap::new();
    for (module, paths) in &all {
        for path in paths.iter().filter(|path| path.len() > 1) {
            let below = [module.as_slice(), &path[..1]].concat();
            if texts.contains_key(&below) {
                let name = [module.as_slice(), &path[path.len() - 1..]].concat();
                taken.insert(name, [module.as_slice(), path].concat());
            }
        }
    }
    let mut edges: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (module, paths) in &all {
        for path in paths {
            let up = path.iter().take_while(|name| *name == "super").count();
            let mut target = match path[0].as_str() {
                "crate" => path[1..].to_vec(),
                "super" if up <= module.len() => {
                    [&module[..module.len() - up], &path[up..]].concat()
                }
                _ => continue,
            };
            if let Some(end) = (1..=target.len()).find(|&n| taken.contains_key(&target[..n])) {
                target = [&taken[&target[..end]][..], &target[end..]].concat();
            }
            let alike = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
            if alike < module.len() && alike < target.len() {
                let folder = module[..alike].to_vec();
                if texts.contains_key(&target[..alike + 1]) {
                    let from = edges.entry(folder).or_default().entry(module[alike].clone());
                    from.or_default().insert(target[alike].clone());
                }
            }
        }
    }
    edges
}

/// A circle, as the names on the way; none where there is none.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    edges.keys().find_map(|start| {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in edges.get(way.last().unwrap()).into_iter().flatten() {
                let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
                if next == start {
                    return Some(longer);
                }
                if seen.insert(next.clone()) {
                    ways.push(longer);
                }
            }
        }
        None
    })
}

#[test]
fn no_siblings_import_each_other_in_a_circle() {
    let mut found = Vec::new();
    let mut count = 0;
    for (name, folder) in crates() {
        let mut texts = BTreeMap::new();
        modules(Path::new(&folder), &[], &mut texts);
        for (folder, edges) in imports(&texts) {
            count += edges.values().map(BTreeSet::len).sum::<usize>();
            let folder = folder.join("/");
            if let Some(way) = circle(&edges).filter(|_| !KNOWN.contains(&(&name, &folder))) {
                found.push(format!("{name}, {folder}: {}", way.join(" -> ")));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(count > 300, "only {count} imports among siblings were found");
}

/// Types of `cli` are named like the commands; its modules are private.
#[test]
fn a_public_type_has_a_name_of_its_own() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, folder) in crates() {
        let mut texts = BTreeMap::new();
        modules(Path::new(&folder), &[], &mut texts);
        let seen = |module: &Module| name != "htgen" || module.first().is_none_or(|m| m != "cli");
        for (module, text) in texts.iter().filter(|(module, _)| seen(module)) {
            for line in text.lines() {
                let kinds = ["pub struct ", "pub enum ", "pub type ", "pub trait "];
                let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else {
                    continue;
                };
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                let place = format!("{name}::{}", module.join("::"));
                places.entry(rest[..end].to_owned()).or_default().push(place);
            }
        }
    }
    let twice = places.iter().filter(|(_, places)| places.len() > 1);
    let twice: Vec<String> =
        twice.map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    assert!(twice.is_empty(), "\n{}", twice.join("\n"));
    assert!(places.len() > 200, "only {} types were found", places.len());
}

/// The reader of imports sees what it should, and the search finds what it should.
#[test]
fn circles_are_found() {
    let texts = |all: &[(&str, &str)]| -> BTreeMap<Module, String> {
        let name = |name: &str| -> Module {
            name.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        all.iter().map(|(module, own)| (name(module), code(own))).collect()
    };
    let found = |all: &[(&str, &str)]| imports(&texts(all)).values().find_map(circle);
    let two = [("", ""), ("a", "use crate::{b::{C, D}, e};"), ("b", "fn f() { super::a::g() }")];
    assert_eq!(found(&two), Some(["a", "b", "a"].map(str::to_owned).to_vec()));
    let taken =
        [("", "mod a;\nmod b;\npub use b::C;"), ("a", "use super::C;"), ("b", "use super::a;")];
    assert!(found(&taken).is_some(), "through a name of the parent");
    let below = [("", ""), ("a", ""), ("a/x", "use crate::b::C;"), ("b", "use crate::a::x;")];
    assert!(found(&below).is_some(), "from a module below");
    let tests =
        [("", ""), ("a", "use super::b;"), ("b", "\n#[cfg(test)]\nmod tests { use crate::a; }")];
    assert_eq!(found(&tests), None);
    let parent = [("", "use a::B; struct C;"), ("a", "use super::C; // use super::a::B;")];
    assert_eq!(found(&parent), None);
}
