// observers.h: what ht_top_tb measures and records inside the design while it runs
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_OBSERVERS_H
#define HTGEN_OBSERVERS_H

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "probes.h"
#include "scenario.h"

namespace bench {

// When instructions start: the first one of each time step, and the clocks that each took.
class Timeline {
 public:
  Timeline(VerilatedContext& context, const Scenario& scenario)
      : dispatch_(context, ".u_engine.u_sequencer", "dispatch"),
        pc_(context, ".u_engine.u_sequencer", "dispatch_pc"),
        first_(scenario.window_first),
        last_(scenario.window_last) {}

  bool found() const { return dispatch_.found() && pc_.found(); }
  const std::vector<uint64_t>& starts() const { return starts_; }
  const std::vector<uint64_t>& instructions() const { return instructions_; }

  void clock(uint64_t now) {
    if (!dispatch_.read()) return;
    const bool inside = starts_.size() > first_ && starts_.size() <= last_;
    if (inside && running_ < instructions_.size()) instructions_[running_] += now - since_;
    running_ = pc_.read();
    since_ = now;
    if (running_ >= instructions_.size()) instructions_.resize(running_ + 1, 0);
    if (running_ == 0) starts_.push_back(now);
  }

 private:
  Probe dispatch_, pc_;
  const uint64_t first_, last_;
  std::vector<uint64_t> starts_;
  std::vector<uint64_t> instructions_;
  std::size_t running_ = 0;
  uint64_t since_ = 0;
};

// Which results are recorded, and where.
struct Recording {
  uint64_t resets = 0;  // after this many resets in the middle of the run
  uint64_t first = 0;   // starting with this result
  uint64_t count = 0;
  std::string file;     // none when empty
};

// Writes results of contraction steps to a file, one per line: destination, group, drain, values.
class Recorder {
 public:
  Recorder(VerilatedContext& context, const Recording& recording)
      : valid_(context, ".u_engine", "result_valid"),
        dest_(context, ".u_engine", "result_dest"),
        group_(context, ".u_engine", "result_group"),
        drain_(context, ".u_engine", "result_drain"),
        data_(context, ".u_engine", "result_words"),
        recording_(recording) {
    if (recording.file.empty()) return;
    if (!valid_.found() || !data_.found()) fatal("this design has no results to record");
    slots_ = static_cast<int>(data_.bits() / 16);
    file_.reset(std::fopen(recording.file.c_str(), "w"));
    if (!file_) fatal("cannot write " + recording.file);
  }

  void restart() { ++resets_, seen_ = 0; }

  void clock() {
    if (!file_ || !valid_.read()) return;
    const uint64_t number = seen_++;
    const uint64_t first = recording_.first;
    if (resets_ != recording_.resets || number < first) return;
    if (number - first >= recording_.count) return;
    std::fprintf(file_.get(), "%u %u %u", dest_.read(), group_.read(), drain_.read());
    for (int k = 0; k < slots_; ++k)
      std::fprintf(file_.get(), " %d", static_cast<int16_t>(data_.read(16 * k, 16)));
    std::fputc('\n', file_.get());
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Probe valid_, dest_, group_, drain_, data_;
  const Recording& recording_;
  std::unique_ptr<std::FILE, Close> file_;
  uint64_t resets_ = 0;
  uint64_t seen_ = 0;
  int slots_ = 0;
};

}  // namespace bench

#endif
