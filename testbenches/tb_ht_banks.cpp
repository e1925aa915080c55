// tb_ht_banks.cpp: against one flat memory of words, group * LANES + lane
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("ht_banks");
  bench::Random random(33);
  Vdut& dut = b.dut();
  const int words = P_GROUPS * P_LANES;
  std::vector<uint64_t> flat(words, 0);  // zero after configuration

  for (int k = 0; k < 20000; ++k) {
    const int group = random.below(P_GROUPS);
    const int drain = random.below(P_LANES / P_DRAINS);
    const bool write = random.chance(60);
    const int first = group * P_LANES + drain * P_DRAINS;
    dut.i_we = write;
    dut.i_group = group;
    dut.i_drain = drain;
    std::vector<uint64_t> data(P_DRAINS);
    for (int r = 0; r < P_DRAINS; ++r) {
      data[r] = bench::low_bits(random.next(), P_WIDTH);
      bench::set_field(dut.i_wdata, r * P_WIDTH, P_WIDTH, data[r]);
    }
    // A read of a row that is being written is undefined: another one is read.
    int row = random.below(words / P_BANKS);
    while (write && row == first / P_BANKS) row = random.below(words / P_BANKS);
    dut.i_raddr = row * P_BANKS + random.below(P_BANKS);
    b.tick(dut);

    for (int bank = 0; bank < P_BANKS; ++bank)
      b.expect("word", bench::field(dut.o_rdata, bank * P_WIDTH, P_WIDTH),
               flat[row * P_BANKS + bank], k);
    for (int r = 0; write && r < P_DRAINS; ++r) flat[first + r] = data[r];
  }
  return b.finish();
}
