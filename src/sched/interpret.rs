//! The interpreter of the program: runs the microprogram word by word on banked memories, through
//! the same address streams as the hardware, and so is a second executor beside `fixed`.

use super::nest::Cursor;
use super::program::{Dest, Kind, Program, Source};
use crate::fixed::cell::{CellFormat, GateSums, gate_sum};
use crate::fixed::requant::saturate;
use crate::fixed::{Executor, Requantise, align_gate};
use crate::quant::WIDE_BITS;

/// One group of results as an instruction writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'a> {
    /// The instruction.
    pub instr: usize,
    /// How many groups it has written before.
    pub number: usize,
    /// Where the group goes, in groups of P words.
    pub group: usize,
    /// The results, one a lane.
    pub values: &'a [i32],
}

/// Runs a program.
pub struct Interpreter<'a> {
    program: &'a Program,
    cell: CellFormat,
    input: Vec<Vec<(i32, bool)>>,
    buffer: Vec<i32>,
    gates: Vec<i32>,
    hidden: Vec<i32>,
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
        let slots: usize = program.tables().iter().map(|t| t.0.len()).sum();
        let groups = program.descs().iter().filter(|d| d.dest == Dest::Output);
        let outputs = groups.map(|d| d.loops.last().map_or(1, |l| l.bound)).max().unwrap_or(1);
        Interpreter {
            cell: quant.cell_format(),
            input: vec![vec![(0, false); program.input_words()]; program.loader().frames],
            buffer: vec![0; program.buffer_groups() * lanes],
            gates: vec![0; program.gate_groups() * lanes],
            hidden: vec![0; slots],
            output: vec![0; outputs.max(program.quant().outputs()) * lanes],
            c: vec![0; slots],
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
    /// The same; `watch` is told every group of results in the order of the program, the head's
    /// included.
    pub fn step_watched(
        &mut self,
        elements: &[i32],
        watch: &mut dyn FnMut(Written<'_>),
    ) -> Vec<i32> {
        self.load(elements);
        let instrs = self.program.instrs();
        let of_head = |k: &usize| instrs[*k].kind == Kind::Head;
        for k in (0..instrs.len()).filter(|k| !of_head(k)) {
            self.run(k, watch);
        }
        self.cells();
        for k in (0..instrs.len()).filter(of_head) {
            self.run(k, watch);
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
                let value = Executor::input_word(self.program.quant(), element);
                self.input[self.frame][word] = (value, false);
            }
            cursor.advance();
        }
    }

    fn run(&mut self, number: usize, watch: &mut dyn FnMut(Written<'_>)) {
        let program = self.program;
        let instr = &program.instrs()[number];
        let desc = &program.descs()[instr.desc];
        let lanes = program.lanes();
        let narrow = desc.dest == Dest::Buffer;
        let bits = if narrow { program.quant().activation_bits() } else { WIDE_BITS };
        let requantise = Requantise { shift: desc.shift, bits };
        let mut sums = vec![0i64; lanes];
        let mut groups = 0;
        let mut cursor = Cursor::new(&desc.loops, instr.act_base, desc.weights, instr.out_base);
        loop {
            let weights = &program.rom()[cursor.wgt as usize];
            for (lane, (sum, &w)) in sums.iter_mut().zip(weights).enumerate() {
                let word = cursor.act as usize | (lane & desc.keep as usize);
                *sum += i64::from(w) * i64::from(self.operand(desc.source, word));
            }
            if cursor.at_group_end(desc.summed) {
                let memory = match desc.dest {
                    Dest::Buffer => &mut self.buffer,
                    Dest::Gates => &mut self.gates,
                    Dest::Output => &mut self.output,
                };
                let place = cursor.out as usize * lanes;
                let values = &mut memory[place..place + lanes];
                for (word, sum) in values.iter_mut().zip(&mut sums) {
                    *word = requantise.apply(std::mem::take(sum));
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
            Source::Hidden => self.hidden[word],
        }
    }

    /// All hidden units, in the order of the tables.
    fn cells(&mut self) {
        let next = (self.frame + 1) % self.program.loader().frames;
        let shift = self.program.quant().cell().gate_shift;
        let count = self.program.cells();
        for (e, table) in self.program.tables().iter().enumerate() {
            for (row, unit) in table.0.iter().enumerate() {
                let rank = row * count + e;
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| {
                    let aligned = align_gate(self.gates[unit.gates[gate]], shift);
                    gate_sum(aligned, unit.bias[gate] as i16)
                });
                let c = if self.fresh { 0 } else { self.c[rank] };
                let (c, h) = self.cell.step(GateSums { i, f, g, o }, c as i16);
                let h = i32::from(h);
                (self.c[rank], self.hidden[rank]) = (i32::from(c), h);
                if let Some(word) = unit.hidden_word {
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
        let count = self.program.cells();
        let mut out = vec![0; quant.cell().units];
        for (e, table) in self.program.tables().iter().enumerate() {
            for (row, unit) in table.0.iter().enumerate() {
                if let Some(j) = unit.unit {
                    out[j] = self.hidden[row * count + e];
                }
            }
        }
        out
    }
}
