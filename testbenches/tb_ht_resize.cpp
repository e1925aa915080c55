// tb_ht_resize.cpp: numbers that fit come out unchanged, others as their low bits
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("ht_resize");
  bench::Random random(32);
  Vdut& dut = b.dut();

  for (int k = 0; k < 5000; ++k) {
    const uint64_t number = bench::low_bits(random.next() >> random.below(P_IN_W), P_IN_W);
    bench::set_field(dut.i_data, 0, P_IN_W, number);
    b.settle();
    const uint64_t rest = P_OUT_W < 64 ? number >> (P_OUT_W % 64) : 0;
    const uint64_t kept = P_OUT_W < 64 ? number - (rest << (P_OUT_W % 64)) : number;
    b.expect("number", bench::field(dut.o_data, 0, P_OUT_W), kept, k);
  }
  return b.finish();
}
