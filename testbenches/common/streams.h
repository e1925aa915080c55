// streams.h: the two sides of the design: a source of beats and a sink that compares every value
//
// Both follow the AXI4-Stream rules themselves, and the sink checks that the design follows them.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_STREAMS_H
#define HTGEN_STREAMS_H

#include <cstdint>

#include "Vtop.h"
#include "ports.h"
#include "random.h"
#include "scenario.h"

namespace bench {

// The first thing that went wrong.
struct Failure {
  const char* what = nullptr;  // a word of docs/simulation.md
  uint64_t sequence = 0;
  uint32_t step = 0;
  uint32_t element = 0;
  int64_t expected = 0;
  int64_t got = 0;
};

// Feeds the sequences, one after another.
class Source {
 public:
  Source(const Vectors& vectors, const Scenario& scenario)
      : vectors_(vectors), percent_(scenario.source_percent), random_(scenario.seed ^ 0x50) {}

  bool done() const { return sequence_ >= vectors_.sequences.size(); }
  uint64_t sequence() const { return sequence_; }
  // Whether a tlast has been misplaced since the last reset.
  bool misplaced() const { return misplaced_; }
  uint64_t misplaced_in() const { return misplaced_in_; }

  // Sets the inputs for this clock. What is offered stays until it is taken.
  void drive(Vtop& dut, bool reset) {
    offered_ = !reset && (offered_ || (!done() && !waiting_ && random_.chance(percent_)));
    dut.s_axis_tvalid = offered_;
    if (offered_) {
      put_beat(dut);
    } else {
      // Nothing may depend on the data of a clock without valid.
      for (uint32_t k = 0; k < vectors_.elements_per_beat; ++k)
        set_field(dut.s_axis_tdata, static_cast<int>(k * vectors_.slot_bits),
                  static_cast<int>(vectors_.slot_bits), random_.next());
      dut.s_axis_tlast = random_.chance(50);
    }
  }

  // The clock has passed; `moved`: the beat was taken. True when a reset is due in the next clock.
  bool clock(bool moved) {
    if (moved) {
      offered_ = false;
      take_beat();
    }
    return waiting_ && countdown_-- == 0;
  }

  // The design has been reset: the broken sequence is abandoned.
  void restart() {
    waiting_ = offered_ = misplaced_ = false;
    next_sequence();
  }

 private:
  void put_beat(Vtop& dut) {
    const Sequence& sequence = vectors_.sequences[sequence_];
    const uint64_t per_step = vectors_.beats_per_step();
    const uint64_t column = beat_ % per_step * vectors_.elements_per_beat;
    const uint64_t first = beat_ / per_step * vectors_.elements_per_step + column;
    for (uint32_t k = 0; k < vectors_.elements_per_beat; ++k) {
      // After the last element of a step a beat is padded with arbitrary values.
      const bool inside = column + k < vectors_.elements_per_step;
      const auto value = inside ? static_cast<uint16_t>(sequence.elements[first + k]) : beat_ * 77;
      set_field(dut.s_axis_tdata, static_cast<int>(k * vectors_.slot_bits),
                static_cast<int>(vectors_.slot_bits), value);
    }
    dut.s_axis_tlast = last_beat();
  }

  bool last_beat() const {
    const Sequence& sequence = vectors_.sequences[sequence_];
    const Event& event = sequence.event;
    return beat_ + 1 == sequence.n_steps * vectors_.beats_per_step() ||
           (event.kind == Event::kEarlyLast && beat_ == event.beat);
  }

  void take_beat() {
    const Event& event = vectors_.sequences[sequence_].event;
    const bool last = last_beat();
    if (event.kind == Event::kEarlyLast && last && !misplaced_) {
      misplaced_ = true;
      misplaced_in_ = sequence_;
    }
    ++beat_;
    if (event.kind == Event::kReset && beat_ == event.beat) {
      waiting_ = true;
      countdown_ = event.clocks;
    } else if (last) {
      next_sequence();
    }
  }

  void next_sequence() {
    ++sequence_;
    beat_ = 0;
  }

  const Vectors& vectors_;
  const uint64_t percent_;
  Random random_;
  uint64_t sequence_ = 0;
  uint64_t beat_ = 0;
  bool offered_ = false;
  bool waiting_ = false;  // for a reset
  uint64_t countdown_ = 0;
  bool misplaced_ = false;
  uint64_t misplaced_in_ = 0;
};

// Takes the output vectors and compares them.
class Sink {
 public:
  Sink(const Vectors& vectors, const Scenario& scenario)
      : vectors_(vectors), scenario_(scenario), random_(scenario.seed ^ 0xa5) {
    skip_empty();
  }

  bool done() const { return sequence_ >= vectors_.sequences.size(); }
  uint64_t sequence() const { return sequence_; }
  uint64_t compared() const { return compared_; }
  const Failure& failure() const { return failure_; }

  void fail(const char* what, int64_t expected, int64_t got) {
    if (failure_.what != nullptr) return;
    const bool known = !done();
    const uint32_t step = known ? vectors_.step_of(vectors_.sequences[sequence_], vector_) : 0;
    failure_ = {what, sequence_, step, element_, expected, got};
  }

  // Sets the input for this clock.
  void drive(Vtop& dut) {
    ready_ = stall_ == 0 && random_.chance(scenario_.sink_percent);
    if (stall_ > 0) --stall_;
    dut.m_axis_tready = ready_;
  }

  // Looks at the outputs of this clock; true when a value moved.
  bool clock(const Vtop& dut, bool reset, const Source& source) {
    const bool valid = dut.m_axis_tvalid;
    if (reset) {
      // The first clock of a reset still shows what was before it.
      if (in_reset_ && valid) fail("valid_in_reset", 0, 1);
      if (in_reset_ && dut.error) fail("error_in_reset", 0, 1);
      held_ = false;
      in_reset_ = true;
      return false;
    }
    in_reset_ = false;
    check_held(dut);
    if (dut.error && !source.misplaced()) fail("error", 0, 1);
    if (error_seen_ && !dut.error) fail("error", 1, 0);
    error_seen_ = dut.error;
    held_ = valid && !ready_;
    data_ = dut.m_axis_tdata;
    last_ = dut.m_axis_tlast;
    user_ = dut.m_axis_tuser;
    if (!valid || !ready_) return false;
    take(source);
    return true;
  }

  // The design has been reset: outstanding outputs of the sequences up to `broken` are void.
  void restart(uint64_t broken) {
    error_seen_ = false;
    if (sequence_ > broken) return;
    sequence_ = broken + 1;
    vector_ = element_ = 0;
    skip_empty();
  }

 private:
  // A value that was refused must be offered again, unchanged.
  void check_held(const Vtop& dut) {
    if (!held_) return;
    if (!dut.m_axis_tvalid) fail("valid_withdrawn", 1, 0);
    else if (dut.m_axis_tdata != data_) fail("data_changed", data_, dut.m_axis_tdata);
    else if (dut.m_axis_tlast != last_) fail("tlast_changed", last_, dut.m_axis_tlast);
    else if (dut.m_axis_tuser != user_) fail("tuser_changed", user_, dut.m_axis_tuser);
  }

  void take(const Source& source) {
    const int64_t got = sign_extend(data_, 16);
    if (done()) return fail("extra", 0, got);
    const Sequence& sequence = vectors_.sequences[sequence_];
    const int64_t expected = sequence.expected[uint64_t{vector_} * vectors_.values + element_];
    const bool last = element_ + 1 == vectors_.values;
    const bool user = vectors_.step_of(sequence, vector_) + 1 == sequence.n_steps;
    if (got != expected) fail("value", expected, got);
    if (last_ != last) fail("tlast", last, last_);
    if (user_ != user) fail("tuser", user, user_);
    if (source.misplaced() && sequence_ > source.misplaced_in() && !error_seen_) fail("error", 1, 0);
    ++compared_;
    if (scenario_.stall_every != 0 && compared_ % scenario_.stall_every == 0)
      stall_ = scenario_.stall_clocks;
    next_value();
  }

  void next_value() {
    if (++element_ < vectors_.values) return;
    element_ = 0;
    ++vector_;
    if (vector_ < vectors_.sequences[sequence_].n_vectors) return;
    ++sequence_;
    vector_ = 0;
    skip_empty();
  }

  void skip_empty() {
    while (!done() && vectors_.sequences[sequence_].n_vectors == 0) ++sequence_;
  }

  const Vectors& vectors_;
  const Scenario& scenario_;
  Random random_;
  uint64_t sequence_ = 0;
  uint32_t vector_ = 0;
  uint32_t element_ = 0;
  uint64_t compared_ = 0;
  uint64_t stall_ = 0;
  bool ready_ = false;
  bool in_reset_ = false;
  bool held_ = false;
  bool error_seen_ = false;
  uint16_t data_ = 0;
  bool last_ = false;
  bool user_ = false;
  Failure failure_;
};

}  // namespace bench

#endif
