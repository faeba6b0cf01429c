// Blocks, receipts, logs and transactions by hand: which fields may be absent, and what is said of
// those that may not.
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/verify/chain_rules.hpp"

using namespace eremos;

namespace {

const std::string hash_a = "0x" + std::string(64, 'a');
const std::string hash_b = "0x" + std::string(64, 'b');
const std::string hash_c = "0x" + std::string(64, 'c');
const std::string who = "0x" + std::string(40, '1');

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string block_json(const std::string& transactions, const std::string& more = "") {
  return R"({"number":"0x10","hash":")" + hash_a + R"(","parentHash":")" + hash_b +
         R"(","timestamp":"0x64","transactions":)" + transactions + more + "}";
}
std::string transaction_json(const std::string& more = "", const std::string& hash = hash_c) {
  return R"({"hash":")" + hash + R"(","from":")" + who + R"(","blockNumber":"0x10")" + more + "}";
}
std::string log_json(const std::string& more = "", const std::string& topics = "[]") {
  return R"({"address":")" + who + R"(","topics":)" + topics + R"(,"transactionHash":")" + hash_c +
         R"(","transactionIndex":"0x0","logIndex":"0x2","blockHash":")" + hash_a +
         R"(","blockNumber":"0x10")" + more + "}";
}
std::string receipt_json(const std::string& logs, const std::string& more = "") {
  return R"({"transactionHash":")" + hash_c + R"(","transactionIndex":"0x0","blockHash":")" +
         hash_a + R"(","blockNumber":"0x10","logs":)" + logs + more + "}";
}

struct decoders {
  json_parser parser;
  decode_context context{.chain = 1};
  result<block_record> block(const std::string& text) {
    return decode_block(parser, context, text);
  }
  failure bad_block(const std::string& text) {
    const auto out = block(text);
    REQUIRE(!out);
    return out.error();
  }
};

}  // namespace

TEST_CASE("BLOCK: the least a block must have is enough") {
  decoders d;
  const auto block = d.block(block_json("[" + transaction_json() + "]"));
  REQUIRE(block);
  CHECK(block->chain == 1);
  CHECK(block->has_header);
  CHECK(block->has_transactions);
  CHECK(!block->has_receipts);
  CHECK(block->header.number == 16);
  CHECK(block->time == maybe<time_ms>{100'000});
  CHECK(block->header.transaction_count == 1);
  CHECK(!block->header.base_fee_per_gas);
  REQUIRE(block->transactions.size() == 1);
  const auto& txn = block->transactions.front();
  CHECK(txn.type == 0);
  CHECK(!txn.to);
  CHECK(txn.number == 16);
  CHECK(txn.transaction_index == 0);
}

TEST_CASE("BLOCK: what is missing is named") {
  decoders d;
  CHECK(d.bad_block("{}").code == errc::malformed_shape);
  CHECK(d.bad_block("{}").message == "block: number: missing");
  CHECK(d.bad_block(block_json(R"([{"from":")" + who + R"(","blockNumber":"0x10"}])")).message ==
        "block: transactions[0].hash: missing");
  CHECK(d.bad_block(block_json(R"([{"hash":")" + hash_c + R"(","blockNumber":"0x10"}])")).message ==
        "block: transactions[0].from: missing");
  CHECK(d.bad_block(block_json("[" + transaction_json() + R"(,{"hash":"0x1"}])")).message ==
        "block: transactions[1].hash: not 32 bytes of hex");
  CHECK(d.bad_block(block_json("[" + transaction_json(R"(,"value":"many")") + "]")).message ==
        "block: transactions[0].value: not a quantity");
  CHECK(d.bad_block(block_json("[1]")).message == "block: transactions[0]: not an object");
  CHECK(d.bad_block(block_json("{}")).message == "block: transactions: not a list");
  CHECK(d.bad_block("[]").message == "block: not an object");
  CHECK(d.bad_block("{").code == errc::malformed_json);
  CHECK(d.bad_block("").code == errc::malformed_json);
  CHECK(d.bad_block("{}, {}").code == errc::malformed_json);
  CHECK(d.bad_block("null").code == errc::block_not_found);
  CHECK(d.bad_block(" null\n").code == errc::block_not_found);
}

TEST_CASE("BLOCK: nested faults are named to the leaf") {
  decoders d;
  CHECK(d.bad_block(block_json("[" +
                               transaction_json(R"(,"accessList":[{"address":")" + who +
                                                R"(","storageKeys":["0x"]}])") +
                               "]"))
            .message == "block: transactions[0].accessList[0].storageKeys[0]: not 32 bytes of hex");
}

TEST_CASE("BLOCK: null counts as absent where a field may be absent") {
  decoders d;
  const auto block = d.block(block_json(
      "[" +
          transaction_json(
              R"(,"to":null,"gasPrice":null,"maxFeePerGas":null,"accessList":null,"type":null)") +
          "]",
      R"(,"baseFeePerGas":null,"miner":null)"));
  REQUIRE(block);
  CHECK(!block->transactions[0].max_fee_per_gas);
}

TEST_CASE("BLOCK: numbers may be JSON numbers, and quantities may have leading zeros") {
  decoders d;
  const auto block = d.block(block_json(
      "[" +
      transaction_json(R"(,"value":123456789012345678901234567890,"nonce":"0x007","gas":21000)") +
      "]"));
  REQUIRE(block);
  const auto& txn = block->transactions[0];
  CHECK(to_string(txn.value) == "123456789012345678901234567890");
  CHECK(txn.nonce == 7);
  CHECK(txn.gas_limit == 21'000);
}

TEST_CASE("BLOCK: hashes only say how many transactions there are, not what they are") {
  decoders d;
  const auto block = d.block(block_json("[" + quoted(hash_b) + "," + quoted(hash_c) + "]"));
  REQUIRE(block);
  CHECK(!block->has_transactions);
  CHECK(block->header.transaction_count == 2);
  const auto empty = d.block(block_json("[]"));
  REQUIRE(empty);
  CHECK(empty->has_transactions);
  CHECK(d.bad_block(block_json("[" + quoted(hash_b) + "," + transaction_json() + "]")).message ==
        "block: transactions[1]: hashes and objects mixed");
}

TEST_CASE("BLOCK: transactions of another block are refused") {
  decoders d;
  CHECK(d.block(block_json("[" + transaction_json(R"(,"blockHash":")" + hash_a + "\"") + "]")));
  CHECK(d.bad_block(block_json("[" + transaction_json(R"(,"blockHash":")" + hash_b + "\"") + "]"))
            .code == errc::malformed_shape);
  CHECK(d.bad_block(block_json(R"([{"hash":")" + hash_c + R"(","from":")" + who +
                               R"(","blockNumber":"0x11"}])"))
            .code == errc::malformed_shape);
}

TEST_CASE("BLOCK: transactions come by index") {
  decoders d;
  const auto block =
      d.block(block_json("[" + transaction_json(R"(,"transactionIndex":"0x1")", hash_b) + "," +
                         transaction_json(R"(,"transactionIndex":"0x0")", hash_c) + "]"));
  REQUIRE(block);
  CHECK(to_hex(block->transactions[0].hash) == hash_c);
}

TEST_CASE("BLOCK: a type the chain does not have is counted, and its fields decoded") {
  decoders d;
  const auto text = block_json("[" + transaction_json(R"(,"type":"0x7e","value":"0x5")") + "," +
                               transaction_json(R"(,"type":"0x4")") + "]");
  auto block = d.block(text);
  REQUIRE(block);
  CHECK(block->unknown_transaction_types == 1);
  CHECK(block->transactions[0].type == 0x7e);
  CHECK(block->transactions[0].value == uint256{5});
  for (const chain_id chain : {10u, 8453u, 534352u}) {
    d.context.chain = chain;
    block = d.block(text);
    REQUIRE(block);
    CHECK(block->unknown_transaction_types == 0);
  }
  d.context.chain = 999'999;
  CHECK(d.block(text)->unknown_transaction_types == 1);
  d.context.like = 10;
  CHECK(d.block(text)->unknown_transaction_types == 0);
}

TEST_CASE("CHAINS: each has the types of transactions that it has, and no other chain's") {
  const std::map<chain_id, std::set<std::uint64_t>> table = {
      {1, {}},
      {10, {0x7e}},
      {137, {0x7f}},
      {42161, {0x64, 0x65, 0x66, 0x68, 0x69, 0x6a, 0x78}},
      {42220, {0x7b, 0x7e}},
      {534352, {0x7e}},
      {0, {}},
      {999'999, {}}};
  for (const auto& [chain, added] : table)
    for (std::uint64_t type = 0; type < 0x100; ++type) {
      CAPTURE(chain, type);
      CHECK(is_known_transaction_type(rules_of(chain), type) ==
            (type <= 4 || added.contains(type)));
    }
}

TEST_CASE("HEAD: a head is its header") {
  decoders d;
  const auto head = decode_head(d.parser, R"({"parentHash":")" + hash_b +
                                              R"(","number":"0x10","timestamp":"0x64","hash":")" +
                                              hash_a + R"(","baseFeePerGas":"0x7"})");
  REQUIRE(head);
  CHECK(head->number == 16);
  CHECK(head->base_fee_per_gas == maybe<uint256>{uint256{7}});
  CHECK(!decode_head(d.parser, "null"));
}

TEST_CASE("LOG: none to four topics, never five") {
  decoders d;
  std::string topics;
  for (int count = 0; count <= 4; ++count) {
    const auto log = decode_log(d.parser, d.context, log_json("", "[" + topics + "]"));
    REQUIRE(log);
    CHECK(log->log.topics.size() == static_cast<std::size_t>(count));
    topics += (count > 0 ? "," : "") + quoted(hash_b);
  }
  const auto five = decode_log(d.parser, d.context, log_json("", "[" + topics + "]"));
  REQUIRE(!five);
  CHECK(five.error().message == "log: topics[4]: more than four");
}

TEST_CASE("LOG: removed ones are skipped and counted, the rest sorted by block and index") {
  decoders d;
  auto later = log_json();
  later.replace(later.find("0x2"), 3, "0x9");
  const auto logs = decode_logs(d.parser, d.context,
                                "[" + later + "," + log_json(R"(,"removed":true)") + "," +
                                    log_json(R"(,"blockTimestamp":"0x64","removed":false)") + "]");
  REQUIRE(logs);
  CHECK(logs->removed == 1);
  REQUIRE(logs->blocks.size() == 1);
  const auto& block = logs->blocks.front();
  CHECK(block.time == maybe<time_ms>{100'000});
  CHECK(!block.has_logs);
  REQUIRE(block.logs.size() == 2);
  CHECK(block.logs[0].log_index == 2);
  CHECK(block.logs[1].log_index == 9);
  REQUIRE(decode_logs(d.parser, d.context, "[]"));
  CHECK(!decode_logs(d.parser, d.context, "{}"));
  const auto broken = decode_logs(d.parser, d.context, "[" + log_json() + ",{}]");
  REQUIRE(!broken);
  CHECK(broken.error().message == "logs: [1].address: missing");
}

TEST_CASE("RECEIPT: status, price and logs may be absent in their own ways") {
  decoders d;
  const auto old = decode_receipt(d.parser, d.context, receipt_json("null", R"(,"root":"0x")"));
  REQUIRE(old);
  CHECK(!old->has_receipts);
  REQUIRE(old->receipts.size() == 1);
  CHECK(!old->receipts[0].succeeded);
  CHECK(!old->receipts[0].effective_gas_price);
  const auto failed = decode_receipt(
      d.parser, d.context, receipt_json("[]", R"(,"status":"0x0","contractAddress":null)"));
  REQUIRE(failed);
  CHECK(failed->receipts[0].succeeded == maybe<bool>{false});
  CHECK(!decode_receipt(d.parser, d.context, receipt_json("[]", R"(,"status":"0x2")")));
  CHECK(decode_receipt(d.parser, d.context, "null").error().code == errc::block_not_found);
}

TEST_CASE("RECEIPTS: all of one block, or refused") {
  decoders d;
  const auto all =
      decode_receipts(d.parser, d.context, "[" + receipt_json("[" + log_json() + "]") + "]");
  REQUIRE(all);
  CHECK(all->has_receipts);
  CHECK(all->header.number == 16);
  CHECK(to_hex(all->header.hash) == hash_a);
  auto other = receipt_json("[]");
  other.replace(other.find(hash_a), hash_a.size(), hash_b);
  const auto mixed =
      decode_receipts(d.parser, d.context, "[" + receipt_json("[]") + "," + other + "]");
  REQUIRE(!mixed);
  CHECK(mixed.error().message == "receipts: [1].blockHash: differs from the rest of the block");
  const auto none = decode_receipts(d.parser, d.context, "[]");
  REQUIRE(none);
  CHECK(none->header.hash.is_zero());
  CHECK(none->has_receipts);
}

TEST_CASE("PENDING: a hash or the whole transaction") {
  decoders d;
  const auto hash = decode_pending(d.parser, d.context, quoted(hash_c));
  REQUIRE(hash);
  CHECK(!hash->full);
  CHECK(to_hex(hash->hash) == hash_c);
  const auto whole = decode_pending(
      d.parser, d.context,
      R"({"hash":")" + hash_c + R"(","from":")" + who +
          R"(","blockNumber":null,"transactionIndex":null,"value":"0x9","input":"0x01"})");
  REQUIRE(whole);
  CHECK(whole->full);
  CHECK(whole->value == uint256{9});
  CHECK(whole->pending());
  CHECK(!decode_pending(d.parser, d.context, "7"));
  CHECK(decode_pending_by_hash(d.parser, d.context, "null").error().code == errc::block_not_found);
}

TEST_CASE("VALUE: results that are one value") {
  json_parser p;
  CHECK(*decode_quantity64(p, R"("0x10")") == 16);
  CHECK(*decode_quantity64(p, "16") == 16);
  CHECK(*decode_text(p, R"("a\u0041")") == "aA");
  CHECK(*decode_flag(p, "false") == false);
  CHECK(decode_bytes(p, R"("0x0102")")->size() == 2);
  CHECK(!decode_quantity64(p, R"("0x10000000000000000")"));
  CHECK(!decode_quantity(p, "null"));
  CHECK(!decode_quantity(p, "1,2"));
  CHECK(!decode_quantity(p, "1],[2"));
  CHECK(decode_quantity(p, "").error().code == errc::malformed_json);
  CHECK(decode_quantity(p, "-1").error().code == errc::malformed_shape);
}

TEST_CASE("PIECES: block and receipts become one, whichever comes first") {
  decoders d;
  const auto block = d.block(block_json("[" + transaction_json(R"(,"gasPrice":"0x1")") + "]"));
  const auto receipts = decode_receipts(
      d.parser, d.context,
      "[" +
          receipt_json("[" + log_json() + "]",
                       R"(,"status":"0x1","gasUsed":"0x5208","effectiveGasPrice":"0x2")") +
          "]");
  REQUIRE(block);
  REQUIRE(receipts);
  auto one = *block, other = *receipts;
  REQUIRE(merge_piece(one, block_record{*receipts}));
  REQUIRE(merge_piece(other, block_record{*block}));
  CHECK(one == other);
  CHECK(join_receipts(one) == 1);
  CHECK(one.transactions[0].succeeded == maybe<bool>{true});
  CHECK(one.transactions[0].gas_used == maybe<std::uint64_t>{21'000});
  CHECK(one.transactions[0].gas_price == uint256{2});
  REQUIRE(all_logs(one).size() == 1);
  auto logs = decode_logs(d.parser, d.context, "[" + log_json() + "]");
  REQUIRE(logs);
  REQUIRE(merge_piece(one, std::move(logs->blocks[0])));
  CHECK(all_logs(one).size() == 1);
}

TEST_CASE("PIECES: of another block or chain they are refused, and nothing changes") {
  decoders d;
  const auto block = d.block(block_json("[]"));
  REQUIRE(block);
  auto into = *block;
  auto other = *block;
  other.header.hash.data[0] ^= 1;
  CHECK(!merge_piece(into, std::move(other)));
  other = *block;
  other.chain = 2;
  CHECK(!merge_piece(into, std::move(other)));
  CHECK(into == *block);
  auto nameless = decode_receipts(d.parser, d.context, "[]");
  REQUIRE(nameless);
  REQUIRE(merge_piece(into, std::move(*nameless)));
  CHECK(into.has_receipts);
}
