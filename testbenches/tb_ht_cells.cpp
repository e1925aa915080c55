// tb_ht_cells.cpp: every h of many time steps, in order and from the gates of its own time step
//
// Argument: vectors, one line for each time step: whether it starts a sequence; the order in which
// its groups arrive; the gates, group by group and lane by lane, of one part after another; then
// for each row and unit the Rust twin's h and where it goes: to the input buffer or not, its word
// there, the word of the hidden buffer. The latency is not compared, but a time step has to end.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

namespace {

constexpr int kDrains = P_LANES / P_DRAINS;  // clocks of a group
constexpr int kUnits = P_ROWS * P_CELLS;

struct Hidden {
  bool to_input;
  int64_t addr, slot, value;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: VECTORS");
  const int n_gates = P_GROUPS * P_LANES;
  const auto rows = bench::read_vectors(argv[1], 1 + P_GROUPS + P_PARTS * n_gates + 4 * kUnits);
  bench::Bench b("ht_cells");
  bench::Random random(41);
  Vdut& dut = b.dut();
  std::deque<Hidden> expected;
  bool done = false;  // seen

  // One clock, and what is written in it.
  const auto clock = [&](std::size_t at) {
    b.settle();
    const bool last = expected.size() == 1;
    if (dut.o_h_we && !expected.empty()) {
      const Hidden h = expected.front();
      expected.pop_front();
      b.expect("h", bench::sign_extend(dut.o_h_data, P_ACT_W), h.value, at);
      b.expect("to input", dut.o_h_input, h.to_input, at);
      if (h.to_input) b.expect("input word", dut.o_h_addr, h.addr, at);
      b.expect("hidden word", dut.o_h_slot, h.slot, at);
      b.expect("done", dut.o_done, last, at);
      done = done || last;
    } else {
      b.expect("h without a unit", dut.o_h_we || dut.o_h_input || dut.o_done, 0, at);
    }
    b.tick(dut);
  };
  const auto idle = [&](std::size_t at, uint64_t clocks) {
    dut.i_start = dut.i_gate_we = dut.i_early_we = 0;
    for (uint64_t k = 0; k < clocks && !done; ++k) {
      dut.i_first = random.chance(50);
      dut.i_gate_last = random.chance(50);
      dut.i_group = random.below(P_GROUPS);
      dut.i_drain = random.below(kDrains);
      clock(at);
    }
  };
  const auto reset = [&](std::size_t at) {
    expected.clear();
    dut.i_start = dut.i_gate_we = dut.i_early_we = 0;
    dut.i_rst = 1;
    // The first clock of a reset may find a write in progress: it must not happen.
    for (int k = 0; k < 3; ++k) {
      b.settle();
      b.expect("h in reset", dut.o_h_we || dut.o_h_input, 0, at);
      b.tick(dut);
    }
    dut.i_rst = 0;
  };

  // The drains of a group, clock by clock, into the buffer of the early part or of the other.
  const auto write = [&](std::size_t at, int64_t group, const int64_t* gates, bool early) {
    for (int drain = 0; drain < kDrains; ++drain) {
      dut.i_start = 0;
      dut.i_gate_we = !early;
      dut.i_early_we = early;
      dut.i_gate_last = drain == kDrains - 1;
      dut.i_group = group;
      dut.i_drain = drain;
      for (int d = 0; d < P_DRAINS; ++d)
        bench::set_field(dut.i_gates, d * 16, 16, gates[group * P_LANES + drain * P_DRAINS + d]);
      clock(at);
    }
  };

  dut.i_rst = 1;
  b.tick(dut);
  reset(0);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto& row = rows[k];
    const int64_t* gates = &row[1 + P_GROUPS];
    // A reset may come before a time step that starts a sequence, in the middle of another one.
    const bool broken = k + 1 < rows.size() && rows[k + 1][0] && random.chance(30);
    const uint64_t pause = random.chance(50) ? 0 : random.below(P_SERIAL ? 400 : 30);
    done = false;
    idle(k, 1 + random.below(12));
    if (P_PARTS == 2)
      for (int group = 0; group < P_GROUPS; ++group) write(k, group, gates + n_gates, true);
    dut.i_gate_we = dut.i_early_we = 0;
    dut.i_start = 1;
    dut.i_first = row[0] != 0;
    clock(k);
    for (int u = 0; u < kUnits; ++u) {
      const int64_t* h = gates + P_PARTS * n_gates + 4 * u;
      expected.push_back(Hidden{h[1] != 0, h[2], h[3], h[0]});
    }
    const int arriving = broken ? static_cast<int>(random.below(P_GROUPS + 1)) : P_GROUPS;
    for (int g = 0; g < arriving; ++g) {
      idle(k, pause == 0 ? random.below(3) : random.below(pause));
      write(k, row[1 + g], gates, false);
    }
    if (broken) {
      idle(k, random.below(P_SERIAL ? 1500 : 120));
      reset(k);
      continue;
    }
    idle(k, (P_SERIAL ? 17 : 1) * (40 + 5 * P_ROWS));
    b.expect("the time step ends", expected.size(), 0, k);
    expected.clear();
  }
  return b.finish();
}
