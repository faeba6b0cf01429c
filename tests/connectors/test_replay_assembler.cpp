// Lines of recordings become blocks: joining, order, and what is said of bad lines.
#include <catch2/catch.hpp>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/replay/recording_assembler.hpp"
#include "tests/connectors/capture_files.hpp"

using namespace eremos;

namespace {

std::string hash_of(char digit) { return "0x" + std::string(64, digit); }
const std::string who = "0x" + std::string(40, '1');

std::string line(const std::string& method, const std::string& params, const std::string& result,
                 const std::string& more = R"(,"chain_id":1)") {
  return R"({"method":")" + method + R"(","params":)" + params + R"(,"result":)" + result + more +
         "}";
}
std::string block_line(char hash, const std::string& more = R"(,"chain_id":1)",
                       const std::string& transactions = "") {
  return line("eth_getBlockByNumber", R"(["0x10",true])",
              R"({"number":"0x10","timestamp":"0x64","hash":")" + hash_of(hash) +
                  R"(","parentHash":")" + hash_of('0') + R"(","transactions":[)" + transactions +
                  "]}",
              more);
}
std::string transaction(char hash) {
  return R"({"hash":")" + hash_of(hash) + R"(","from":")" + who + R"(","blockNumber":"0x10"})";
}
std::string receipt(char block, char transaction_hash, const std::string& index = "0x0") {
  return R"({"transactionHash":")" + hash_of(transaction_hash) + R"(","transactionIndex":")" +
         index + R"(","blockHash":")" + hash_of(block) +
         R"(","blockNumber":"0x10","status":"0x1","logs":[]})";
}
std::string receipts_line(char block, const std::string& receipts) {
  return line("eth_getBlockReceipts", R"([")" + hash_of(block) + R"("])", "[" + receipts + "]");
}
std::string pending_line(char hash, const std::string& more = R"(,"chain_id":1)") {
  return line("eth_subscription", R"(["newPendingTransactions"])", "\"" + hash_of(hash) + "\"",
              more);
}
std::string log_line(char block, const std::string& index, const std::string& more = "") {
  return line("eth_subscription", R"(["logs",{}])",
              R"({"address":")" + who + R"(","topics":[],"data":"0x","transactionHash":")" +
                  hash_of('e') + R"(","transactionIndex":"0x0","logIndex":")" + index +
                  R"(","blockHash":")" + hash_of(block) + R"(","blockNumber":"0x10")" + more + "}");
}

struct run {
  std::vector<recorded_item> items;
  std::vector<line_outcome> outcomes;

  explicit run(const std::vector<std::string>& lines, recording_config config = {}) {
    recording_assembler assembler{std::move(config)};
    for (const auto& text : lines) outcomes.push_back(assembler.take(text, items));
    assembler.finish(items);
  }
  const block_record& block(std::size_t i) const { return std::get<block_record>(items.at(i)); }
  line_verdict verdict(std::size_t i = 0) const { return outcomes.at(i).verdict; }
};

}  // namespace

TEST_CASE("RECORDING: a block and its receipts become one, whichever comes first") {
  const auto block = block_line('a', R"(,"chain_id":1)", transaction('c'));
  const auto receipts = receipts_line('a', receipt('a', 'c'));
  for (const auto& lines : {std::vector{block, receipts}, std::vector{receipts, block}}) {
    const run r{lines};
    REQUIRE(r.items.size() == 1);
    CHECK(r.block(0).has_transactions);
    CHECK(r.block(0).has_receipts);
    CHECK(r.block(0).transactions.at(0).succeeded == maybe<bool>{true});
  }
}

TEST_CASE("RECORDING: pieces that are not adjacent stay apart") {
  const run r{{block_line('a'), block_line('b'), receipts_line('a', receipt('a', 'c'))}};
  REQUIRE(r.items.size() == 3);
  CHECK(!r.block(2).has_header);
}

TEST_CASE("RECORDING: chains are joined apart from each other") {
  const run r{{block_line('a'), block_line('b', R"(,"chain_id":137)"),
               receipts_line('a', receipt('a', 'c'))}};
  REQUIRE(r.items.size() == 2);
  CHECK(r.block(0).chain == 1);
  CHECK(r.block(0).has_receipts);
  CHECK(r.block(1).chain == 137);
}

TEST_CASE("RECORDING: an empty list of receipts belongs to the block that was asked for") {
  for (const auto& lines :
       {std::vector{block_line('a'), receipts_line('a', "")},
        std::vector{receipts_line('a', ""), block_line('a')},
        std::vector{block_line('a'), line("eth_getBlockReceipts", R"(["0x10"])", "[]")}}) {
    const run r{lines};
    REQUIRE(r.items.size() == 1);
    CHECK(r.block(0).has_receipts);
  }
  const run other{{block_line('a'), receipts_line('b', "")}};
  CHECK(!other.block(0).has_receipts);
}

TEST_CASE("RECORDING: single receipts of a block join and claim nothing") {
  const auto single = [](char block, char hash, const std::string& index) {
    return line("eth_getTransactionReceipt", R"(["0x"])", receipt(block, hash, index));
  };
  const run r{{single('a', 'd', "0x1"), single('a', 'c', "0x0"), single('a', 'd', "0x1"),
               single('b', 'c', "0x0")}};
  REQUIRE(r.items.size() == 2);
  CHECK(!r.block(0).has_receipts);
  CHECK(!r.block(0).has_header);
  REQUIRE(r.block(0).receipts.size() == 2);
  CHECK(r.block(0).receipts[0].transaction_index == 0);
}

TEST_CASE("RECORDING: logs are all of a block only if asked for by its hash without a filter") {
  const auto logs = [](const std::string& filter) {
    const auto text = log_line('a', "0x0");
    const auto begin = text.find(R"({"address")");
    const auto end = text.find("},\"chain_id\"");
    return run{
        {line("eth_getLogs", "[" + filter + "]", "[" + text.substr(begin, end + 1 - begin) + "]")}};
  };
  CHECK(logs(R"({"blockHash":")" + hash_of('a') + R"("})").block(0).has_logs);
  CHECK(!logs(R"({"blockHash":")" + hash_of('a') + R"(","address":")" + who + R"("})")
             .block(0)
             .has_logs);
  CHECK(!logs(R"({"fromBlock":"0x10","toBlock":"0x10"})").block(0).has_logs);
}

TEST_CASE("RECORDING: what was subscribed to is replayed in its order") {
  const auto head = line("eth_subscription", R"(["newHeads"])",
                         R"({"number":"0x10","timestamp":"0x64","hash":")" + hash_of('a') +
                             R"(","parentHash":")" + hash_of('0') + R"("})");
  const run r{{pending_line('1', R"(,"chain_id":1,"received_at":"1970-01-01T00:00:01.5Z")"), head,
               log_line('a', "0x1"), pending_line('2'), log_line('a', "0x0"),
               log_line('a', "0x2", R"(,"removed":true)"), block_line('b')}};
  REQUIRE(r.items.size() == 4);
  CHECK(std::get<pending_seen>(r.items[0]).seen_at == 1'500);
  CHECK(r.block(1).has_header);
  CHECK(r.block(1).logs.size() == 2);
  CHECK(r.block(1).logs[0].log_index == 0);
  CHECK(std::holds_alternative<pending_seen>(r.items[2]));
  CHECK(r.block(3).header.hash.data[0] == 0xbb);
  CHECK(r.outcomes[5].removed == 1);
}

TEST_CASE("RECORDING: parameters may be an object") {
  const run r{{line("eth_getBlockByNumber", R"({"boolean":"true","chainid":"1","tag":"0x10"})",
                    R"({"number":"0x10","timestamp":"0x64","hash":")" + hash_of('a') +
                        R"(","parentHash":")" + hash_of('0') + R"(","transactions":[]})"),
               line("eth_getBlockReceipts", R"({"tag":"0x10"})", "[]")}};
  REQUIRE(r.items.size() == 1);
  CHECK(r.block(0).has_receipts);
}

TEST_CASE("RECORDING: keys come in any order, the chain may be absent") {
  const run r{{R"({"result":{"transactions":[],"parentHash":")" + hash_of('0') + R"(","hash":")" +
               hash_of('a') +
               R"(","timestamp":"0x64","number":"0x10"},"received_at":"2026-11-22T10:00:00Z",)" +
               R"("params":["0x10",true],"method":"eth_getBlockByNumber"})"},
              {.default_chain = 10}};
  REQUIRE(r.items.size() == 1);
  CHECK(r.block(0).chain == 10);
  CHECK(to_rfc3339(r.block(0).noted_at) == "2026-11-22T10:00:00.000Z");
}

TEST_CASE("RECORDING: only the chain that is asked for is decoded") {
  const run r{{block_line('a'), block_line('b', R"(,"chain_id":137)"), "{bad"},
              {.only_chain = 137}};
  REQUIRE(r.items.size() == 1);
  CHECK(r.block(0).chain == 137);
  CHECK(r.verdict(0) == line_verdict::other_chain);
  CHECK(r.verdict(2) == line_verdict::malformed);
}

TEST_CASE("RECORDING: each kind of useless line is told apart") {
  const auto verdict = [](const std::string& text) { return run{{text}}.verdict(); };
  CHECK(verdict("") == line_verdict::malformed);
  CHECK(verdict("[]") == line_verdict::malformed);
  CHECK(verdict("{}") == line_verdict::malformed);
  CHECK(verdict(R"({"method":1})") == line_verdict::malformed);
  CHECK(verdict(R"({"method":"eth_getLogs"})") == line_verdict::malformed);
  CHECK(verdict(block_line('a', R"(,"chain_id":"x")")) == line_verdict::malformed);
  CHECK(verdict(block_line('a') + "x") == line_verdict::malformed);
  CHECK(verdict(line("eth_getBlockByNumber", "[]", "{}")) == line_verdict::malformed);
  CHECK(verdict(line("eth_getBlockByNumber", "[]", "null")) == line_verdict::no_result);
  CHECK(verdict(R"({"method":"eth_getLogs","error":{"code":1}})") == line_verdict::no_result);
  CHECK(verdict(line("eth_gasPrice", "[]", "1")) == line_verdict::unknown_method);
  CHECK(verdict(line("eth_subscription", R"(["syncing"])", "1")) == line_verdict::unknown_method);
  CHECK(verdict(line("eth_call", "[]", "1")) == line_verdict::set_aside);
  CHECK(verdict(line("eremos_rules", "[]", "1")) == line_verdict::set_aside);
  CHECK(verdict(line("eremos_labels", "[]", "1")) == line_verdict::malformed);
  CHECK(verdict(line("eremos_labels", "[]", "[{}]")) == line_verdict::malformed);
  CHECK(run{{block_line('a', R"(,"received_at":"soon")")}}.outcomes[0].bad_time);
}

TEST_CASE("RECORDING: labels come between the blocks they were recorded between") {
  const auto labels =
      line("eremos_labels", "[]",
           R"([{"address":"0x00000000000000000000000000000000000000aa","kind":"cex","name":"A"}])");
  const run r{{block_line('a'), labels, block_line('b')}};
  REQUIRE(r.items.size() == 3);
  const auto& said = std::get<labels_recorded>(r.items[1]);
  CHECK(said.chain == 1);
  REQUIRE(said.own.size() == 1);
  CHECK(said.own[0].name == "A");
  CHECK(r.block(0).header.hash != r.block(2).header.hash);
}

TEST_CASE("RECORDING: chains beyond the limit are refused") {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i <= recorded_chains_max; ++i)
    lines.push_back(block_line('a', R"(,"chain_id":)" + std::to_string(i + 1)));
  const run r{lines};
  CHECK(r.outcomes.back().verdict == line_verdict::too_many_chains);
  CHECK(r.items.size() == recorded_chains_max);
}
