//! The pictures: accuracy with its spread over what it costs, as SVG.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::{Comparison, SystemResult};
use crate::report::grouped;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Space for labels on each side of the axes.
const LEFT: f64 = 66.0;
const RIGHT: f64 = 140.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// Colours of the first system and of the others.
const COLOURS: [&str; 2] = ["#b3261e", "#1d5fa8"];
/// Distances between grid lines, in parts.
const STEPS: [f64; 5] = [0.005, 0.01, 0.02, 0.05, 0.1];
/// Maximum number of grid lines.
const MOST_LINES: f64 = 8.0;
/// Space around the points on the cost axis, as a factor.
const AROUND: f64 = 1.6;
/// Height of a label.
const LINE: f64 = 14.0;

/// Accuracy in float over core parameters of every system.
pub fn over_parameters(comparison: &Comparison) -> String {
    picture(comparison, "core parameters", &|system| system.parameters as f64)
}

/// Accuracy in float over cycles per time step at the first lane count; none when nothing was
/// simulated.
pub fn over_cycles(comparison: &Comparison) -> Option<String> {
    let lanes = comparison.systems.first()?.lanes.first()?.lanes;
    let cycles = |system: &SystemResult| system.lanes.first().map_or(1.0, |l| l.cycles_per_step);
    Some(picture(comparison, &format!("cycles per time step at {lanes} lanes"), &cycles))
}

/// Accuracy in float over a cost, on a logarithmic axis.
fn picture(comparison: &Comparison, axis: &str, cost: &dyn Fn(&SystemResult) -> f64) -> String {
    let systems = &comparison.systems;
    let costs: Vec<f64> = systems.iter().map(|system| cost(system).max(1.0)).collect();
    let axes = Axes::around(&costs, systems);
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let title = escaped(&comparison.title);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"20\">{title}: held-out accuracy</text>");
    for value in axes.lines() {
        let y = axes.y(value);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{width}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{:.1} %</text>",
            LEFT - 6.0,
            y + 4.0,
            100.0 * value
        );
    }
    for value in axes.costs() {
        let x = axes.x(value);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}v{height}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            TOP + height + 18.0,
            grouped(value as u64)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{axis}</text>",
        LEFT + width / 2.0,
        HEIGHT - 8.0
    );
    points(&mut svg, systems, &costs, &axes);
    svg.push_str("</svg>\n");
    svg
}

/// The systems, from the most accurate down, each with its label to the right; labels that would
/// overlap move down, on a thin line.
fn points(svg: &mut String, systems: &[SystemResult], costs: &[f64], axes: &Axes) {
    let mut order: Vec<usize> = (0..systems.len()).collect();
    order.sort_by(|&a, &b| systems[b].float.mean.total_cmp(&systems[a].float.mean));
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for k in order {
        let system = &systems[k];
        let (x, y) = (axes.x(costs[k]), axes.y(system.float.mean));
        let (least, largest) = (axes.y(system.float.least), axes.y(system.float.largest));
        let mut label = y;
        let clash = |label: f64| {
            let near = taken.iter().filter(|(other, _)| (other - x).abs() < RIGHT);
            near.map(|(_, other)| *other).find(|other| (label - other).abs() < LINE)
        };
        while let Some(other) = clash(label) {
            label = other + LINE + 0.1;
        }
        taken.push((x, label));
        let colour = COLOURS[k.min(1)];
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {least:.1}V{largest:.1}\" stroke=\"{colour}\"/>\
             <path d=\"M{x:.1} {y:.1}L{:.1} {label:.1}\" stroke=\"{colour}\" stroke-width=\"0.5\"/>\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            x + 12.0,
            x + 14.0,
            label + 4.0,
            escaped(&system.label)
        );
    }
}

/// The range of the axes.
struct Axes {
    /// Logarithms of the least and the largest cost.
    costs: [f64; 2],
    /// The lowest and the highest accuracy, in whole steps.
    values: [f64; 2],
    /// Distance between lines.
    step: f64,
}

impl Axes {
    fn around(costs: &[f64], systems: &[SystemResult]) -> Axes {
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let most = costs.iter().copied().fold(least, f64::max);
        let lowest = systems.iter().map(|s| s.float.least).fold(1.0, f64::min);
        let highest = systems.iter().map(|s| s.float.largest).fold(lowest, f64::max);
        let reach = |step: f64| [(lowest / step).floor() - 1.0, (highest / step).ceil()];
        let few = |step: &&f64| reach(**step)[1] - reach(**step)[0] <= MOST_LINES;
        let step = *STEPS.iter().find(few).unwrap_or(&STEPS[STEPS.len() - 1]);
        let [low, high] = reach(step);
        Axes {
            costs: [(least / AROUND).ln(), (most * AROUND).ln()],
            values: [low.max(0.0) * step, high.max(low + 1.0).max(1.0) * step],
            step,
        }
    }

    fn x(&self, cost: f64) -> f64 {
        let [low, high] = self.costs;
        LEFT + (cost.ln() - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let [low, high] = self.values;
        let height = HEIGHT - TOP - BOTTOM;
        TOP + height - (value - low) / (high - low) * height
    }

    /// Accuracies with a line.
    fn lines(&self) -> impl Iterator<Item = f64> {
        let [low, high] = self.values;
        let step = self.step;
        let count = ((high - low) / step).round() as usize;
        (0..=count).map(move |k| low + k as f64 * step)
    }

    /// Costs with a line: ones, twos and fives of every decade; in a wide range only ones.
    fn costs(&self) -> impl Iterator<Item = f64> {
        let [low, high] = self.costs;
        let wide = (high - low) / std::f64::consts::LN_10 > 3.0;
        let digits: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let decades = (low / std::f64::consts::LN_10).floor() as i32..=12;
        let all = decades.flat_map(move |n| digits.iter().map(move |d| d * 10f64.powi(n)));
        all.filter(move |cost| *cost >= 1.0 && (low..=high).contains(&cost.ln()))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
