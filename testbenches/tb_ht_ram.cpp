// tb_ht_ram.cpp: zero at the start, read latency 1, the output holds without a read
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main() {
  bench::Bench b("ht_ram");
  bench::Random random(2);
  Vdut& dut = b.dut();
  std::vector<uint64_t> model(P_DEPTH, 0);
  uint64_t output = 0;
  bool read_before = false;

  for (int k = 0; k < 20000; ++k) {
    const uint64_t waddr = random.below(P_DEPTH);
    const uint64_t raddr = k < P_DEPTH ? k : random.below(P_DEPTH);
    const uint64_t word = bench::low_bits(random.next(), P_WIDTH);
    // The first pass only reads; a clock never reads the address it writes.
    const bool write = k >= P_DEPTH && random.chance(60);
    const bool read = k < P_DEPTH || (random.chance(60) && !(write && raddr == waddr));
    dut.i_we = write;
    dut.i_waddr = waddr;
    bench::set_field(dut.i_wdata, 0, P_WIDTH, word);
    dut.i_re = read;
    dut.i_raddr = raddr;
    b.tick(dut);
    if (read) {
      output = model[raddr];
      read_before = true;
    }
    if (write) model[waddr] = word;
    if (read_before) b.expect("word", bench::field(dut.o_rdata, 0, P_WIDTH), output, k);
  }
  return b.finish();
}
