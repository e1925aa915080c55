// tb_ht_input_buffer.cpp: x several words at once, h one at a time, against one flat memory
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("ht_input_buffer");
  bench::Random random(34);
  Vdut& dut = b.dut();
  struct Word {
    uint64_t value = 0;
    bool mark = false;
  };
  std::vector<Word> flat(P_WORDS);  // zero after configuration
  const int row_words = P_BANKS * P_ELEMENTS;

  for (int k = 0; k < 20000; ++k) {
    // Nothing, x or h. Words of x written at once are BANKS apart, starting with the first ones of
    // a row.
    const int kind = random.below(3);
    const int x_row = random.below(P_WORDS / row_words);
    const int x_addr = x_row * row_words + random.below(P_BANKS);
    const int h_addr = random.below(P_WORDS);
    const uint64_t enables = kind == 1 ? bench::low_bits(random.next(), P_ELEMENTS) : 0;
    const uint64_t h = bench::low_bits(random.next(), P_WIDTH);
    std::vector<uint64_t> x(P_ELEMENTS);
    for (int e = 0; e < P_ELEMENTS; ++e) {
      x[e] = bench::low_bits(random.next(), P_WIDTH);
      bench::set_field(dut.i_x_data, e * P_WIDTH, P_WIDTH, x[e]);
    }
    dut.i_x_we = enables;
    dut.i_x_addr = x_addr;
    dut.i_h_we = kind == 2;
    dut.i_h_addr = h_addr;
    dut.i_h_data = h;
    // A read of a row that is being written is undefined: another one is read.
    const int written = kind == 1 ? x_row : kind == 2 ? h_addr / row_words : -1;
    int raddr = random.below(P_WORDS);
    while (raddr / row_words == written) raddr = random.below(P_WORDS);
    dut.i_raddr = raddr;
    b.tick(dut);

    for (int bank = 0; bank < P_BANKS; ++bank) {
      const Word& word = flat[raddr / P_BANKS * P_BANKS + bank];
      const int at = bank * (P_WIDTH + 1);
      b.expect("word", bench::field(dut.o_rdata, at, P_WIDTH), word.value, k);
      b.expect("mark", bench::field(dut.o_rdata, at + P_WIDTH, 1), word.mark, k);
    }
    for (int e = 0; e < P_ELEMENTS; ++e)
      if (enables >> e & 1) flat[x_addr + e * P_BANKS] = Word{x[e], false};
    if (kind == 2) flat[h_addr] = Word{h, true};
  }
  return b.finish();
}
