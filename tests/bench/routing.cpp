// What a subscription costs STREAM for each event that is not for it.
#include "runtime/router.hpp"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "tests/bench/benches.hpp"

namespace eremos::bench {
namespace {

address someone(std::uint64_t n) {
  address out;
  const auto hash = keccak256(std::to_string(n));
  std::copy_n(hash.data.begin(), out.data.size(), out.data.begin());
  return out;
}

/// Transactions, logs and wallets in the proportion of a mainnet block.
event_list mixed_events(std::size_t count) {
  event_list out(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& e = out[i];
    e.rank = static_cast<priority>(i % 4);
    if (i % 4 == 0) {
      transaction_event t;
      t.from = someone(i);
      t.to = someone(i + 1);
      t.value = wei{i};
      e.data = std::move(t);
    } else if (i % 4 == 1) {
      wallet_activity_event w;
      w.account = someone(i);
      e.data = std::move(w);
    } else {
      contract_event log;
      log.emitter = someone(i % 97);
      log.topics.items[0] = keccak256(std::to_string(i % 31));
      log.topics.count = 3;
      e.data = std::move(log);
    }
  }
  return out;
}

/// What one subscription costs STREAM for each event that is not for it.
double idle_ns(const subscription& wants, const event_list& events) {
  using clock = std::chrono::steady_clock;
  constexpr std::size_t rounds = 200;
  const event_filter filter{wants};
  std::size_t picked = 0;
  const auto begin = clock::now();
  for (std::size_t i = 0; i < rounds; ++i)
    for (const auto& lane : pick(filter, events)) picked += lane.size();
  const auto took = std::chrono::duration<double, std::nano>(clock::now() - begin).count();
  if (picked != 0) fmt::print(stderr, "not idle: {} picked\n", picked);
  return took / static_cast<double>(rounds * events.size());
}

}  // namespace

int routing(const arguments&) {
  const auto events = mixed_events(20'000);
  subscription mempool;
  mempool.types = {event_type::mempool};
  subscription addresses;
  addresses.types = {event_type::transaction, event_type::contract_event,
                     event_type::wallet_activity};
  for (std::uint64_t i = 0; i < 10; ++i) addresses.addresses.push_back(someone(1'000'000 + i));
  subscription topics;
  topics.types = {event_type::contract_event};
  for (std::uint64_t i = 0; i < 10; ++i)
    topics.topic0.push_back(keccak256(std::to_string(1'000'000 + i)));
  fmt::print(
      R"({{"bench":"routing","events":{},"other_type_ns_per_event":{:.1f},"ten_addresses_ns_per_event":{:.1f},"ten_topics_ns_per_event":{:.1f}}})"
      "\n",
      events.size(), idle_ns(mempool, events), idle_ns(addresses, events), idle_ns(topics, events));
  return 0;
}

}  // namespace eremos::bench
