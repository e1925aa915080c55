// scenario.h: what a run of ht_top_tb does: the vectors and the scenario, read from two files
//
// docs/simulation.md describes both formats. Anything unexpected ends the bench with status 2.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_SCENARIO_H
#define HTGEN_SCENARIO_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace bench {

// Stops the bench: something is wrong with its environment, not with the design.
[[noreturn]] inline void fatal(const std::string& what) {
  std::fprintf(stderr, "ht_top_tb: %s\n", what.c_str());
  std::exit(2);
}

// Something that happens in the middle of a sequence.
struct Event {
  enum Kind { kNone, kReset, kEarlyLast } kind = kNone;
  uint64_t beat = 0;    // reset: beats accepted before it; early tlast: the beat that has it
  uint64_t clocks = 0;  // reset: clocks from the last of these beats to the reset
};

// One sequence with the output vectors that it must produce.
struct Sequence {
  uint32_t n_steps = 0;
  uint32_t n_vectors = 0;
  std::vector<int16_t> elements;  // n_steps times the elements of a step
  std::vector<int16_t> expected;  // n_vectors times the values of a vector
  Event event;
};

// The vectors.
struct Vectors {
  uint32_t slot_bits = 0;          // place of an element in a beat, bits
  uint32_t elements_per_beat = 0;
  uint32_t elements_per_step = 0;
  uint32_t values = 0;             // of an output vector
  uint32_t every_step = 0;         // 1: an output vector after each time step
  std::vector<Sequence> sequences;

  uint64_t beats_per_step() const {
    return (elements_per_step + elements_per_beat - 1) / elements_per_beat;
  }
  // Time step of output vector `vector` of a sequence.
  uint32_t step_of(const Sequence& sequence, uint32_t vector) const {
    return every_step ? vector : sequence.n_steps - 1;
  }
};

// The numbers of a scenario.
struct Scenario {
  uint64_t seed = 0;
  uint64_t source_percent = 100;  // clocks in which the source offers the next beat
  uint64_t sink_percent = 100;    // clocks in which the sink is ready
  uint64_t stall_every = 0;       // the sink stops after this many values; 0: never
  uint64_t stall_clocks = 0;      // for this many clocks
  uint64_t idle_limit = 0;        // clocks without a word on either stream that mean a hang
  uint64_t tail_clocks = 0;       // clocks to continue after the last expected value
  uint64_t window_first = 0;      // time steps between whose starts instructions are timed
  uint64_t window_last = 0;
};

namespace detail {

inline uint32_t read_u32(std::istream& in) {
  unsigned char bytes[4];
  if (!in.read(reinterpret_cast<char*>(bytes), 4)) fatal("the vectors end early");
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

inline std::vector<int16_t> read_i16(std::istream& in, uint64_t count) {
  std::vector<char> bytes(2 * count);
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    fatal("the vectors end early");
  std::vector<int16_t> words(count);
  for (uint64_t k = 0; k < count; ++k)
    words[k] = static_cast<int16_t>(static_cast<uint8_t>(bytes[2 * k]) |
                                    static_cast<uint8_t>(bytes[2 * k + 1]) << 8);
  return words;
}

}  // namespace detail

inline Vectors read_vectors(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fatal("the vectors " + path + " are missing");
  char magic[8];
  if (!in.read(magic, 8) || std::memcmp(magic, "htgenvec", 8) != 0)
    fatal(path + " is no file of vectors");
  if (detail::read_u32(in) != 1) fatal(path + " has another version");
  Vectors vectors;
  vectors.slot_bits = detail::read_u32(in);
  vectors.elements_per_beat = detail::read_u32(in);
  vectors.elements_per_step = detail::read_u32(in);
  vectors.values = detail::read_u32(in);
  vectors.every_step = detail::read_u32(in);
  vectors.sequences.resize(detail::read_u32(in));
  for (Sequence& sequence : vectors.sequences) {
    sequence.n_steps = detail::read_u32(in);
    sequence.n_vectors = detail::read_u32(in);
    sequence.elements =
        detail::read_i16(in, uint64_t{sequence.n_steps} * vectors.elements_per_step);
    sequence.expected = detail::read_i16(in, uint64_t{sequence.n_vectors} * vectors.values);
  }
  if (in.peek() != std::char_traits<char>::eof()) fatal(path + " continues after its end");
  if (vectors.sequences.empty()) fatal(path + " has no sequence");
  return vectors;
}

// Reads a scenario; its events are assigned to their sequences.
inline Scenario read_scenario(const std::string& path, Vectors& vectors) {
  std::ifstream in(path);
  if (!in) fatal("the scenario " + path + " is missing");
  Scenario scenario;
  const std::map<std::string, uint64_t*> numbers = {
      {"seed", &scenario.seed},
      {"source_percent", &scenario.source_percent},
      {"sink_percent", &scenario.sink_percent},
      {"stall_every", &scenario.stall_every},
      {"stall_clocks", &scenario.stall_clocks},
      {"idle_limit", &scenario.idle_limit},
      {"tail_clocks", &scenario.tail_clocks},
      {"window_first", &scenario.window_first},
      {"window_last", &scenario.window_last},
  };
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream text(line);
    std::string key;
    text >> key;
    uint64_t sequence = 0;
    Event event;
    if (key == "reset" && text >> sequence >> event.beat >> event.clocks) {
      event.kind = Event::kReset;
    } else if (key == "early_tlast" && text >> sequence >> event.beat) {
      event.kind = Event::kEarlyLast;
    } else if (numbers.count(key) != 0 && text >> *numbers.at(key)) {
      continue;
    } else {
      fatal(path + " has a line that is not understood: " + line);
    }
    if (sequence >= vectors.sequences.size()) fatal(path + " names a sequence that is not there");
    vectors.sequences[sequence].event = event;
  }
  if (scenario.idle_limit == 0) fatal(path + " sets no idle_limit");
  if (scenario.source_percent == 0 || scenario.sink_percent == 0)
    fatal(path + " has a stream that never moves");
  return scenario;
}

}  // namespace bench

#endif
