// probes.h: signals inside the design, found by name while the bench runs
//
// ht_probes.vlt makes them visible. A netlist has none of them: then nothing is measured.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef HTGEN_PROBES_H
#define HTGEN_PROBES_H

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <dirent.h>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "scenario.h"
#include "verilated.h"
#include "verilated_syms.h"

namespace bench {

// Calls `f` with every visible signal of the scope that ends with `suffix`, or of all scopes.
template <typename F>
void for_each_signal(VerilatedContext& context, const std::string& suffix, F f) {
  const auto* const scopes = context.scopeNameMap();
  if (scopes == nullptr) return;
  for (const auto& entry : *scopes) {
    const std::string scope = entry.second->name();
    const bool match = scope.size() >= suffix.size() &&
                       scope.compare(scope.size() - suffix.size(), suffix.size(), suffix) == 0;
    if (!match || entry.second->varsp() == nullptr) continue;
    for (auto& signal : *entry.second->varsp()) f(scope, signal.first, signal.second);
  }
}

// A signal; reading one that was not found gives 0.
class Probe {
 public:
  Probe() = default;
  Probe(VerilatedContext& context, const std::string& scope, const std::string& name) {
    for_each_signal(context, scope,
                    [&](const std::string&, const std::string& found, const VerilatedVar& var) {
                      if (found != name) return;
                      data_ = static_cast<const uint8_t*>(var.datap());
                      bytes_ = var.entSize();
                      bits_ = static_cast<std::size_t>(var.packed().elements());
                    });
  }
  bool found() const { return data_ != nullptr; }
  std::size_t bits() const { return bits_; }
  // `bits` bits (at most 32) starting at bit `at`, a multiple of 8.
  uint32_t read(std::size_t at = 0, int bits = 32) const {
    uint32_t value = 0;
    for (std::size_t k = 0; k < 4 && at / 8 + k < bytes_; ++k)
      value |= static_cast<uint32_t>(data_[at / 8 + k]) << (8 * k);
    return bits >= 32 ? value : value & ((uint32_t{1} << bits) - 1);
  }

 private:
  const uint8_t* data_ = nullptr;  // words of the host: little-endian, as everywhere Verilator runs
  std::size_t bytes_ = 0;
  std::size_t bits_ = 0;
};

// The words of an image, each with as many bytes as a word of the memory; empty if one is too wide.
inline std::vector<uint8_t> image_bytes(const std::string& path, std::size_t word_bytes) {
  std::ifstream file(path);
  if (!file) fatal("the image " + path + " cannot be read");
  std::vector<uint8_t> bytes;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream code(line.substr(0, line.find("//")));
    std::string word;
    while (code >> word) {
      word.erase(std::remove(word.begin(), word.end(), '_'), word.end());
      const std::size_t start = bytes.size();
      bytes.resize(start + word_bytes, 0);
      for (std::size_t k = 0; k < word.size(); ++k) {
        const char digit_text[2] = {word[word.size() - 1 - k], 0};
        char* end = nullptr;
        const long digit = std::strtol(digit_text, &end, 16);
        if (end == digit_text) fatal("the image " + path + " has a word that is no number");
        if (k / 2 < word_bytes) bytes[start + k / 2] |= static_cast<uint8_t>(digit << (4 * (k % 2)));
        else if (digit != 0) return {};
      }
    }
  }
  return bytes;
}

// Every constant memory must hold exactly the words of one image of the working directory: a
// missing image would otherwise be read as zeros. Returns the number of memories.
inline unsigned check_images(VerilatedContext& context) {
  std::vector<std::string> images;
  if (DIR* const dir = opendir(".")) {
    while (const dirent* const entry = readdir(dir)) {
      const std::string name = entry->d_name;
      if (name.size() > 4 && name.compare(name.size() - 4, 4, ".hex") == 0) images.push_back(name);
    }
    closedir(dir);
  }
  unsigned memories = 0;
  for_each_signal(context, "", [&](const std::string& scope, const std::string& name,
                                   const VerilatedVar& var) {
    if (name != "mem" || var.udims() != 1) return;
    const auto* const data = static_cast<const uint8_t*>(var.datap());
    const std::vector<uint8_t> held(data, data + var.totalSize());
    const bool known = std::any_of(images.begin(), images.end(), [&](const std::string& image) {
      return image_bytes(image, var.entSize()) == held;
    });
    if (!known) fatal("the memory " + scope + " does not hold the words of any .hex image here");
    ++memories;
  });
  return memories;
}

}  // namespace bench

#endif
