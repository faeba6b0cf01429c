// How often the three hottest paths ask for memory, per event: what a change of them must not
// raise. Counts are of this program, so they are the same on every machine and every run; a limit
// leaves about a tenth of room for another standard library.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include <catch2/catch.hpp>

#include "connectors/ethereum/decode_log.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "runtime/policy/event_policy.hpp"
#include "runtime/router.hpp"
#include "tests/bench/direct_agent.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/provider_text.hpp"

namespace {

std::atomic<std::uint64_t> allocated{0};

}  // namespace

// Not in line: GCC would take free() there for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated.fetch_add(1, std::memory_order_relaxed);
  if (void* out = std::malloc(size == 0 ? 1 : size)) return out;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocated.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }

using namespace eremos;
using namespace eremos::bench;

namespace {

/// Allocations per event of what `code` does with so many.
template <class Code>
double per_event(std::uint64_t events, Code&& code) {
  const auto before = allocated.load();
  code();
  return static_cast<double>(allocated.load() - before) / static_cast<double>(events);
}

const bench_load& load() {
  static const auto made = make_load(1, 60);
  return made;
}

}  // namespace

TEST_CASE("allocations: giving an event its priority and lane asks for none") {
  auto blocks = load().blocks;
  const auto services = load_services();
  CHECK(per_event(load().events, [&] {
          for (auto& b : blocks)
            for (auto& e : b.events) classify(e, *services.labels, services.policy);
        }) == 0.0);
}

TEST_CASE("allocations: routing an event to six agents") {
  std::vector<event_filter> filters;
  for (const auto id : six_agents) filters.emplace_back(find_agent_kind(id)->wants({}));
  std::vector<const event_filter*> asked;
  for (const auto& f : filters) asked.push_back(&f);
  CHECK(per_event(load().events, [&] {
          for (const auto& b : load().blocks) {
            const auto picks = pick(asked, b.events);
            CHECK(picks.size() == asked.size());
          }
        }) < 0.2);
}

TEST_CASE("allocations: six agents handle an event") {
  direct_agents agents{load_services(), {six_agents.begin(), six_agents.end()}};
  CHECK(per_event(load().events, [&] {
          for (const auto& b : load().blocks) {
            for (const auto& e : b.events) agents.handle(e);
            agents.complete(b);
          }
        }) < 2.0);
}

TEST_CASE("allocations: the text of a log becomes an event") {
  const mock_chain chain{{.seed = 1, .chain = 1, .dense = true, .fork = {}}};
  const auto block = chain.block(2);
  std::vector<std::string> texts;
  for (const auto& receipt : block.receipts)
    for (const auto& log : receipt.logs) append_log(texts.emplace_back(), log, block.header);
  REQUIRE(texts.size() > 100);
  const auto signatures = signature_table::built_in();
  json_parser parser;
  const auto decode_all = [&] {
    std::size_t decoded = 0;
    for (const auto& text : texts) decoded += decode_log(parser, {1, &signatures}, text) ? 1 : 0;
    CHECK(decoded == texts.size());
  };
  decode_all();  // buffers grow once
  CHECK(per_event(texts.size(), decode_all) < 1.2);
}
