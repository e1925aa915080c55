// tb_ht_skid.cpp: every word comes out once and in order, whatever valid and ready do
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <deque>

#include "bench.h"

int main() {
  bench::Bench b("ht_skid");
  bench::Random random(1);
  Vdut& dut = b.dut();
  std::deque<uint64_t> under_way;

  dut.i_rst = 1;
  dut.i_in_valid = 0;
  dut.i_out_ready = 0;
  b.tick(dut);
  dut.i_rst = 0;

  bool offered = false;
  uint64_t word = 0;
  for (int k = 0; k < 20000; ++k) {
    // Phases of the run: both sides fast, slow producer, slow consumer, both slow.
    const unsigned producer = (k / 1000 % 2) ? 40 : 100;
    const unsigned consumer = (k / 2000 % 2) ? 40 : 100;
    if (!offered && random.chance(producer)) {
      offered = true;
      word = bench::low_bits(random.next(), P_DATA_W);
    }
    dut.i_in_valid = offered;
    bench::set_field(dut.i_in_data, 0, P_DATA_W, offered ? word : random.next());
    dut.i_out_ready = random.chance(consumer);
    b.settle();

    // ready is a register: it must not follow this clock's i_out_ready.
    const bool ready = dut.o_in_ready;
    dut.i_out_ready = !dut.i_out_ready;
    b.settle();
    b.expect("ready follows the consumer", dut.o_in_ready, ready, k);
    dut.i_out_ready = !dut.i_out_ready;
    b.settle();

    if (offered && dut.o_in_ready) {
      under_way.push_back(word);
      offered = false;
    }
    b.expect("valid", dut.o_out_valid, !under_way.empty() || offered, k);
    if (dut.o_out_valid && dut.i_out_ready && !under_way.empty()) {
      b.expect("word", bench::field(dut.o_out_data, 0, P_DATA_W), under_way.front(), k);
      under_way.pop_front();
    }
    b.tick(dut);
  }
  b.expect("words held", under_way.size() <= 1, 1, 0);
  return b.finish();
}
