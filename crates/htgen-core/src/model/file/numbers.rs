//! Lists of numbers in a model file, read under a limit.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::model::shape::MAX_ELEMENTS;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A list of numbers that is no longer read once it is longer than any core may be.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::model) struct Numbers(pub Vec<f64>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a flat list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = seq.next_element()? {
            if numbers.len() == MAX_ELEMENTS {
                return Err(A::Error::custom(format!("more than {MAX_ELEMENTS} numbers")));
            }
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }
}
