#include "runtime/printable.hpp"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace eremos {
namespace {

struct character {
  std::size_t length = 0;  ///< 0: not well-formed UTF-8
  std::uint32_t code = 0;
};

/// Unicode 15 §3.9, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
character read_character(std::string_view text, std::size_t at) {
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  const auto first = static_cast<std::uint8_t>(text[at]);
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  std::uint32_t code = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<std::uint8_t>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {};
    code = (code << 6) | (next & 0x3Fu);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < least[length] || surrogate || code > 0x10FFFF ? character{}
                                                              : character{length, code};
}

bool needs_escape(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x200E && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::string escaped(std::uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  return code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

/// What can be part of a URL in running text; anything else ends it.
bool is_url_character(char c) {
  return static_cast<std::uint8_t>(c) > 0x20 && c != '"' && c != '\'' && c != '<' && c != '>' &&
         c != '`' && c != '\x7f';
}

/// `rest` is what follows "://". An "@" behind the host may be a password with a slash in it: then
/// not even the host is sure, and nothing is shown.
std::string redacted_authority(std::string_view rest) {
  const auto authority = rest.substr(0, rest.find_first_of("/?#\\"));
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos && rest.find('@') != std::string_view::npos) return "…";
  const auto host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  const bool cut = at != std::string_view::npos ||
                   (rest.size() > authority.size() && rest.substr(authority.size()) != "/");
  return fmt::format("{}{}", host, cut ? "/…" : rest.substr(authority.size()));
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto [length, code] = read_character(text, at);
    const auto piece = length == 0          ? std::string{"\xEF\xBF\xBD"}
                       : needs_escape(code) ? escaped(code)
                                            : std::string{text.substr(at, length)};
    if (out.size() + piece.size() > bytes_max) return out + "…";
    out += piece;
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string redact_urls(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  for (auto mark = text.find("://"); mark != std::string_view::npos;
       mark = text.find("://", done)) {
    auto end = mark + 3;
    while (end < text.size() && is_url_character(text[end])) ++end;
    out.append(text.substr(done, mark + 3 - done));
    out += redacted_authority(text.substr(mark + 3, end - mark - 3));
    done = end;
  }
  return out.append(text.substr(done));
}

}  // namespace eremos
