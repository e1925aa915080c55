// tb_ht_rom.cpp: the words of the image at read latency 1; fails when the image is missing
//
// Argument: the image, under the name that the module has as FILE.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: IMAGE");
  const std::vector<uint64_t> words = bench::read_image(argv[1], P_DEPTH);
  bench::Bench b("ht_rom");
  bench::Random random(3);
  Vdut& dut = b.dut();
  uint64_t output = 0;

  for (int k = 0; k < P_DEPTH + 5000; ++k) {
    const uint64_t address = k < P_DEPTH ? k : random.below(P_DEPTH);
    const bool read = k < P_DEPTH || random.chance(50);
    dut.i_addr = address;
    dut.i_re = read;
    b.tick(dut);
    if (read) output = words[address];
    b.expect("word", bench::field(dut.o_data, 0, P_WIDTH), output, k);
  }
  return b.finish();
}
