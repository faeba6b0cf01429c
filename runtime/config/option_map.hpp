// Options of one configured thing (an agent, a provider, a chain), as written, each with the place
// it was written at. Reads no file: runtime/config/toml_file does. Owned by whoever parses; any
// thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

/// One value of TOML: a scalar as its text, or a list of scalars.
struct option_value {
  std::vector<std::string> texts;  ///< one element unless `is_list`
  bool is_list = false;
  std::string where;  ///< "eremos.toml:14:9"; empty for the command line and for tests
  std::vector<std::string> places;  ///< of a list from a file: the same of each element

  /// Where element `i` was written.
  const std::string& place_of(std::size_t i) const { return i < places.size() ? places[i] : where; }
};

/// Typed reading with errors that name the place; then `finish` refuses what nobody read.
///
///   option_reader read{options};
///   const auto threshold = read.ether("threshold", ether(1000));
///   if (auto bad = read.finish()) return *bad;
using option_map = std::map<std::string, option_value, std::less<>>;

class option_reader {
 public:
  explicit option_reader(const option_map& options) : options_(options) {}

  std::string text(std::string_view key, std::string_view otherwise);
  std::uint64_t number(std::string_view key, std::uint64_t otherwise, std::uint64_t min = 0,
                       std::uint64_t max = UINT64_MAX);
  double real(std::string_view key, double otherwise, double min, double max);
  bool flag(std::string_view key, bool otherwise);
  /// "1.5" is 1.5 * 10^18.
  wei ether(std::string_view key, const wei& otherwise);
  /// "250ms", "30s", "5m", "2h", "180d".
  duration_ms duration(std::string_view key, duration_ms otherwise);
  std::vector<std::string> texts(std::string_view key);
  std::vector<address> addresses(std::string_view key);
  /// The value or the elements, unread; nullptr where the key is absent.
  const option_value* take(std::string_view key);
  bool has(std::string_view key) const { return options_.contains(key); }

  /// An error of the reader's own, about a key or an element of its list. Only the first is kept.
  void refuse(std::string_view key, const std::string& why, std::size_t element = 0);

  /// The first error met, or an unknown key (with the nearest known one); nothing if all is well.
  maybe<failure> finish();

 private:
  const std::string* scalar(std::string_view key);

  const option_map& options_;
  std::vector<std::string> known_;
  maybe<failure> first_error_;
};

/// "250ms", "30s", "5m", "2h", "180d". Errors: malformed_number.
result<duration_ms> parse_duration(std::string_view text);

/// The candidate with the least edit distance, if it is at most 2 (and under half the word); else
/// empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace eremos
