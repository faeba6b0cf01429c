// The rules of the project's structure, as functions over a tree of files: which layer may include
// which, who may open which library, what nobody may use. Exceptions stand in allowed.txt, each
// with its reason. Reads no files itself. Any thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/architecture/source.hpp"

namespace eremos::architecture {

struct violation {
  std::string rule;
  std::string path;
  std::size_t line = 0;
  std::string what;
};
std::string to_string(const violation& v);  ///< path:line: [rule] what

/// One line of allowed.txt: `rule path reason`.
struct allowance {
  std::string rule;
  std::string path;
  std::string reason;
  std::size_t line = 0;
};
/// Lines that are neither empty, nor a comment, nor `rule path reason` are kept with an empty
/// reason, which check() reports.
std::vector<allowance> parse_allowances(std::string_view text);

/// Names of all rules.
std::vector<std::string> rule_names();

/// What breaks a rule and is not allowed, sorted by path and line. An allowance without a reason,
/// of an unknown rule, or that allows nothing is a violation of the rule "allowed".
std::vector<violation> check(const source_tree& tree, const std::vector<allowance>& allowed);

}  // namespace eremos::architecture
