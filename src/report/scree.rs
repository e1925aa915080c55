//! Singular values of every rank of a compressed model as a plot.
// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::compress::{Compressed, NodeError};
use std::fmt::Write;

/// Width and height of the area that holds the curves.
const AREA: [f64; 2] = [640.0, 320.0];
/// Margins to the left and above.
const MARGIN: [f64; 2] = [64.0, 24.0];
/// Height of a line of the legend.
const LINE: f64 = 18.0;
/// Decades shown; smaller values lie on the bottom line.
const DECADES: f64 = 16.0;
/// Colours of the curves, in turn.
const COLORS: [&str; 8] =
    ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"];

/// An SVG picture: singular values relative to the norm of the matrix over their number, both axes
/// logarithmic; a dot at the last value kept.
pub fn scree(compressed: &Compressed) -> String {
    let nodes: Vec<(String, &NodeError)> = compressed
        .matrices
        .iter()
        .flat_map(|m| m.nodes.iter().map(move |n| (format!("layer {}, {}", m.layer, n.name), n)))
        .collect();
    let most = nodes.iter().map(|(_, node)| node.values.len()).max().unwrap_or(1);
    let values = nodes.iter().flat_map(|(_, node)| &node.values).copied();
    let least = values.filter(|value| *value > 0.0).fold(1.0, f64::min).log10();
    let decades = (-least).ceil().clamp(1.0, DECADES);
    let x = |k: usize| {
        let share = if most > 1 { ((k + 1) as f64).ln() / (most as f64).ln() } else { 0.0 };
        MARGIN[0] + AREA[0] * share
    };
    let y = |value: f64| {
        let down = if value > 0.0 { (-value.log10()).clamp(0.0, decades) } else { decades };
        MARGIN[1] + AREA[1] * down / decades
    };
    let (width, bottom) = (MARGIN[0] + AREA[0] + 24.0, MARGIN[1] + AREA[1]);
    let height = bottom + 48.0 + LINE * nodes.len() as f64;
    let mut svg = String::new();
    let mut line = |text: String| {
        let _ = writeln!(svg, "{text}");
    };
    line(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">"
    ));
    line(format!("<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>"));
    for decade in 0..=decades as usize {
        let at = y(10f64.powi(-(decade as i32)));
        let (left, right) = (MARGIN[0], MARGIN[0] + AREA[0]);
        line(format!(
            "<path d=\"M{left:.1} {at:.1}H{right:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">1e-{decade}</text>",
            left - 6.0,
            at + 4.0
        ));
    }
    let mut mark = 1;
    while mark <= most {
        line(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark}</text>",
            x(mark - 1),
            bottom + 16.0
        ));
        mark *= 2;
    }
    line(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">number of the singular value</text>",
        MARGIN[0] + AREA[0] / 2.0,
        bottom + 32.0
    ));
    for (k, (name, node)) in nodes.iter().enumerate() {
        let color = COLORS[k % COLORS.len()];
        let points = node.values.iter().enumerate();
        let points: Vec<String> =
            points.map(|(k, value)| format!("{:.1},{:.1}", x(k), y(*value))).collect();
        line(format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\"/>",
            points.join(" ")
        ));
        if let Some(value) = node.values.get(node.rank - 1) {
            let (cx, cy) = (x(node.rank - 1), y(*value));
            line(format!("<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3.5\" fill=\"{color}\"/>"));
        }
        let at = bottom + 40.0 + LINE * (k as f64 + 0.5);
        line(format!(
            "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{color}\">{name}: rank {} of {}, \
             error {:.1e}</text>",
            MARGIN[0], node.rank, node.full_rank, node.error
        ));
    }
    line("</svg>".to_owned());
    svg
}
