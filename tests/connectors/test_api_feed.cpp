// FEED's live clients: slow is who leaves a frame for too long with too much behind it, and nobody
// only because much became public at once.
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/api/feed.hpp"
#include "tests/runtime/test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t items_max = 4;
constexpr std::size_t bursts_max = 4;
constexpr std::uint16_t try_later = 1013;  // RFC 6455, IANA registry

/// What NET-IN was given for one client.
struct taken {
  std::vector<std::string> frames;
  std::vector<stream_end> ends;
};

/// FEED under CAF's test coordinator: no thread, no real time. A frame holds one item.
struct feed_fixture {
  struct settings : caf::actor_system_config {
    settings() {
      set("scheduler.policy", caf::atom("testing"));
      eremos::add_message_types(*this);
    }
  };

  explicit feed_fixture(std::size_t queue_bytes_max = 1'000'000) {
    feed_config config;
    config.store_path = store.folder.store_path();
    config.queue_items_max = items_max;
    config.queue_bytes_max = queue_bytes_max;
    config.queue_bursts_max = bursts_max;
    config.slow_after = 1'000ms;
    config.frame_every = 20ms;
    config.frame_bytes_max = 1;
    config.detached = false;
    feed = spawn_feed(system, std::move(config));
    net_in = system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](stream_text& x) { clients[x.stream].frames.push_back(std::move(x.text)); },
              [this](stream_end& x) { clients[x.stream].ends.push_back(std::move(x)); }};
    });
    scheduler.run();
  }
  ~feed_fixture() {
    for (const auto& who : {caf::actor_cast<caf::actor>(feed), net_in})
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    scheduler.run();
  }

  /// A client of signals; with a cursor it was there before.
  taken& listen(std::uint64_t ticket, const std::string& cursor = {}) {
    const auto match = find_route("GET", "/api/v1/stream");
    web_request request;
    request.query = {{"topic", "signals"}};
    if (!cursor.empty()) request.query.emplace_back("cursor", cursor);
    auto call = make_call(*match.route, {}, request, api_context{});
    if (!call) FAIL(call.error().message);
    caf::anon_send(feed, open_stream{ticket, net_in, std::move(*call)});
    scheduler.run();
    return clients[ticket];
  }
  /// So many signals become public in one transaction.
  void publish(std::size_t count, std::size_t padding = 0) {
    auto b = block_at(++block_);
    for (std::size_t i = 0; i < count; ++i) {
      b.signals.push_back(signal_of(std::to_string(++signal_), {b.block}));
      b.signals.back().details.set("padding", std::string(padding, 'x'));
    }
    store.write(b);
    look();
  }
  /// FEED hears of a transaction, and judges its clients.
  void look() {
    caf::anon_send(feed, announcement{});
    scheduler.run();
  }
  void pass(std::chrono::milliseconds t) {
    scheduler.advance_time(t);
    scheduler.run();
  }
  void take(std::uint64_t ticket) {
    caf::anon_send(feed, stream_taken{ticket});
    scheduler.run();
  }
  std::uint64_t closed() {
    caf::scoped_actor self{system};
    auto asked = self->request(feed, caf::infinite, get_report{});
    scheduler.run();
    std::uint64_t out = 0;
    asked.receive([&](const feed_report& r) { out = r.slow; }, [](const caf::error&) { FAIL(); });
    return out;
  }

  store_fixture store;
  settings cfg;
  caf::actor_system system{cfg};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  std::map<std::uint64_t, taken> clients;
  feed_actor feed;
  caf::actor net_in;

 private:
  block_number block_ = 9;
  std::size_t signal_ = 0;
};

std::string subject_of(const std::string& frame) {
  const std::string key = R"("subject":")";
  const auto at = frame.find(key);
  if (at == std::string::npos) return "none";
  return frame.substr(at + key.size(), frame.find('"', at + key.size()) - at - key.size());
}

/// It was given the first `count` signals, each once and in order.
bool has_all(const taken& client, std::size_t count) {
  if (client.frames.size() != count) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (subject_of(client.frames[i]) != std::to_string(i + 1)) return false;
  return true;
}

}  // namespace

TEST_CASE("FEED: a burst of four times the queue is no slowness of a client that takes it") {
  feed_fixture f;
  const auto& client = f.listen(1);
  f.publish(bursts_max * items_max);
  // It takes each frame shortly before it were too late, so that all of it takes 15 s.
  for (std::size_t i = 1; i < bursts_max * items_max; ++i) {
    f.pass(999ms);
    f.look();
    f.take(1);
  }
  CHECK(client.ends.empty());
  CHECK(has_all(client, bursts_max * items_max));
  CHECK(f.closed() == 0);
}

TEST_CASE("FEED: more than four times the queue at once is too much for anybody") {
  feed_fixture f;
  const auto& client = f.listen(1);
  f.publish(bursts_max * items_max + 1);
  REQUIRE(client.ends.size() == 1);
  CHECK(client.ends[0].code == try_later);
  CHECK(client.frames.empty());
  CHECK(f.closed() == 1);
}

TEST_CASE("FEED: who leaves a frame for slow_after with too much behind it is closed, alone") {
  feed_fixture f;
  const auto& slow = f.listen(1);
  const auto& quick = f.listen(2);
  f.publish(1 + items_max + 1);
  for (std::size_t i = 0; i < items_max + 1; ++i) {
    f.take(2);
    f.pass(20ms);
  }
  CHECK(has_all(quick, items_max + 2));
  f.pass(999ms - (items_max + 1) * 20ms);
  f.look();
  CHECK(slow.ends.empty());
  f.pass(1ms);
  f.look();
  REQUIRE(slow.ends.size() == 1);
  CHECK(slow.ends[0].code == try_later);
  CHECK(has_all(slow, 1));
  CHECK(quick.ends.empty());
  CHECK(f.closed() == 1);
  // What it takes after that is nobody's, and the other goes on.
  f.take(1);
  f.take(2);
  f.publish(1);
  CHECK(slow.frames.size() == 1);
  CHECK(has_all(quick, items_max + 3));
}

TEST_CASE("FEED: with a queue that is not full nobody is slow, however long a frame is left") {
  feed_fixture f;
  const auto& client = f.listen(1);
  f.publish(1 + items_max);
  f.pass(std::chrono::hours{1});
  f.look();
  CHECK(client.ends.empty());
  CHECK(has_all(client, 1));
  f.publish(1);
  CHECK(client.ends.size() == 1);
}

TEST_CASE("FEED: bytes that wait count as items do") {
  constexpr std::size_t padding = 10'000;
  const auto behind_one = GENERATE(2u, 3u);
  feed_fixture f{2 * padding + padding / 2};
  const auto& client = f.listen(1);
  f.publish(1);
  f.publish(behind_one, padding);
  CHECK(client.ends.empty());
  f.pass(1'000ms);
  f.look();
  CHECK(client.ends.size() == (behind_one == 3 ? 1 : 0));
  CHECK(has_all(client, 1));
}

TEST_CASE("FEED: four times the bytes at once are too much for anybody") {
  constexpr std::size_t padding = 10'000;
  const auto items = GENERATE(3u, 4u);
  feed_fixture f{padding - padding / 8};
  const auto& client = f.listen(1);
  f.publish(items, padding);
  CHECK(client.ends.size() == (items == 4 ? 1 : 0));
}

TEST_CASE("FEED: who catches up is not slow for what it missed") {
  feed_fixture f;
  const auto missed = 2 * bursts_max * items_max;
  f.publish(missed);
  const auto& client = f.listen(1, "0.0");
  f.pass(2'000ms);
  f.publish(1);
  for (std::size_t i = 0; i < missed; ++i) {
    f.take(1);
    f.pass(20ms);
  }
  CHECK(client.ends.empty());
  CHECK(has_all(client, missed + 1));
  CHECK(f.closed() == 0);
}
