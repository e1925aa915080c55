//! The course of training as an SVG picture: loss above, accuracy below, over the epochs.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::Epoch;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const PANEL: f64 = 220.0;
/// Space on the left for figures, above each panel for its title, on the right.
const LEFT: f64 = 66.0;
const TOP: f64 = 34.0;
const RIGHT: f64 = 16.0;
/// Colours of the training and of the validation part.
const COLOURS: [&str; 2] = ["#9a5b13", "#1d5fa8"];
/// Grid lines of a panel.
const TICKS: usize = 4;

/// Draws the epochs of a run; only the axes if there are none.
pub fn loss_curve(name: &str, history: &[Epoch]) -> String {
    let height = 2.0 * (PANEL + TOP) + 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    let largest = history.iter().flat_map(|e| [e.loss, e.validation_loss]).fold(0.0f64, f64::max);
    let top = if largest > 0.0 { largest } else { 1.0 };
    let losses: [Vec<f64>; 2] = [
        history.iter().map(|e| e.loss).collect(),
        history.iter().map(|e| e.validation_loss).collect(),
    ];
    panel(&mut svg, TOP, &format!("{name}: loss"), &losses, (0.0, top), |v| format!("{v:.2}"));
    let right: [Vec<f64>; 2] = [
        history.iter().map(|e| e.accuracy).collect(),
        history.iter().map(|e| e.validation_accuracy).collect(),
    ];
    let lowest = right.iter().flatten().copied().fold(1.0f64, f64::min);
    let bottom = (lowest * 10.0).floor().clamp(0.0, 9.0) / 10.0;
    let percent = |v: f64| format!("{:.1} %", 100.0 * v);
    panel(&mut svg, 2.0 * TOP + PANEL, "classified correctly", &right, (bottom, 1.0), percent);
    let y = 2.0 * (PANEL + TOP) + 20.0;
    let last = history.len().max(1);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{y}\">epoch 1</text>");
    let right = WIDTH - RIGHT;
    let _ = writeln!(svg, "<text x=\"{right}\" y=\"{y}\" text-anchor=\"end\">{last}</text>");
    svg.push_str("</svg>\n");
    svg
}

fn panel(
    svg: &mut String,
    top: f64,
    title: &str,
    series: &[Vec<f64>; 2],
    (low, high): (f64, f64),
    label: impl Fn(f64) -> String,
) {
    let width = WIDTH - LEFT - RIGHT;
    let y_of = |value: f64| top + PANEL - (value - low) / (high - low) * PANEL;
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{title}</text>", top - 10.0);
    for (k, name) in ["training", "validation"].iter().enumerate() {
        let x = WIDTH - RIGHT - 160.0 + 90.0 * k as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" fill=\"{}\">{name}</text>",
            top - 10.0,
            COLOURS[k]
        );
    }
    for tick in 0..=TICKS {
        let value = low + (high - low) * tick as f64 / TICKS as f64;
        let y = y_of(value);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{width}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            label(value)
        );
    }
    for (values, colour) in series.iter().zip(COLOURS) {
        let step = width / (values.len().max(2) - 1) as f64;
        let point = |(k, value): (usize, &f64)| {
            format!("{:.1},{:.1}", LEFT + step * k as f64, y_of(value.clamp(low, high)))
        };
        let points: Vec<String> = values.iter().enumerate().map(point).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
            points.join(" ")
        );
    }
}
