//! Widths of the integers: types that hold the only statement of their bounds.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::error::{Diagnostic, Problems, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A number of bits within bounds.
macro_rules! width {
    ($(#[$about:meta])* $name:ident, $what:literal, $least:literal to $most:literal) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "u32", into = "u32")]
        pub struct $name(u32);

        impl $name {
            /// The narrowest, bits.
            pub const LEAST: $name = $name($least);
            /// The widest, bits.
            pub const MOST: $name = $name($most);

            /// Checks a number of bits.
            ///
            /// # Errors
            /// A width outside the bounds.
            pub fn new(bits: u32) -> Result<$name> {
                match bits {
                    $least..=$most => Ok($name(bits)),
                    _ => Err(Diagnostic::new("", concat!($what, " out of range"))
                        .found(bits)
                        .expected(concat!($least, " to ", $most, " bits"))
                        .into()),
                }
            }
            /// The width in bits, sign included.
            pub fn get(self) -> u32 {
                self.0
            }
        }

        impl TryFrom<u32> for $name {
            type Error = Problems;

            fn try_from(bits: u32) -> Result<$name> {
                $name::new(bits)
            }
        }

        impl From<$name> for u32 {
            fn from(width: $name) -> u32 {
                width.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "integer", "minimum": $least, "maximum": $most})
            }
        }
    };
}

width!(
    /// Width of a weight in bits, sign included.
    WeightBits, "width of a weight", 2 to 16
);
width!(
    /// Width of an activation in bits, sign included.
    ActivationBits, "width of an activation", 4 to 16
);

/// The widths of a quantized model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Of a weight.
    pub weight: WeightBits,
    /// Of an activation.
    pub activation: ActivationBits,
}

impl Widths {
    /// Checks both numbers of bits.
    ///
    /// # Errors
    /// A width outside its bounds.
    pub fn new(weight: u32, activation: u32) -> Result<Widths> {
        let (weight, activation) = (WeightBits::new(weight), ActivationBits::new(activation));
        match (weight, activation) {
            (Ok(weight), Ok(activation)) => Ok(Widths { weight, activation }),
            (weight, activation) => {
                let problems = weight.err().into_iter().chain(activation.err());
                Err(Problems(problems.flat_map(|problems| problems.0).collect()))
            }
        }
    }
}

impl Default for Widths {
    /// 8-bit weights and 12-bit activations.
    fn default() -> Widths {
        Widths { weight: WeightBits(8), activation: ActivationBits(12) }
    }
}
