// The mock's chain is a function of its seed, hangs together like a real one, and holds the
// patterns it promises.
#include <map>
#include <set>

#include <rapidcheck.h>
#include <caf/all.hpp>
#include <caf/binary_serializer.hpp>
#include <catch2/catch.hpp>

#include "connectors/mock/evm_words.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "messages/keccak.hpp"
#include "messages/protocols.hpp"
#include "runtime/policy/transfer.hpp"
#include "runtime/registry/builtin_labels.hpp"

using namespace eremos;

namespace {

/// Events in the order in which a block's are delivered, pending ones first.
struct seen_block {
  block_record record;
  std::uint64_t events_before = 0;
};

/// The blocks that hold the first `events` events.
std::vector<seen_block> opening(const mock_chain& chain, std::uint64_t events) {
  std::vector<seen_block> out;
  std::uint64_t before = 0;
  for (block_number n = 1; before + chain.events_of(n) <= events; ++n) {
    out.push_back({chain.block(n), before});
    before += chain.events_of(n);
  }
  return out;
}

hash32 digest_of(const block_record& record) {
  caf::actor_system_config config;
  add_message_types(config);
  caf::actor_system system{config};
  std::vector<char> buffer;
  caf::binary_serializer sink{system, buffer};
  auto copy = record;
  REQUIRE(!sink(copy));
  return keccak256(std::string_view{buffer.data(), buffer.size()});
}

}  // namespace

TEST_CASE("mock: the same seed gives the same bytes, today and on any platform") {
  // Pinned: who changes the mock's chain breaks comparisons with runs of the past, and says so
  // here.
  const mock_chain chain{{.seed = 1}};
  CHECK(to_hex(digest_of(chain.block(1))) ==
        "0xba5bb6d59d0f5e6986533ce1a2c672be33ff2a71d609ab76ce0738e53f6b13f5");
  CHECK(to_hex(digest_of(chain.block(1'000'003))) ==
        "0x7755057ddfa1c0f668dad2cc4d856859309fa4a0495bf1b9ee665608869a8cca");
  const mock_chain dense{{.seed = 7, .chain = 1, .dense = true}};
  CHECK(to_hex(digest_of(dense.block(5))) ==
        "0xd0d3b00aca67b5762c80d8091a56a56dab15e38a2266a5857d2c66de98efe0b1");
}

TEST_CASE("mock: a block does not depend on what was asked before") {
  const mock_chain forwards{{.seed = 3}};
  const mock_chain backwards{{.seed = 3}};
  std::vector<block_record> blocks;
  for (block_number n = 1; n <= 60; ++n) blocks.push_back(forwards.block(n));
  for (block_number n = 60; n >= 1; --n) CHECK((backwards.block(n) == blocks[n - 1]));
}

TEST_CASE("mock: other seeds and other chains are other chains") {
  const mock_chain one{{.seed = 1}};
  const mock_chain two{{.seed = 2}};
  const mock_chain elsewhere{{.seed = 1, .chain = 5}};
  CHECK(one.hash_of(4) != two.hash_of(4));
  CHECK(one.hash_of(4) != elsewhere.hash_of(4));
  CHECK(one.block(4).transactions.front().hash != elsewhere.block(4).transactions.front().hash);
}

TEST_CASE("mock: blocks link, time rises, headers add up") {
  for (const bool dense : {false, true}) {
    const mock_chain chain{{.seed = 1, .dense = dense}};
    for (block_number n = 1; n <= (dense ? 45u : 130u); ++n) {
      const auto block = chain.block(n);
      REQUIRE(block.header.number == n);
      CHECK(block.header.hash == chain.hash_of(n));
      CHECK(block.header.parent_hash == chain.hash_of(n - 1));
      CHECK(block.header.timestamp == chain.time_of(n));
      CHECK(chain.time_of(n) - chain.time_of(n - 1) >= 12'000);
      CHECK(block.header.transaction_count == block.transactions.size());
      CHECK(block.receipts.size() == block.transactions.size());
      CHECK(block.header.gas_used <= block.header.gas_limit);
      std::uint64_t gas = 0;
      for (const auto& txn : block.transactions) gas += *txn.gas_used;
      CHECK(gas == block.header.gas_used);
    }
  }
}

TEST_CASE("mock: transactions and their receipts agree, log indexes are contiguous") {
  const mock_chain chain{{.seed = 11}};
  std::set<hash32> hashes;
  std::set<std::uint64_t> types;
  std::uint64_t failed = 0;
  for (block_number n = 1; n <= 400; ++n) {
    const auto block = chain.block(n);
    std::uint64_t log_index = 0;
    for (std::size_t i = 0; i < block.transactions.size(); ++i) {
      const auto& txn = block.transactions[i];
      const auto& receipt = block.receipts[i];
      types.insert(txn.type);
      CHECK(hashes.insert(txn.hash).second);
      CHECK(txn.number == n);
      CHECK(txn.transaction_index == i);
      CHECK(receipt.transaction_index == i);
      CHECK(receipt.transaction_hash == txn.hash);
      CHECK(receipt.gas_used == txn.gas_used);
      CHECK(*txn.gas_used <= txn.gas_limit);
      CHECK(*txn.gas_used >= 21'000);
      CHECK(receipt.contract_address == txn.contract_address);
      CHECK(txn.contract_address.has_value() == !txn.to.has_value());
      CHECK((*txn.succeeded || receipt.logs.empty()));
      CHECK(txn.max_fee_per_gas.has_value() == (txn.type >= 2));
      CHECK(txn.blob_versioned_hashes.empty() == (txn.type != 3));
      CHECK(txn.authorization_list.empty() == (txn.type != 4));
      if (txn.max_fee_per_gas) CHECK(*txn.max_fee_per_gas >= *txn.effective_gas_price);
      CHECK(*txn.effective_gas_price > *block.header.base_fee_per_gas);
      failed += *txn.succeeded ? 0 : 1;
      for (const auto& log : receipt.logs) {
        CHECK(log.log_index == log_index++);
        CHECK(log.transaction_hash == txn.hash);
        CHECK(log.transaction_index == i);
        CHECK(log.topics[0] == keccak256(log.signature->signature));
      }
    }
  }
  CHECK(types == std::set<std::uint64_t>{0, 1, 2, 3, 4});
  CHECK(failed > 0);
}

TEST_CASE("mock: a sender's nonces follow each other without a hole") {
  for (const bool dense : {false, true}) {
    const mock_chain chain{{.seed = 2, .dense = dense}};
    std::map<address, std::uint64_t> next;
    for (block_number n = 1; n <= (dense ? 80u : 2'000u); ++n)
      for (const auto& txn : chain.block(n).transactions) {
        const auto [at, first] = next.try_emplace(txn.from, txn.nonce);
        if (!first) CHECK(txn.nonce == at->second);
        at->second = txn.nonce + 1;
      }
    CHECK(next.size() > 300);
  }
}

TEST_CASE("mock: an ordinary account is never silent for as long as a sleeper") {
  const mock_chain chain{{.seed = 4}};
  std::map<address, time_ms> last;
  std::set<address> woken;
  for (block_number n = 1; n <= 45 * mock_cycle; ++n) {
    const auto block = chain.block(n);
    const auto touch = [&](const address& who) {
      const auto [at, first] = last.try_emplace(who, block.header.timestamp);
      if (!first && block.header.timestamp - at->second > 180 * day_ms) woken.insert(who);
      at->second = block.header.timestamp;
    };
    for (const auto& txn : block.transactions) {
      touch(txn.from);
      if (txn.to) touch(*txn.to);
    }
    for (const auto& receipt : block.receipts)
      for (const auto& log : receipt.logs)
        if (const auto parties = transfer_parties_of(log)) {
          touch(parties->from);
          touch(parties->to);
        }
  }
  // One a cycle: those of block 1, then those who fell asleep 40 cycles before.
  CHECK(woken.size() == 45);
  for (std::uint64_t i = 0; i < 45; ++i)
    CHECK(woken.contains(chain.cast().account(mock_role::sleeper, i)));
}

TEST_CASE("mock: blocks are as large as promised") {
  const mock_chain chain{{.seed = 1}};
  const mock_chain dense{{.seed = 1, .dense = true}};
  std::uint64_t events = 0;
  std::uint64_t rushes = 0;
  for (block_number n = 2; n <= 401; ++n) {
    const auto count = chain.block(n).transactions.size();
    CHECK(count >= 6);
    CHECK(count <= 36);
    rushes += count > 18 ? 1 : 0;
    events += chain.events_of(n);
  }
  CHECK(rushes == 10 * 3);  // two blocks of mints and a broken habit a cycle
  CHECK(events / 400 >= 25);
  CHECK(events / 400 <= 45);
  std::uint64_t logs = 0;
  std::uint64_t full = 0;
  for (block_number n = 2; n <= 41; ++n) {
    const auto block = dense.block(n);
    CHECK(block.transactions.size() >= 150);
    CHECK(block.transactions.size() <= 215);
    full += block.transactions.size() <= 200 ? 1 : 0;
    for (const auto& receipt : block.receipts) logs += receipt.logs.size();
  }
  CHECK(full >= 39);  // all but a broken habit's
  CHECK(logs / 40 >= 300);
  CHECK(logs / 40 <= 450);
}

TEST_CASE("mock: pending transactions are those of the block, and most of them") {
  const mock_chain chain{{.seed = 9}};
  std::uint64_t waiting = 0;
  std::uint64_t all = 0;
  for (block_number n = 2; n <= 51; ++n) {
    const auto block = chain.block(n);
    const auto pending = chain.pending(n);
    std::map<hash32, transaction_body> mined;
    std::uint64_t logs = 0;
    for (const auto& txn : block.transactions) mined[txn.hash] = txn;
    for (const auto& receipt : block.receipts) logs += receipt.logs.size();
    for (const auto& waits : pending) {
      REQUIRE(mined.contains(waits.hash));
      transaction_body body = waits;
      body.gas_price = mined[waits.hash].gas_price;  // not known before it is mined
      CHECK((body == mined[waits.hash]));
      CHECK(waits.full);
      CHECK(waits.state == mempool_state::seen);
    }
    waiting += pending.size();
    all += block.transactions.size();
    CHECK(chain.events_of(n) == 1 + block.transactions.size() + logs + pending.size());
  }
  CHECK(waiting * 100 / all >= 75);
  CHECK(waiting * 100 / all <= 92);
}

TEST_CASE("mock: every planted pattern lies within the first 200 events, whatever the seed") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    const mock_chain chain{{.seed = seed}};
    bool large = false;
    bool creation = false;
    bool woken = false;
    std::map<address, std::map<block_number, std::uint64_t>> sent;
    std::map<address, std::map<block_number, std::uint64_t>> emitted;
    std::map<address, time_ms> last;
    std::uint64_t large_by = 0;
    for (const auto& [block, before] : opening(chain, 200)) {
      const auto n = block.header.number;
      for (const auto& txn : block.transactions) {
        ++sent[txn.from][n];
        if (txn.value > ether(1'000) && !large) {
          large = true;
          large_by = before + chain.events_of(n);
        }
        creation = creation || !txn.to;
        if (last.contains(txn.from))
          woken = woken || block.header.timestamp - last[txn.from] > 180 * day_ms;
        last[txn.from] = block.header.timestamp;
        if (txn.to) last[*txn.to] = block.header.timestamp;
      }
      for (const auto& receipt : block.receipts)
        for (const auto& log : receipt.logs) ++emitted[log.emitter][n];
    }
    CHECK(large);
    CHECK(large_by <= 110);
    CHECK(creation);
    CHECK(woken);
    bool rapid = false;
    for (const auto& [who, by_block] : sent) {
      std::uint64_t total = 0;
      for (const auto& [n, count] : by_block) total += count;
      const auto span = by_block.rbegin()->first - by_block.begin()->first + 1;
      rapid = rapid || (total >= 6 && span == by_block.size() && by_block.begin()->second > 1);
    }
    CHECK(rapid);
    bool burst = false;
    for (const auto& [who, by_block] : emitted) {
      std::uint64_t quiet_blocks = 0;
      for (const auto& [n, count] : by_block) {
        burst = burst || (count >= 25 && quiet_blocks >= 2);
        if (count > 1) break;
        ++quiet_blocks;
      }
    }
    CHECK(burst);
  }
}

TEST_CASE("mock: patterns come round every cycle") {
  const mock_chain chain{{.seed = 6}};
  for (std::uint64_t cycle = 0; cycle < 10; ++cycle) {
    std::uint64_t large = 0;
    std::uint64_t most_logs = 0;
    for (block_number n = cycle * mock_cycle + 1; n <= (cycle + 1) * mock_cycle; ++n) {
      std::map<address, std::uint64_t> emitted;
      const auto block = chain.block(n);
      for (const auto& txn : block.transactions) large += txn.value > ether(1'000) ? 1 : 0;
      for (const auto& receipt : block.receipts)
        for (const auto& log : receipt.logs)
          most_logs = std::max(most_logs, ++emitted[log.emitter]);
    }
    CHECK(large == 2);
    CHECK(most_logs >= 40);
  }
}

TEST_CASE("mock: contracts are mainnet's own, pools included") {
  const mock_chain chain{{.seed = 1}};
  const auto labels = builtin_labels();
  for (const auto& token : chain.cast().tokens()) {
    REQUIRE(labels->find(1, token.who));
    CHECK(labels->find(1, token.who)->decimals == token.decimals);
  }
  for (std::uint64_t i = 0; i < chain.cast().exchange_count(); ++i)
    CHECK(labels->find(1, chain.cast().exchange(i))->kind == "cex");
  // Uniswap's USDC/WETH pair (V2) and its 0.05 % pool (V3), as block explorers list them.
  CHECK(to_checksum(chain.cast().v2_pools().front().who) ==
        "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc");
  CHECK(to_checksum(chain.cast().v3_pools().front().who) ==
        "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640");
  std::uint64_t known = 0;
  std::uint64_t all = 0;
  for (block_number n = 2; n <= 100; ++n)
    for (const auto& txn : chain.block(n).transactions) {
      ++all;
      known += (txn.to && labels->find(1, *txn.to)) || labels->find(1, txn.from) ? 1 : 0;
    }
  CHECK(known * 2 > all);
}

TEST_CASE("mock: a fork keeps the past, changes what follows, and shares transactions") {
  const mock_chain main{{.seed = 1}};
  const mock_chain other{{.seed = 1, .fork = mock_fork{10, 77}}};
  for (block_number n = 1; n < 10; ++n) CHECK((main.block(n) == other.block(n)));
  std::uint64_t shared_transactions = 0;
  std::uint64_t own_transactions = 0;
  for (block_number n = 10; n < 20; ++n) {
    const auto a = main.block(n);
    const auto b = other.block(n);
    CHECK(a.header.hash != b.header.hash);
    CHECK(b.header.parent_hash == other.hash_of(n - 1));
    std::set<hash32> hashes;
    for (const auto& txn : a.transactions) hashes.insert(txn.hash);
    for (const auto& txn : b.transactions)
      ++(hashes.contains(txn.hash) ? shared_transactions : own_transactions);
  }
  CHECK(other.block(10).header.parent_hash == main.hash_of(9));
  CHECK(shared_transactions > 10);
  CHECK(own_transactions > 10);
}

TEST_CASE("mock: far blocks cost no more than near ones and stay in range") {
  const mock_chain chain{{.seed = 1}};
  const auto block = chain.block(1'000'000'000);
  CHECK(block.transactions.size() >= 6);
  CHECK(block.header.timestamp > 0);
  CHECK(chain.block(999'999'999).header.hash == block.header.parent_hash);
}

TEST_CASE("mock: the addresses of new contracts are the protocol's") {
  // ethers.js documentation, getContractAddress: 0x8ba1… with nonce 5.
  const auto creator = *parse_address("0x8ba1f109551bD432803012645Ac136ddd64DBA72");
  CHECK(to_checksum(create_address(creator, 5)) == "0x082B6aC9e47d7D83ea3FaBbD1eC7DAba9D687b36");
  // EIP-1014, first and second example.
  const hash32 no_salt;
  CHECK(to_checksum(create2_address(address{}, no_salt, keccak256(byte_vector{0}))) ==
        "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38");
  const auto deadbeef = *parse_address("0xdeadbeef00000000000000000000000000000000");
  CHECK(to_checksum(create2_address(deadbeef, no_salt, keccak256(byte_vector{0}))) ==
        "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3");
}

TEST_CASE("mock: dice give SplitMix64's numbers and keep their bounds") {
  CHECK(rc::check([](std::uint64_t a, std::uint64_t b) {
    dice one{a, b};
    dice two{a, b};
    const auto low = *rc::gen::inRange<std::uint64_t>(0, 1'000);
    const auto high = *rc::gen::inRange<std::uint64_t>(low, 2'000);
    const auto x = one.between(low, high);
    RC_ASSERT(x == two.between(low, high));
    RC_ASSERT(x >= low);
    RC_ASSERT(x <= high);
  }));
}
