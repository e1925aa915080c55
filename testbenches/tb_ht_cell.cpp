// tb_ht_cell.cpp: units back to back and with gaps, over time steps, at latency 16
//
// Arguments: the table's image; vectors of the Rust twin, one line for each unit in order: gaps
// before it (of five beats), unit, first, z of i f g o, h.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

namespace {

constexpr unsigned kLatency = 16;                   // beats from phase 0 to the hidden state
constexpr unsigned kLeast = P_SERIAL ? 17 : 1;      // clocks from beat to beat

struct Expected {
  uint64_t beat;  // the beat after which it appears
  int64_t unit;
  int64_t h;
};

class CellBench {
 public:
  int run(const std::vector<std::vector<int64_t>>& rows) {
    reset();
    for (const auto& row : rows) {
      for (int64_t gap = 0; gap < row[0]; ++gap) group(nullptr);
      group(&row);
    }
    for (unsigned k = 0; k < kLatency / 5 + 2; ++k) group(nullptr);
    bench_.expect("outputs still to come", static_cast<int64_t>(expected_.size()), 0, beat_);
    return bench_.finish();
  }

 private:
  // Five beats: a unit, or nothing.
  void group(const std::vector<int64_t>* row) {
    for (int phase = 0; phase < 5; ++phase) {
      // Between beats, and where there is nothing to take, the inputs are noise.
      const unsigned spacing = kLeast + (random_.chance(70) ? 0 : random_.below(3));
      for (unsigned clock = 1; clock < spacing; ++clock) {
        noise();
        clock_edge(false);
      }
      noise();
      dut_.i_phase = phase;
      if (phase == 0) start(row);
      if (row != nullptr && phase < 4) dut_.i_z = static_cast<uint16_t>((*row)[3 + phase]);
      clock_edge(true);
    }
  }

  // Phase 0.
  void start(const std::vector<int64_t>* row) {
    dut_.i_valid = row != nullptr;
    if (row == nullptr) return;
    dut_.i_unit = (*row)[1];
    dut_.i_first = (*row)[2];
    expected_.push_back({beat_ + kLatency, (*row)[1], (*row)[7]});
  }

  void noise() {
    dut_.i_phase = random_.below(5);
    dut_.i_valid = random_.chance(50);
    dut_.i_first = random_.chance(50);
    dut_.i_unit = random_.below(P_UNITS);
    dut_.i_z = static_cast<uint16_t>(random_.next());
  }

  // One clock, and the outputs after it.
  void clock_edge(bool beat) {
    dut_.i_beat = beat;
    bench_.tick(dut_);
    const bool due = beat && !expected_.empty() && expected_.front().beat == beat_;
    bench_.expect("valid", dut_.o_h_valid, due, beat_);
    if (due) {
      bench_.expect("unit", dut_.o_h_unit, expected_.front().unit, beat_);
      bench_.expect("h", bench::sign_extend(dut_.o_h, P_ACT_W), expected_.front().h, beat_);
      expected_.pop_front();
    }
    if (beat) ++beat_;
  }

  void reset() {
    dut_.i_rst = 1;
    clock_edge(false);
    dut_.i_rst = 0;
  }

  bench::Bench bench_{"ht_cell"};
  bench::Random random_{10};
  Vdut& dut_ = bench_.dut();
  std::deque<Expected> expected_;
  uint64_t beat_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) bench::fatal("arguments: IMAGE VECTORS");
  bench::read_image(argv[1], 256);
  return CellBench().run(bench::read_vectors(argv[2], 8));
}
