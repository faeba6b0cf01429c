// How many blocks one eth_getLogs may span at one provider: what its refusals say of that, and what
// is asked for next. Asks nothing. Pure; owned by one connector.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

/// Blocks from `first` to `last`, both among them.
struct block_span {
  block_number first = 0;
  block_number last = 0;

  std::uint64_t size() const noexcept { return last - first + 1; }
  bool has(block_number n) const noexcept { return n >= first && n <= last; }
  friend bool operator==(const block_span&, const block_span&) = default;
};

/// What a refusal says of ranges beyond that this one was too much.
struct range_hint {
  maybe<block_span> works;          ///< a range that it says works, for what was asked
  maybe<std::uint64_t> blocks_max;  ///< so many blocks at most, whatever is in them

  friend bool operator==(const range_hint&, const range_hint&) = default;
};

/// Reads a provider's error text. None: it is of something else than a range, or an answer, that is
/// too large.
maybe<range_hint> read_range_hint(std::string_view text);

/// Halves, or does as it is told, when a range was too much. Grows while answers are small: doubles
/// where none was refused, else half of the way to what was.
class log_range_size {
 public:
  static constexpr std::uint64_t begin_with = 32;
  /// A request saved in a thousand is not worth what its answer holds in memory.
  static constexpr std::uint64_t blocks_max = 1'000;
  /// Logs in one answer that are as many as is wanted (about 3 MB of text).
  static constexpr std::size_t logs_wanted = 4'096;
  /// An answer that takes longer is as large as is wanted; one of twice that, too large: in
  /// little more another provider would be asked.
  static constexpr std::chrono::milliseconds time_wanted{1'000};
  /// Answers in a row after which a size that was refused once is tried again.
  static constexpr std::uint64_t patience = 64;

  /// Blocks to ask for at once.
  std::uint64_t blocks() const noexcept { return blocks_; }

  /// A range of so many blocks was answered with so many logs.
  void answered(std::uint64_t asked, std::size_t logs, std::chrono::nanoseconds took = {}) noexcept;
  /// A range was too much.
  void refused(const block_span& asked, const range_hint& hint) noexcept;

 private:
  static constexpr std::uint64_t never = blocks_max + 1;

  std::uint64_t blocks_ = begin_with;
  std::uint64_t limit_ = blocks_max;  ///< the provider's own, where it names one
  std::uint64_t refused_ = never;     ///< the least that was refused lately
  std::uint64_t answers_ = 0;         ///< since the last refusal
};

}  // namespace eremos
