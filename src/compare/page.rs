//! The page: verdicts, tables, conditions, commands.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{BoardResult, Comparison, Spread, SystemResult};
use crate::report::grouped;
use std::fmt::Write;

/// The comparison in Markdown, with plots beside it.
pub fn page(comparison: &Comparison) -> String {
    let mut text = format!("# {}\n\nWritten by `htgen compare`.\n\n", comparison.title);
    if !comparison.about.is_empty() {
        let _ = write!(text, "{}\n\n", comparison.about.trim());
    }
    let _ = writeln!(text, "{}", conditions(comparison));
    let verdicts = comparison.verdicts();
    if !verdicts.is_empty() {
        text.push_str("\n## Where it wins and where it does not\n\n");
        verdicts.iter().for_each(|verdict| {
            let _ = writeln!(text, "* {verdict}");
        });
    }
    let _ = write!(text, "\n![accuracy over parameters]({}.svg)\n", comparison.name);
    let _ = write!(text, "\n## Accuracy and size\n\n{}", sizes(comparison));
    let simulated = comparison.systems.iter().any(|system| !system.lanes.is_empty());
    if simulated {
        let _ = write!(text, "\n## Cycles\n\n{}", cycles(comparison));
        let _ = write!(text, "\n![accuracy over cycles]({}.cycles.svg)\n", comparison.name);
    }
    if comparison.systems.iter().any(|system| !system.boards.is_empty()) {
        let _ = write!(text, "\n## Boards\n\n{}", boards(comparison));
    }
    let listed = comparison.commands.join("\n");
    let _ = write!(text, "\n## Commands\n\n```console\n{listed}\n```\n");
    text
}

fn conditions(comparison: &Comparison) -> String {
    let seeds = comparison.seeds.len();
    let tries = match comparison.tries {
        1 => "one try".to_owned(),
        n => format!("{n} tries, of which the best on the validation part counts,"),
    };
    format!(
        "Each system was trained with {tries} and {seeds} seeds for {} epochs on the same {} \
         sequences; accuracy is that on the {} held-out ones: the mean over the seeds, with the \
         least and the largest in brackets. Balanced accuracy, also in float, gives each class \
         equal weight. The validation part also chooses the epoch (and the try), for all systems \
         alike. Costs are those of the first seed's model.",
        comparison.epochs,
        grouped(comparison.training),
        grouped(comparison.validation)
    )
}

fn sizes(comparison: &Comparison) -> String {
    let widths: Vec<String> = comparison.systems.first().map_or(Vec::new(), |system| {
        let title = |a: &super::Accuracy| format!("{}/{} bits", a.weight_bits, a.activation_bits);
        system.fixed.iter().map(title).collect()
    });
    let mut header = vec!["system", "parameters", "only of h", "dense / own", "float", "balanced"];
    header.extend(widths.iter().map(String::as_str));
    header.extend(["multiplies per step", "ROM bits", "buffer bits"]);
    let several = comparison.tries > 1;
    header.extend(several.then_some("try"));
    let row = |system: &SystemResult| {
        let mut row = vec![
            system.label.clone(),
            grouped(system.parameters),
            grouped(system.recurrent_parameters),
            format!("{:.1}", system.dense_parameters as f64 / system.parameters.max(1) as f64),
            spread(system.float),
            spread(system.balanced),
        ];
        row.extend(system.fixed.iter().map(|fixed| spread(fixed.accuracy)));
        row.extend([system.macs_per_step, system.rom_bits, system.buffer_bits].map(grouped));
        row.extend(several.then(|| (system.best_try + 1).to_string()));
        row
    };
    table(&header, comparison.systems.iter().map(row))
}

fn cycles(comparison: &Comparison) -> String {
    let header =
        ["system", "lanes", "cycles per step", "efficiency", "outputs compared", "bit exact"];
    let rows = comparison.systems.iter().flat_map(|system| {
        system.lanes.iter().map(|lanes| {
            vec![
                system.label.clone(),
                lanes.lanes.to_string(),
                grouped(lanes.cycles_per_step.round() as u64),
                format!("{:.3}", lanes.efficiency),
                grouped(lanes.outputs_compared),
                (if lanes.bit_exact { "yes" } else { "**no**" }).to_owned(),
            ]
        })
    });
    table(&header, rows)
}

fn boards(comparison: &Comparison) -> String {
    let header = [
        "system",
        "board",
        "lanes",
        "LUT4",
        "DSP",
        "block RAM",
        "MHz",
        "inferences per second, predicted",
    ];
    let rows = comparison
        .systems
        .iter()
        .flat_map(|system| system.boards.iter().map(|board| board_row(system, board)));
    table(&header, rows)
}

fn board_row(system: &SystemResult, board: &BoardResult) -> Vec<String> {
    let none = || "–".to_owned();
    let clock = match (board.fits, board.fmax_mhz) {
        (false, _) => format!("does not fit: {}", board.shortage.join("; ")),
        (true, Some(mhz)) => format!("{mhz:.1}"),
        (true, None) => none(),
    };
    vec![
        system.label.clone(),
        board.target.clone(),
        board.lanes.to_string(),
        board.lut4.map_or_else(none, grouped),
        grouped(board.dsp),
        grouped(board.bram),
        clock,
        board.inferences_per_second.map_or_else(none, |n| grouped(n.round() as u64)),
    ]
}

fn spread(of: Spread) -> String {
    let [mean, least, largest] = [of.mean, of.least, of.largest].map(|part| 100.0 * part);
    format!("{mean:.1} % ({least:.1}–{largest:.1})")
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(header.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
