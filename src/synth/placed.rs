//! nextpnr's report: clock, utilization of the part, and the critical path in words.
//!
//! Assumption about `--report`: a JSON object with `fmax` (clock to `achieved`, MHz), `utilization`
//! (cell to `used` and `available`) and `critical_paths`, whose steps have `type`, `delay` (ns)
//! and, for routing, the `net`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, ErrorKind, Result};

/// A placed and routed part.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The slowest clock.
    pub fmax_mhz: Option<f64>,
    /// Utilization of each kind of cell.
    pub utilization: BTreeMap<String, Usage>,
    /// The longest path between two registers.
    pub critical_path: Option<CriticalPath>,
}

/// How much of something is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Used by the design.
    pub used: usize,
    /// In the part.
    #[serde(rename(deserialize = "available", serialize = "total"))]
    pub total: usize,
}

/// A path from register to register.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct CriticalPath {
    /// Its length.
    pub total_ns: f64,
    /// The share of it on wires.
    pub routing_ns: f64,
    /// The path, as `delay kind name`.
    pub steps: Vec<String>,
}

#[derive(Deserialize)]
struct RawReport {
    #[serde(default)]
    fmax: BTreeMap<String, RawClock>,
    #[serde(default)]
    utilization: BTreeMap<String, Usage>,
    #[serde(default)]
    critical_paths: Vec<RawPath>,
}

#[derive(Deserialize)]
struct RawClock {
    achieved: f64,
}

#[derive(Deserialize)]
struct RawPath {
    from: String,
    to: String,
    path: Vec<RawStep>,
}

#[derive(Deserialize)]
struct RawStep {
    delay: f64,
    #[serde(rename = "type")]
    kind: String,
    net: Option<String>,
    to: RawEnd,
}

#[derive(Deserialize)]
struct RawEnd {
    cell: String,
    port: String,
}

/// Reads a report.
pub fn placed(report: &str) -> Result<Placed> {
    let raw: RawReport = serde_json::from_str(report).map_err(|error| {
        Diagnostic::new("nextpnr: report", format!("unreadable: {error}"))
            .kind(ErrorKind::Tool)
            .help("htgen doctor shows which nextpnr was used")
    })?;
    Ok(Placed {
        fmax_mhz: raw.fmax.values().map(|clock| clock.achieved).reduce(f64::min),
        critical_path: longest(&raw.critical_paths),
        utilization: raw.utilization,
    })
}

/// The longest path between two edges of a clock, in words.
pub fn critical_path(report: &str) -> Result<Option<CriticalPath>> {
    Ok(placed(report)?.critical_path)
}

fn longest(paths: &[RawPath]) -> Option<CriticalPath> {
    let clocked = |end: &str| end.contains("edge ");
    let inner = paths.iter().filter(|path| clocked(&path.from) && clocked(&path.to));
    inner.map(in_words).max_by(|a, b| a.total_ns.total_cmp(&b.total_ns))
}

fn in_words(path: &RawPath) -> CriticalPath {
    let sum = |wanted: &dyn Fn(&RawStep) -> bool| -> f64 {
        path.path.iter().filter(|step| wanted(step)).map(|step| step.delay).sum()
    };
    let words = |step: &RawStep| {
        let name = match &step.net {
            Some(net) => net.clone(),
            None => format!("{} ({})", step.to.cell, step.to.port),
        };
        format!("{:5.2} ns {:<8} {name}", step.delay, step.kind)
    };
    CriticalPath {
        total_ns: sum(&|_| true),
        routing_ns: sum(&|step| step.kind == "routing"),
        steps: path.path.iter().map(words).collect(),
    }
}

impl fmt::Display for CriticalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CriticalPath { total_ns, routing_ns, steps } = self;
        writeln!(f, "critical path {total_ns:.2} ns, {routing_ns:.2} ns of it on wires")?;
        steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
      "fmax": { "aclk": { "achieved": 50.5, "constraint": 24 }, "b": { "achieved": 80.0 } },
      "utilization": { "ICESTORM_LC": { "used": 189, "available": 5280 } },
      "critical_paths": [
        { "from": "<async>", "to": "posedge aclk", "path": [
          { "delay": 90.0, "type": "routing", "net": "pin", "to": { "cell": "x", "port": "D" } } ] },
        { "from": "posedge aclk", "to": "posedge aclk", "path": [
          { "delay": 1.5, "type": "clk-to-q", "to": { "cell": "a_q", "port": "Q" } },
          { "delay": 2.25, "type": "routing", "net": "a_q[3]", "to": { "cell": "lut", "port": "I0" } },
          { "delay": 0.25, "type": "setup", "to": { "cell": "b_q", "port": "D" } } ] } ] }"#;

    #[test]
    fn the_path_between_registers_in_words() {
        let placed = placed(REPORT).expect("a report");
        assert_eq!(placed.fmax_mhz, Some(50.5));
        assert_eq!(placed.utilization["ICESTORM_LC"], Usage { used: 189, total: 5280 });
        let text = placed.critical_path.expect("a path").to_string();
        assert_eq!(
            text,
            "critical path 4.00 ns, 2.25 ns of it on wires\n\
             \x20  1.50 ns clk-to-q a_q (Q)\n\
             \x20  2.25 ns routing  a_q[3]\n\
             \x20  0.25 ns setup    b_q (D)\n"
        );
    }

    #[test]
    fn a_report_cut_off_is_a_message() {
        let refusal = placed(&REPORT[..100]).expect_err("cut off").to_string();
        assert!(refusal.starts_with("nextpnr: report: unreadable"), "{refusal}");
    }
}
