// Wallets of one hand: deposit addresses, funders, collectors; neighbours and services are none.
#include <catch2/catch.hpp>

#include "actors/detect/wallet_links.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

const auto exchange = someone(900);
const auto deposit = someone(50);
const auto funder = someone(60);
const auto contract = someone(70);

wallet_payment pay(std::uint64_t index, const address& from, const address& to, double amount,
                   const address& token = {}) {
  return {index, some_hash(index), from, to, token, amount, to == exchange, 0};
}

wallet_call call(std::uint64_t index, const address& from, std::uint64_t nonce = 0,
                 const address& to = contract) {
  return {index, some_hash(index), from, to, 0x12345678, nonce};
}

constexpr double coin = 1e18;

/// Each of them pays into one address, which passes it on.
std::vector<wallet_payment> deposits(std::uint64_t users, double kept = 1e15) {
  std::vector<wallet_payment> out;
  for (std::uint64_t i = 0; i < users; ++i) {
    const double amount = coin * static_cast<double>(i + 1);
    out.push_back(pay(2 * i, someone(1 + i), deposit, amount));
    out.push_back(pay(2 * i + 1, deposit, exchange, amount - kept));
  }
  return out;
}

std::vector<wallet_payment> fundings(std::uint64_t n, double step = 0) {
  std::vector<wallet_payment> out;
  for (std::uint64_t i = 0; i < n; ++i)
    out.push_back(pay(i, funder, someone(100 + i), coin * (1 + step * static_cast<double>(i))));
  return out;
}

std::vector<wallet_call> calls(std::uint64_t n, std::uint64_t nonce = 0) {
  std::vector<wallet_call> out;
  for (std::uint64_t i = 0; i < n; ++i) out.push_back(call(50 + i, someone(100 + i), nonce));
  return out;
}

std::vector<linked_wallets> one_block(std::vector<wallet_payment> payments,
                                      std::vector<wallet_call> done = {},
                                      std::vector<token_airdrop> airdrops = {}) {
  wallet_links detector;
  return detector.block(some_block(1), 1'000'000, std::move(payments), std::move(done),
                        std::move(airdrops));
}

}  // namespace

TEST_CASE("wallet links: who uses one deposit address is one hand") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    auto payments = deposits(5);
    shuffle_with(seed, payments);
    const auto found = one_block(payments);
    REQUIRE(found.size() == 1);
    CHECK(found[0].first == someone(1));
    CHECK(found[0].wallets.size() == 5);
    CHECK(found[0].confidence == Approx(0.9));
    CHECK(found[0].links.size() == 4);
    CHECK(found[0].links[0].via == deposit);
  }
  CHECK(one_block(deposits(3)).empty());
  CHECK(one_block(deposits(5, 2e16)).empty());  // keeps too much
  CHECK(one_block(deposits(30)).empty());       // too many: a service
  // Passed on together.
  std::vector<wallet_payment> together;
  for (std::uint64_t i = 0; i < 4; ++i) together.push_back(pay(i, someone(1 + i), deposit, coin));
  together.push_back(pay(9, deposit, exchange, 4 * coin - 1e15));
  CHECK(one_block(together).size() == 1);
}

TEST_CASE("wallet links: a wallet that pays others is nobody's deposit address") {
  auto payments = deposits(5);
  payments.push_back(pay(20, deposit, someone(77), coin));
  CHECK(one_block(payments).empty());
  wallet_links detector;
  detector.block(some_block(1), 0, deposits(3), {}, {});
  CHECK(detector.links() == 2);
  detector.block(some_block(2), 1, {pay(1, deposit, someone(77), coin)}, {}, {});
  CHECK(detector.links() == 0);
  // Tokens must be passed on whole; self-payments and nothing are none.
  std::vector<wallet_payment> tokens;
  for (std::uint64_t i = 0; i < 5; ++i) {
    tokens.push_back(pay(2 * i, someone(1 + i), deposit, 1e9, someone(8)));
    tokens.push_back(pay(2 * i + 1, deposit, exchange, 1e9 - 1, someone(8)));
  }
  CHECK(one_block(tokens).empty());
  CHECK(one_block({pay(1, deposit, deposit, coin), pay(2, someone(1), deposit, 0),
                   pay(3, deposit, exchange, coin)})
            .empty());
}

TEST_CASE("wallet links: funded alike and acting alike is one hand") {
  const auto found = one_block(fundings(4), calls(4));
  REQUIRE(found.size() == 1);
  CHECK(found[0].wallets.size() == 5);  // and the funder
  CHECK(found[0].first == funder);
  CHECK(found[0].confidence == Approx(0.8));
  CHECK(one_block(fundings(4)).empty());
  CHECK(one_block(fundings(4), calls(2)).empty());
  CHECK(one_block(fundings(4, 0.5), calls(4)).empty());
  CHECK(one_block(fundings(4), calls(4, 3)).empty());
  CHECK(one_block(fundings(80), calls(4)).empty());  // pays everybody
  auto elsewhere = calls(4);
  for (std::uint64_t i = 0; i < 4; ++i) elsewhere[i].contract = someone(200 + i);
  CHECK(one_block(fundings(4), elsewhere).empty());
  // Two hours later.
  wallet_links detector;
  detector.block(some_block(1), 0, fundings(4), {}, {});
  CHECK(detector.block(some_block(2), 2 * hour_ms, {}, calls(4), {}).empty());
}

TEST_CASE("wallet links: an airdrop that ends with one collector") {
  token_airdrop drop{.index = 1, .token = someone(8), .receivers = {}};
  for (std::uint64_t i = 0; i < 20; ++i) drop.receivers.emplace_back(someone(300 + i), 1e18);
  std::vector<wallet_payment> passed;
  for (std::uint64_t i = 0; i < 6; ++i)
    passed.push_back(pay(2 + i, someone(300 + i), someone(400), 1e18, someone(8)));
  const auto found = one_block(passed, {}, {drop});
  REQUIRE(found.size() == 1);
  CHECK(found[0].wallets.size() == 7);
  passed.resize(4);
  CHECK(one_block(passed, {}, {drop}).empty());
  auto parts = passed;
  for (auto& p : parts) p.amount = 5e17;
  CHECK(one_block(parts, {}, {drop}).empty());
  auto few = drop;
  few.receivers.resize(9);
  CHECK(one_block(passed, {}, {few}).empty());
}

TEST_CASE("wallet links: a cluster is told once, and again at four times its size") {
  wallet_links detector;
  CHECK(detector.block(some_block(1), 0, deposits(4), {}, {}).size() == 1);
  CHECK(detector.block(some_block(2), 0, deposits(6), {}, {}).empty());
  const auto grown = detector.block(some_block(3), 0, deposits(16), {}, {});
  REQUIRE(grown.size() == 1);
  CHECK(grown[0].wallets.size() == 16);
  CHECK(grown[0].level == severity::medium);
}

TEST_CASE("wallet links: what is kept is bounded and restored") {
  wallet_links detector{{.payments_max = 200}};
  token_airdrop drop{.index = 1, .token = someone(8), .receivers = {}};
  for (std::uint64_t i = 0; i < 20; ++i) drop.receivers.emplace_back(someone(300 + i), 1e18);
  for (std::uint64_t n = 0; n < 100; ++n) {
    std::vector<wallet_payment> payments;
    for (std::uint64_t i = 0; i < 20; ++i)
      payments.push_back(pay(i, someone(1'000 + n * 20 + i), someone(5'000 + i), coin));
    detector.block(some_block(n), static_cast<time_ms>(n) * 12'000, payments, {}, {drop});
    CHECK(detector.payments() <= 200);
  }
  CHECK(detector.evicted() > 0);
  auto some = deposits(3);
  for (const auto& p : fundings(2)) some.push_back(p);
  detector.block(some_block(100), 1'300'000, some, calls(2), {drop});
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  wallet_links restored{{.payments_max = 200}};
  state_reader reader{bytes};
  REQUIRE(restored.load(reader));
  REQUIRE(reader.finish());
  state_writer again;
  restored.save(again);
  CHECK(std::move(again).take() == bytes);
  const std::vector<wallet_payment> last{pay(1, someone(9), deposit, 9 * coin),
                                         pay(2, deposit, exchange, 9 * coin)};
  CHECK(detector.block(some_block(101), 1'300'001, last, {}, {}).size() == 1);
  CHECK(restored.block(some_block(101), 1'300'001, last, {}, {}).size() == 1);
  for (std::size_t n = 0; n < bytes.size(); n += 301) {
    state_reader torn{{bytes.data(), n}};
    CHECK_FALSE((wallet_links{}.load(torn) && torn.finish()));
  }
}
