#include "connectors/ethereum/json_tokens.hpp"

#include <algorithm>
#include <cstring>

namespace eremos {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

void skip_digits(std::string_view& text) noexcept {
  while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
}

}  // namespace

bool json_tokens::index(std::string_view text) {
  text_ = text;
  const auto capacity = stage_one_ ? stage_one_->capacity() : 0;
  // Grown by half, so that slowly growing frames do not reallocate each time.
  constexpr std::size_t least = 64 * 1024;
  if (const auto want = std::max({least, text.size(), capacity}); want > capacity) {
    const auto grown = std::max(want, capacity + capacity / 2);
    const auto error =
        stage_one_ ? stage_one_->set_capacity(grown)
                   : simdjson::get_active_implementation()->create_dom_parser_implementation(
                         grown, simdjson::DEFAULT_MAX_DEPTH, stage_one_);
    if (error) return false;
  }
  if (stage_one_->stage1(reinterpret_cast<const std::uint8_t*>(text_.data()), text.size(),
                         simdjson::stage1_mode::regular))
    return false;
  starts_ = stage_one_->structural_indexes.get();
  count_ = stage_one_->n_structural_indexes;
  stage_one_->structural_indexes[count_] = static_cast<std::uint32_t>(text.size());
  return true;
}

/// With what is read kept in locals and strings told apart from the rest first: this and stage one
/// are half of what decoding a log takes.
template <bool HasEscapes>
bool json_tokens::prove() {
  const char* text = text_.data();
  const auto* starts = starts_;
  const auto count = count_;
  const auto begins_with = [&](std::uint32_t at, char c) { return text[starts[at]] == c; };
  const auto is_string = [&](std::uint32_t at) {
    return begins_with(at, '"') && (!HasEscapes || has_good_escapes(at));
  };
  std::size_t depth = 0;
  char held_by = 0;  // the innermost open bracket
  // A key and its colon.
  const auto skip_key = [&](std::uint32_t& at) {
    if (at + 2 >= count || !is_string(at) || !begins_with(at + 1, ':')) return false;
    at += 2;
    return true;
  };
  for (std::uint32_t at = 0; at < count;) {
    const char c = text[starts[at]];
    if (is_opening(c)) {
      if (depth == open_.size()) return false;
      open_[depth++] = at++;
      held_by = c;
      if (at == count) return false;
      if (!begins_with(at, closing(c))) {
        if (c == '{' && !skip_key(at)) return false;
        continue;
      }
    } else {
      if (!(c == '"' ? is_string(at) : is_other_scalar(at))) return false;
      ++at;
    }
    // A value has ended: what holds it goes on or ends as well.
    for (;;) {
      if (depth == 0) return at == count;
      if (at == count) return false;
      if (begins_with(at, ',')) {
        ++at;
        if (held_by == '{' && !skip_key(at)) return false;
        break;
      }
      if (!begins_with(at, closing(held_by))) return false;
      after_[open_[--depth]] = ++at;
      held_by = depth == 0 ? '\0' : text[starts[open_[depth - 1]]];
    }
  }
  return false;
}

bool json_tokens::load(std::string_view text) {
  unescaped_.clear();
  count_ = 0;
  if (!index(text)) return false;
  has_escapes_ = text.find('\\') != text.npos;
  if (after_.size() < count_) after_.resize(count_);
  return has_escapes_ ? prove<true>() : prove<false>();
}

bool json_tokens::is_other_scalar(std::uint32_t at) const {
  switch (first(at)) {
    case 't':
      return token(at) == "true";
    case 'f':
      return token(at) == "false";
    case 'n':
      return token(at) == "null";
    default:
      return json::is_number(token(at));
  }
}

/// Quotes, UTF-8 and control characters were checked before; what follows a backslash was not.
bool json_tokens::has_good_escapes(std::uint32_t at) const {
  const auto text = token(at);
  return std::memchr(text.data(), '\\', text.size()) == nullptr ||
         strict_.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

std::string_view json_tokens::unescaped(std::string_view quoted) const {
  const auto content = quoted.substr(1, quoted.size() - 2);
  if (std::memchr(content.data(), '\\', content.size()) == nullptr) return content;
  std::string_view plain;
  if (strict_.parse(quoted.data(), quoted.size()).get(plain)) return content;  // was proven: never
  return unescaped_.emplace_back(plain);
}

std::string_view json_tokens::whole(std::uint32_t at) const noexcept {
  const auto last = token(after(at) - 1);
  const char* begin = text_.data() + starts_[at];
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

bool json::is_number(std::string_view token) noexcept {
  if (!token.empty() && token.front() == '-') token.remove_prefix(1);
  if (token.empty() || !is_digit(token.front())) return false;
  if (token.front() == '0')
    token.remove_prefix(1);
  else
    skip_digits(token);
  if (!token.empty() && token.front() == '.') {
    token.remove_prefix(1);
    if (token.empty() || !is_digit(token.front())) return false;
    skip_digits(token);
  }
  if (!token.empty() && (token.front() == 'e' || token.front() == 'E')) {
    token.remove_prefix(1);
    if (!token.empty() && (token.front() == '+' || token.front() == '-')) token.remove_prefix(1);
    if (token.empty() || !is_digit(token.front())) return false;
    skip_digits(token);
  }
  return token.empty();
}

}  // namespace eremos
