// tb_ht_round.cpp: add, round half up, saturate, against 128-bit arithmetic
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

namespace {

// Floor of `value` / 2^`shift`, written as a division so that it shares no operator with the RTL.
__int128 floor_divide(__int128 value, int shift) {
  const __int128 step = static_cast<__int128>(1) << shift;
  const __int128 quotient = value / step;
  return value % step < 0 ? quotient - 1 : quotient;
}

}  // namespace

int main() {
  bench::Bench b("ht_round");
  bench::Random random(7);
  Vdut& dut = b.dut();
  const __int128 step = static_cast<__int128>(1) << P_SHIFT;
  const __int128 top = static_cast<__int128>(1) << (P_OUT_W - 1);

  for (int k = 0; k < 100000; ++k) {
    int64_t data = random.number(P_IN_W);
    // Every other vector lies near a multiple of half a step, where rounding decides.
    if (k % 2 && P_SHIFT > 1 && P_IN_W > P_SHIFT + 1)
      data = random.number(P_IN_W - P_SHIFT) * static_cast<int64_t>(step / 2)
             + static_cast<int64_t>(random.below(3)) - 1;
    const int64_t add = random.number(P_ADD_W);
    bench::set_field(dut.i_data, 0, P_IN_W, data);
    bench::set_field(dut.i_add, 0, P_ADD_W, add);
    b.settle();
    const __int128 half = P_SHIFT > 0 ? step / 2 : 0;
    __int128 exact = floor_divide(data + add * step + half, P_SHIFT);
    exact = exact > top - 1 ? top - 1 : exact < -top ? -top : exact;
    b.expect("result", bench::sign_extend(bench::field(dut.o_data, 0, P_OUT_W), P_OUT_W),
             static_cast<int64_t>(exact), k);
  }
  return b.finish();
}
