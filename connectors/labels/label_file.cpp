#include "connectors/labels/label_file.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "connectors/ethereum/json_access.hpp"
#include "messages/keccak.hpp"
#include "runtime/registry/builtin_labels.hpp"

namespace eremos {
namespace {

using json::fault;
using json::value;

constexpr std::uint64_t decimals_max = 255;  // EIP-20: uint8

bool read_label_text(const value& v, std::string_view key, std::string& out, fault& why) {
  std::string_view text;
  if (!json::string_of(v, text)) return why.at(key, "not a string");
  if (const auto wrong = label_text_fault(text); !wrong.empty()) return why.at(key, wrong);
  out = text;
  return true;
}

bool read_row(const value& v, label& row, fault& why) {
  row.watched = false;
  bool has_address = false;
  const bool read = json::each_field(v, why, [&](std::string_view key, const value& x) {
    if (key == "address") {
      std::string_view text;
      if (!json::string_of(x, text)) return why.at(key, "not a string");
      const auto who = parse_checksummed(text);
      if (!who) return why.at(key, who.error().message);
      row.who = *who;
      has_address = true;
      return true;
    }
    if (key == "chain") return json::read(x, key, row.chain, why);
    if (key == "kind") return read_label_text(x, key, row.kind, why);
    if (key == "name") return read_label_text(x, key, row.name, why);
    if (key == "source") return read_label_text(x, key, row.source, why);
    if (key == "watched") return json::read(x, key, row.watched, why);
    if (key == "flagged") return json::read(x, key, row.flagged, why);
    if (key == "decimals") {
      std::uint64_t decimals = 0;
      if (!json::read(x, key, decimals, why)) return false;
      if (decimals > decimals_max) return why.at(key, "more than 255");
      row.decimals = static_cast<unsigned>(decimals);
      return true;
    }
    return why.at(key, "unknown key");
  });
  if (!read) return false;
  if (!has_address) return why.at("address", "missing");
  if (row.kind.empty()) return why.at("kind", "missing");
  return !row.name.empty() || why.at("name", "missing");
}

}  // namespace

result<std::vector<label>> parse_label_json(std::string_view text, std::string_view file_name) {
  std::vector<label> rows;
  fault why;
  json_parser parser;
  const auto root = json::open(parser, json_text{text});
  if (!root) return {errc::bad_config, fmt::format("{}: not JSON", file_name)};
  const auto read_list = [&](const value& list) {
    return json::each_element(list, "", why, [&](std::size_t, const value& v) {
      return read_row(v, rows.emplace_back(), why);
    });
  };
  const bool good =
      root->kind() == json::kind::object
          ? json::each_field(*root, why,
                             [&](std::string_view key, const value& v) {
                               return key == "labels" ? read_list(v) : why.at(key, "unknown key");
                             })
          : read_list(*root);
  if (!good) return {errc::bad_config, fmt::format("{}: {}", file_name, why.text())};
  return rows;
}

result<std::vector<label>> read_label_file(const std::filesystem::path& path) {
  const auto unreadable = [&](std::string_view why) {
    return failure{errc::file_unreadable, fmt::format("{}: {}", path.string(), why)};
  };
  std::error_code ec;
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) return unreadable(ec.message());
  if (size > label_file_bytes_max) return unreadable("larger than 32 MiB");
  std::ifstream in{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in && !in.eof()) return unreadable("cannot be read");
  auto rows = path.extension() == ".json" ? parse_label_json(text, path.string())
                                          : parse_labels(text, path.string());
  if (!rows) return rows;
  for (auto& row : *rows)
    if (row.source.empty()) row.source = path.filename().string();
  return rows;
}

result<std::vector<label>> read_label_files(const std::vector<std::filesystem::path>& files) {
  std::vector<label> out;
  for (const auto& path : files) {
    auto rows = read_label_file(path);
    if (!rows) return rows;
    out.insert(out.end(), std::make_move_iterator(rows->begin()),
               std::make_move_iterator(rows->end()));
    if (out.size() > own_labels_max)
      return {errc::bad_config, fmt::format("{}: more than {} labels in all files together",
                                            path.string(), own_labels_max)};
  }
  return out;
}

}  // namespace eremos
