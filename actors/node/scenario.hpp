// A scenario: what the mock chain plants for so many blocks, and who should speak of it. Reads and
// checks; starts nothing. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/signal.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

struct expectation {
  std::string agent;
  std::string type;                ///< of the signal
  std::uint64_t at_least = 1;      ///< 0: may come, and need not
  std::vector<std::string> named;  ///< agents that the signal's details.agents must hold
};

struct scenario {
  std::string name;
  std::string description;
  option_map mock;  ///< of the mock provider; `blocks` is among them
  std::uint64_t blocks = 0;
  std::vector<expectation> expect;
  bool nothing_else = false;  ///< any other signal is a failure
};

/// Void unless `errors` is empty.
struct scenario_outcome {
  scenario what;
  std::vector<failure> errors;  ///< "file:line:column: what", in the file's order, then [mock]'s
};

/// `file` only names the text in messages. Errors: bad_config; bad_option (of the mock).
scenario_outcome parse_scenario(std::string_view text, const std::string& file);
/// One that is built in, by name; a file where `name` ends in ".toml" or holds a "/". Errors:
/// those of parse_scenario; bad_usage (no such name), file_unreadable.
scenario_outcome load_scenario(const std::string& name);
/// Those built in, sorted.
std::vector<std::string> scenario_names();

struct checked_expectation {
  bool met = false;
  std::string text;  ///< one line: what was wanted, and what was seen
};
/// One per expectation, in order, then one for `nothing_else` if it is set. Retracted signals do
/// not count.
std::vector<checked_expectation> check_scenario(const scenario& what,
                                                const std::vector<signal>& seen);

}  // namespace eremos
