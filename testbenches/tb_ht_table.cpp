// tb_ht_table.cpp: the words of the image at once; fails when the image is missing
//
// Argument: the image, under the name that the module has as FILE.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: IMAGE");
  const std::vector<uint64_t> words = bench::read_image(argv[1], P_DEPTH);
  bench::Bench b("ht_table");
  bench::Random random(4);

  for (int k = 0; k < P_DEPTH + 1000; ++k) {
    const uint64_t address = k < P_DEPTH ? k : random.below(P_DEPTH);
    b.dut().i_addr = address;
    b.settle();
    b.expect("word", bench::field(b.dut().o_data, 0, P_WIDTH), words[address], k);
  }
  return b.finish();
}
