//! The plan in words.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Plan;
use std::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |ids: &[crate::network::IndexId]| -> String {
            let all: Vec<&str> = ids.iter().map(|&i| self.network.info(i).name.as_str()).collect();
            if all.is_empty() { "-".into() } else { all.join(" ") }
        };
        writeln!(
            f,
            "plan: {} multiplies per step, {} ROM words, {} buffer words",
            self.macs_per_step, self.rom_words, self.peak_words
        )?;
        for (k, step) in self.steps.iter().enumerate() {
            let nodes: Vec<&str> = step
                .nodes
                .iter()
                .map(|n| self.network.nodes()[usize::from(n.0)].name.as_str())
                .collect();
            writeln!(
                f,
                "  s{k}: free {}{} | contracted {} | new {} | {} multiplies, weights {} = {}",
                names(&step.free),
                match step.batch.is_empty() {
                    true => String::new(),
                    false => format!(" | batch {}", names(&step.batch)),
                },
                names(&step.contracted),
                names(&step.new),
                step.macs,
                nodes.join(" x "),
                step.weight_words,
            )?;
            writeln!(
                f,
                "      columns {} of the first {} modes -> {} of {}",
                step.before.count, step.before.modes, step.after.count, step.after.modes
            )?;
        }
        match self.slabs.steps {
            0 => writeln!(f, "  uncut"),
            n => writeln!(
                f,
                "  {} slabs over the first {} column modes, steps s0..=s{}",
                self.slabs.count,
                self.slabs.modes,
                n - 1
            ),
        }
    }
}
