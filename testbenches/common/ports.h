// ports.h: bits of Verilated ports, whatever their width
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_PORTS_H
#define HTGEN_PORTS_H

#include <cstddef>
#include <cstdint>

#include "verilated.h"

namespace bench {

// The low `bits` bits of `value`.
inline uint64_t low_bits(uint64_t value, int bits) {
  return bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1);
}

// `value`, of `bits` bits, as a signed number.
inline int64_t sign_extend(uint64_t value, int bits) {
  const uint64_t sign = uint64_t{1} << (bits - 1);
  return static_cast<int64_t>((low_bits(value, bits) ^ sign) - sign);
}

// Writes `bits` bits (1..32) of a port starting at bit `at`; ports wider than 64 bits are word
// arrays.
template <typename Port>
void set_field(Port& port, int at, int bits, uint64_t value) {
  const uint64_t mask = low_bits(~uint64_t{0}, bits) << at;
  port = static_cast<Port>((static_cast<uint64_t>(port) & ~mask) | (value << at & mask));
}
template <std::size_t N>
void set_field(VlWide<N>& port, int at, int bits, uint64_t value) {
  for (int k = 0; k < bits; ++k) {
    const uint32_t bit = uint32_t{1} << ((at + k) % 32);
    uint32_t& word = port[(at + k) / 32];
    word = (value >> k & 1) ? word | bit : word & ~bit;
  }
}

}  // namespace bench

#endif
