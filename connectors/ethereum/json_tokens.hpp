// The tokens of one JSON text: found by simdjson's first stage (which also checks UTF-8, quotes and
// control characters) and then proven to be JSON (RFC 8259), so that whoever reads them need not
// check again and may read any part, in any order, more than once. Included by decoders only.
// Owned by whoever owns the parser.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace eremos {

class json_tokens {
 public:
  /// Proves the text, which is not copied and must outlive what is read. False: not JSON, or nested
  /// deeper than simdjson's limit; then there is nothing to read.
  bool load(std::string_view text);

  /// The first character of a token: it says what the token is.
  char first(std::uint32_t at) const noexcept { return text_[starts_[at]]; }
  /// A token as it stands, quotes included, without the white space behind it.
  std::string_view token(std::uint32_t at) const noexcept {
    const char* begin = text_.data() + starts_[at];
    const char* end = text_.data() + starts_[at + 1];
    while (end > begin && is_space(end[-1])) --end;
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  /// The content of a string. Lives as long as the text, and no longer than until the next load().
  std::string_view string(std::uint32_t at) const {
    const auto text = token(at);
    return has_escapes_ ? unescaped(text) : text.substr(1, text.size() - 2);
  }
  /// The number of the token that follows a value with all it contains.
  std::uint32_t after(std::uint32_t at) const noexcept {
    return is_opening(first(at)) ? after_[at] : at + 1;
  }
  /// A value as it stands, with all it contains.
  std::string_view whole(std::uint32_t at) const noexcept;

  /// simdjson's strict parser, for what the tokens do not tell.
  simdjson::dom::parser& strict() const noexcept { return strict_; }

 private:
  static constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
  static constexpr bool is_opening(char c) noexcept { return c == '{' || c == '['; }
  static constexpr char closing(char opening) noexcept { return opening == '{' ? '}' : ']'; }
  bool index(std::string_view text);
  template <bool HasEscapes>
  bool prove();
  bool is_other_scalar(std::uint32_t at) const;
  bool has_good_escapes(std::uint32_t at) const;
  std::string_view unescaped(std::string_view quoted) const;

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_one_;
  std::string_view text_;
  const std::uint32_t* starts_ = nullptr;  ///< where each token begins; one more at the text's end
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> after_;  ///< set for opening brackets only
  bool has_escapes_ = false;          ///< a backslash is somewhere in the text
  std::array<std::uint32_t, simdjson::DEFAULT_MAX_DEPTH> open_{};
  mutable simdjson::dom::parser strict_;
  mutable std::deque<std::string> unescaped_;  ///< strings that had escapes
};

namespace json {

/// RFC 8259 §6, over the text of one token.
bool is_number(std::string_view token) noexcept;

}  // namespace json
}  // namespace eremos
