// One thing of a real block is changed at a time, and the check that must find it does.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "tests/connectors/verify_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// Block 18,000,000 with its receipts.
maybe<block_texts> real_block() {
  const auto path = shared_data("recordings/ethereum-blocks-with-receipts.jsonl.gz");
  if (!path) return {};
  block_texts out;
  json_parser parser;
  for (const auto& text : read_lines(*path)) {
    const auto line = parse_recorded_line(parser, text);
    REQUIRE(line);
    (line->method == "eth_getBlockReceipts" ? out.receipts : out.block) = std::string{line->result};
  }
  return out;
}

/// The value with one digit changed; of a list or null something else.
std::string changed(const std::string& value) {
  if (value == "null") return R"("0x00000000000000000000000000000000000000aa")";
  if (value == "true" || value == "false") return value == "true" ? "false" : "true";
  if (value.front() == '[') return value == "[]" ? R"(["0x1"])" : "[]";
  auto out = value;
  if (out == R"("0x")") return R"("0xaa")";
  auto& digit = out[out.size() - 2];
  digit = digit == '1' ? '2' : '1';
  return out;
}

/// What is not changed is examined once; who signed, only where that can matter.
class mutant {
 public:
  explicit mutant(block_texts texts) : texts_(std::move(texts)) {
    block_ = fast_.examine_block(parser_, texts_.chain, texts_.block);
    receipts_ = fast_.examine_receipts(parser_, texts_.receipts);
  }

  check_list block(std::string_view path, const std::string& value) {
    const auto& verifier = path.ends_with("from") ? full_ : fast_;
    auto evidence = verifier.examine_block(parser_, texts_.chain, with(texts_.block, path, value));
    evidence.merge(block_evidence{receipts_});
    return together(std::move(evidence));
  }
  check_list block(std::string_view path) {
    return block(path, changed(text_at(texts_.block, path)));
  }
  check_list receipts(std::string_view path, const std::string& value) {
    auto evidence = fast_.examine_receipts(parser_, with(texts_.receipts, path, value));
    evidence.merge(block_evidence{block_});
    return together(std::move(evidence));
  }
  check_list receipts(std::string_view path) {
    return receipts(path, changed(text_at(texts_.receipts, path)));
  }
  check_list whole(const block_texts& texts) const { return checks_of(full_, texts); }
  std::string named(const check_list& checks) const { return full_.judge(checks).check; }
  bool is_suspect(const check_list& checks) const { return full_.judge(checks).is_suspect(); }

 private:
  check_list together(block_evidence evidence) const {
    block_record record;
    record.chain = texts_.chain;
    return full_.checks_of(evidence, record);
  }

  json_parser parser_;
  block_verifier full_;
  block_verifier fast_{{.senders = false}};
  block_texts texts_;
  block_evidence block_;
  block_evidence receipts_;
};

struct tampering {
  std::string_view path;
  std::string_view found_by;
};

// Legacy transaction 35, typed 0 and the creation 9; receipt 1 has 51 logs.
constexpr tampering in_block[] = {
    {"parentHash", "header_hash"},
    {"sha3Uncles", "header_hash"},
    {"miner", "header_hash"},
    {"stateRoot", "header_hash"},
    {"transactionsRoot", "header_hash"},
    {"receiptsRoot", "header_hash"},
    {"logsBloom", "header_hash"},
    {"difficulty", "header_hash"},
    {"number", "header_hash"},
    {"gasLimit", "header_hash"},
    {"gasUsed", "header_hash"},
    {"timestamp", "header_hash"},
    {"extraData", "header_hash"},
    {"mixHash", "header_hash"},
    {"nonce", "header_hash"},
    {"baseFeePerGas", "header_hash"},
    {"withdrawalsRoot", "header_hash"},
    {"hash", "header_hash"},
    {"transactions/0/nonce", "transactions_root"},
    {"transactions/0/gas", "transactions_root"},
    {"transactions/0/to", "transactions_root"},
    {"transactions/0/value", "transactions_root"},
    {"transactions/0/input", "transactions_root"},
    {"transactions/0/maxFeePerGas", "transactions_root"},
    {"transactions/0/maxPriorityFeePerGas", "transactions_root"},
    {"transactions/0/chainId", "transactions_root"},
    {"transactions/0/accessList", "transactions_root"},
    {"transactions/0/r", "transactions_root"},
    {"transactions/0/s", "transactions_root"},
    {"transactions/0/yParity", "transactions_root"},
    {"transactions/0/type", "transactions_root"},
    {"transactions/0/hash", "transaction_hash"},
    {"transactions/0/v", "transaction_hash"},
    {"transactions/0/from", "sender"},
    {"transactions/0/gasPrice", "effective_gas_price"},
    {"transactions/0/blockHash", "place"},
    {"transactions/0/blockNumber", "place"},
    {"transactions/0/transactionIndex", "place"},
    {"transactions/0/blockTimestamp", "block_timestamp"},
    {"transactions/35/gasPrice", "transactions_root"},
    {"transactions/35/v", "transactions_root"},
    {"transactions/35/value", "transactions_root"},
    {"transactions/35/from", "sender"},
    {"transactions/35/chainId", "chain_id"},
    {"transactions/9/to", "transactions_root"},
    {"withdrawals/0/index", "withdrawals_root"},
    {"withdrawals/0/validatorIndex", "withdrawals_root"},
    {"withdrawals/0/address", "withdrawals_root"},
    {"withdrawals/15/amount", "withdrawals_root"},
};
constexpr tampering in_receipts[] = {
    {"1/status", "receipts_root"},
    {"1/cumulativeGasUsed", "receipts_root"},
    {"1/logs/3/address", "receipts_root"},
    {"1/logs/3/topics", "receipts_root"},
    {"1/logs/3/topics/0", "receipts_root"},
    {"1/logs/3/data", "receipts_root"},
    {"1/logsBloom", "logs_bloom"},
    {"1/type", "receipt_match"},
    {"1/from", "receipt_match"},
    {"1/to", "receipt_match"},
    {"1/transactionHash", "receipt_match"},
    {"1/transactionIndex", "receipt_match"},
    {"1/blockHash", "place"},
    {"1/blockNumber", "place"},
    {"1/gasUsed", "gas_used"},
    {"1/effectiveGasPrice", "effective_gas_price"},
    {"1/contractAddress", "contract_address"},
    {"9/contractAddress", "contract_address"},
    {"1/logs/3/logIndex", "log_indexes"},
    {"1/logs/3/blockHash", "place"},
    {"1/logs/3/blockNumber", "place"},
    {"1/logs/3/transactionHash", "place"},
    {"1/logs/3/transactionIndex", "place"},
};

/// Nothing in the header or in a root says them, and no agent reads them. `uncles` are hashes of
/// headers that are not at hand.
const std::set<std::string> unseen = {"size", "totalDifficulty", "uncles", "removed"};

}  // namespace

TEST_CASE("tampering: the check that must find it does, and names the block") {
  const auto real = real_block();
  if (!real) return;
  mutant m{*real};
  REQUIRE(!m.is_suspect(m.whole(*real)));
  for (const auto& [path, found_by] : in_block) {
    INFO(path);
    const auto checks = m.block(path);
    CHECK(m.is_suspect(checks));
    const auto all = checks.all();
    CHECK(std::any_of(all.begin(), all.end(), [by = found_by](const check& c) {
      return to_string(c.kind) == by && c.outcome == check_outcome::failed;
    }));
  }
  for (const auto& [path, found_by] : in_receipts) {
    INFO(path);
    const auto checks = m.receipts(path);
    CHECK(m.is_suspect(checks));
    const auto all = checks.all();
    CHECK(std::any_of(all.begin(), all.end(), [by = found_by](const check& c) {
      return to_string(c.kind) == by && c.outcome == check_outcome::failed;
    }));
  }
}

TEST_CASE("tampering: no field of a block, transaction, withdrawal, receipt or log goes unseen") {
  const auto real = real_block();
  if (!real) return;
  mutant m{*real};
  const auto sweep = [&](const std::string& text, const std::string& object, auto&& mutate) {
    for (const auto& key : keys_at(text, object)) {
      if (unseen.contains(key)) continue;
      const auto path = object.empty() ? key : object + "/" + key;
      INFO(path);
      CHECK(m.is_suspect(mutate(path)));
    }
  };
  const auto block = [&](const std::string& path) { return m.block(path); };
  const auto receipts = [&](const std::string& path) { return m.receipts(path); };
  for (const auto object : {"", "transactions/0", "transactions/9", "transactions/35",
                            "transactions/93", "withdrawals/7"})
    sweep(real->block, object, block);
  for (const auto object : {"0", "9", "93", "1/logs/0", "1/logs/50"})
    sweep(real->receipts, object, receipts);
}

TEST_CASE("tampering: what is left out, doubled or swapped is found") {
  const auto real = real_block();
  if (!real) return;
  mutant m{*real};
  const auto transactions = elements_at(real->block, "transactions");
  const auto receipts = elements_at(real->receipts, "");
  const auto with_transactions = [&](std::vector<std::string> list) {
    return m.named(m.block("transactions", list_of(list)));
  };
  const auto with_receipts = [&](std::vector<std::string> list) {
    auto texts = *real;
    texts.receipts = list_of(list);
    return m.named(m.whole(texts));
  };
  auto list = transactions;
  list.erase(list.begin() + 17);
  CHECK(with_transactions(list) == "transactions_root");
  list = transactions;
  std::swap(list[3], list[4]);
  CHECK(with_transactions(list) == "transactions_root");
  list = transactions;
  list.push_back(list.back());
  CHECK(with_transactions(list) == "transactions_root");
  CHECK(with_transactions({}) == "transactions_root");

  CHECK(m.named(m.block("withdrawals", "[]")) == "withdrawals_root");
  auto withdrawals = elements_at(real->block, "withdrawals");
  std::swap(withdrawals[0], withdrawals[1]);
  CHECK(m.named(m.block("withdrawals", list_of(withdrawals))) == "withdrawals_root");

  list = receipts;
  list.erase(list.begin() + 5);
  CHECK(with_receipts(list) == "receipts_root");
  list = receipts;
  list.push_back(list.back());
  CHECK(with_receipts(list) == "receipts_root");
  CHECK(with_receipts({}) == "receipts_root");
  // In another order they are still the same receipts; with each other's logs they are not.
  list = receipts;
  std::swap(list[0], list[1]);
  CHECK(with_receipts(list).empty());
  list[0] = with(receipts[0], "logs", text_at(receipts[1], "logs"));
  list[1] = with(receipts[1], "logs", text_at(receipts[0], "logs"));
  CHECK(with_receipts(list) == "receipts_root");
  list[0] = with(receipts[0], "transactionIndex", text_at(receipts[1], "transactionIndex"));
  list[1] = with(receipts[1], "transactionIndex", text_at(receipts[0], "transactionIndex"));
  CHECK(with_receipts(list) == "receipts_root");

  auto logs = elements_at(real->receipts, "1/logs");
  for (const auto gone : {0, 25, 50}) {
    auto fewer = logs;
    fewer.erase(fewer.begin() + gone);
    CHECK(m.named(m.receipts("1/logs", list_of(fewer))) == "receipts_root");
  }
}

TEST_CASE("tampering: what is missing proves nothing, and accuses nobody") {
  const auto real = real_block();
  if (!real) return;
  mutant m{*real};
  for (const auto path :
       {"stateRoot", "mixHash", "transactions/5/r", "transactions/5/maxFeePerGas"}) {
    INFO(path);
    const auto checks = m.block(path, "null");
    CHECK(!m.is_suspect(checks));
    const std::string_view check =
        std::string_view{path}.starts_with("t") ? "transactions_root" : "header_hash";
    CHECK(m.named(checks) == check);
  }
  const auto checks = m.receipts("5/cumulativeGasUsed", "null");
  CHECK(!m.is_suspect(checks));
  CHECK(m.named(checks) == "receipts_root");
  CHECK(checks.find(check_kind::receipts_root)->seen == "cumulativeGasUsed: missing");
  // A field that only some forks have is not missed; without it the hash is another.
  CHECK(m.is_suspect(m.block("withdrawalsRoot", "null")));
  CHECK(m.is_suspect(m.block("baseFeePerGas", "null")));
}

TEST_CASE("tampering: a key that stands twice is refused, and one that no rule knows is said") {
  const auto real = real_block();
  if (!real) return;
  mutant m{*real};
  auto texts = *real;
  texts.block.insert(1, R"("gasUsed":"0x1",)");
  CHECK(m.named(m.whole(texts)) == "header_hash");
  CHECK(m.is_suspect(m.whole(texts)));
  // A header of a fork to come: nothing is proven, and nobody is accused.
  texts = *real;
  texts.block = with(texts.block, "stateRoot", changed(text_at(texts.block, "stateRoot")));
  texts.block.insert(1, R"("futureRoot":"0x01",)");
  const auto checks = m.whole(texts);
  CHECK(!m.is_suspect(checks));
  CHECK(m.named(checks) == "header_hash");
  CHECK(checks.find(check_kind::header_hash)->seen == "futureRoot: a field that no rule knows");
  // An unknown key beside a header that matches is nobody's business.
  texts = *real;
  texts.block.insert(1, R"("futureRoot":"0x01",)");
  CHECK(m.named(m.whole(texts)).empty());
}

TEST_CASE("tampering: what Arbitrum's headers repeat is asked of headers of its kind alone") {
  const auto real = real_block();
  if (!real) return;
  block_verifier verifier;
  json_parser parser;
  const auto fails = [&](const std::string& extra_data) {
    auto block = with(real->block, "extraData", extra_data);
    block.insert(1, R"("l1BlockNumber":"0x1",)");
    block_record record;
    record.chain = 42161;
    const auto evidence = verifier.examine_block(parser, record.chain, block);
    return verifier.checks_of(evidence, record).failed(check_kind::chain_fields);
  };
  // Its mixHash is a random number, so that no block number is in it.
  CHECK(fails('"' + to_hex(hash32{}) + '"'));
  CHECK_FALSE(fails(R"("0x")"));
}
