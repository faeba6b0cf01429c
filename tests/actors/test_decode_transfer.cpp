// Logs are read as token transfers by topic0 and topic count, and nothing else is taken for one.
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/policy/decode_action.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

contract_event log_of(std::vector<hash32> topics, byte_vector data = {}) {
  contract_event out;
  out.emitter = someone(100);
  for (const auto& t : topics) out.topics.items[out.topics.count++] = t;
  out.data = std::move(data);
  return out;
}

byte_vector words(const std::vector<hash32>& items) {
  byte_vector out;
  for (const auto& w : items) out.insert(out.end(), w.data.begin(), w.data.end());
  return out;
}

const auto from = word_of(someone(1));
const auto to = word_of(someone(2));
const auto amount = word_of(uint256{77});

}  // namespace

TEST_CASE("token transfer: the topic is the hash of its signature") {
  CHECK(transfer_topic == keccak256("Transfer(address,address,uint256)"));
}

TEST_CASE("token transfer: topic count tells the form") {
  const auto erc20 = decode_transfer(log_of({transfer_topic, from, to}, words({amount})));
  REQUIRE(erc20);
  CHECK(*erc20 == token_transfer{transfer_form::erc20, someone(100), someone(1), someone(2), 77});
  const auto erc721 = decode_transfer(log_of({transfer_topic, from, to, amount}));
  REQUIRE(erc721);
  CHECK(*erc721 == token_transfer{transfer_form::erc721, someone(100), someone(1), someone(2), 77});
  const auto old = decode_transfer(log_of({transfer_topic}, words({from, to, amount})));
  REQUIRE(old);
  CHECK(old->form == transfer_form::unindexed);
  CHECK(old->to == someone(2));
  CHECK(old->quantity == uint256{77});
}

TEST_CASE("token transfer: ERC-1155 has its own topics, and the operator is no party") {
  const auto operator_word = word_of(someone(9));
  const auto single = decode_transfer(log_of({transfer_single_topic, operator_word, from, to},
                                             words({word_of(uint256{5}), amount})));
  REQUIRE(single);
  CHECK(single->from == someone(1));
  CHECK(single->to == someone(2));
  CHECK(single->quantity == uint256{77});
  const auto batch = decode_transfer(log_of({transfer_batch_topic, operator_word, from, to}));
  REQUIRE(batch);
  CHECK(batch->moves_something());
  CHECK_FALSE(
      decode_transfer(log_of({transfer_single_topic, operator_word, from, to}, words({amount}))));
  CHECK_FALSE(decode_transfer(log_of({keccak256("Other()"), operator_word, from, to})));
}

TEST_CASE("token transfer: whatever else has that topic is no transfer") {
  CHECK_FALSE(decode_transfer(log_of({})));
  CHECK_FALSE(decode_transfer(
      log_of({keccak256("Approval(address,address,uint256)"), from, to}, words({amount}))));
  CHECK_FALSE(decode_transfer(log_of({transfer_topic, from, to})));
  CHECK_FALSE(decode_transfer(log_of({transfer_topic, from, to}, words({amount, amount}))));
  CHECK_FALSE(decode_transfer(log_of({transfer_topic, from, to, amount}, words({amount}))));
  CHECK_FALSE(decode_transfer(log_of({transfer_topic, from}, words({to, amount}))));
  CHECK_FALSE(decode_transfer(log_of({transfer_topic}, words({from, to}))));
}

TEST_CASE("token transfer: a word that holds more than an address is refused") {
  auto dirty = from;
  dirty.data[11] = 1;
  CHECK_FALSE(decode_transfer(log_of({transfer_topic, dirty, to}, words({amount}))));
  CHECK_FALSE(decode_transfer(log_of({transfer_topic, from, dirty, amount})));
}

TEST_CASE("token transfer: an amount of nothing moves nothing, token id 0 moves") {
  const auto zero = word_of(uint256{});
  CHECK_FALSE(
      decode_transfer(log_of({transfer_topic, from, to}, words({zero})))->moves_something());
  CHECK(decode_transfer(log_of({transfer_topic, from, to, zero}))->moves_something());
}
