//! Predicted cycles: a model of the control, clock by clock, with the source always valid and the
//! sink always ready.
//!
//! Mirrors the registers of `ht_loader`, `ht_sequencer`, `ht_writeback`, `ht_cells` and `ht_output`
//! that decide when something happens; no data. Clock 0 is the first one after reset. The
//! simulation tests demand equality with the Verilated design.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::isa::{Dest, Instr, Kind, Nest};
use super::loader::Loader;
use super::units::{Unit, UnitTable};
use crate::config::{CellMultiplier, HwConfig, OutputRate};
use crate::quant::QuantPlan;
use std::collections::VecDeque;

/// Cycle counts of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Cycles from one time step to the next inside a sequence.
    pub cycles_per_step: u64,
    /// Cycles that the end of a sequence adds: head and exposed tail.
    pub cycles_per_sequence: u64,
}

/// Clocks from a loop iteration to the capture of its sums.
const TO_CAPTURE: u64 = 7;
/// Clocks from a loop iteration to the release of its slab.
const TO_RELEASE: u64 = 3;
/// Beats from the decision to begin a unit to the beat that completes its h.
const CELL_BEATS: u64 = 18;
/// Clocks of a beat of a serial element-wise unit.
const SERIAL_CLOCKS: u64 = 17;

/// What decides when something happens: all that the control of the engine is made of.
pub(super) struct Control<'a> {
    pub quant: &'a QuantPlan,
    pub hw: &'a HwConfig,
    pub drains: usize,
    pub loader: &'a Loader,
    pub nests: Vec<&'a Nest>,
    pub instrs: Vec<&'a Instr>,
    pub tables: &'a [UnitTable],
}

impl Control<'_> {
    /// Clock in which the first instruction of every time step is dispatched, for back-to-back
    /// sequences of these lengths.
    pub fn start_cycles(&self, lengths: &[usize]) -> Vec<u64> {
        let mut model = Model::new(self, lengths);
        while model.starts.len() < model.ends.len() {
            model.pass_over(model.quiet_clocks());
            model.clock();
        }
        model.starts
    }

    fn nest_of(&self, instr: usize) -> &Nest {
        self.nests[self.instrs[instr].nest]
    }
}

impl Timing {
    pub(super) fn predict(control: &Control<'_>) -> Timing {
        let starts = control.start_cycles(&[5, 5, 1]);
        // The third to the fourth step: the first ones still fill the input buffer.
        let cycles_per_step = starts[4] - starts[3];
        let sequence = starts[10] - starts[5];
        Timing {
            cycles_per_step,
            cycles_per_sequence: sequence.saturating_sub(5 * cycles_per_step),
        }
    }
}

struct Model<'a> {
    control: &'a Control<'a>,
    /// Whether a time step ends its sequence.
    ends: Vec<bool>,
    every_step: bool,
    now: u64,
    starts: Vec<u64>,
    // ht_loader
    free: usize,
    column: usize,
    edge: usize,
    frames: usize,
    // ht_sequencer
    pc: usize,
    waiting: Option<usize>,
    full: usize,
    in_flight: usize,
    cell_busy: bool,
    active: Option<Active>,
    // events to come
    releases: VecDeque<u64>,
    completions: VecDeque<u64>,
    gate_groups: VecDeque<u64>,
    head_results: VecDeque<u64>,
    // ht_cells
    open: bool,
    groups: usize,
    row: usize,
    /// Clocks in which a row's h becomes valid.
    results: VecDeque<(u64, usize)>,
    // ht_output
    out_busy: bool,
    out_idle_at: Option<u64>,
}

#[derive(Clone, Copy)]
struct Active {
    instr: usize,
    iteration: u64,
}

impl<'a> Model<'a> {
    fn new(control: &'a Control<'a>, lengths: &[usize]) -> Self {
        let loader = control.loader;
        let ends =
            lengths.iter().flat_map(|&n| (0..n).map(move |t| t + 1 == n)).collect::<Vec<bool>>();
        Model {
            control,
            ends,
            every_step: control.hw.output == OutputRate::Step,
            now: 0,
            starts: Vec::new(),
            free: loader.slabs * loader.frames,
            column: 0,
            edge: 0,
            frames: 0,
            pc: 0,
            waiting: None,
            full: 0,
            in_flight: 0,
            cell_busy: false,
            active: None,
            releases: VecDeque::new(),
            completions: VecDeque::new(),
            gate_groups: VecDeque::new(),
            head_results: VecDeque::new(),
            open: false,
            groups: 0,
            row: 0,
            results: VecDeque::new(),
            out_busy: false,
            out_idle_at: None,
        }
    }

    /// Number of clocks from now on in which nothing happens except that the loader takes elements
    /// and the active loop nest continues inside a sum: no event is due, nothing is decided, no
    /// slab is filled.
    fn quiet_clocks(&self) -> u64 {
        let Some(next) = self.waiting else { return 0 };
        let skipped = self.control.instrs[next].kind == Kind::Head && !self.answer();
        let begins_unit = self.open && self.groups >= self.next_need();
        let starts = self.active.is_none() && self.may_start(next);
        if skipped || begins_unit || starts {
            return 0;
        }
        let events = [&self.releases, &self.completions, &self.gate_groups, &self.head_results];
        let due = events.into_iter().filter_map(|e| e.front().copied());
        let due = due.chain(self.results.front().map(|r| r.0)).chain(self.out_idle_at);
        let to_event = due.map(|at| at.saturating_sub(self.now)).min().unwrap_or(u64::MAX);
        let to_decision = self.active.map_or(u64::MAX, |active| {
            let nest = self.control.nest_of(active.instr);
            let (sum, whole) = (nest.summed_cycles(), nest.cycles());
            let to_boundary = sum - active.iteration % sum - 1;
            // In its last clock the next instruction may follow.
            to_boundary.min((whole - active.iteration).saturating_sub(2))
        });
        let quiet = to_decision.min(to_event).min(self.clocks_to_slab());
        if quiet == u64::MAX { 0 } else { quiet }
    }

    /// The rows of the tables, which all units go through in lock step.
    fn rows(&self) -> &'a [Unit] {
        &self.control.tables[0].0
    }

    /// What the next unit waits for.
    fn next_need(&self) -> usize {
        self.rows()[self.row].need
    }

    /// Whether the loader takes nothing, however long: the frames are over or no slab is free.
    fn loader_rests(&self) -> bool {
        self.free == 0 || self.frames == self.ends.len()
    }

    /// Clocks until the loader fills a slab, not counting that one.
    fn clocks_to_slab(&self) -> u64 {
        if self.loader_rests() {
            return u64::MAX;
        }
        let inputs = self.control.quant.input().count;
        let edge = self.edge.min(inputs);
        if edge <= self.column {
            return 0;
        }
        ((edge - self.column).div_ceil(self.control.loader.elements) - 1) as u64
    }

    /// Skips quiet clocks at once.
    fn pass_over(&mut self, clocks: u64) {
        if clocks == 0 {
            return;
        }
        self.now += clocks;
        if let Some(active) = &mut self.active {
            active.iteration += clocks;
        }
        if !self.loader_rests() {
            self.column += self.control.loader.elements * clocks as usize;
        }
    }

    fn answer(&self) -> bool {
        let step = self.starts.len().saturating_sub(1);
        self.every_step || self.ends.get(step).copied().unwrap_or(false)
    }

    /// One clock: everything is decided on the values of the registers, then they change.
    fn clock(&mut self) {
        let drains = (self.control.hw.lanes.get() / self.control.drains) as u64;
        let (h_input, cell_done, all_done) = self.cell_writes();
        let slab_full = self.load(h_input);
        let slab_free = take(&mut self.releases, self.now);
        let complete = take(&mut self.completions, self.now);
        let group = take(&mut self.gate_groups, self.now);
        let head_result = take(&mut self.head_results, self.now);
        let (dispatched, took_slab) = self.dispatch();
        let cell_start = dispatched.is_some_and(|k| self.control.instrs[k].kind == Kind::Last);
        self.begin_unit();

        if let Some(active) = self.active {
            self.issue(active, drains);
        }
        if let Some(instr) = dispatched {
            self.active = Some(Active { instr, iteration: 0 });
        }
        self.full = self.full + usize::from(slab_full) - usize::from(took_slab);
        self.free = self.free + usize::from(slab_free) - usize::from(slab_full);
        self.in_flight = self.in_flight + usize::from(dispatched.is_some()) - usize::from(complete);
        self.cell_busy = cell_start || (self.cell_busy && !cell_done);
        self.groups = if cell_start { 0 } else { self.groups + usize::from(group) };
        self.open |= cell_start;
        self.send(head_result, all_done);
        self.now += 1;
    }

    /// The loader's clock; true when a slab is filled.
    fn load(&mut self, blocked: bool) -> bool {
        let loader = self.control.loader;
        let inputs = self.control.quant.input().count;
        let slab = loader.slab_columns.min(inputs);
        if self.edge == 0 {
            self.edge = slab;
        }
        if self.free == 0 || blocked || self.frames == self.ends.len() {
            return false;
        }
        self.column += loader.elements;
        let frame_end = self.column >= inputs;
        let slab_end = self.column >= self.edge || frame_end;
        if slab_end {
            self.edge += slab;
        }
        if frame_end {
            (self.column, self.edge) = (0, slab);
            self.frames += 1;
        }
        slab_end
    }

    /// The sequencer's decision; the instruction that starts and whether it takes a slab.
    fn dispatch(&mut self) -> (Option<usize>, bool) {
        let Some(k) = self.waiting else {
            self.fetch();
            return (None, false);
        };
        let instr = self.control.instrs[k];
        if instr.kind == Kind::Head && !self.answer() {
            self.fetch();
            return (None, false);
        }
        let finishing = self.active.is_none_or(|a| a.iteration + 1 == self.cycles(a.instr));
        let reserves = instr.answers;
        let ready = finishing && self.may_start(k);
        if !ready {
            return (None, false);
        }
        if instr.opens_step {
            self.starts.push(self.now);
        }
        let took = instr.wait_input;
        if reserves && self.answer() {
            // Visible after this clock; nothing else looks at it in this one.
            self.out_busy = true;
        }
        self.fetch();
        (Some(k), took)
    }

    /// Whether only the preceding instruction holds back instruction `k`.
    fn may_start(&self, k: usize) -> bool {
        let instr = self.control.instrs[k];
        (!instr.wait_input || self.full > 0)
            && (!instr.wait_hidden || !self.cell_busy)
            && self.in_flight <= instr.lag
            && (!instr.answers || !self.out_busy)
    }

    fn fetch(&mut self) {
        self.waiting = Some(self.pc);
        self.pc = (self.pc + 1) % self.control.instrs.len();
    }

    fn cycles(&self, instr: usize) -> u64 {
        self.control.nest_of(instr).cycles()
    }

    /// One loop iteration and what follows from it.
    fn issue(&mut self, active: Active, drains: u64) {
        let instr = self.control.instrs[active.instr];
        let nest = self.control.nest_of(active.instr);
        let next = active.iteration + 1;
        let end = next == nest.cycles();
        if next.is_multiple_of(nest.summed_cycles()) {
            let last_drain = self.now + TO_CAPTURE + drains;
            if end {
                self.completions.push_back(last_drain);
            }
            match nest.dest {
                Dest::Gates => self.gate_groups.push_back(last_drain + 2),
                Dest::Output if end => self.head_results.push_back(last_drain + 3),
                _ => {}
            }
        }
        if end && instr.release_input {
            self.releases.push_back(self.now + TO_RELEASE);
        }
        self.active = (!end).then_some(Active { iteration: next, ..active });
    }

    fn beat_clocks(&self) -> u64 {
        match self.control.hw.cell_multiplier {
            CellMultiplier::Dsp => 1,
            CellMultiplier::Serial => SERIAL_CLOCKS,
        }
    }

    /// The element-wise units' decision to begin the next unit: every fifth beat.
    fn begin_unit(&mut self) {
        let clocks = self.beat_clocks();
        if self.now % clocks != clocks - 1 || self.now / clocks % 5 != 2 || !self.open {
            return;
        }
        let table = self.rows();
        if self.groups >= table[self.row].need {
            let beat = self.now / clocks + CELL_BEATS;
            let valid = beat * clocks + clocks;
            self.results.push_back((valid, self.row));
            self.open = !table[self.row].last;
            self.row = (self.row + 1) % table.len();
        }
    }

    /// What the element-wise units write in this clock: h to the input buffer, the last of a layer,
    /// and the last of all.
    fn cell_writes(&mut self) -> (bool, bool, bool) {
        let nothing = (false, false, false);
        let Some(&(valid, row)) = self.results.front() else { return nothing };
        let tables = self.control.tables;
        if self.now <= valid {
            return nothing;
        }
        let cell = (self.now - valid - 1) as usize;
        let input = tables[cell].0[row].input_word.is_some();
        let done = cell + 1 == tables.len();
        if done {
            self.results.pop_front();
        }
        (input, done && tables[0].0[row].last, done && row + 1 == tables[0].0.len())
    }

    /// The output stream: busy from the reservation until its last value has left.
    fn send(&mut self, head_result: bool, all_done: bool) {
        let go = if self.control.quant.head().is_some() { head_result } else { all_done };
        if go && self.out_busy {
            let values = self.control.quant.outputs() as u64;
            self.out_idle_at = Some(self.now + 4 * values);
        }
        if self.out_idle_at == Some(self.now) {
            (self.out_busy, self.out_idle_at) = (false, None);
        }
    }
}

/// Whether the next event is due in this clock.
fn take(events: &mut VecDeque<u64>, now: u64) -> bool {
    let due = events.front() == Some(&now);
    if due {
        events.pop_front();
    }
    due
}
