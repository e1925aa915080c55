// tb_ht_sequencer.cpp: every instruction in its clock, every iteration of it, and the hand-shakes
//
// Arguments: the program, one line for each instruction (operand, result, nest, lag, then the ten
// flags, lowest first); the nests, one per line (iterations of the loops, innermost first, then how
// many of them are summed). Around the module: a loader with credits, element-wise units, results
// and an output that take random times.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

namespace {

constexpr int kAllSlabs = P_SLABS * P_FRAMES;

struct Instr {
  int64_t act, out, nest, lag;
  bool wait_input, release_input, takes_frame, wait_hidden, reads_input, last, answers, opens;
  bool reads_hidden, reads_before;
};

struct Facts {
  bool last = false, abort = false;
};

std::vector<Instr> program;
std::vector<std::vector<int64_t>> nests;

// Index of each loop in iteration n.
std::vector<int64_t> indices(const std::vector<int64_t>& nest, int64_t n) {
  std::vector<int64_t> index;
  for (int l = 0; l < P_LOOPS; ++l) {
    index.push_back(n % nest[l]);
    n /= nest[l];
  }
  return index;
}

// What the sequencer knows, as described in its header and docs/engine.md.
struct Model {
  std::size_t pc = 0;
  bool fetched = false;       // the first instruction is there
  bool running = false;       // an iteration is issued in this clock
  Instr now{};                // ... of this instruction
  int64_t n = 0, count = 0;   // its number, and how many there are
  int64_t act = 0;            // first operand
  int full = 0;               // slabs filled and not taken
  int in_flight = 0;          // instructions started and not complete
  bool cell_busy = false;
  bool second_half = false;   // of the input buffer
  bool half = false;          // of the hidden buffer, of the running time step
  bool cell_half = false;     // the one that takes h
  bool cells_begun = false;   // since the reset
  bool out_half = false;      // the one of the output vector
  bool out_begun = false;
  std::deque<Facts> facts;    // of time steps that are filled and not reached
  Facts step;                 // of the running time step
  bool fresh = true;          // the next time step starts a sequence
  bool first = false;         // the running one does
};

// What the sequencer is connected to.
struct World {
  int credits = kAllSlabs;    // slabs that the loader may fill
  int filled = 0;             // of the time step being filled
  std::deque<int> releases;   // clocks until a slab is handed back
  std::deque<int> completes;  // clocks until results of an instruction are in flight
  int cell = -1;              // clocks until h is written
  int out = -1;               // clocks until the output has left
};

// True in the clock in which the first of a queue is due.
bool due(std::deque<int>& queue) {
  for (int& left : queue) left -= left > 0;
  if (queue.empty() || queue.front() > 0) return false;
  queue.pop_front();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) bench::fatal("arguments: PROGRAM NESTS");
  for (const auto& r : bench::read_vectors(argv[1], 14))
    program.push_back(Instr{r[0], r[1], r[2], r[3], r[4] != 0, r[5] != 0, r[6] != 0, r[7] != 0,
                            r[8] != 0, r[9] != 0, r[10] != 0, r[11] != 0, r[12] != 0, r[13] != 0});
  nests = bench::read_vectors(argv[2], P_LOOPS + 1);
  if (program.size() != P_PROGRAM_LEN) bench::fatal("a wrong number of instructions");
  bench::Bench b("ht_sequencer");
  bench::Random random(40);
  Vdut& dut = b.dut();
  Model m;
  World w;
  uint64_t steps = 0, answers = 0, heads_skipped = 0;

  for (int k = 0; k < 60000; ++k) {
    const bool reset = k == 0 || random.below(8000) == 0;
    const bool slow_source = k / 5000 % 2, slow_rest = k / 10000 % 2;
    const bool slab_full = w.credits > 0 && random.chance(slow_source ? 4 : 70);
    const bool frame_done = slab_full && w.filled == P_SLABS - 1;
    const Facts facts{random.chance(40), random.chance(10)};
    dut.i_rst = reset;
    dut.i_slab_full = slab_full;
    dut.i_frame_done = frame_done;
    dut.i_frame_last = facts.last;
    dut.i_frame_abort = facts.abort;
    dut.i_release = due(w.releases);
    dut.i_complete = due(w.completes);
    dut.i_cell_done = w.cell == 0;
    if (w.cell >= 0) --w.cell;
    if (w.out > 0) --w.out;
    dut.i_out_idle = w.out <= 0;
    b.settle();

    // Does the next instruction start now?
    const Instr& next = program[m.pc];
    const bool ending = m.running && m.n == m.count - 1;
    const bool skip = m.fetched && P_HEAD && next.answers &&
                      (m.step.abort || (!m.step.last && !P_EVERY_STEP));
    const bool starts = m.fetched && !skip && (!m.running || ending) &&
                        (!next.wait_input || m.full > 0) && (!next.wait_hidden || !m.cell_busy) &&
                        m.in_flight <= next.lag && (!next.answers || dut.i_out_idle);
    const Facts step = starts && next.takes_frame ? m.facts.front() : m.step;
    const bool answered = next.answers && !step.abort && (step.last || P_EVERY_STEP);

    if (k > 0) {
      b.expect("slab free", dut.o_slab_free, dut.i_release, k);
      b.expect("cell start", dut.o_cell_start, starts && next.last, k);
      if (starts && next.last)
        b.expect("cell first", dut.o_cell_first, next.opens ? m.fresh : m.first, k);
      if (P_FRAMES == 2) b.expect("cell frame", dut.o_cell_frame, m.second_half, k);
      b.expect("reserve", dut.o_out_reserve, starts && answered, k);
      if (starts && answered) b.expect("final", dut.o_out_final, step.last, k);
      b.expect("valid", dut.o_valid, m.running, k);
      if (m.cells_begun) b.expect("cell half", dut.o_cell_half, m.cell_half, k);
      if (m.out_begun) b.expect("output half", dut.o_out_half, m.out_half, k);
    }
    if (m.running) {
      const auto& nest = nests[m.now.nest];
      const auto index = indices(nest, m.n);
      bool first = true, last = true;
      for (int l = 0; l < nest[P_LOOPS]; ++l) {
        first = first && index[l] == 0;
        last = last && index[l] == nest[l] - 1;
      }
      b.expect("start", dut.o_start, m.n == 0, k);
      b.expect("first of a sum", dut.o_first, first, k);
      b.expect("last of a sum", dut.o_last, last, k);
      b.expect("end", dut.o_end, ending, k);
      b.expect("nest", dut.o_nest, m.now.nest, k);
      b.expect("fresh", dut.o_fresh, m.first, k);
      b.expect("release", dut.o_release, m.now.release_input, k);
      if (m.n == 0) {
        b.expect("operand", dut.o_act_base, m.act, k);
        b.expect("result", dut.o_out_base, m.now.out, k);
      } else {
        const auto before = indices(nest, m.n - 1);
        int level = P_LOOPS - 1;
        while (before[level] == index[level]) --level;
        b.expect("level", dut.o_level, level, k);
      }
    }
    b.tick(dut);

    if (reset) {
      m = Model{};
      w = World{};
      continue;
    }
    if (slab_full) --w.credits;
    if (slab_full) w.filled = frame_done ? 0 : w.filled + 1;
    if (dut.i_release) ++w.credits;
    if (ending && m.now.release_input) w.releases.push_back(3);
    if (ending) w.completes.push_back(static_cast<int>(8 + random.below(slow_rest ? 60 : 8)));
    if (starts && next.last) w.cell = static_cast<int>(5 + random.below(slow_rest ? 300 : 30));
    if (starts && answered) w.out = static_cast<int>(1 + random.below(slow_rest ? 400 : 40));

    m.full += slab_full - (starts && next.wait_input);
    m.in_flight += starts - dut.i_complete;
    m.cell_busy = (starts && next.last) || (m.cell_busy && !dut.i_cell_done);
    if (ending) m.running = false;
    if (m.running) ++m.n;
    if (starts) {
      m.running = true;
      m.now = next;
      m.n = 0;
      m.count = 1;
      for (int l = 0; l < P_LOOPS; ++l) m.count *= nests[next.nest][l];
      if (next.opens) m.half = !m.half;
      if (next.last) m.cell_half = m.half;
      m.cells_begun = m.cells_begun || next.last;
      if (next.answers) m.out_half = m.half;
      m.out_begun = m.out_begun || next.answers;
      const bool other = (next.reads_hidden && m.half) || (next.reads_before && !m.half);
      m.act = bench::low_bits(next.act + (next.reads_input && m.second_half ? P_FRAME_WORDS
                                          : other                           ? P_HIDDEN_HALF
                                                                            : 0),
                              P_ACT_AW);
      if (next.opens) m.first = m.fresh;
      if (next.release_input && P_FRAMES == 2) m.second_half = !m.second_half;
      if (next.takes_frame) {
        m.facts.pop_front();
        m.fresh = step.last || step.abort;
      }
      m.step = step;
      steps += next.takes_frame;
      answers += answered;
    }
    if (frame_done) m.facts.push_back(facts);
    heads_skipped += skip;
    if (!m.fetched) m.fetched = true;
    else if (starts || skip) m.pc = (m.pc + 1) % program.size();
  }
  b.expect("many time steps", steps > 100, 1, steps);
  b.expect("some answers", answers > 10, 1, answers);
  if (P_HEAD) b.expect("some heads skipped", heads_skipped > 5, 1, heads_skipped);
  return b.finish();
}
