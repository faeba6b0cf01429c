#include "runtime/registry/look_alike.hpp"

#include <algorithm>
#include <iterator>

namespace eremos {
namespace {

struct same_look {
  char32_t from;
  char latin;
};

/// Of confusables.txt (Unicode Technical Standard 39) those letters of other scripts that are used
/// to write names of tokens. Sorted.
constexpr same_look looks[] = {
    {0x00D0, 'd'}, {0x00D8, 'o'}, {0x00F8, 'o'}, {0x0110, 'd'}, {0x0131, 'i'}, {0x0192, 'f'},
    {0x0261, 'g'}, {0x0391, 'a'}, {0x0392, 'b'}, {0x0395, 'e'}, {0x0396, 'z'}, {0x0397, 'h'},
    {0x0399, 'i'}, {0x039A, 'k'}, {0x039C, 'm'}, {0x039D, 'n'}, {0x039F, 'o'}, {0x03A1, 'p'},
    {0x03A4, 't'}, {0x03A5, 'y'}, {0x03A7, 'x'}, {0x03B1, 'a'}, {0x03BD, 'v'}, {0x03BF, 'o'},
    {0x03C1, 'p'}, {0x0405, 's'}, {0x0406, 'i'}, {0x0408, 'j'}, {0x0410, 'a'}, {0x0412, 'b'},
    {0x0415, 'e'}, {0x041A, 'k'}, {0x041C, 'm'}, {0x041D, 'h'}, {0x041E, 'o'}, {0x0420, 'p'},
    {0x0421, 'c'}, {0x0422, 't'}, {0x0423, 'y'}, {0x0425, 'x'}, {0x0430, 'a'}, {0x0435, 'e'},
    {0x043E, 'o'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'},
    {0x0456, 'i'}, {0x0458, 'j'}, {0x04AE, 'y'}, {0x0501, 'd'}, {0x050C, 'g'}, {0x051C, 'w'},
    {0x054D, 'u'}, {0x0555, 'o'}, {0x13A0, 'd'}, {0x13A2, 't'}, {0x13AA, 'a'}, {0x13DA, 's'},
    {0x13DF, 'c'}, {0x1D04, 'c'}, {0x1D05, 'd'}, {0x1D1C, 'u'}, {0x20AE, 't'}, {0x216E, 'd'},
    {0xA731, 's'}};

char32_t first_of(std::string_view& in) {
  const auto first = static_cast<unsigned char>(in.front());
  const std::size_t length = first < 0x80         ? 1
                             : (first >> 5) == 6  ? 2
                             : (first >> 4) == 14 ? 3
                             : (first >> 3) == 30 ? 4
                                                  : 0;
  constexpr char32_t broken = 0xFFFD;
  if (length == 0 || length > in.size()) return in.remove_prefix(1), broken;
  auto out = static_cast<char32_t>(length == 1 ? first : first & (0xFF >> (length + 1)));
  for (std::size_t i = 1; i < length; ++i) {
    const auto c = static_cast<unsigned char>(in[i]);
    if ((c >> 6) != 2) return in.remove_prefix(1), broken;
    out = (out << 6) | (c & 0x3F);
  }
  in.remove_prefix(length);
  return out;
}

/// Spaces, soft hyphens, joiners, directions, variation selectors, combining marks, tags.
bool shows_nothing(char32_t c) {
  return c <= 0x20 || c == 0x7F || c == 0xA0 || c == 0xAD || (c >= 0x300 && c <= 0x36F) ||
         (c >= 0x1680 && c <= 0x180E && (c == 0x1680 || c == 0x180E)) ||
         (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
         (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0x3164 ||
         (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || c == 0xFFA0 ||
         (c >= 0xE0000 && c <= 0xE01EF);
}

/// Letters and digits in mathematical alphabets (1D400 on), full-width and in circles.
char32_t plain(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFF01 + '!';
  if (c >= 0x24B6 && c <= 0x24E9) return 'a' + (c - 0x24B6) % 26;
  if (c >= 0x1D400 && c <= 0x1D6A3) return 'a' + (c - 0x1D400) % 26;
  if (c >= 0x1D7CE && c <= 0x1D7FF) return '0' + (c - 0x1D7CE) % 10;
  if (c >= 0x1F130 && c <= 0x1F149) return 'a' + (c - 0x1F130);
  return c;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::string skeleton(std::string_view utf8) {
  std::string out;
  while (!utf8.empty()) {
    auto c = first_of(utf8);
    if (shows_nothing(c)) continue;
    c = plain(c);
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    const auto at = std::lower_bound(std::begin(looks), std::end(looks), c,
                                     [](const same_look& x, char32_t y) { return x.from < y; });
    if (at != std::end(looks) && at->from == c) c = static_cast<char32_t>(at->latin);
    if (c == 0xFFFD) c = '?';
    append_utf8(out, c);
  }
  return out;
}

token_looks::token_looks(const label_set& known) {
  for (const auto& row : known.rows())
    if (row.kind == "token" && !row.flagged) by_look_.emplace(skeleton(row.name), &row);
}

const label* token_looks::imitated_by(const label& token) const {
  const auto look = skeleton(token.name);
  if (look.empty()) return nullptr;
  const auto [begin, end] = by_look_.equal_range(look);
  for (auto at = begin; at != end; ++at) {
    const auto& known = *at->second;
    if (known.who != token.who && (token.chain == 0 || known.chain == token.chain)) return &known;
  }
  return nullptr;
}

}  // namespace eremos
