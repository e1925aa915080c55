// tb_ht_loader.cpp: addresses, words, credits and misplaced tlasts, clock by clock
//
// Argument: vectors, one line for each loop of the write address, innermost first: iterations,
// stride in words.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

namespace {

constexpr int kAllSlabs = P_SLABS * P_FRAMES;

int64_t convert(uint64_t bits) {
  const int64_t element = P_IN_SIGNED ? bench::sign_extend(bits, P_IN_W) : bits;
  const int64_t scale = int64_t{1} << (P_SHIFT_LEFT < 0 ? -P_SHIFT_LEFT : P_SHIFT_LEFT);
  const int64_t top = int64_t{1} << (P_WIDTH - 1);
  const int64_t moved = P_SHIFT_LEFT < 0 ? bench::floor_div(2 * element + scale, 2 * scale)
                                         : element * scale;
  return moved >= top ? top - 1 : moved < -top ? -top : moved;
}

// The loader as its header says.
struct Model {
  int free = kAllSlabs;  // slabs that may be filled
  int column = 0;        // elements of the time step that are written
  int in_beat = 0;       // ... of the beat
  int filled = 0;        // slabs of the time step that are counted
  bool frame = false;
  bool aborted = false;
  bool error = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: VECTORS");
  const auto loops = bench::read_vectors(argv[1], 2);
  bench::Bench b("ht_loader");
  bench::Random random(39);
  Vdut& dut = b.dut();
  Model m;
  bool offered = false;
  std::vector<uint64_t> beat(P_BEAT);
  uint64_t frames = 0, aborts = 0;

  // The word of write number n of a time step: its loop indices times their strides.
  const auto address = [&](int64_t n) {
    int64_t word = 0;
    for (const auto& loop : loops) {
      word += n % loop[0] * loop[1];
      n /= loop[0];
    }
    return word;
  };

  for (int k = 0; k < 60000; ++k) {
    const bool reset = k == 0 || random.below(5000) == 0;
    const bool slow_source = k / 3000 % 2, slow_program = k / 6000 % 2;
    if (!offered && random.chance(slow_source ? 40 : 100)) {
      offered = true;
      for (int e = 0; e < P_BEAT; ++e) {
        beat[e] = bench::low_bits(random.next(), P_IN_W);
        // The bits of a slot above the element mean nothing.
        bench::set_field(dut.i_data, e * P_SLOT_W, P_SLOT_W,
                         beat[e] | bench::low_bits(random.next(), P_SLOT_W) >> P_IN_W << P_IN_W);
      }
      const bool final_beat = m.column + P_BEAT >= P_INPUTS && !m.aborted;
      dut.i_last = random.chance(final_beat ? 40 : 4);
    }
    dut.i_rst = reset;
    dut.i_valid = offered;
    dut.i_block = random.chance(10);
    dut.i_slab_free = m.free < kAllSlabs && random.chance(slow_program ? 5 : 60);
    b.settle();

    const bool write = offered && m.free > 0 && !m.aborted && !dut.i_block;
    const bool fill = m.aborted && m.free > 0;
    const int next = m.column + P_ELEMENTS;
    const bool frame_end = next >= P_INPUTS;
    const bool beat_end = m.in_beat + P_ELEMENTS == P_BEAT || frame_end;
    const bool slab = (write && (frame_end || next % P_SLAB_COLUMNS == 0)) || fill;
    const bool done = slab && m.filled == P_SLABS - 1;
    const bool taken = write && beat_end;
    if (k > 0) {
      b.expect("taken", offered && dut.o_ready, taken, k);
      b.expect("slab full", dut.o_slab_full, slab, k);
      b.expect("frame done", dut.o_frame_done, done, k);
      b.expect("error", dut.o_error, m.error, k);
      if (done) b.expect("abort", dut.o_frame_abort, m.aborted, k);
      if (done) b.expect("last", dut.o_frame_last, m.aborted || dut.i_last, k);
      for (int e = 0; e < P_ELEMENTS; ++e) {
        const bool we = write && !reset && m.column + e < P_INPUTS;
        b.expect("write", dut.o_we >> e & 1, we, k);
        if (!we) continue;
        const uint64_t word = bench::field(dut.o_words, e * P_WIDTH, P_WIDTH);
        b.expect("word", bench::sign_extend(word, P_WIDTH), convert(beat[m.in_beat + e]), k);
      }
      if (write)
        b.expect("address", dut.o_addr,
                 address(m.column / P_ELEMENTS) + (m.frame ? P_FRAME_WORDS : 0), k);
    }
    b.tick(dut);

    if (reset) {
      m = Model{};
      offered = false;
      continue;
    }
    m.free += dut.i_slab_free - slab;
    if (taken) offered = false;
    if (write) {
      m.in_beat = beat_end ? 0 : m.in_beat + P_ELEMENTS;
      m.column = next;
      if (beat_end && dut.i_last && !frame_end) m.aborted = m.error = true;
    }
    if (slab) ++m.filled;
    if (done) {
      ++frames;
      aborts += fill;
      m.column = m.filled = 0;
      m.aborted = false;
      m.frame = P_FRAMES == 2 && !m.frame;
    }
  }
  b.expect("many time steps", frames > 100, 1, frames);
  if (P_INPUTS > P_BEAT) b.expect("some ended early", aborts > 10, 1, aborts);
  return b.finish();
}
