// The last hours of a node's counters: what is kept, and what a point says.
#include <simdjson.h>
#include <catch2/catch.hpp>

#include "connectors/api/stats_history.hpp"

using namespace eremos;

namespace {

constexpr auto transactions = static_cast<std::size_t>(event_type::transaction);
constexpr double every = static_cast<double>(history_every.count());

/// The n-th report of a node whose first one was taken when it was up for ten seconds.
node_report report_at(std::size_t n, std::uint64_t events, std::uint64_t waiting = 0) {
  node_report out;
  out.uptime_seconds = every * static_cast<double>(n + 1);
  out.taken_at = 1'000'000 + static_cast<time_ms>(n) * 10'000;
  // Two chains, which are told of together.
  out.streams.resize(2);
  for (auto& s : out.streams) {
    s.events_by_type[transactions] = events / 2;
    s.depth[index_of(lane::high)] = waiting / 2;
    s.coordination.memories = n;
  }
  return out;
}

struct told {
  std::vector<std::int64_t> times;
  std::vector<double> transactions, high, memories;
};

told read(const stats_history& history, std::uint64_t seconds, std::size_t points) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text{history.to_json(seconds, points)};
  simdjson::dom::element all;
  REQUIRE(parser.parse(text).get(all) == simdjson::SUCCESS);
  const auto numbers = [](simdjson::dom::element list) {
    std::vector<double> out;
    for (const auto x : simdjson::dom::array(list)) out.push_back(double(x));
    return out;
  };
  told out;
  for (const auto x : simdjson::dom::array(all["times"])) out.times.push_back(std::int64_t(x));
  out.transactions = numbers(all["events_per_second"]["transaction"]);
  out.high = numbers(all["waiting"]["high"]);
  out.memories = numbers(all["memories"]);
  CHECK(std::int64_t(all["every_seconds"]) == history_every.count());
  CHECK(out.transactions.size() == out.times.size());
  CHECK(numbers(all["events_per_second"]["mempool"]).size() == out.times.size());
  CHECK(out.high.size() == out.times.size());
  CHECK(out.memories.size() == out.times.size());
  return out;
}

}  // namespace

TEST_CASE("API: a history that has just begun tells of no time") {
  stats_history history;
  CHECK(read(history, history_seconds_max, 10).times.empty());
  history.add(report_at(0, 100));
  CHECK(read(history, history_seconds_max, 10).times.empty());
}

TEST_CASE("API: a point of the history is what lay between two reports, over all chains") {
  stats_history history;
  history.add(report_at(0, 0));
  history.add(report_at(1, 1'000, 40));
  history.add(report_at(2, 3'000, 80));
  const auto all = read(history, history_seconds_max, 10);
  CHECK(all.times == std::vector<std::int64_t>{1'010'000, 1'020'000});
  CHECK(all.transactions == std::vector<double>{100, 200});
  CHECK(all.high == std::vector<double>{40, 80});
  CHECK(all.memories == std::vector<double>{2, 4});
  // As far back as asked …
  CHECK(read(history, 10, 10).transactions == std::vector<double>{200});
  CHECK(read(history, 1, 10).transactions == std::vector<double>{200});
  // … and as few points as asked: means.
  const auto one = read(history, history_seconds_max, 1);
  CHECK(one.transactions == std::vector<double>{150});
  CHECK(one.high == std::vector<double>{60});
  CHECK(one.memories == std::vector<double>{4});
}

TEST_CASE("API: the newest points are whole; the oldest takes what is left") {
  stats_history history;
  for (std::size_t n = 0; n <= 7; ++n) history.add(report_at(n, n * n * 100));
  // Seven intervals in three points: 1, 3 and 3 of them.
  const auto three = read(history, history_seconds_max, 3);
  CHECK(three.times == std::vector<std::int64_t>{1'010'000, 1'040'000, 1'070'000});
  CHECK(three.transactions == std::vector<double>{10, 50, 110});
}

TEST_CASE("API: a report that lacks a chain, or is told twice, is no point") {
  stats_history history;
  history.add(report_at(0, 1'000));
  auto half = report_at(1, 1'400);
  half.streams.pop_back();
  history.add(half);
  history.add(report_at(2, 3'000));
  history.add(report_at(2, 3'000));
  CHECK(read(history, history_seconds_max, 10).transactions == std::vector<double>{100});
}

TEST_CASE("API: six hours are kept, whatever the wall clock does") {
  stats_history history;
  for (std::size_t n = 0; n < history_samples_max + 50; ++n) {
    auto report = report_at(n, n * 20);
    report.taken_at = n % 2 == 0 ? 5'000 : 1'000;
    history.add(report);
  }
  CHECK(history.size() == history_samples_max + 1);
  const auto all = read(history, history_seconds_max, history_samples_max);
  CHECK(all.times.size() == history_samples_max);
  CHECK(std::all_of(all.transactions.begin(), all.transactions.end(),
                    [](double x) { return x == 2; }));
  CHECK(read(history, history_seconds_max, history_points_default).times.size() ==
        history_points_default);
}
