// How many alerts a second go from stored signals to a webhook on the loopback, noted as delivered:
// STORE, OUTBOX, the signed webhook and HTTP as the node has them, over a store that survives a
// power cut.
#include <charconv>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/net/http.hpp"
#include "connectors/net/signing.hpp"
#include "connectors/sinks/sink_kind.hpp"
#include "messages/keccak.hpp"
#include "runtime/alerts/outbox_actor.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "tests/bench/benches.hpp"
#include "tests/support/fake_server.hpp"

namespace eremos::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t signals_per_block = 500;

block_result block_with_signals(block_number number) {
  block_result b;
  b.commit = number;
  b.block = {1, number, keccak256(std::to_string(number))};
  b.parent_hash = keccak256(std::to_string(number - 1));
  b.events = event_list{};
  for (std::size_t i = 0; i < signals_per_block; ++i) {
    signal s;
    s.type = "flood";
    s.agent = "bench";
    s.subject = fmt::format("0x{:036x}{:04x}", number, i);
    s.id = make_signal_id(s.agent, s.type, 1, s.subject, event_id{.block = {}, .subject = {}});
    s.level = severity::high;
    s.block = b.block;
    s.blocks = {b.block};
    b.signals.push_back(std::move(s));
  }
  return b;
}

bool parse(const arguments& given, std::size_t& alerts) {
  if (given.empty()) return true;
  const auto text = given.back();
  return given.size() == 2 && given[0] == "--alerts" &&
         std::from_chars(text.data(), text.data() + text.size(), alerts).ec == std::errc{} &&
         alerts >= signals_per_block;
}

}  // namespace

int alerts(const arguments& given) {
  std::size_t count = 10'000;
  if (!parse(given, count)) {
    fmt::print(stderr, "usage: eremos-bench alerts [--alerts N]\n  --alerts  at least {} ({})\n",
               signals_per_block, count);
    return 2;
  }
  auto folder = data_folder::temporary();
  if (!folder) return 1;
  test::fake_server receiver;
  receiver.on_http = [](const std::string&, const std::string&) {
    return std::optional{test::fake_server::http_answer{204, "", {}}};
  };
  receiver.serve();
  sqlite_options options;
  options.alerts.routes.push_back({.name = "all", .filter = {}, .sinks = {"hook"}});
  auto storage = open_sqlite_store(folder->store_path(), std::move(options));
  if (!storage) return 1;
  alert_sink_section section{.kind = "webhook", .options = {}, .secret = {"secrets"}, .where = ""};
  section.options["url"] = {{receiver.http() + "/"}, false, ""};
  section.options["secrets"] = {{"whsec_" + to_base64(std::string(32, 'k'))}, true, ""};
  section.options["allow_private"] = {{"true"}, false, ""};

  caf::actor_system_config config;
  add_message_types(config);
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto http = spawn_http(system);
  const auto sink = webhook_sink.make(system, section, {http});
  const auto box = spawn_outbox(system, {.store_path = folder->store_path(),
                                         .sinks = {{"hook", sink}},
                                         .wall_clock = system_time_ms,
                                         .jitter = [] { return 0.0; },
                                         .log = {}});
  store_config stored{.storage = std::move(*storage), .listeners = {box}, .log = {}, .keep = {}};
  const auto store = spawn_store(system, std::move(stored));
  self->send(box, outbox_start{store});

  const auto begun = std::chrono::steady_clock::now();
  bool whole = true;
  for (block_number n = 1; n <= count / signals_per_block; ++n)
    self->request(store, 60s, block_with_signals(n))
        .receive([](const block_stored&) {}, [&](const caf::error&) { whole = false; });
  std::uint64_t delivered = 0;
  self->request(box, 300s, drain{})
      .receive([&](const drained& x) { delivered = x.blocks; },
               [&](const caf::error&) { whole = false; });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  for (const auto& who : {caf::actor_cast<caf::actor>(box), caf::actor_cast<caf::actor>(sink), http,
                          caf::actor_cast<caf::actor>(store)})
    self->send_exit(who, caf::exit_reason::user_shutdown);
  fmt::print(R"({{"bench":"alerts","delivered":{},"seconds":{:.2f},"per_second":{:.0f}}})"
             "\n",
             delivered, took.count(), static_cast<double>(delivered) / took.count());
  return whole && delivered == count / signals_per_block * signals_per_block ? 0 : 1;
}

}  // namespace eremos::bench
