//! Dimension trees as text: `((0,1),(2,3))` for four modes, numbered from 0.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::shape::MAX_MODES;
use crate::error::{Diagnostic, Result};
use std::fmt;

/// Longest text; eight modes with generous white space fit.
const MAX_TEXT: usize = 200;

/// A binary dimension tree; every mode is a leaf exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// A mode.
    Leaf(usize),
    /// Two subtrees.
    Pair(Box<Tree>, Box<Tree>),
}

impl Tree {
    /// The balanced tree over modes `0..n_modes`, the larger half left.
    ///
    /// `n_modes` is at least 1.
    pub fn balanced(n_modes: usize) -> Tree {
        fn over(first: usize, n_modes: usize) -> Tree {
            if n_modes <= 1 {
                return Tree::Leaf(first);
            }
            let left = n_modes.div_ceil(2);
            Tree::Pair(Box::new(over(first, left)), Box::new(over(first + left, n_modes - left)))
        }
        over(0, n_modes)
    }

    /// Reads a tree over exactly the modes `0..n_modes`; an empty text is the balanced tree.
    pub fn parse(text: &str, n_modes: usize) -> Result<Tree> {
        if !(1..=MAX_MODES).contains(&n_modes) {
            return Err(problem("number of modes out of range")
                .found(n_modes)
                .expected(format!("1 to {MAX_MODES}"))
                .into());
        }
        if text.len() > MAX_TEXT {
            return Err(problem("text too long")
                .found(format!("{} bytes", text.len()))
                .expected(format!("at most {MAX_TEXT}"))
                .into());
        }
        if text.trim().is_empty() {
            return Ok(Tree::balanced(n_modes));
        }
        let mut parser = Parser { text, at: 0, n_modes, seen: [false; MAX_MODES] };
        let tree = parser.tree(0)?;
        parser.end()?;
        Ok(tree)
    }

    /// Number of modes.
    pub fn n_modes(&self) -> usize {
        match self {
            Tree::Leaf(_) => 1,
            Tree::Pair(left, right) => left.n_modes() + right.n_modes(),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Leaf(mode) => write!(f, "{mode}"),
            Tree::Pair(left, right) => write!(f, "({left},{right})"),
        }
    }
}

fn problem(what: &str) -> Diagnostic {
    Diagnostic::new("tree", what)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    n_modes: usize,
    seen: [bool; MAX_MODES],
}

impl Parser<'_> {
    fn tree(&mut self, depth: usize) -> Result<Tree> {
        match self.peek() {
            Some('(') if depth + 1 < MAX_MODES => {
                self.at += 1;
                let left = self.tree(depth + 1)?;
                self.expect(',', "a comma between the two halves")?;
                let right = self.tree(depth + 1)?;
                self.expect(')', "a closing parenthesis")?;
                Ok(Tree::Pair(Box::new(left), Box::new(right)))
            }
            Some('(') => Err(self.wrong(&format!("at most {MAX_MODES} modes"))),
            Some(c) if c.is_ascii_digit() => self.mode(),
            _ => Err(self.wrong("a mode or a parenthesis")),
        }
    }

    fn mode(&mut self) -> Result<Tree> {
        let rest = &self.text[self.at..];
        let n_digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = &rest[..n_digits];
        let mode = digits.parse().ok().filter(|&mode| mode < self.n_modes);
        let Some(mode) = mode else {
            return Err(problem("no such mode")
                .found(digits)
                .expected(format!("0 to {}", self.n_modes - 1))
                .help("modes are numbered from 0")
                .into());
        };
        if std::mem::replace(&mut self.seen[mode], true) {
            return Err(problem("mode used twice").found(mode).expected("each mode once").into());
        }
        self.at += n_digits;
        Ok(Tree::Leaf(mode))
    }

    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed.chars().next()
    }

    fn expect(&mut self, wanted: char, name: &str) -> Result<()> {
        if self.peek() != Some(wanted) {
            return Err(self.wrong(name));
        }
        self.at += wanted.len_utf8();
        Ok(())
    }

    fn wrong(&mut self, expected: &str) -> crate::error::Problems {
        let found = match self.peek() {
            Some(c) => format!("'{}' at character {}", c.escape_debug(), self.character()),
            None => "the end of the text".to_string(),
        };
        problem("not a tree")
            .found(found)
            .expected(expected)
            .help("write it like ((0,1),(2,3)); every inner node has two halves")
            .into()
    }

    fn character(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn end(&mut self) -> Result<()> {
        if self.peek().is_some() {
            return Err(self.wrong("the end of the text"));
        }
        let missing: Vec<String> = (0..self.n_modes)
            .filter(|&mode| !self.seen[mode])
            .map(|mode| mode.to_string())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(problem("modes missing")
            .found(format!("no {}", missing.join(", ")))
            .expected(format!("each of the {} modes once", self.n_modes))
            .into())
    }
}
