// tb_ht_requant.cpp: the Rust twin's results, one value per clock, two clocks later
//
// Argument: vectors, one per line: sum, shift over SHIFT_MIN, narrow, result, saturated.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: VECTORS");
  const auto rows = bench::read_vectors(argv[1], 5);
  bench::Bench b("ht_requant");
  Vdut& dut = b.dut();

  for (std::size_t k = 0; k < rows.size() + 1; ++k) {
    if (k < rows.size()) {
      bench::set_field(dut.i_acc, 0, P_ACC_W, rows[k][0]);
      dut.i_shift = rows[k][1];
      dut.i_narrow = rows[k][2];
    }
    b.tick(dut);
    if (k < 1) continue;
    const auto& row = rows[k - 1];
    b.expect("result", bench::sign_extend(bench::field(dut.o_data, 0, P_OUT_W), P_OUT_W), row[3],
             k - 1);
    b.expect("saturated", dut.o_saturated, row[4], k - 1);
  }
  return b.finish();
}
