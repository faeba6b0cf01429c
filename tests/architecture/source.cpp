#include "tests/architecture/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace eremos::architecture {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Copies `text` with parts blanked; the cursor only moves forward.
class blanker {
 public:
  explicit blanker(std::string_view text) : text_(text), out_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("//")) {
      blank_until(text_.find('\n', at_));
    } else if (rest.starts_with("/*")) {
      const auto end = text_.find("*/", at_ + 2);
      blank_until(end == std::string_view::npos ? end : end + 2);
    } else if (rest.starts_with("R\"") && !is_tail_of_word()) {
      blank_raw_string();
    } else if (rest.front() == '"') {
      blank_quoted('"');
    } else if (rest.front() == '\'' && !is_tail_of_word()) {  // else a digit separator
      blank_quoted('\'');
    } else {
      ++at_;
    }
  }

  bool is_tail_of_word() const { return at_ > 0 && is_word(text_[at_ - 1]); }

  void blank_raw_string() {
    const auto open = text_.find('(', at_);
    if (open == std::string_view::npos) return blank_until(open);
    const auto close = ")" + std::string{text_.substr(at_ + 2, open - at_ - 2)} + "\"";
    const auto end = text_.find(close, open);
    blank_until(end == std::string_view::npos ? end : end + close.size());
  }

  void blank_quoted(char quote) {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    blank_until(end + 1);
  }

  void blank_until(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_)
      if (text_[at_] != '\n') out_[at_] = ' ';
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

bool contains_word(std::string_view text, std::string_view word) {
  bool found = false;
  for_each_identifier(text, [&](std::string_view name, std::size_t) { found |= name == word; });
  return found;
}

std::string without_template_arguments(std::string_view text) {
  std::string out;
  int angle = 0;
  for (const char c : text) {
    if (c == '>') --angle;
    if (angle <= 0) out += c;
    if (c == '<') ++angle;
  }
  return out;
}

/// Whether what is declared cannot change: constexpr, or const that is not only a pointee's or an
/// element's.
bool is_constant(std::string_view text) {
  const auto shortened = without_template_arguments(text);
  const std::string_view declaration = shortened;
  if (contains_word(declaration, "constexpr") || contains_word(declaration, "consteval"))
    return true;
  const auto star = declaration.rfind('*');
  return contains_word(star == std::string_view::npos ? declaration : declaration.substr(star),
                       "const");
}

/// Offset of the first of `=;{(` outside template arguments, from `at`.
std::size_t end_of_declarator(std::string_view code, std::size_t at) {
  int angle = 0;
  for (; at < code.size(); ++at) {
    const char c = code[at];
    if (c == '<') ++angle;
    if (c == '>') --angle;
    if (angle <= 0 && (c == '=' || c == ';' || c == '{' || c == '(')) break;
  }
  return at;
}

bool looks_like_function(std::string_view statement) {
  const auto end = end_of_declarator(statement, 0);
  return contains_word(statement, "operator") || (end < statement.size() && statement[end] == '(');
}

bool is_variable(std::string_view statement) {
  constexpr std::array<std::string_view, 14> others = {
      "using",  "typedef", "template", "class",   "struct",        "enum",      "union",
      "friend", "extern",  "static",   "concept", "static_assert", "namespace", "thread_local"};
  std::size_t words = 0;
  bool other = false;
  for_each_identifier(statement.substr(0, end_of_declarator(statement, 0)),
                      [&](std::string_view word, std::size_t) {
                        ++words;
                        other |= std::find(others.begin(), others.end(), word) != others.end();
                      });
  return words >= 2 && !other && !looks_like_function(statement) &&
         !is_constant(statement.substr(0, end_of_declarator(statement, 0)));
}

/// Walks namespaces and hands out the statements that stand directly in them.
class namespace_walker {
 public:
  explicit namespace_walker(std::string_view code) : code_(code) {}

  std::vector<std::size_t> variables() {
    for (std::size_t at = 0; at < code_.size(); ++at) step(at);
    return std::move(found_);
  }

 private:
  void step(std::size_t at) {
    const char c = code_[at];
    const auto statement = code_.substr(begin_, at - begin_);
    if (depth_ > 0) {
      depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
      // A function body ends its statement; an initialiser or a class goes on to its semicolon.
      if (depth_ == 0 && c == '}' && ends_with_body(statement)) begin_ = at + 1;
    } else if (c == '{' && (contains_word(statement, "namespace") || is_linkage(statement))) {
      begin_ = at + 1;
    } else if (c == '{') {
      depth_ = 1;
    } else if (c == '}') {  // of a namespace
      begin_ = at + 1;
    } else if (c == ';') {
      if (is_variable(statement)) found_.push_back(first_word_of(statement));
      begin_ = at + 1;
    }
  }

  static bool ends_with_body(std::string_view statement) {
    const bool is_template = contains_word(statement.substr(0, statement.find('<')), "template");
    const auto head = statement.substr(0, statement.find('{'));
    return looks_like_function(statement) ||
           (is_template && head.find('(') != std::string_view::npos);
  }

  static bool is_linkage(std::string_view statement) {  // extern "C" {, its text blanked
    const auto first = statement.find_first_not_of(" \n");
    return first != std::string_view::npos && statement.substr(first).starts_with("extern") &&
           statement.substr(first + 6).find_first_not_of(" \n") == std::string_view::npos;
  }

  std::size_t first_word_of(std::string_view statement) const {
    return begin_ + statement.find_first_not_of(" \n");
  }

  std::string_view code_;
  std::size_t begin_ = 0;
  int depth_ = 0;
  std::vector<std::size_t> found_;
};

bool is_text_file(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 16> extensions = {
      ".cpp", ".hpp", ".cmake", ".txt", ".md",   ".json", ".toml", ".py",
      ".js",  ".mjs", ".sh",    ".css", ".html", ".yml",  ".sql",  ".in"};
  const auto extension = path.extension().string();
  return extension.empty() ||
         std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

}  // namespace

std::string blank_text_and_comments(std::string_view text) { return blanker{text}.run(); }

std::string blank_preprocessor(std::string_view code) {
  std::string out{code};
  for (std::size_t at = 0; at < out.size();) {
    auto end = std::min(out.find('\n', at), out.size());
    const auto first = out.find_first_not_of(" \t", at);
    if (first < end && out[first] == '#') {
      while (end < out.size() && end > 0 && out[end - 1] == '\\')
        end = std::min(out.find('\n', end + 1), out.size());
      for (std::size_t i = at; i < end; ++i)
        if (out[i] != '\n') out[i] = ' ';
    }
    at = end + 1;
  }
  return out;
}

std::vector<include_line> includes_of(std::string_view text) {
  std::vector<include_line> out;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++line;
    const auto end = std::min(text.find('\n', at), text.size());
    auto row = text.substr(at, end - at);
    at = end + 1;
    const auto skip = [&](std::string_view word) {
      row.remove_prefix(std::min(row.find_first_not_of(" \t"), row.size()));
      if (!row.starts_with(word)) return false;
      row.remove_prefix(word.size());
      return true;
    };
    if (!skip("#") || !skip("include")) continue;
    skip("");
    if (row.empty() || (row.front() != '"' && row.front() != '<')) continue;
    const bool system = row.front() == '<';
    const auto close = row.find(system ? '>' : '"', 1);
    if (close != std::string_view::npos)
      out.push_back({line, std::string{row.substr(1, close - 1)}, system});
  }
  return out;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

void for_each_identifier(std::string_view code,
                         const std::function<void(std::string_view, std::size_t)>& seen) {
  for (std::size_t at = 0; at < code.size();) {
    if (!is_word(code[at])) {
      ++at;
      continue;
    }
    auto end = at;
    while (end < code.size() && is_word(code[end])) ++end;
    if (std::isdigit(static_cast<unsigned char>(code[at])) == 0)
      seen(code.substr(at, end - at), at);
    at = end;
  }
}

std::vector<std::size_t> mutable_state_in(std::string_view text) {
  const auto code = blank_preprocessor(text);
  auto found = namespace_walker{code}.variables();
  for_each_identifier(code, [&](std::string_view word, std::size_t at) {
    if (word == "thread_local") found.push_back(at);
    if (word != "static") return;
    const auto before = std::string_view{code}.find_last_of(";{}", at);
    const auto begin = before == std::string_view::npos ? 0 : before + 1;
    const auto end = end_of_declarator(code, at);
    const auto declaration = std::string_view{code}.substr(begin, end - begin);
    if (end < code.size() && code[end] == '(') return;  // a function
    if (!is_constant(declaration)) found.push_back(at);
  });
  std::sort(found.begin(), found.end());
  return found;
}

source_tree read_tree(const std::string& root) {
  namespace fs = std::filesystem;
  source_tree out;
  for (auto at = fs::recursive_directory_iterator{root}; at != fs::recursive_directory_iterator{};
       ++at) {
    const auto name = at->path().filename().string();
    const bool hidden = name.starts_with(".") && name != ".ci";
    if (at->is_directory()) {
      if (hidden || name == "build" || name == "node_modules") at.disable_recursion_pending();
      continue;
    }
    if (hidden || name == "LICENSE" || !is_text_file(at->path())) continue;
    std::ifstream file{at->path(), std::ios::binary};
    out.push_back({fs::relative(at->path(), root).generic_string(),
                   std::string{std::istreambuf_iterator<char>{file}, {}}});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

}  // namespace eremos::architecture
