//! Arrays with one entry per item: classes, groups, parts.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::arrays::Checked;
use super::{Array, Arrays, natural};
use crate::error::Diagnostic;
use crate::model::shape_text;
use std::collections::BTreeSet;

/// Arrays that say who or where an item comes from, in the order in which they are looked for.
const GROUP_NAMES: [&str; 5] = ["group", "subject", "speaker", "voice", "video"];

/// What a sequence is for, from the array `split`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SplitPart {
    /// 0 or `train`.
    Training,
    /// 1, `validation`, `val` or `valid`.
    Validation,
    /// 2 or `test`: ignored.
    Other,
}

/// The items that have one entry each: how many, and what one is called.
#[derive(Debug, Clone, Copy)]
pub struct Each(pub usize, pub &'static str);

impl Each {
    fn check(self, name: &str, shape: &[usize]) -> Checked<()> {
        let Each(count, noun) = self;
        if shape == [count] {
            return Ok(());
        }
        Err(Diagnostic::new(name, "wrong shape")
            .found(shape_text(shape))
            .expected(format!("{count}, one per {noun}")))
    }

    /// A vector with one integer per item.
    pub(super) fn integers(self, array: Array, name: &str) -> Checked<Vec<i64>> {
        self.check(name, &array.shape)?;
        array.data.into_integers().ok_or_else(|| {
            Diagnostic::new(name, "wrong type")
                .found("numbers with a fraction")
                .expected("integers")
        })
    }

    /// An array with one integer or text per item, as text.
    pub fn keys(self, arrays: &mut Arrays, name: &str) -> Checked<Option<Vec<String>>> {
        if let Some(strings) = arrays.strings(name)? {
            self.check(name, &[strings.len()])?;
            return Ok(Some(strings));
        }
        let Some(array) = arrays.array(name)? else { return Ok(None) };
        let numbers = self.integers(array, name)?;
        Ok(Some(numbers.iter().map(i64::to_string).collect()))
    }

    /// The name of the array of groups, the `asked` one or the first of the usual ones, and the
    /// name of each item's group: where the array `group` contains indices into the names in
    /// `groups`, those names are used.
    pub fn groups(
        self,
        arrays: &mut Arrays,
        asked: Option<&str>,
    ) -> Checked<Option<(String, Vec<String>)>> {
        let names: Vec<&str> = asked.map_or(GROUP_NAMES.to_vec(), |name| vec![name]);
        for name in names {
            let Some(keys) = self.keys(arrays, name)? else { continue };
            let listed = if name == "group" { arrays.listed("groups")? } else { None };
            let listed = listed.unwrap_or_default();
            let called =
                |key: &String| key.parse().ok().and_then(|k: usize| listed.get(k).cloned());
            let keys = keys.into_iter().map(|key| called(&key).unwrap_or(key)).collect();
            return Ok(Some((name.to_owned(), keys)));
        }
        match asked {
            Some(name) => Err(Diagnostic::new(name, "array missing")
                .found(arrays.names())
                .expected(format!("the group of each {}", self.1))),
            None => Ok(None),
        }
    }

    /// The part of each item, from the array `split`.
    pub fn parts(self, arrays: &mut Arrays) -> Checked<Option<Vec<SplitPart>>> {
        let Some(keys) = self.keys(arrays, "split")? else { return Ok(None) };
        let part = |(k, key): (usize, &String)| match key.as_str() {
            "0" | "train" => Ok(SplitPart::Training),
            "1" | "validation" | "val" | "valid" => Ok(SplitPart::Validation),
            "2" | "test" => Ok(SplitPart::Other),
            other => Err(Diagnostic::new(format!("split[{k}]"), "not a part")
                .found(other.escape_debug())
                .expected("0 or train, 1 or validation, 2 or test")),
        };
        keys.iter().enumerate().map(part).collect::<Checked<_>>().map(Some)
    }

    /// The class of each item, from the array `name` of numbers or of names. The classes are those
    /// `named`; otherwise those that the file names in `classes`; otherwise, for numbers, as many
    /// as occur, and, for names, all of them in order.
    pub fn classes(
        self,
        arrays: &mut Arrays,
        name: &str,
        named: Option<&[String]>,
    ) -> Checked<NamedClasses> {
        let listed = match named {
            Some(named) => Some(named.to_vec()),
            None => arrays.listed("classes")?,
        };
        if let Some(texts) = arrays.strings(name)? {
            self.check(name, &[texts.len()])?;
            return NamedClasses::of_names(&texts, listed.as_deref(), |k| format!("{name}[{k}]"));
        }
        let labels = arrays.needed(name, &format!("{name}, the class of each {}", self.1))?;
        let labels = self.integers(labels, name)?;
        let number = self.class_count(name, &labels, listed.as_ref().map(Vec::len))?;
        if listed.is_none() {
            self.check_gaps(name, &labels, number)?;
        }
        let names = listed.unwrap_or_else(|| (0..number).map(|k| k.to_string()).collect());
        Ok(NamedClasses { names, of: labels.iter().map(|&label| label as usize).collect() })
    }

    /// Number of classes: the number of names, or the largest label plus one; the labels are below
    /// it.
    pub(super) fn class_count(
        self,
        name: &str,
        labels: &[i64],
        named: Option<usize>,
    ) -> Checked<usize> {
        let largest = labels.iter().copied().max().unwrap_or(0);
        let classes =
            named.unwrap_or_else(|| usize::try_from(largest.saturating_add(1)).unwrap_or(0));
        let expected = match named {
            Some(classes) => format!("0 to {}, the given classes", classes.saturating_sub(1)),
            None => "classes counted from 0".to_owned(),
        };
        self.check_labels(name, labels, classes, &expected)?;
        // A label of a million would require a head with a million outputs.
        if classes > labels.len().max(2) {
            return Err(Diagnostic::new(name, format!("more classes than {}s", self.1))
                .found(format!("{classes} classes"))
                .expected(format!("at most {}", labels.len()))
                .help("count the classes from 0 without gaps"));
        }
        Ok(classes)
    }

    /// Checks that every label is one of this many classes.
    pub(super) fn check_labels(
        self,
        name: &str,
        labels: &[i64],
        classes: usize,
        expected: &str,
    ) -> Checked<()> {
        let inside = |label: i64| usize::try_from(label).is_ok_and(|label| label < classes);
        let Some(k) = labels.iter().position(|&label| !inside(label)) else { return Ok(()) };
        let problem = Diagnostic::new(format!("{name}[{k}]"), "label outside the classes")
            .found(labels[k])
            .expected(expected);
        let from_one = labels.iter().all(|&label| label >= 1) && labels.contains(&(classes as i64));
        Err(if from_one { problem.help("count the classes from 0") } else { problem })
    }

    /// Checks that every class without a name has items; labels that count from 1 leave class 0
    /// empty.
    fn check_gaps(self, name: &str, labels: &[i64], classes: usize) -> Checked<()> {
        let found: BTreeSet<i64> = labels.iter().copied().collect();
        let Some(empty) = (0..classes as i64).find(|class| !found.contains(class)) else {
            return Ok(());
        };
        Err(Diagnostic::new(name, format!("a class without {}s", self.1))
            .found(format!("none of class {empty}"))
            .expected(format!("some of each of the classes 0 to {}", classes - 1))
            .help("count the classes from 0 without gaps, or name them all with `classes`"))
    }
}

/// The class of each item, and the names of the classes.
#[derive(Debug)]
pub struct NamedClasses {
    /// Names, in the order of the labels.
    pub names: Vec<String>,
    /// Class of each item, below their number.
    pub of: Vec<usize>,
}

impl NamedClasses {
    /// Classes by name: those listed, or all in order; `place` says where a name is found.
    pub fn of_names<T: AsRef<str>>(
        texts: &[T],
        listed: Option<&[String]>,
        place: impl Fn(usize) -> String,
    ) -> Checked<NamedClasses> {
        let names = listed.map_or_else(|| distinct(texts), <[String]>::to_vec);
        let class = |(k, text): (usize, &T)| {
            let text = text.as_ref();
            names.iter().position(|name| name == text).ok_or_else(|| {
                Diagnostic::new(place(k), "a label outside the classes")
                    .found(format!("{text:?}"))
                    .expected(format!("one of {}", names.join(", ")))
                    .help("`classes` can list others")
            })
        };
        let of = texts.iter().enumerate().map(class).collect::<Checked<_>>()?;
        Ok(NamedClasses { names, of })
    }
}

/// Every text once, in the natural order.
fn distinct<T: AsRef<str>>(texts: &[T]) -> Vec<String> {
    let mut names: Vec<String> = texts.iter().map(|text| text.as_ref().to_owned()).collect();
    names.sort_by(|a, b| natural(a, b));
    names.dedup();
    names
}
