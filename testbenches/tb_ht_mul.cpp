// tb_ht_mul.cpp: the product of beat b from beat b+1 to beat b+2, at any legal spacing of beats
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

int main() {
  bench::Bench b("ht_mul");
  bench::Random random(8);
  Vdut& dut = b.dut();
  const int product_bits = P_A_W + P_B_W;
  const unsigned least = P_SERIAL ? P_B_W + 1 : 1;  // clocks from beat to beat
  std::deque<int64_t> products;                     // of the last beats, oldest first

  for (int beat = 0; beat < 5000; ++beat) {
    const unsigned spacing = least + (random.chance(50) ? 0 : random.below(4));
    for (unsigned clock = 1; clock <= spacing; ++clock) {
      // Operands of clocks that are no beat must not matter.
      const int64_t a = random.number(P_A_W);
      const int64_t c = random.number(P_B_W);
      bench::set_field(dut.i_a, 0, P_A_W, a);
      bench::set_field(dut.i_b, 0, P_B_W, c);
      dut.i_beat = clock == spacing;
      b.settle();
      if (products.size() == 2)
        b.expect("product",
                 bench::sign_extend(bench::field(dut.o_product, 0, product_bits), product_bits),
                 products.front(), beat);
      b.tick(dut);
      if (clock == spacing) products.push_back(a * c);
      if (products.size() > 2) products.pop_front();
    }
  }
  return b.finish();
}
