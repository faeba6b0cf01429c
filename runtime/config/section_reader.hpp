// Typed reading of one table of a configuration file. Every problem is collected with its place, so
// that a person sees all of them at once; unknown keys are problems. Owned by one parse.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "messages/bytes.hpp"
#include "runtime/config/option_map.hpp"
#include "runtime/config/toml_file.hpp"

namespace eremos {

/// What is wrong with a file, in the file's order once sorted.
class problem_list {
 public:
  explicit problem_list(std::string file) : file_(std::move(file)) {}

  void error(const text_place& at, std::string what);
  void warn(const text_place& at, std::string what);
  std::string where(const text_place& at) const { return place_text(file_, at); }

  /// "file:line:column: what", by place; at most problems_max of each.
  std::vector<failure> errors() const;
  std::vector<std::string> warnings() const;

 private:
  struct problem {
    text_place at;
    std::string what;
  };
  std::vector<std::string> texts(std::vector<problem> problems) const;

  std::string file_;
  std::vector<problem> errors_;
  std::vector<problem> warnings_;
};

/// Text with the place it was written at.
struct located_text {
  std::string text;
  text_place at;
};

class section_reader {
 public:
  /// `table` must be a table and outlive the reader; `title` is for messages: "[node]".
  section_reader(const toml_value& table, std::string title, problem_list& problems)
      : table_(table), title_(std::move(title)), problems_(problems) {}

  /// A key's value, unread; nullptr where it is absent.
  const toml_value* take(std::string_view key);
  /// The same, if it is a table (a problem otherwise).
  const toml_value* table(std::string_view key);

  maybe<located_text> text(std::string_view key);
  /// Text that is one of the given words.
  maybe<located_text> word(std::string_view key, const std::vector<std::string>& words);
  maybe<std::uint64_t> number(std::string_view key, std::uint64_t min, std::uint64_t max);
  maybe<bool> flag(std::string_view key);
  maybe<duration_ms> duration(std::string_view key, duration_ms min, duration_ms max);
  /// In whole coins: 100 or "1.5".
  maybe<wei> amount(std::string_view key);
  std::vector<located_text> texts(std::string_view key);
  std::vector<address> addresses(std::string_view key);

  /// What nobody took, as options for somebody else to read: scalars and lists of scalars. `secret`
  /// gets the keys whose values hold something of the environment. After it, finish() has nothing
  /// to refuse.
  option_map rest(std::vector<std::string>& secret);
  /// Keys that nobody took are problems.
  void finish();

 private:
  const toml_value* scalar(std::string_view key);
  bool taken(std::string_view key) const;

  const toml_value& table_;
  std::string title_;
  problem_list& problems_;
  std::vector<std::string> taken_;
};

/// "; did you mean "x"?", or "; known: a, b".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace eremos
