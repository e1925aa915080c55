// tb_ht_writeback.cpp: every sum requantized, in order and in its clock
//
// Argument: vectors, one line for each nest: shift over SHIFT_MIN, destination.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <map>

#include "bench.h"

namespace {

constexpr int kDrains = P_LANES / P_DRAINS;  // clocks of a group

struct Result {
  bool last, end;
  int64_t dest, group, drain;
  std::vector<int64_t> data;
};

int64_t requantize(int64_t sum, int shift, int bits) {
  const int64_t unit = int64_t{1} << shift;
  const int64_t top = int64_t{1} << (bits - 1);
  const int64_t rounded = bench::floor_div(2 * sum + unit, 2 * unit);
  return rounded >= top ? top - 1 : rounded < -top ? -top : rounded;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) bench::fatal("argument: VECTORS");
  const auto nests = bench::read_vectors(argv[1], 2);
  bench::Bench b("ht_writeback");
  bench::Random random(37);
  Vdut& dut = b.dut();
  std::map<int, Result> results;  // by the clock in which they are seen
  std::map<int, bool> completes;  // likewise
  int wait = 0;                   // clocks until the next group may come

  for (int k = 0; k < 20000; ++k) {
    const bool reset = k == 0 || random.below(1000) == 0;
    const bool valid = !reset && wait == 0 && random.chance(k / 2000 % 2 ? 30 : 100);
    const bool end = random.chance(30);
    const int nest = random.below(P_NESTS);
    const int64_t group = bench::low_bits(random.next(), P_OUT_AW);
    const int shift = P_SHIFT_MIN + static_cast<int>(nests[nest][0]);
    const int dest = static_cast<int>(nests[nest][1]);
    std::vector<int64_t> sums(P_LANES);
    for (int lane = 0; lane < P_LANES; ++lane) {
      // Half of them near the limits, where rounding and saturation meet.
      const int bits = random.chance(50) ? P_ACC_W : std::min(P_ACC_W, shift + P_ACT_W + 1);
      sums[lane] = random.number(bits);
      bench::set_field(dut.i_acc, lane * P_ACC_W, P_ACC_W, sums[lane]);
    }
    dut.i_rst = reset;
    dut.i_valid = valid;
    dut.i_end = end;
    dut.i_nest = nest;
    dut.i_group = group;
    b.tick(dut);

    if (reset) {
      results.clear();
      completes.clear();
      wait = 0;
    } else if (valid) {
      for (int drain = 0; drain < kDrains; ++drain) {
        Result r{drain == kDrains - 1, end, dest, group, drain, {}};
        for (int lane = drain * P_DRAINS; lane < (drain + 1) * P_DRAINS; ++lane)
          r.data.push_back(requantize(sums[lane], shift, dest == 0 ? P_ACT_W : 16));
        results[k + drain + 2] = r;
      }
      completes[k + kDrains - 1] = end;
      wait = kDrains - 1;
    } else if (wait > 0) {
      --wait;
    }

    b.expect("complete", dut.o_complete, completes.count(k) && completes[k], k);
    b.expect("valid", dut.o_valid, results.count(k), k);
    if (!results.count(k)) continue;
    const Result& r = results[k];
    b.expect("last", dut.o_last, r.last, k);
    b.expect("end", dut.o_end, r.end, k);
    b.expect("destination", dut.o_dest, r.dest, k);
    b.expect("group", dut.o_group, r.group, k);
    b.expect("drain", dut.o_drain, r.drain, k);
    for (int d = 0; d < P_DRAINS; ++d)
      b.expect("result", bench::sign_extend(bench::field(dut.o_data, d * 16, 16), 16), r.data[d], k);
  }
  return b.finish();
}
