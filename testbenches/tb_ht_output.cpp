// tb_ht_output.cpp: vectors with their biases, one value every four clocks or as the sink takes
// them
//
// Argument: vectors, one line for each value: its bias, 0 if the module has no table.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bench.h"

namespace {

int64_t saturate(int64_t sum) { return sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: VECTORS");
  const auto biases = bench::read_vectors(argv[1], 1);
  if (biases.size() != P_OUTPUTS) bench::fatal("a bias for each value is needed");
  bench::Bench b("ht_output");
  bench::Random random(38);
  Vdut& dut = b.dut();

  bool reserved = false, going = false, final_vector = false;
  int left = 0;  // clocks until the value is offered
  int idx = 0;   // of the value on its way
  std::vector<int64_t> buffer(P_OUTPUTS);
  uint64_t sent = 0;

  for (int k = 0; k < 60000; ++k) {
    const bool reset = k == 0 || random.below(3000) == 0;
    const bool reserve = !reserved && random.chance(20);
    // Without a reserved vector, i_go means nothing; with one it comes once.
    const bool go = !going && random.chance(10);
    if (go)
      for (auto& value : buffer) value = random.number(16);
    dut.i_rst = reset;
    dut.i_reserve = reserve;
    dut.i_final = random.chance(50);
    dut.i_go = go;
    dut.i_ready = random.chance(k / 5000 % 2 ? 30 : 100);
    b.settle();

    const bool valid = going && left == 0;
    b.expect("idle", dut.o_idle, !reserved, k);
    b.expect("valid", k > 0 && dut.o_valid, valid, k);
    if (valid) {
      b.expect("value", bench::sign_extend(dut.o_data, 16), saturate(buffer[idx] + biases[idx][0]),
               k);
      b.expect("last", dut.o_last, idx == P_OUTPUTS - 1, k);
      b.expect("user", dut.o_user, final_vector, k);
    }
    // The buffer answers one clock later, with arbitrary values before the vector is there.
    const int64_t value = going ? buffer[dut.o_idx] : random.number(16);
    const bool taken = valid && dut.i_ready;
    b.tick(dut);
    dut.i_value = value & 0xffff;

    if (reset) {
      reserved = going = false;
      idx = 0;
      continue;
    }
    if (going && left > 0) --left;
    if (taken) {
      ++sent;
      left = 3;
      going = reserved = idx < P_OUTPUTS - 1;
      idx = going ? idx + 1 : 0;
    }
    if (go && reserved && !going && !taken) {
      going = true;
      left = 3;
    }
    if (reserve) {
      reserved = true;
      final_vector = dut.i_final;
    }
  }
  b.expect("many values", sent > 2000, 1, sent);
  return b.finish();
}
