//! The pictures: accuracy with its spread over what it costs, as SVG.

use super::{Comparison, SystemResult};
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Room for labels on each side of the axes.
const LEFT: f64 = 66.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// Colours of the first system and of the others.
const COLOURS: [&str; 2] = ["#b3261e", "#1d5fa8"];
/// Lines across.
const TICKS: usize = 5;

/// Accuracy in float over core parameters of every system.
pub fn over_parameters(comparison: &Comparison) -> String {
    picture(comparison, "core parameters", &|system| system.parameters as f64)
}

/// Accuracy in float over cycles a time step at the first lane count; none when nothing was simulated.
pub fn over_cycles(comparison: &Comparison) -> Option<String> {
    let lanes = comparison.systems.first()?.lanes.first()?.lanes;
    let cycles = |system: &SystemResult| system.lanes.first().map_or(1.0, |l| l.cycles_per_step);
    Some(picture(comparison, &format!("cycles a time step at {lanes} lanes"), &cycles))
}

/// Accuracy in float over a cost, on a logarithmic axis.
fn picture(comparison: &Comparison, axis: &str, cost: &dyn Fn(&SystemResult) -> f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let systems = &comparison.systems;
    let decades: Vec<f64> = systems.iter().map(|s| cost(s).max(1.0).log10()).collect();
    let low = decades.iter().copied().fold(f64::INFINITY, f64::min).floor();
    let high = decades.iter().copied().fold(low + 1.0, f64::max).ceil();
    let lowest = systems.iter().map(|s| s.float.least).fold(1.0, f64::min);
    let highest = systems.iter().map(|s| s.float.largest).fold(0.0, f64::max);
    let bottom = ((lowest * 20.0).floor() / 20.0 - 0.05).max(0.0);
    let top = ((highest * 20.0).ceil() / 20.0).clamp(bottom + 0.05, 1.0);
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x_of = |decade: f64| LEFT + (decade - low) / (high - low) * width;
    let y_of = |value: f64| TOP + height - (value - bottom) / (top - bottom) * height;
    let title = escaped(&comparison.title);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"20\">{title}: accuracy held back</text>");
    for tick in 0..=TICKS {
        let value = bottom + (top - bottom) * tick as f64 / TICKS as f64;
        let y = y_of(value);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{width}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{:.1} %</text>",
            LEFT - 6.0,
            y + 4.0,
            100.0 * value
        );
    }
    for decade in low as i32..=high as i32 {
        let x = x_of(f64::from(decade));
        let label = crate::report::grouped(10u64.pow(decade.unsigned_abs()));
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}v{height}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            TOP + height + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{axis}</text>",
        LEFT + width / 2.0,
        HEIGHT - 8.0
    );
    // Labels go to the right of their points and are kept apart.
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (k, (system, decade)) in systems.iter().zip(&decades).enumerate() {
        let (x, y) = (x_of(*decade), y_of(system.float.mean));
        let (least, largest) = (y_of(system.float.least), y_of(system.float.largest));
        let mut label = y + 4.0;
        while taken.iter().any(|(tx, ty)| (tx - x).abs() < 110.0 && (ty - label).abs() < 13.0) {
            label += 13.0;
        }
        taken.push((x, label));
        let colour = COLOURS[k.min(1)];
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {least:.1}V{largest:.1}\" stroke=\"{colour}\"/>\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{label:.1}\" fill=\"{colour}\">{}</text>",
            x + 8.0,
            escaped(&system.label)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
