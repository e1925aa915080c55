//! Which contraction step went wrong first: the results of the design compared with those of the
//! program's interpreter, for the sequence whose output differs.
//!
//! Results leave the engine in the order of the program, and the number of results of an
//! instruction is known, so counting them shows where a sequence begins.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::expect::whole_steps;
use super::harness::{Recording, Workspace};
use super::report::{Failure, Report};
use super::{EventKind, Mismatch, SimOptions, Stimulus};
use crate::config::OutputRate;
use crate::error::Result;
use crate::sched::{Interpreter, Kind, Program, ResultNames, Written};

/// The mismatch that caused a failure at the ports, as far inside as it can be traced.
pub(super) fn mismatch(
    workspace: &Workspace,
    program: &Program,
    stimulus: &Stimulus,
    options: &SimOptions,
    report: &Report,
    failure: &Failure,
) -> Result<Mismatch> {
    let outside = Mismatch {
        what: failure.what.clone(),
        sequence: failure.sequence,
        step: failure.step,
        contraction_step: None,
        element: format!("output {}", failure.element),
        expected: failure.expected,
        got: failure.got,
        seen_at: None,
    };
    if failure.what != "value" || !report.timed || !workspace.can_record() {
        return Ok(outside);
    }
    let recording = recording(program, stimulus, options, failure);
    let text = workspace.record(recording)?;
    let mut records = text.lines().filter_map(Record::parse);
    let found = first_difference(program, stimulus, failure, &mut records);
    Ok(found.map_or(outside.clone(), |inside| Mismatch {
        seen_at: Some(format!("output {} of time step {}", failure.element, failure.step)),
        sequence: outside.sequence,
        ..inside
    }))
}

/// Number of records left by one run of an instruction.
fn records_of(program: &Program, instr: usize) -> u64 {
    let nest = program.nest_of(instr);
    nest.cycles() / nest.summed_cycles() * (program.lanes() / program.drains()) as u64
}

/// Records of one time step: those of its contraction, and those of the head if it is due.
fn records_of_step(program: &Program, head: bool) -> u64 {
    let instrs = program.instrs().iter().enumerate();
    instrs.filter(|(_, i)| head || i.kind != Kind::Head).map(|(k, _)| records_of(program, k)).sum()
}

/// Where the records of the failing sequence are: after the last reset before it, and after those
/// of the sequences in between.
fn recording(
    program: &Program,
    stimulus: &Stimulus,
    options: &SimOptions,
    failure: &Failure,
) -> Recording {
    let resets = |k: &usize| {
        options.event(*k).is_some_and(|event| matches!(event.kind, EventKind::Reset { .. }))
    };
    let before: Vec<usize> = (0..failure.sequence).filter(resets).collect();
    let from = before.last().map_or(0, |&k| k + 1);
    let first = (from..failure.sequence)
        .map(|k| {
            let whole = whole_steps(program, stimulus, options, k);
            // A step with a wrong `tlast` is run and not answered.
            let cut = stimulus.steps(k) > whole;
            let answered: u64 = (0..whole)
                .map(|t| records_of_step(program, head_is_due(program, stimulus, k, t)))
                .sum();
            answered + if cut { records_of_step(program, false) } else { 0 }
        })
        .sum();
    let count = (0..=failure.step)
        .map(|t| records_of_step(program, head_is_due(program, stimulus, failure.sequence, t)))
        .sum();
    Recording { resets: before.len(), first, count }
}

fn head_is_due(program: &Program, stimulus: &Stimulus, sequence: usize, step: usize) -> bool {
    program.hw().output == OutputRate::Step || step + 1 == stimulus.steps(sequence)
}

/// One line of the record: some lanes of one group of results.
struct Record {
    dest: u32,
    group: usize,
    drain: usize,
    values: Vec<i32>,
}

impl Record {
    fn parse(line: &str) -> Option<Record> {
        let mut numbers = line.split(' ').map(|word| word.parse::<i32>().ok());
        let mut next = || numbers.next().flatten();
        let (dest, group, drain) = (next()?, next()?, next()?);
        let values = numbers.collect::<Option<Vec<i32>>>()?;
        Some(Record { dest: dest as u32, group: group as usize, drain: drain as usize, values })
    }
}

/// Runs the failing sequence on the interpreter alongside the records.
fn first_difference(
    program: &Program,
    stimulus: &Stimulus,
    failure: &Failure,
    records: &mut dyn Iterator<Item = Record>,
) -> Option<Mismatch> {
    let names = ResultNames::of(program);
    let mut interpreter = Interpreter::new(program);
    let mut found = None;
    for t in 0..=failure.step {
        let head = head_is_due(program, stimulus, failure.sequence, t);
        interpreter.step_watched(stimulus.step(failure.sequence, t), &mut |written| {
            let is_head = program.instrs()[written.instr].kind == Kind::Head;
            if found.is_none() && (head || !is_head) {
                found = compare(program, &names, &written, records)
                    .map(|difference| Mismatch { step: t, ..difference });
            }
        });
        if found.is_some() {
            break;
        }
    }
    found
}

/// Compares one group of results with its records.
fn compare(
    program: &Program,
    names: &ResultNames<'_>,
    written: &Written<'_>,
    records: &mut dyn Iterator<Item = Record>,
) -> Option<Mismatch> {
    let nest = program.nest_of(written.instr);
    let dest = u32::from(nest.dest.code());
    let difference = |what: &str, element: String, expected: i64, got: i64| Mismatch {
        what: what.into(),
        sequence: 0,
        step: 0,
        contraction_step: Some(nest.step),
        element,
        expected,
        got,
        seen_at: None,
    };
    let drains = program.drains();
    for _ in 0..program.lanes() / drains {
        let record = records.next()?;
        let (group, place) = (written.group as i64, record.group as i64);
        if (record.dest, place) != (dest, group) {
            let element = format!("result {} of the instruction", written.number);
            return Some(difference("place", element, group, place));
        }
        for (r, &got) in record.values.iter().enumerate() {
            let lane = record.drain * drains + r;
            let expected = written.values.get(lane).copied().unwrap_or(0);
            // Lanes past the end of an index carry arbitrary values.
            let name = (expected != got).then(|| names.name(written.instr, written.number, lane));
            if let Some(name) = name.flatten() {
                let element = format!("{name} (group {group}, lane {lane})");
                return Some(difference("result", element, expected.into(), got.into()));
            }
        }
    }
    None
}
