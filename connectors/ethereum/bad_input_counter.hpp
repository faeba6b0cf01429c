// Counts bad input by kind and keeps the newest sample of each, cut and escaped.
// Bounded: kinds are the caller's constants. Owned by one actor.
#pragma once
#include <cassert>
#include <string_view>
#include <vector>

#include "messages/reports.hpp"
#include "runtime/printable.hpp"

namespace eremos {

class bad_input_counter {
 public:
  /// `sample` is text from outside, or the sentence of an error about it.
  void count(std::string_view kind, std::string_view sample) {
    sample = sample.substr(0, read_bytes_max);
    for (auto& known : kinds_) {
      if (known.kind != kind) continue;
      ++known.count;
      known.sample = printable(redact_urls(sample), sample_bytes_max);
      return;
    }
    assert(kinds_.size() < kinds_max && "kinds are constants, not data");
    kinds_.push_back({std::string{kind}, 1, printable(redact_urls(sample), sample_bytes_max)});
  }
  const std::vector<bad_input>& kinds() const noexcept { return kinds_; }

 private:
  static constexpr std::size_t kinds_max = 32;
  static constexpr std::size_t sample_bytes_max = 200;
  /// Of a message of 20 MB no more is copied; what URLs hide is shorter than they are.
  static constexpr std::size_t read_bytes_max = 4'096;
  std::vector<bad_input> kinds_;
};

}  // namespace eremos
