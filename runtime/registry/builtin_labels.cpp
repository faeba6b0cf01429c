#include "runtime/registry/builtin_labels.hpp"

#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace embedded {
extern const std::string_view labels_csv;  // runtime/registry/labels.csv
}
namespace {

constexpr std::size_t field_count = 7;
/// ERC-20 declares decimals as uint8 (EIP-20).
constexpr unsigned decimals_max = 255;

using fields = std::array<std::string_view, field_count>;

/// The last field takes the rest of the line, commas included.
bool split(std::string_view line, fields& out) {
  for (std::size_t i = 0; i + 1 < field_count; ++i) {
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return false;
    out[i] = line.substr(0, comma);
    line.remove_prefix(comma + 1);
  }
  out.back() = line;
  return true;
}

template <class T>
bool read_decimal(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_marks(std::string_view text, label& row) {
  row.watched = text == "watched" || text == "watched+flagged";
  row.flagged = text == "flagged" || text == "watched+flagged";
  return row.watched || row.flagged || text == "-";
}

result<label> parse_row(std::string_view line) {
  fields in;
  if (!split(line, in))
    return {errc::bad_config,
            "want chain,kind,name,address,decimals,marks,source separated by commas"};
  label row;
  if (!read_decimal(in[0], row.chain))
    return {errc::bad_config, fmt::format("\"{}\" is not a chain id", in[0])};
  if (in[1].empty() || in[2].empty()) return {errc::bad_config, "kind and name must not be empty"};
  for (const auto text : {in[1], in[2], in[6]})
    if (const auto why = label_text_fault(text); !why.empty())
      return {errc::bad_config, fmt::format("\"{}\": {}", printable(text, 64), why)};
  row.kind = in[1];
  row.name = in[2];
  auto who = parse_checksummed(in[3]);
  if (!who) return {errc::bad_config, who.error().message};
  row.who = *who;
  if (in[4] != "-" && (!read_decimal(in[4], row.decimals) || row.decimals > decimals_max))
    return {errc::bad_config, fmt::format("\"{}\" is not a number of decimals or \"-\"", in[4])};
  if (!read_marks(in[5], row))
    return {
        errc::bad_config,
        fmt::format("unknown marks \"{}\"; want watched, flagged, watched+flagged or -", in[5])};
  row.source = in[6];
  return row;
}

}  // namespace

std::string_view label_text_fault(std::string_view text) {
  if (text.size() > label_text_bytes_max) return "longer than 256 bytes";
  if (printable(text, text.size()) != text)
    return "has control characters, direction marks or broken UTF-8";
  return {};
}

result<std::vector<label>> parse_labels(std::string_view csv, std::string_view file_name) {
  std::vector<label> rows;
  for (std::size_t number = 1; !csv.empty(); ++number) {
    const auto end = csv.find('\n');
    auto line = csv.substr(0, end);
    csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    auto row = parse_row(line);
    if (!row)
      return {row.error().code, fmt::format("{}:{}: {}", file_name, number, row.error().message)};
    rows.push_back(std::move(*row));
  }
  return rows;
}

label_view builtin_labels() {
  auto rows = parse_labels(embedded::labels_csv, "labels.csv");
  if (!rows) std::abort();  // programmer error: a test parses every row
  return std::make_shared<const label_set>(std::move(*rows), 1);
}

std::vector<label> borrowed_labels(const label_set& labels, chain_id from, chain_id to) {
  std::vector<label> out;
  for (const auto& row : labels.rows()) {
    if (row.chain != from) continue;
    out.push_back(row);
    out.back().chain = to;
  }
  return out;
}

}  // namespace eremos
