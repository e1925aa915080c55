//! The texts and whole numbers in an array of Python objects, as numpy.save pickles one.
//!
//! Reads only that form and runs nothing: what a pickle would call is only compared with the few
//! names that NumPy writes. A general pickle crate would accept more than is wanted here.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::rc::Rc;

/// Longest text of an element, bytes.
const MAX_TEXT: usize = 256;
/// The names in NumPy's own arrays.
const NAMES: [(&str, &str); 6] = [
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    ("numpy._core.numeric", "_frombuffer"),
];

/// A value on the stack.
#[derive(Debug, Clone)]
enum Value {
    Text(Rc<str>),
    /// Not shared: only the last list of a pickle matters.
    List(Vec<Rc<str>>),
    Mark,
    /// The parts of an array of objects besides its elements.
    Other,
}

/// The elements as texts, in order; the error says what prevents it.
pub(super) fn texts(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut machine = Machine { bytes, stack: Vec::new(), memo: BTreeMap::new() };
    let list = machine.run()?;
    Ok(list.iter().map(|text| text.to_string()).collect())
}

struct Machine<'a> {
    bytes: &'a [u8],
    stack: Vec<Value>,
    memo: BTreeMap<usize, Value>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Vec<Rc<str>>, String> {
        loop {
            match self.byte()? {
                b'.' => break,
                code => self.step(code)?,
            }
        }
        match self.pop()? {
            Value::List(list) => Ok(list),
            _ => Err("objects of another kind".to_owned()),
        }
    }

    fn step(&mut self, code: u8) -> Result<(), String> {
        match code {
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.named(&module, &name)?;
            }
            0x93 => {
                let (name, module) = (self.text()?, self.text()?);
                self.named(&module, &name)?;
            }
            b'X' => self.push_text(4)?,
            0x8c => self.push_text(1)?,
            b'B' => self.push_text(4)?,
            b'C' => self.push_text(1)?,
            b'K' => self.push_integer(1)?,
            b'M' => self.push_integer(2)?,
            b'J' => self.push_integer(4)?,
            0x8a => {
                let length = usize::from(self.byte()?);
                self.push_integer(length)?;
            }
            b'N' | 0x88 | 0x89 | b')' => self.stack.push(Value::Other),
            b'G' => {
                self.skip(8)?;
                self.stack.push(Value::Other);
            }
            b']' => self.stack.push(Value::List(Vec::new())),
            b'(' => self.stack.push(Value::Mark),
            0x85..=0x87 => {
                let items = (0x85..=code).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                self.stack.push(joined(items));
            }
            b't' => {
                let items = self.marked()?;
                self.stack.push(joined(items));
            }
            // A call and a state: both make an object of what is below and what is on top.
            b'R' | b'b' => {
                let items = vec![self.pop()?, self.pop()?];
                self.stack.push(joined(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.marked()?;
                self.append(items)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'q' => {
                let place = usize::from(self.byte()?);
                self.remember(place)?;
            }
            b'r' => {
                let place = self.number(4)?;
                self.remember(place)?;
            }
            b'h' => {
                let place = usize::from(self.byte()?);
                self.recall(place)?;
            }
            b'j' => {
                let place = self.number(4)?;
                self.recall(place)?;
            }
            code => return Err(format!("a pickle with the operation {code:#04x}")),
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&[u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or("it ends too early")?;
        self.bytes = rest;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> Result<(), String> {
        self.take(count).map(|_| ())
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned number of at most 4 bytes.
    fn number(&mut self, bytes: usize) -> Result<usize, String> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    fn line(&mut self) -> Result<String, String> {
        let end = self.bytes.iter().take(MAX_TEXT).position(|&byte| byte == b'\n');
        let line =
            String::from_utf8_lossy(self.take(end.ok_or("it ends too early")?)?).into_owned();
        self.skip(1)?;
        Ok(line)
    }

    fn push_text(&mut self, bytes: usize) -> Result<(), String> {
        let length = self.number(bytes)?;
        if length > MAX_TEXT {
            return Err(format!("a text of {length} bytes, at most {MAX_TEXT} are allowed"));
        }
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| "a text not in UTF-8")?;
        let text = Value::Text(text.into());
        self.stack.push(text);
        Ok(())
    }

    /// Little-endian, with a sign if it has more than two bytes, as defined by pickle.
    fn push_integer(&mut self, bytes: usize) -> Result<(), String> {
        if bytes > 8 {
            return Err("an integer beyond 64 bits".to_owned());
        }
        let taken = self.take(bytes)?;
        let negative = bytes > 2 && taken.last().is_some_and(|&last| last > 127);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        wide[..bytes].copy_from_slice(taken);
        self.stack.push(Value::Text(i64::from_le_bytes(wide).to_string().into()));
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, String> {
        self.stack.pop().ok_or_else(|| "it takes from an empty stack".to_owned())
    }

    fn text(&mut self) -> Result<Rc<str>, String> {
        match self.pop()? {
            Value::Text(text) => Ok(text),
            _ => Err("a name that is not text".to_owned()),
        }
    }

    /// Everything above the last mark, which is removed.
    fn marked(&mut self) -> Result<Vec<Value>, String> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
        let items = self.stack.split_off(mark.ok_or("it has no mark")?);
        Ok(items.into_iter().skip(1).collect())
    }

    fn append(&mut self, items: Vec<Value>) -> Result<(), String> {
        let Some(Value::List(list)) = self.stack.last_mut() else {
            return Err("objects of another kind".to_owned());
        };
        for item in items {
            match item {
                Value::Text(text) => list.push(text),
                _ => return Err("objects that are neither texts nor whole numbers".to_owned()),
            }
        }
        Ok(())
    }

    fn named(&mut self, module: &str, name: &str) -> Result<(), String> {
        if !NAMES.contains(&(module, name)) {
            let (module, name) = (module.escape_debug(), name.escape_debug());
            return Err(format!("objects made by {module}.{name}, which is not called"));
        }
        self.stack.push(Value::Other);
        Ok(())
    }

    fn remember(&mut self, place: usize) -> Result<(), String> {
        let value = match self.stack.last().ok_or("it takes from an empty stack")? {
            Value::Text(text) => Value::Text(Rc::clone(text)),
            _ => Value::Other,
        };
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, place: usize) -> Result<(), String> {
        let value = self.memo.get(&place).ok_or("it recalls what it never stored")?;
        self.stack.push(value.clone());
        Ok(())
    }
}

/// An object made of other objects: only the list that it may hold matters.
fn joined(items: Vec<Value>) -> Value {
    items.into_iter().find(|item| matches!(item, Value::List(_))).unwrap_or(Value::Other)
}
