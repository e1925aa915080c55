// tb_ht_act.cpp: both functions, the Rust twin's values and the header's rule, at latency 5
//
// Arguments: the table's image; vectors of the Rust twin, one per line: z, tanh, y; the image of
// the hard sigmoid, if it replaces the sigmoid. The rule is also computed here from the image, so
// that a bench whose table is not read cannot pass.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

namespace {

std::vector<uint64_t> table, gate_table;

int64_t look_up(const std::vector<uint64_t>& table, int64_t z) {
  int64_t a = z < 0 ? -z : z;
  if (a > 32767) a = 32767;
  const uint64_t word = table[a / 128];
  const int64_t base = 16384 + static_cast<int64_t>(word % 16384);
  const int64_t slope = static_cast<int64_t>(word / 16384);
  int64_t y = base + (slope * (a % 128) + 64) / 128;
  if (y > 32767) y = 32767;
  return z < 0 ? 32768 - y : y;
}

int64_t tanh_by_sigmoid(int64_t z) {
  const int64_t doubled = 2 * z > 32767 ? 32767 : 2 * z < -32768 ? -32768 : 2 * z;
  return 2 * look_up(table, doubled) - 32768;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != (P_HARD ? 4 : 3)) bench::fatal("arguments: IMAGE VECTORS [HARD_IMAGE]");
  table = bench::read_image(argv[1], 256);
  gate_table = P_HARD ? bench::read_image(argv[3], 256) : table;
  const auto rows = bench::read_vectors(argv[2], 3);
  bench::Bench b("ht_act");
  bench::Random random(9);
  Vdut& dut = b.dut();
  const std::size_t latency = 5;
  const unsigned least = P_SERIAL ? 9 : 1;  // clocks from beat to beat

  for (std::size_t beat = 0; beat < rows.size() + latency; ++beat) {
    const unsigned spacing = least + (random.chance(80) ? 0 : random.below(3));
    for (unsigned clock = 1; clock < spacing; ++clock) {
      dut.i_z = static_cast<uint16_t>(random.next());
      dut.i_tanh = random.chance(50);
      dut.i_beat = 0;
      b.tick(dut);
    }
    if (beat < rows.size()) {
      dut.i_z = static_cast<uint16_t>(rows[beat][0]);
      dut.i_tanh = rows[beat][1];
    }
    dut.i_beat = 1;
    b.settle();
    if (beat >= latency) {
      const auto& row = rows[beat - latency];
      const int64_t y = bench::sign_extend(dut.o_y, 16);
      b.expect("value", y, row[2], beat - latency);
      b.expect("rule", y, row[1] ? tanh_by_sigmoid(row[0]) : look_up(gate_table, row[0]), beat - latency);
    }
    b.tick(dut);
  }
  return b.finish();
}
