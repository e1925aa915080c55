// tb_ht_convert.cpp: every element against the header's rule, by division instead of shifts
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

namespace {

int64_t convert(int64_t element) {
  const int64_t scale = int64_t{1} << (P_SHIFT_LEFT < 0 ? -P_SHIFT_LEFT : P_SHIFT_LEFT);
  const int64_t top = int64_t{1} << (P_OUT_W - 1);
  // Half up: the floor of element / scale + 1/2.
  const int64_t moved = P_SHIFT_LEFT < 0 ? bench::floor_div(2 * element + scale, 2 * scale)
                                         : element * scale;
  return moved >= top ? top - 1 : moved < -top ? -top : moved;
}

}  // namespace

int main() {
  bench::Bench b("ht_convert");
  Vdut& dut = b.dut();

  for (uint64_t bits = 0; bits < uint64_t{1} << P_IN_W; ++bits) {
    bench::set_field(dut.i_data, 0, P_IN_W, bits);
    b.settle();
    const int64_t element = P_IN_SIGNED ? bench::sign_extend(bits, P_IN_W) : bits;
    const int64_t word = bench::sign_extend(bench::field(dut.o_data, 0, P_OUT_W), P_OUT_W);
    b.expect("word", word, convert(element), bits);
  }
  return b.finish();
}
