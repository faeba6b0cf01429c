#include "runtime/storage/row_text.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace eremos {
namespace {

template <class Range, class ToText>
std::string joined(const Range& range, ToText to_text) {
  std::string out = "[";
  for (const auto& x : range) {
    if (out.size() > 1) out += ',';
    out += to_text(x);
  }
  out += ']';
  return out;
}

/// Walks over JSON that this program wrote; on anything else it stops, giving what it has.
struct json_walk {
  std::string_view text;
  std::size_t at = 0;

  bool done() const noexcept { return at >= text.size(); }
  bool take(char c) noexcept {
    if (done() || text[at] != c) return false;
    ++at;
    return true;
  }
  /// The string at the cursor with its quotes; empty if there is none.
  std::string_view raw_string() noexcept {
    const auto begin = at;
    if (!take('"')) return {};
    while (!done() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    return take('"') ? text.substr(begin, at - begin) : std::string_view{};
  }
  /// Any value: up to the comma or bracket that ends it.
  std::string_view raw_value() noexcept {
    const auto begin = at;
    for (int depth = 0; !done();) {
      const char c = text[at];
      if (c == '"') {
        if (raw_string().empty()) return {};
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
      if (c == '}' || c == ']') --depth;
      ++at;
    }
    return text.substr(begin, at - begin);
  }
};

/// What json_quoted escaped: quotes, backslashes and control characters.
std::string unquoted(std::string_view raw) {
  std::string out;
  if (raw.size() < 2) return out;
  raw = raw.substr(1, raw.size() - 2);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 == raw.size()) {
      out += raw[i];
    } else if (raw[i + 1] == 'u' && i + 5 < raw.size()) {
      unsigned code = 0;
      std::from_chars(raw.data() + i + 2, raw.data() + i + 6, code, 16);
      out += static_cast<char>(code);
      i += 5;
    } else {
      out += raw[++i];
    }
  }
  return out;
}

template <class Use>
void each_string(std::string_view text, Use use) {
  json_walk walk{text};
  if (!walk.take('[')) return;
  do {
    const auto raw = walk.raw_string();
    if (raw.empty()) return;
    use(raw);
  } while (walk.take(','));
}

}  // namespace

std::string blocks_text(const std::vector<block_ref>& blocks) {
  return joined(blocks, [](const block_ref& b) {
    return fmt::format("\"{}:{}:{}\"", b.chain, b.number, to_hex(b.hash));
  });
}

std::vector<block_ref> read_blocks(std::string_view text) {
  std::vector<block_ref> out;
  each_string(text, [&](std::string_view raw) {
    raw = raw.substr(1, raw.size() - 2);
    block_ref block;
    const auto* end = raw.data() + raw.size();
    const auto chain = std::from_chars(raw.data(), end, block.chain);
    if (chain.ptr == end) return;
    const auto number = std::from_chars(chain.ptr + 1, end, block.number);
    if (number.ptr == end) return;
    if (read_hex({number.ptr + 1, static_cast<std::size_t>(end - number.ptr - 1)}, block.hash.data))
      out.push_back(block);
  });
  return out;
}

std::string evidence_text(const std::vector<event_id>& evidence) {
  return joined(evidence, [](const event_id& id) { return '"' + to_string(id) + '"'; });
}

std::vector<event_id> read_evidence(std::string_view text) {
  std::vector<event_id> out;
  each_string(text, [&](std::string_view raw) {
    if (auto id = parse_event_id(raw.substr(1, raw.size() - 2))) out.push_back(*id);
  });
  return out;
}

std::string string_list_text(const std::vector<std::string>& strings) {
  return joined(strings, [](const std::string& s) { return json_quoted(s); });
}

std::vector<std::string> read_string_list(std::string_view text) {
  std::vector<std::string> out;
  each_string(text, [&](std::string_view raw) { out.push_back(unquoted(raw)); });
  return out;
}

std::string text_of_json(std::string_view json) {
  return json.starts_with('"') ? unquoted(json) : std::string{json};
}

detail_map read_details(std::string_view json) {
  detail_map out;
  json_walk walk{json};
  if (!walk.take('{')) return out;
  do {
    const auto key = walk.raw_string();
    if (key.empty() || !walk.take(':')) break;
    out.items.emplace_back(unquoted(key), std::string{walk.raw_value()});
  } while (walk.take(','));
  return out;
}

byte_vector amount_bytes(const int256& amount) {
  const auto bytes = to_big_endian(amount.magnitude);
  const auto first = std::find_if(bytes.begin(), bytes.end(), [](auto b) { return b != 0; });
  byte_vector out(1 + static_cast<std::size_t>(bytes.end() - first));
  out[0] = amount.negative ? 1 : 0;
  std::copy(first, bytes.end(), out.begin() + 1);
  return out;
}

int256 read_amount(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, 32> wide{};
  if (bytes.empty() || bytes.size() > wide.size() + 1) return {};
  const auto magnitude = bytes.subspan(1);
  std::copy(magnitude.begin(), magnitude.end(),
            wide.end() - static_cast<std::ptrdiff_t>(magnitude.size()));
  return {bytes[0] != 0, from_big_endian(wide.data())};
}

std::int64_t tag_of(const hash32& hash) noexcept {
  std::uint64_t tag = 0;
  for (std::size_t i = 0; i < 8; ++i) tag = (tag << 8) | hash.data[i];
  return static_cast<std::int64_t>(tag);
}

}  // namespace eremos
