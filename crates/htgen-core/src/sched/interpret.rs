//! The interpreter of the program: runs the microprogram word by word on banked memories, through
//! the same address streams as the hardware, and is thus a second executor beside `fixed`.
// SPDX-License-Identifier: MIT OR Apache-2.0

use super::cursor::Cursor;
use super::isa::{Dest, Kind, Source};
use super::program::Program;
use crate::arith::cell::{CellUnit, gate_sum};
use crate::arith::requant::saturate;
use crate::arith::{Requantize, WIDE_BITS};

/// One group of results as an instruction writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'a> {
    /// The instruction.
    pub instr: usize,
    /// How many groups it has written before.
    pub number: usize,
    /// Where the group goes, in groups of P words.
    pub group: usize,
    /// The results, one per lane.
    pub values: &'a [i32],
}

/// Runs a program.
pub struct Interpreter<'a> {
    program: &'a Program,
    cell: CellUnit,
    input: Vec<Vec<(i32, bool)>>,
    buffer: Vec<i32>,
    /// Of the part that completes the gates, and of the one before it.
    gates: [Vec<i32>; 2],
    /// Of the running time step, and of the previous one.
    hidden: [Vec<i32>; 2],
    output: Vec<i32>,
    c: Vec<i32>,
    frame: usize,
    fresh: bool,
}

impl<'a> Interpreter<'a> {
    /// All memories zero, as after configuration.
    pub fn new(program: &'a Program) -> Self {
        let lanes = program.lanes();
        let quant = program.quant();
        let rows: usize = program.tables().iter().map(|t| t.0.len()).sum();
        let gates = vec![0; program.gate_groups() * lanes];
        let hidden = vec![0; program.hidden().words];
        let groups = program.nests().iter().filter(|d| d.dest == Dest::Output);
        let outputs = groups.map(|d| d.loops.last().map_or(1, |l| l.bound)).max().unwrap_or(1);
        Interpreter {
            cell: quant.cell_unit(0),
            input: vec![vec![(0, false); program.input_words()]; program.loader().frames],
            buffer: vec![0; program.buffer_groups() * lanes],
            gates: [gates.clone(), gates],
            hidden: [hidden.clone(), hidden],
            output: vec![0; outputs.max(program.quant().outputs()) * lanes],
            c: vec![0; rows],
            frame: 0,
            fresh: true,
            program,
        }
    }
    /// The next time step starts a sequence.
    pub fn reset(&mut self) {
        self.fresh = true;
    }
    /// One time step on stream elements; returns the output vector as if one were due.
    pub fn step(&mut self, elements: &[i32]) -> Vec<i32> {
        self.step_watched(elements, &mut |_| {})
    }
    /// The same; `watch` receives every group of results in the order of the program, including
    /// those of the head.
    pub fn step_watched(
        &mut self,
        elements: &[i32],
        watch: &mut dyn FnMut(Written<'_>),
    ) -> Vec<i32> {
        self.load(elements);
        let instrs = self.program.instrs();
        self.hidden.swap(0, 1);
        let mut layer = 0;
        for (k, instr) in instrs.iter().enumerate() {
            self.run(k, watch);
            if instr.kind == Kind::Last {
                self.cells(layer);
                layer += 1;
            }
        }
        self.frame = (self.frame + 1) % self.program.loader().frames;
        self.fresh = false;
        self.read_output()
    }

    fn load(&mut self, elements: &[i32]) {
        let loader = self.program.loader();
        let mut cursor = Cursor::new(&loader.loops, 0, 0, 0);
        for write in elements.chunks(loader.elements) {
            for (k, &element) in write.iter().enumerate() {
                let word = cursor.act as usize + k * self.program.input_banks();
                let value = self.program.quant().input_word(element);
                self.input[self.frame][word] = (value, false);
            }
            cursor.advance();
        }
    }

    fn run(&mut self, number: usize, watch: &mut dyn FnMut(Written<'_>)) {
        let program = self.program;
        let instr = &program.instrs()[number];
        let nest = program.nest_of(number);
        let lanes = program.lanes();
        let narrow = nest.dest == Dest::Buffer;
        let bits = if narrow { program.quant().activation_bits() } else { WIDE_BITS };
        let requantize = Requantize { shift: nest.shift, bits };
        let mut sums = vec![0i64; lanes];
        let mut groups = 0;
        let mut cursor = Cursor::new(&nest.loops, instr.act_base, nest.weights, instr.out_base);
        loop {
            let weights = program.rom().word(cursor.wgt as usize);
            for (lane, (sum, &w)) in sums.iter_mut().zip(weights).enumerate() {
                let word = cursor.act as usize | (lane & nest.keep as usize);
                *sum += i64::from(w) * i64::from(self.operand(nest.source, word));
            }
            if cursor.at_group_end(nest.summed) {
                let memory = match nest.dest {
                    Dest::Buffer => &mut self.buffer,
                    Dest::Gates => &mut self.gates[0],
                    Dest::EarlierGates => &mut self.gates[1],
                    Dest::Output => &mut self.output,
                };
                let place = cursor.out as usize * lanes;
                let values = &mut memory[place..place + lanes];
                for (word, sum) in values.iter_mut().zip(&mut sums) {
                    *word = requantize.apply(std::mem::take(sum));
                }
                let group = cursor.out as usize;
                watch(Written { instr: number, number: groups, group, values });
                groups += 1;
            }
            if !cursor.advance() {
                return;
            }
        }
    }

    fn operand(&self, source: Source, word: usize) -> i32 {
        match source {
            Source::Input => match self.input[self.frame][word] {
                (_, true) if self.fresh => 0,
                (value, _) => value,
            },
            Source::Buffer => self.buffer[word],
            Source::Hidden => self.hidden[0][word],
            Source::HiddenBefore if self.fresh => 0,
            Source::HiddenBefore => self.hidden[self.program.hidden().halves - 1][word],
        }
    }

    /// The hidden units of a layer, in the order of the tables.
    fn cells(&mut self, layer: usize) {
        let next = (self.frame + 1) % self.program.loader().frames;
        let shift = self.program.quant().gate_shift();
        let count = self.program.cells();
        for (e, table) in self.program.tables().iter().enumerate() {
            for (row, unit) in table.0.iter().enumerate().filter(|(_, unit)| unit.layer == layer) {
                let rank = row * count + e;
                let z = [0, 1, 2, 3].map(|phase| {
                    let parts = unit.gates[phase].iter().zip(&self.gates);
                    let results = parts.map(|(place, gates)| place.map_or(0, |place| gates[place]));
                    gate_sum(results.sum(), unit.bias[phase], shift)
                });
                let c = if self.fresh { 0 } else { self.c[rank] };
                let (c, h) = self.cell.step(z, c as i16);
                let h = i32::from(h);
                (self.c[rank], self.hidden[0][unit.hidden_word]) = (i32::from(c), h);
                if let Some(word) = unit.input_word {
                    self.input[next][word] = (h, true);
                }
            }
        }
    }

    fn read_output(&self) -> Vec<i32> {
        let quant = self.program.quant();
        if let Some(head) = quant.head() {
            let sum = |o: usize| i64::from(self.output[o]) + i64::from(head.bias[o]);
            return (0..head.outputs).map(|o| saturate(sum(o), WIDE_BITS) as i32).collect();
        }
        let first = self.program.hidden().output;
        self.hidden[0][first..first + quant.outputs()].to_vec()
    }
}
