// A block's texts, their parts by path, and what a verifier says of them. For tests only.
#pragma once
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/json_access.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/replay/recorded_line.hpp"
#include "tests/connectors/capture_files.hpp"

namespace eremos::test {

/// Texts of one block, as a provider gave them.
struct block_texts {
  chain_id chain = 1;
  std::string block;
  std::string receipts;  ///< empty: none
};

/// Where a value stands in a text: "transactions/3/value". Fails the test if it is not there.
inline json::value value_at(const json::value& root, std::string_view path) {
  const auto slash = path.find('/');
  const auto step = path.substr(0, slash);
  maybe<json::value> found;
  json::fault ignored;
  if (root.kind() == json::kind::array)
    static_cast<void>(json::each_element(root, "", ignored, [&](std::size_t i, const auto& v) {
      if (std::to_string(i) == step) found = v;
      return true;
    }));
  else
    static_cast<void>(json::each_field(root, ignored, [&](std::string_view key, const auto& v) {
      if (key == step) found = v;
      return true;
    }));
  INFO(path);
  REQUIRE(found);
  return slash == std::string_view::npos ? *found : value_at(*found, path.substr(slash + 1));
}

inline std::string text_at(const std::string& text, std::string_view path) {
  json_parser parser;
  const auto root = json::open(parser, text);
  REQUIRE(root);
  return std::string{value_at(*root, path).text()};
}

/// The text with the value at `path` replaced.
inline std::string with(const std::string& text, std::string_view path, std::string_view value) {
  json_parser parser;
  const auto root = json::open(parser, text);
  REQUIRE(root);
  const std::string_view old = value_at(*root, path).text();
  auto out = text;
  out.replace(static_cast<std::size_t>(old.data() - text.data()), old.size(), value);
  return out;
}

/// Keys of the object at `path` ("": the root).
inline std::vector<std::string> keys_at(const std::string& text, std::string_view path) {
  json_parser parser;
  auto root = json::open(parser, text);
  REQUIRE(root);
  if (!path.empty()) root = value_at(*root, path);
  std::vector<std::string> out;
  json::fault ignored;
  static_cast<void>(json::each_field(*root, ignored, [&](std::string_view key, const auto&) {
    out.emplace_back(key);
    return true;
  }));
  return out;
}

/// Elements of the list at `path`, as texts.
inline std::vector<std::string> elements_at(const std::string& text, std::string_view path) {
  json_parser parser;
  auto root = json::open(parser, text);
  REQUIRE(root);
  if (!path.empty()) root = value_at(*root, path);
  std::vector<std::string> out;
  json::fault ignored;
  static_cast<void>(json::each_element(*root, "", ignored, [&](std::size_t, const auto& v) {
    out.emplace_back(v.text());
    return true;
  }));
  return out;
}

inline std::string list_of(const std::vector<std::string>& elements) {
  std::string out = "[";
  for (const auto& e : elements) out += (out.size() > 1 ? "," : "") + e;
  return out + "]";
}

/// Every check of a block's texts. Pieces that a decoder refuses only lack their logs.
inline check_list checks_of(const block_verifier& verifier, const block_texts& texts) {
  json_parser parser;
  auto evidence = verifier.examine_block(parser, texts.chain, texts.block);
  block_record record;
  record.chain = texts.chain;
  if (!texts.receipts.empty()) evidence.merge(verifier.examine_receipts(parser, texts.receipts));
  return verifier.checks_of(evidence, record);
}

/// Blocks of a recording with what was recorded of each, in order of (chain, hash).
struct recorded_block {
  block_evidence evidence;
  block_record record;
};

inline std::map<hash32, recorded_block> recorded_blocks(const std::filesystem::path& path,
                                                        const block_verifier& verifier) {
  std::map<hash32, recorded_block> out;
  json_parser lines, results;
  for (const auto& text : read_lines(path)) {
    const auto line = parse_recorded_line(lines, text);
    REQUIRE(line);
    const chain_id chain = line->chain ? *line->chain : 1;
    const bool is_block = line->method.starts_with("eth_getBlockBy");
    const bool is_list = line->method == "eth_getBlockReceipts";
    if (!is_block && !is_list && line->method != "eth_getTransactionReceipt") continue;
    const decode_context context{chain, nullptr};
    auto piece = is_block  ? decode_block(results, context, line->result)
                 : is_list ? decode_receipts(results, context, line->result)
                           : decode_receipt(results, context, line->result);
    REQUIRE(piece);
    auto& block = out[piece->header.hash];
    block.evidence.merge(is_block ? verifier.examine_block(results, chain, line->result)
                                  : verifier.examine_receipts(results, line->result));
    if (block.record.header.hash.is_zero())
      block.record = std::move(*piece);
    else
      REQUIRE(merge_piece(block.record, std::move(*piece)));
  }
  return out;
}

}  // namespace eremos::test
