// Reads C++ as far as the rules of rules.hpp need it: includes, and code without comments and
// text. Understands no types and expands no macros. Any thread.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace eremos::architecture {

/// A file of the tree; `path` is relative to the root, with slashes.
struct source_file {
  std::string path;
  std::string text;
};
using source_tree = std::vector<source_file>;

struct include_line {
  std::size_t line = 0;  ///< from 1
  std::string target;    ///< what stands between the quotes or brackets
  bool system = false;   ///< in brackets
};

/// The text with comments, string literals and character literals blanked out, so that every
/// offset and line stays where it was. Raw strings and digit separators are understood.
std::string blank_text_and_comments(std::string_view text);
/// Also blanks preprocessor lines, with their continuations.
std::string blank_preprocessor(std::string_view code);

std::vector<include_line> includes_of(std::string_view text);

/// Line of an offset, from 1.
std::size_t line_at(std::string_view text, std::size_t offset);

/// Calls `seen(identifier, offset)` for each identifier or keyword, in order.
void for_each_identifier(std::string_view code,
                         const std::function<void(std::string_view, std::size_t)>& seen);

/// Where code declares state that can change and outlives a call: statics that are not constant,
/// variables of a namespace, thread_local. Best effort on text: a declaration that looks like a
/// function's (parentheses before any `=`) is taken for one.
std::vector<std::size_t> mutable_state_in(std::string_view code);

/// All text files below `root` that belong to the project: not what is built, fetched or hidden.
source_tree read_tree(const std::string& root);

}  // namespace eremos::architecture
