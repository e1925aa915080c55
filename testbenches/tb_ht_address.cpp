// tb_ht_address.cpp: the addresses of random loop nests, two clocks after each iteration
//
// Argument: vectors, one per line: start, level, nest, operand base, result base, and the three
// addresses that follow from the loop indices.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: VECTORS");
  const auto rows = bench::read_vectors(argv[1], 8);
  bench::Bench b("ht_address");
  bench::Random random(36);
  Vdut& dut = b.dut();
  const std::vector<int64_t>*seen = nullptr, *next = nullptr;  // on the outputs, one clock earlier

  for (std::size_t k = 0; k <= rows.size(); ++k) {
    for (bool gap = true; gap;) {
      gap = k == rows.size() || random.chance(15);
      // A clock without an iteration has arbitrary inputs; bases count with the first iteration.
      const auto* row = gap ? nullptr : &rows[k];
      const bool first = row && (*row)[0];
      dut.i_valid = row != nullptr;
      dut.i_start = row ? first : random.chance(50);
      dut.i_level = row && !first ? (*row)[1] : random.below(P_LOOPS);
      dut.i_nest = row ? (*row)[2] : random.below(P_NESTS);
      dut.i_act_base = bench::low_bits(first ? (*row)[3] : random.next(), P_ACT_AW);
      dut.i_out_base = bench::low_bits(first ? (*row)[4] : random.next(), P_OUT_AW);
      b.tick(dut);
      if (next) seen = next;
      next = row;
      if (seen) {
        b.expect("operand", dut.o_act, (*seen)[5], k);
        b.expect("weight", dut.o_wgt, (*seen)[6], k);
        b.expect("result", dut.o_out, (*seen)[7], k);
      }
      if (k == rows.size()) break;
    }
  }
  return b.finish();
}
