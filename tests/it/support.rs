//! What several test modules share.

use std::env;

use htgen::tool::{self, Found, Tool};

/// The tool, or `None` when it is absent: the test then says so and passes over.
///
/// With `HTGEN_REQUIRE_TOOLS=1` an absent tool is a failure.
#[track_caller]
pub fn needs(tool: Tool) -> Option<Found> {
    match tool::find(tool) {
        Ok(found) => Some(found),
        Err(problems) => {
            absent(&problems.to_string());
            None
        }
    }
}

/// Says that a test is passed over, or fails it when the tools are required.
#[track_caller]
pub fn absent(reason: &str) {
    assert!(env::var_os("HTGEN_REQUIRE_TOOLS").is_none_or(|set| set != "1"), "{reason}");
    eprintln!("passed over: {reason}");
}
