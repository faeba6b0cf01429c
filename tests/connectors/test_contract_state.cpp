// Answers of contracts as providers send them, and as the mock makes them up.
#include <catch2/catch.hpp>

#include "connectors/chain/pool_answers.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/error_class.hpp"
#include "connectors/mock/evm_words.hpp"
#include "connectors/mock/mock_cast.hpp"
#include "connectors/mock/mock_chain.hpp"

using namespace eremos;

namespace {

result<bytes_begin> begin_of(const std::string& json, std::size_t most = 4) {
  json_parser parser;
  return decode_bytes_begin(parser, json, most);
}

errc class_of(std::int64_t code, const std::string& text, std::string_view method = "eth_call") {
  return classify_rpc_error({.code = code, .message = text, .data = {}}, method).code;
}

}  // namespace

TEST_CASE("contract state: of an answer the beginning is kept, and how long it was") {
  CHECK(begin_of(R"("0x")")->size == 0);
  CHECK(begin_of(R"("0x0102")")->bytes == byte_vector{1, 2});
  CHECK(begin_of(R"("0x01020304")")->bytes == byte_vector{1, 2, 3, 4});
  const auto cut = begin_of(R"("0x0102030405")");
  CHECK(cut->bytes == byte_vector{1, 2, 3, 4});
  CHECK(cut->size == 5);
  const auto huge = begin_of("\"0x" + std::string(20'000'000, 'a') + "\"");
  CHECK(huge->bytes.size() == 4);
  CHECK(huge->size == 10'000'000);
  for (const auto* bad : {R"("")", R"("0x1")", R"("1234")", R"("0xzz")", "null", "7", "{}", "[]"})
    CHECK(begin_of(bad).error().code == errc::malformed_shape);
  CHECK(begin_of(R"("0x)").error().code == errc::malformed_json);
}

TEST_CASE("contract state: a contract that refuses is told from a provider that does") {
  // go-ethereum, Anvil, Hardhat, Nethermind, Ganache; and what a contract may have said itself.
  CHECK(class_of(3, "execution reverted") == errc::call_reverted);
  CHECK(class_of(3, "execution reverted: rate limit exceeded") == errc::call_reverted);
  CHECK(class_of(-32000, "execution reverted: header not found") == errc::call_reverted);
  CHECK(class_of(-32000, "invalid opcode: INVALID") == errc::call_reverted);
  CHECK(class_of(-32000, "out of gas") == errc::call_reverted);
  CHECK(class_of(-32000, "execution aborted (timeout = 5s)") == errc::call_reverted);
  CHECK(class_of(-32015, "VM execution error.") == errc::call_reverted);
  CHECK(class_of(-32000, "VM Exception while processing transaction: revert") ==
        errc::call_reverted);
  CHECK(class_of(-32000, "header not found") == errc::block_not_found);
  CHECK(class_of(-32005, "limit exceeded") == errc::rate_limited);
  CHECK(class_of(429, "too many requests") == errc::rate_limited);
  CHECK(class_of(-32601, "the method eth_call does not exist/is not available") ==
        errc::method_unsupported);
  CHECK(class_of(-32602, "invalid argument 1: cannot unmarshal object") == errc::provider_refused);
  // Of other methods these words say something else.
  CHECK(class_of(3, "execution reverted", "eth_getLogs") != errc::call_reverted);
}

TEST_CASE("mock: its tokens say what they are, its people nothing, and other calls are refused") {
  const mock_chain chain{{.seed = 7}};
  const auto& cast = chain.cast();
  const auto read = [&](fact_kind what, const address& who) {
    const auto bytes = *cast.answer(who, token_call(what));
    return read_answer(what, {bytes, bytes.size()});
  };
  const auto& usdc = cast.tokens().front();
  CHECK(read(fact_kind::symbol, usdc.who).text == "USDC");
  CHECK(read(fact_kind::decimals, usdc.who).number == 6);
  CHECK(read(fact_kind::symbol, cast.weth()).text == "WETH");
  const auto quiet = cast.account(mock_role::quiet_token, 3);
  CHECK(read(fact_kind::symbol, quiet).text == "MOCK" + to_hex(quiet).substr(2, 4));
  CHECK(read(fact_kind::decimals, quiet).number == 18);
  CHECK(read(fact_kind::symbol, cast.wallet(5)).verdict == answer_verdict::nothing);
  CHECK(read(fact_kind::symbol, cast.exchange(0)).verdict == answer_verdict::nothing);
  CHECK_FALSE(cast.answer(quiet, abi_call("totalSupply()", {})));
}

TEST_CASE("mock: its pools say whose they are, and their factories the same") {
  const mock_chain chain{{.seed = 7}};
  const auto& cast = chain.cast();
  const auto confirmed = [&](const mock_pool& pool, pool_shape shape) {
    pool_claims said;
    for (int questions = 0; questions < 5; ++questions) {
      const auto next = next_question(pool.who, shape, said);
      const auto bytes = cast.answer(next.to, next.input);
      if (!bytes) return false;
      const state_read answer{*bytes, bytes->size()};
      if (next.to != pool.who) {
        CHECK(facts_of(pool.who, said)[0].account == pool.factory);
        CHECK(asks_for(said, next.to, next.input));
        const auto named = named_pool(answer);
        return named && *named == pool.who;
      }
      if (hear_pool(*pool_call_of(next.input), pool.who, answer, said) != answer_verdict::fact)
        return false;
    }
    return false;
  };
  for (const auto& pool : cast.v2_pools()) CHECK(confirmed(pool, pool_shape::pair));
  for (const auto& pool : cast.v3_pools()) CHECK(confirmed(pool, pool_shape::fee));
  CHECK_FALSE(confirmed(cast.v2_pools().front(), pool_shape::fee));
  CHECK_FALSE(cast.answer(
      cast.v2_pools().front().factory,
      abi_call("getPair(address,address)", {abi_word(cast.weth()), abi_word(cast.weth())})));
}
