// bench.h: what every module bench shares: clock, random numbers, ports, comparison
//
// A bench is one Verilated module (class Vdut) and one C++ file. Parameters arrive as macros
// P_<NAME>, the same values that Verilator got. The exit status is 0 only if every comparison held
// and at least one was made.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_BENCH_H
#define HTGEN_BENCH_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "Vdut.h"
#include "verilated.h"

namespace bench {

// Stops the bench: something is wrong with its environment, not with the module.
[[noreturn]] inline void fatal(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(2);
}

// A number generator whose stream is the same everywhere (splitmix64).
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
  bool chance(unsigned percent) { return below(100) < percent; }
  // A signed number of `bits` bits: mostly uniform, often an extreme or near zero.
  int64_t number(int bits) {
    const int64_t top = int64_t{1} << (bits - 1);
    switch (below(8)) {
      case 0: return top - 1;
      case 1: return -top;
      case 2: return static_cast<int64_t>(below(bits > 1 ? 3 : 2)) - 1;
      default: return static_cast<int64_t>(next() >> (64 - bits)) - top;
    }
  }

 private:
  uint64_t state_;
};

// The low `bits` bits of `value`.
inline uint64_t low_bits(uint64_t value, int bits) {
  return bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1);
}

// `value`, of `bits` bits, as a signed number.
inline int64_t sign_extend(uint64_t value, int bits) {
  const uint64_t sign = uint64_t{1} << (bits - 1);
  return static_cast<int64_t>((low_bits(value, bits) ^ sign) - sign);
}

// The greatest integer that is not above a / b, for b > 0.
inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// Reads `bits` (1..64) bits of a port starting at bit `at`; ports wider than 64 bits are word
// arrays.
template <typename Port>
uint64_t field(const Port& port, int at, int bits) {
  return low_bits(static_cast<uint64_t>(port) >> at, bits);
}
template <std::size_t N>
uint64_t field(const VlWide<N>& port, int at, int bits) {
  uint64_t value = 0;
  for (int k = 0; k < bits; ++k)
    value |= static_cast<uint64_t>(port[(at + k) / 32] >> ((at + k) % 32) & 1) << k;
  return value;
}

// Writes `bits` bits of a port starting at bit `at`.
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

// The module, its clock, and the count of comparisons.
class Bench {
 public:
  explicit Bench(const char* name) : name_(name), dut_(new Vdut(&context_)) {}

  Vdut& dut() { return *dut_; }
  uint64_t clocks() const { return clocks_; }

  // Lets combinational outputs follow the inputs.
  void settle() { dut_->eval(); }

  // One clock edge, for a module with i_clk: outputs are those after the edge.
  template <typename Dut>
  void tick(Dut& dut) {
    dut.i_clk = 0;
    dut.eval();
    dut.i_clk = 1;
    dut.eval();
    ++clocks_;
  }

  // Compares; the first mismatches are printed with the caller's description.
  void expect(const char* what, int64_t got, int64_t expected, uint64_t at) {
    ++compared_;
    if (got == expected) return;
    if (++mismatches_ <= 10)
      std::fprintf(stderr, "%s: %s at %llu: expected %lld, got %lld\n", name_, what,
                   static_cast<unsigned long long>(at), static_cast<long long>(expected),
                   static_cast<long long>(got));
  }

  // The exit status of the bench.
  int finish() {
    dut_->final();
    std::printf("%s: %llu clocks, %llu comparisons, %llu mismatches\n", name_,
                static_cast<unsigned long long>(clocks_),
                static_cast<unsigned long long>(compared_),
                static_cast<unsigned long long>(mismatches_));
    return compared_ > 0 && mismatches_ == 0 ? 0 : 1;
  }

 private:
  const char* name_;
  VerilatedContext context_;
  std::unique_ptr<Vdut> dut_;
  uint64_t clocks_ = 0;
  uint64_t compared_ = 0;
  uint64_t mismatches_ = 0;
};

// Reads a $readmemh image: one word per line, // comments. Verilog continues with zeros if the file
// is missing; here that ends the bench, and so does a wrong number of words.
inline std::vector<uint64_t> read_image(const std::string& path, std::size_t n_words) {
  std::ifstream file(path);
  if (!file) fatal("the image " + path + " is missing");
  std::vector<uint64_t> words;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream code(line.substr(0, line.find("//")));
    uint64_t word = 0;
    while (code >> std::hex >> word) words.push_back(word);
  }
  if (words.size() != n_words) fatal("the image " + path + " has a wrong number of words");
  return words;
}

// Reads the vectors that the Rust twin wrote: lines of `n_columns` decimal numbers.
inline std::vector<std::vector<int64_t>> read_vectors(const std::string& path,
                                                      std::size_t n_columns) {
  std::ifstream file(path);
  if (!file) fatal("the vectors " + path + " are missing");
  std::vector<std::vector<int64_t>> rows;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream text(line);
    std::vector<int64_t> row;
    int64_t value = 0;
    while (text >> value) row.push_back(value);
    if (row.size() != n_columns) fatal("a line of " + path + " has a wrong number of columns");
    rows.push_back(row);
  }
  if (rows.empty()) fatal("the vectors " + path + " are empty");
  return rows;
}

}  // namespace bench

#endif
