// ht_top_tb.cpp: the bench of every emitted design: streams vectors through it and compares all
//
// Vtop VECTORS SCENARIO REPORT [--wave FILE] [--progress FILE] [--no-images]
//      [--record RESETS FIRST COUNT FILE]
//
// Run in the folder of the design, where its memory images are. Exit status: 0 if every value was
// as expected, 1 at the first that was not, 2 if something around the design is wrong.
// docs/simulation.md describes the files.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <chrono>
#include <memory>

#include "Vtop.h"
#include "observers.h"
#include "probes.h"
#include "scenario.h"
#include "streams.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Wave = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Wave = VerilatedVcdC;
#endif

namespace {

constexpr unsigned kResetClocks = 4;
constexpr uint64_t kProgressClocks = 1 << 18;

struct Arguments {
  std::string vectors, scenario, report, wave, progress;
  bool images = true;
  bench::Recording recording;

  Arguments(int argc, char** argv) {
    if (argc < 4) bench::fatal("arguments: VECTORS SCENARIO REPORT [OPTIONS]");
    vectors = argv[1];
    scenario = argv[2];
    report = argv[3];
    for (int k = 4; k < argc; ++k) {
      const std::string name = argv[k];
      const int left = argc - k - 1;
      if (name == "--wave" && left >= 1) wave = argv[++k];
      else if (name == "--progress" && left >= 1) progress = argv[++k];
      else if (name == "--no-images") images = false;
      else if (name == "--record" && left >= 4) {
        recording.resets = std::strtoull(argv[++k], nullptr, 10);
        recording.first = std::strtoull(argv[++k], nullptr, 10);
        recording.count = std::strtoull(argv[++k], nullptr, 10);
        recording.file = argv[++k];
      } else bench::fatal("unknown argument " + name);
    }
  }
};

// The design with its clock and, if requested, its waves.
class Design {
 public:
  Design(VerilatedContext& context, const std::string& wave) : context_(context), dut_(&context) {
    if (wave.empty()) return;
#if VM_TRACE
    context.traceEverOn(true);
    wave_.reset(new Wave);
    dut_.trace(wave_.get(), 99);
    wave_->open(wave.c_str());
    if (!wave_->isOpen()) bench::fatal("cannot write " + wave);
#else
    bench::fatal("this model was built without waves");
#endif
  }
  ~Design() {
    dut_.final();
#if VM_TRACE
    if (wave_) wave_->close();
#endif
  }

  Vtop& ports() { return dut_; }
  // Half a clock.
  void set_clock(bool level) {
    dut_.aclk = level;
    dut_.eval();
    context_.timeInc(1);
#if VM_TRACE
    if (wave_) wave_->dump(context_.time());
#endif
  }

 private:
  VerilatedContext& context_;
  Vtop dut_;
#if VM_TRACE
  std::unique_ptr<Wave> wave_;
#endif
};

// One run: the loop over clocks.
class Run {
 public:
  Run(VerilatedContext& context, const Arguments& arguments)
      : arguments_(arguments),
        vectors_(bench::read_vectors(arguments.vectors)),
        scenario_(bench::read_scenario(arguments.scenario, vectors_)),
        design_(seeded(context, scenario_), arguments.wave),
        timeline_(context, scenario_),
        recorder_(context, arguments.recording),
        source_(vectors_, scenario_),
        sink_(vectors_, scenario_),
        started_(std::chrono::steady_clock::now()) {
    if (!arguments.images) return;
    design_.set_clock(false);  // reads the images
    if (bench::check_images(context) == 0) bench::fatal("the design has no memory with an image");
  }

  // True if everything was as expected.
  bool run() {
    uint64_t tail = 0;
    while (sink_.failure().what == nullptr && tail <= scenario_.tail_clocks) {
      clock();
      if (source_.done() && sink_.done()) ++tail;
      if (idle_ > scenario_.idle_limit && tail == 0) sink_.fail("hang", 1, 0);
      if (++total_ % kProgressClocks == 0) write_progress();
    }
    if (source_.misplaced() && !design_.ports().error) sink_.fail("error", 1, 0);
    return sink_.failure().what == nullptr;
  }

  void write_report() const {
    std::FILE* const file = std::fopen(arguments_.report.c_str(), "w");
    if (file == nullptr) bench::fatal("cannot write " + arguments_.report);
    std::fprintf(file, "{\"sequences\": %llu, \"compared\": %llu, \"clocks\": %llu,\n",
                 number(vectors_.sequences.size()), number(sink_.compared()), number(total_));
    std::fprintf(file, "\"seconds\": %.6f, \"last_output\": %llu, \"timed\": %s,\n", seconds_,
                 number(last_output_), timeline_.found() ? "true" : "false");
    write_list(file, "starts", timeline_.starts());
    write_list(file, "instructions", timeline_.instructions());
    const bench::Failure& f = sink_.failure();
    if (f.what == nullptr) {
      std::fprintf(file, "\"failure\": null}\n");
    } else {
      std::fprintf(file, "\"failure\": {\"what\": \"%s\", \"sequence\": %llu, \"step\": %u, ",
                   f.what, number(f.sequence), f.step);
      std::fprintf(file, "\"element\": %u, \"expected\": %lld, \"got\": %lld}}\n", f.element,
                   static_cast<long long>(f.expected), static_cast<long long>(f.got));
    }
    if (std::fclose(file) != 0) bench::fatal("cannot write " + arguments_.report);
  }

 private:
  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  static unsigned long long number(uint64_t value) { return value; }

  // Registers that need no reset start with arbitrary values.
  static VerilatedContext& seeded(VerilatedContext& context, const bench::Scenario& scenario) {
    context.randReset(2);
    context.randSeed(static_cast<int>(scenario.seed % 0x7fffffff) + 1);
    return context;
  }

  static void write_list(std::FILE* file, const char* name, const std::vector<uint64_t>& list) {
    std::fprintf(file, "\"%s\": [", name);
    for (std::size_t k = 0; k < list.size(); ++k)
      std::fprintf(file, k == 0 ? "%llu" : ", %llu", number(list[k]));
    std::fprintf(file, "],\n");
  }

  void clock() {
    Vtop& dut = design_.ports();
    const bool reset = reset_left_ > 0;
    dut.aresetn = !reset;
    source_.drive(dut, reset);
    sink_.drive(dut);
    design_.set_clock(false);
    const bool in = !reset && dut.s_axis_tvalid && dut.s_axis_tready;
    const bool out = sink_.clock(dut, reset, source_);
    if (!reset) observe(in, out);
    design_.set_clock(true);
    if (reset) {
      --reset_left_;
    } else if (source_.clock(in)) {
      sink_.restart(source_.sequence());
      source_.restart();
      recorder_.restart();
      reset_left_ = kResetClocks;
    }
  }

  void observe(bool in, bool out) {
    timeline_.clock(clocks_);
    recorder_.clock();
    idle_ = in || out ? 0 : idle_ + 1;
    if (out) {
      last_output_ = clocks_;
      if (sink_.done()) seconds_ = seconds_since(started_);
    }
    ++clocks_;
  }

  void write_progress() const {
    if (arguments_.progress.empty()) return;
    std::ofstream(arguments_.progress) << sink_.sequence() << '\n';
  }

  const Arguments& arguments_;
  bench::Vectors vectors_;
  const bench::Scenario scenario_;
  Design design_;
  bench::Timeline timeline_;
  bench::Recorder recorder_;
  bench::Source source_;
  bench::Sink sink_;
  const std::chrono::steady_clock::time_point started_;
  unsigned reset_left_ = kResetClocks;
  uint64_t total_ = 0;        // total clocks
  uint64_t clocks_ = 0;       // clocks outside reset
  uint64_t idle_ = 0;         // clocks since a word moved
  uint64_t last_output_ = 0;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv);
  VerilatedContext context;
  Run run(context, arguments);
  const bool passed = run.run();
  run.write_report();
  return passed ? 0 : 1;
}
