//! The refusal of limits that no plan keeps, with the least that is possible.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{PlanConfig, leanest, least_peak};
use crate::error::{Diagnostic, ErrorKind, Problems};
use crate::network::Network;
use std::sync::Arc;

/// What the matrices take at least: ROM words together, buffer words one after the other.
pub(super) fn limits(networks: &[&Arc<Network>], config: &PlanConfig) -> Problems {
    let all_rom = |config: &PlanConfig| -> Option<u64> {
        networks.iter().map(|n| leanest(n, config).map(|plan| plan.rom_words)).sum()
    };
    let free = PlanConfig { max_rom_words: None, max_buffer_words: None, ..*config };
    let rom = all_rom(&free).unwrap_or(u64::MAX);
    let peaks = networks.iter().map(|n| least_peak(n, config).unwrap_or(u64::MAX));
    let peak = peaks.max().unwrap_or(0);
    let (most_rom, most_peak) = (config.max_rom_words, config.max_buffer_words);
    let (found, help) = match (
        most_rom.is_some_and(|most| rom > most),
        most_peak.is_some_and(|most| peak > most),
    ) {
        (true, true) => (None, "raise max_rom_words and max_buffer_words"),
        (true, false) => (None, "raise max_rom_words"),
        (false, true) => (None, "raise max_buffer_words"),
        (false, false) => {
            let found = all_rom(config).map(|rom| format!("at least {rom} ROM words within"));
            (found, "raise max_rom_words or max_buffer_words: both cannot be kept")
        }
    };
    let limit = |limit: Option<u64>| limit.map_or("any number of".into(), |v| v.to_string());
    let found = match (found, most_peak) {
        (Some(found), Some(most)) => format!("{found} {most} buffer words"),
        _ => format!("at least {rom} ROM words, at least {peak} buffer words"),
    };
    Diagnostic::new("plan", "no contraction order is within the limits")
        .kind(ErrorKind::Limit)
        .found(found)
        .expected(format!(
            "at most {} ROM words and {} buffer words",
            limit(most_rom),
            limit(most_peak)
        ))
        .help(help)
        .into()
}
