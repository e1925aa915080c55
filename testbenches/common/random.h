// random.h: a number generator whose stream is the same everywhere (splitmix64)
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_RANDOM_H
#define HTGEN_RANDOM_H

#include <cstdint>

namespace bench {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 .. bound-1
  uint64_t below(uint64_t bound) { return next() % bound; }
  // True in `percent` of the calls.
  bool chance(unsigned percent) { return percent >= 100 || below(100) < percent; }

 private:
  uint64_t state_;
};

}  // namespace bench

#endif
