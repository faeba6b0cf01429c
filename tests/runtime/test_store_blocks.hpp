// Builders for tests of the store: small blocks of a chain whose forks have names of their own.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"

namespace eremos::test {

inline constexpr chain_id test_chain = 1;
inline constexpr time_ms wall_time = 1'700'000'000'000;

inline hash32 hash_at(block_number number, int fork = 0) {
  return keccak256(fmt::format("block {} of fork {}", number, fork));
}
inline block_ref ref_at(block_number number, int fork = 0) {
  return {test_chain, number, hash_at(number, fork)};
}
inline address wallet_at(unsigned i) {
  address who;
  who.data[0] = 0xAA;
  who.data[18] = static_cast<std::uint8_t>(i >> 8);
  who.data[19] = static_cast<std::uint8_t>(i);
  return who;
}
/// Event time of a block: 12 s apart, as on Ethereum.
inline time_ms time_at(block_number number) {
  return 1'600'000'000'000 + static_cast<time_ms>(number) * 12 * second_ms;
}

inline blockchain_event transaction_in(const block_ref& block, unsigned index) {
  transaction_event txn;
  txn.hash = keccak256(fmt::format("{} {}", to_hex(block.hash), index));
  txn.number = block.number;
  blockchain_event e;
  e.id = id_of(block.chain, block.hash, txn);
  e.source = "ethereum";
  e.data = txn;
  e.number = block.number;
  e.event_time = time_at(block.number);
  return e;
}

inline blockchain_event pending_transaction(unsigned index) {
  mempool_event pending;
  pending.hash = keccak256(fmt::format("pending {}", index));
  blockchain_event e;
  e.id = id_of(test_chain, pending);
  e.source = "ethereum";
  e.data = pending;
  e.at = finality::pending;
  return e;
}

inline block_result block_at(block_number number, int fork = 0, int parent_fork = 0,
                             unsigned transactions = 2) {
  block_result b;
  b.commit = number;
  b.block = ref_at(number, fork);
  b.parent_hash = hash_at(number - 1, parent_fork);
  b.time = time_at(number);
  event_list events;
  for (unsigned i = 0; i < transactions; ++i) events.push_back(transaction_in(b.block, i));
  b.events = std::move(events);
  return b;
}

inline signal signal_of(const std::string& subject, std::vector<block_ref> blocks,
                        std::uint32_t revision = 1) {
  signal s;
  s.type = "flood";
  s.agent = "test-agent";
  s.glyph = "T";
  s.subject = subject;
  s.block = blocks.back();
  s.blocks = std::move(blocks);
  s.id = make_signal_id(s.agent, s.type, test_chain, subject, event_id{.block = {}, .subject = {}});
  s.revision = revision;
  s.confidence = 0.75;
  s.level = severity::high;
  s.evidence = {transaction_in(s.block, 0).id};
  s.evidence_total = 1;
  s.details.set("count", std::uint64_t{7}).set("note", "a \"quoted\", {braced} text\n");
  s.event_time = time_at(s.block.number);
  s.config_hash = "c0ffee";
  return s;
}

inline memory_entry memory_of(const std::string& key, const block_ref& block) {
  memory_entry m;
  m.type = memory_type::intelligence;
  m.agent = "test-agent";
  m.key = key;
  m.confidence = 0.5;
  m.tags = {"alpha", key};
  m.block = block;
  m.blocks = {block};
  m.details.set("x", true);
  m.event_time = time_at(block.number);
  m.id = make_memory_id(m);
  return m;
}

inline agent_snapshot snapshot_of(const std::string& agent, const block_ref& block) {
  return {.agent = agent,
          .version = 3,
          .commit = block.number,
          .block = block,
          .bytes = {1, 2, static_cast<std::uint8_t>(block.number)}};
}

/// A store in a temporary folder.
struct store_fixture {
  data_folder folder = make_folder();
  std::unique_ptr<store> db = open();

  static data_folder make_folder() {
    auto made = data_folder::temporary();
    REQUIRE(made);
    return std::move(*made);
  }
  std::unique_ptr<store> open(std::uint32_t pages_max = 0) const {
    auto opened = open_sqlite_store(
        folder.store_path(), {.wall_clock = [] { return wall_time; }, .pages_max = pages_max});
    if (!opened) FAIL(opened.error().message);
    return std::move(*opened);
  }
  /// As a restart does it.
  void reopen() {
    db.reset();
    db = open();
  }
  written write(const block_result& block) {
    REQUIRE(db->begin());
    auto outcome = db->write(block);
    if (!outcome) FAIL(outcome.error().message);
    REQUIRE(db->commit());
    return *outcome;
  }
  written revert(const chain_reverted& what) {
    REQUIRE(db->begin());
    auto outcome = db->revert(what);
    if (!outcome) FAIL(outcome.error().message);
    REQUIRE(db->commit());
    return *outcome;
  }
  void finalize(block_number safe, block_number finalized) {
    REQUIRE(db->begin());
    if (auto outcome = db->finalize({test_chain, safe, finalized}); !outcome)
      FAIL(outcome.error().message);
    REQUIRE(db->commit());
  }
  std::uint64_t rows(std::string_view table) const {
    const auto counts = db->counts();
    REQUIRE(counts);
    for (const auto& [name, count] : counts->rows)
      if (name == table) return count;
    FAIL("no table " << table);
    return 0;
  }
  chain_restart restart() const {
    auto at = db->restart_point(test_chain);
    REQUIRE(at);
    return *at;
  }
  block_ref cursor() const { return restart().cursor.value_or(block_ref{}); }
  block_ref resume_after() const { return restart().resume_after.value_or(block_ref{}); }
  signal stored(const signal& s) const {
    const auto found = db->find_signal(s.id);
    REQUIRE(found);
    REQUIRE(found->has_value());
    return **found;
  }
  std::size_t memories_of(signal_status wanted) const {
    const auto found = db->memories({.status = wanted});
    REQUIRE(found);
    return found->size();
  }
  std::vector<wallet_facts> facts(block_number up_to, std::vector<address> wallets,
                                  bool all_blocks = false) const {
    auto loaded = db->facts({test_chain, up_to, all_blocks, std::move(wallets)});
    REQUIRE(loaded);
    return loaded->known;
  }
};

}  // namespace eremos::test
