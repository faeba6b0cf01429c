// Real answers of real providers: every one of the methods we read decodes, and holds what an
// independent reading (DOM, by key) finds in it.
#include <simdjson.h>
#include <catch2/catch.hpp>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "tests/connectors/capture_files.hpp"

using namespace eremos;
using simdjson::dom::element;

namespace {

struct counts {
  std::size_t blocks = 0, transactions = 0, receipts = 0, logs = 0, pending = 0, errors = 0,
              nulls = 0, others = 0;
};

std::string_view text_at(element object, std::string_view key) {
  std::string_view out;
  element found;
  if (object[key].get(found) || found.get(out)) return {};
  return out;
}

std::size_t length_at(element object, std::string_view key) {
  simdjson::dom::array list;
  if (object[key].get(list)) return 0;
  return list.size();
}

std::uint64_t number_at(element object, std::string_view key) {
  const auto number = parse_quantity64(text_at(object, key));
  return number ? *number : 0;
}

class checker {
 public:
  explicit checker(chain_id chain) : context_{chain, &signatures_} {}

  /// One answer as it came over the wire; `expected` is the same, parsed.
  void check(std::string_view method, std::string_view wire, element expected) {
    const auto& frames = frames_.decode(wire);
    REQUIRE(frames.size() == 1);
    const auto& frame = frames.front();
    element result;
    element error;
    if (expected["error"].get(error) == simdjson::SUCCESS && !error.is_null()) {
      CHECK(frame.kind == frame_kind::error);
      ++seen.errors;
      return;
    }
    if (expected["result"].get(result)) {  // neither: `"error":null` and nothing else
      CHECK(frame.kind == frame_kind::unknown);
      return;
    }
    REQUIRE(frame.kind == frame_kind::response);
    if (method == "eth_getBlockByNumber" || method == "eth_getBlockByHash")
      check_block(frame.result, result);
    else if (method == "eth_getBlockReceipts" || method == "erigon_getBlockReceiptsByBlockHash")
      check_receipts(frame.result, result);
    else if (method == "eth_getTransactionReceipt")
      check_receipt(frame.result, result);
    else if (method == "eth_getLogs" || method == "erigon_getLogsByHash" ||
             method == "erigon_getLatestLogs")
      check_logs(method, frame.result, result);
    else if (method == "eth_getTransactionByHash")
      check_transaction(frame.result, result);
    else if (method == "eth_blockNumber" || method == "eth_chainId")
      CHECK(decode_quantity64(parser_, frame.result));
    else
      ++seen.others;
  }

  counts seen;

 private:
  template <class T>
  bool is_absent(const result<T>& decoded, element result) {
    if (!result.is_null()) return false;
    REQUIRE(!decoded);
    CHECK(decoded.error().code == errc::block_not_found);
    ++seen.nulls;
    return true;
  }
  template <class T>
  void must(const result<T>& decoded) {
    if (!decoded) FAIL(decoded.error().message);
  }

  void check_block(std::string_view text, element expected) {
    const auto block = decode_block(parser_, context_, text);
    if (is_absent(block, expected)) return;
    must(block);
    CHECK(to_hex(block->header.hash) == text_at(expected, "hash"));
    CHECK(block->header.number == number_at(expected, "number"));
    CHECK(block->header.gas_used == number_at(expected, "gasUsed"));
    CHECK(block->header.transaction_count == length_at(expected, "transactions"));
    CHECK(block->unknown_transaction_types == 0);
    if (block->has_transactions)
      CHECK(block->transactions.size() == length_at(expected, "transactions"));
    std::size_t i = 0;
    for (element txn : expected["transactions"].get_array()) {
      if (!block->has_transactions) break;
      check_fields(block->transactions[i++], txn);
    }
    ++seen.blocks;
    seen.transactions += block->transactions.size();
  }

  void check_fields(const transaction_body& decoded, element txn) {
    CHECK(to_hex(decoded.hash) == text_at(txn, "hash"));
    CHECK(to_hex(decoded.from) == text_at(txn, "from"));
    CHECK((decoded.to ? to_hex(*decoded.to) : std::string{}) == text_at(txn, "to"));
    CHECK(to_quantity(decoded.value) == text_at(txn, "value"));
    CHECK(decoded.type == number_at(txn, "type"));
    CHECK(to_hex(decoded.input) == text_at(txn, "input"));
    CHECK(decoded.access_list.size() == length_at(txn, "accessList"));
    CHECK(decoded.blob_versioned_hashes.size() == length_at(txn, "blobVersionedHashes"));
    CHECK(decoded.authorization_list.size() == length_at(txn, "authorizationList"));
    CHECK((decoded.max_fee_per_gas ? to_quantity(*decoded.max_fee_per_gas) : std::string{}) ==
          text_at(txn, "maxFeePerGas"));
  }

  void check_receipt_fields(const receipt_record& receipt, element expected) {
    CHECK(to_hex(receipt.transaction_hash) == text_at(expected, "transactionHash"));
    CHECK(receipt.logs.size() == length_at(expected, "logs"));
    CHECK(receipt.succeeded.has_value() == !text_at(expected, "status").empty());
    if (receipt.gas_used) CHECK(*receipt.gas_used == number_at(expected, "gasUsed"));
    std::size_t i = 0;
    for (element log : expected["logs"].get_array()) check_log(receipt.logs[i++], log);
    ++seen.receipts;
  }

  void check_log(const contract_event& log, element expected) {
    CHECK(to_hex(log.emitter) == text_at(expected, "address"));
    CHECK(to_hex(log.data) == text_at(expected, "data"));
    CHECK(log.log_index == number_at(expected, "logIndex"));
    REQUIRE(log.topics.size() == length_at(expected, "topics"));
    std::size_t i = 0;
    for (element topic : expected["topics"].get_array())
      CHECK(to_hex(log.topics[i++]) == topic.get_string().value());
    ++seen.logs;
  }

  void check_receipts(std::string_view text, element expected) {
    auto piece = decode_receipts(parser_, context_, text);
    if (is_absent(piece, expected)) return;
    must(piece);
    simdjson::dom::array list = expected.get_array();
    REQUIRE(piece->receipts.size() == list.size());
    std::size_t i = 0;
    for (element receipt : list) check_receipt_fields(piece->receipts[i++], receipt);
    const auto logs = all_logs(*piece);
    for (std::size_t n = 0; n < logs.size(); ++n) CHECK(logs[n].log_index == n);
  }

  void check_receipt(std::string_view text, element expected) {
    const auto piece = decode_receipt(parser_, context_, text);
    if (is_absent(piece, expected)) return;
    must(piece);
    check_receipt_fields(piece->receipts.at(0), expected);
  }

  void check_logs(std::string_view method, std::string_view text, element expected) {
    // erigon_getLogsByHash gives a list of lists: not a shape of ours.
    if (method == "erigon_getLogsByHash") return void(++seen.others);
    const auto logs = decode_logs(parser_, context_, text);
    if (is_absent(logs, expected)) return;
    must(logs);
    std::size_t count = logs->removed;
    for (const auto& block : logs->blocks) count += block.logs.size();
    simdjson::dom::array list = expected.get_array();
    CHECK(count == list.size());
    seen.logs += count;
  }

  void check_transaction(std::string_view text, element expected) {
    const auto txn = decode_pending_by_hash(parser_, context_, text);
    if (is_absent(txn, expected)) return;
    must(txn);
    check_fields(*txn, expected);
    ++seen.pending;
  }

  signature_table signatures_ = signature_table::built_in();
  decode_context context_;
  frame_decoder frames_;
  json_parser parser_;
};

}  // namespace

TEST_CASE("CAPTURES: every reply of ethereum/execution-apis decodes") {
  const auto folder = test::shared_data("jsonrpc/execution-apis/tests");
  if (!folder) return;
  checker check{1};
  simdjson::dom::parser parser;
  for (const auto& path : test::files_below(*folder)) {
    if (path.extension() != ".io") continue;
    INFO(path.string());
    for (const auto& line : test::read_lines(path))
      if (line.starts_with("<< "))
        check.check(path.parent_path().filename().string(), line.substr(3),
                    parser.parse(line.substr(3)));
  }
  CHECK(check.seen.blocks == 10);
  CHECK(check.seen.errors > 5);
  CHECK(check.seen.nulls > 3);
  CHECK(check.seen.receipts > 5);
}

TEST_CASE("CAPTURES: every pair of erigontech/rpc-tests decodes") {
  const auto folder = test::shared_data("captures/erigon");
  if (!folder) return;
  const std::pair<std::string, chain_id> chains[] = {
      {"mainnet", 1}, {"gnosis", 100}, {"arb-sepolia", 421614}, {"polygon-pos", 137}};
  simdjson::dom::parser parser;
  counts total;
  for (const auto& [name, id] : chains) {
    checker check{id};
    for (const auto& path : test::files_below(*folder / name)) {
      INFO(path.string());
      const auto text = test::read_all(path);
      simdjson::dom::array pairs;
      if (parser.parse(text).get(pairs)) continue;
      for (element pair : pairs) {
        element response;
        if (pair["response"].get(response) || !response.is_object()) continue;
        if (response["result"].error() && response["error"].error()) continue;
        check.check(path.parent_path().filename().string(), simdjson::minify(response), response);
      }
    }
    total.blocks += check.seen.blocks;
    total.receipts += check.seen.receipts;
    total.logs += check.seen.logs;
  }
  CHECK(total.blocks > 30);
  CHECK(total.receipts > 1'000);
  CHECK(total.logs > 2'000);
}

TEST_CASE("CAPTURES: every answer from six chains decodes") {
  const auto folder = test::shared_data("captures/rotki");
  if (!folder) return;
  const std::pair<std::string, chain_id> chains[] = {{"ethereum", 1},      {"base", 8453},
                                                     {"optimism", 10},     {"arbitrum_one", 42161},
                                                     {"polygon_pos", 137}, {"gnosis", 100}};
  simdjson::dom::parser parser;
  for (const auto& [name, id] : chains) {
    checker check{id};
    auto reader = line_reader::open(*folder / (name + ".jsonl.gz"));
    REQUIRE(reader);
    while (const auto line = reader->next()) {
      INFO(name << " line " << line->number);
      element row = parser.parse(line->text.data(), line->text.size());
      check.check(text_at(row, "method"), simdjson::minify(row["response"].value()),
                  row["response"]);
    }
    CHECK(reader->ended() == source_end::clean);
    CHECK(check.seen.blocks > 0);
    CHECK(check.seen.transactions > 500);
    CHECK(check.seen.receipts > 50);
    CHECK(check.seen.others == 0);
  }
}

TEST_CASE("CAPTURES: odd receipts and blocks of other chains decode") {
  const auto folder = test::shared_data("captures/hypersync-format");
  if (!folder) return;
  json_parser parser;
  const decode_context context{.chain = 1};
  for (const auto& path : test::files_below(*folder)) {
    const auto name = path.filename().string();
    const auto text = test::read_all(path);
    INFO(name);
    std::string fault;
    const auto take = [&](const auto& decoded) {
      if (!decoded) fault = decoded.error().message;
    };
    if (name.find("receipt") != std::string::npos)
      take(decode_receipt(parser, context, text));
    else if (name.find("block") != std::string::npos)
      take(decode_block(parser, context, text));
    else if (name == "log.json")
      take(decode_log(parser, context, text));
    else
      take(decode_pending(parser, context, text));
    CHECK(fault == "");
  }
}
