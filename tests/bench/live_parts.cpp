#include "tests/bench/live_parts.hpp"

#include <charconv>
#include <chrono>
#include <string_view>

#include <caf/all.hpp>

#include "actors/node/assembly.hpp"
#include "actors/node/running_node.hpp"
#include "connectors/net/http.hpp"
#include "connectors/net/websocket.hpp"
#include "runtime/agent.hpp"
#include "runtime/log_actor.hpp"
#include "runtime/scheduler_settings.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "runtime/storage/store_actor.hpp"

namespace eremos::bench {
namespace {

constexpr std::size_t workers = 2;
constexpr std::size_t hash_digits = 66;  ///< with 0x

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// The hash in quotes behind `"name":`; none where there is none.
maybe<hash32> hash_after(std::string_view json, std::string_view quoted_name) {
  const auto at = json.find(quoted_name);
  if (at == std::string_view::npos) return {};
  const auto found = parse_hash32(json.substr(at + quoted_name.size(), hash_digits));
  return found ? maybe<hash32>{*found} : maybe<hash32>{};
}

/// The request's id, which clients and servers alike write near the front.
std::uint64_t id_of_frame(std::string_view json) {
  constexpr std::string_view key = "\"id\":";
  const auto at = json.substr(0, 64).find(key);
  std::uint64_t out = 0;
  if (at != std::string_view::npos)
    std::from_chars(json.data() + at + key.size(), json.data() + json.size(), out);
  return out;
}

/// Stands for NET-OUT and hands on every word. One more hop than a node has, which its figures
/// include.
class tap final : public caf::event_based_actor {
 public:
  tap(caf::actor_config& cfg, caf::actor net_out, live_notes& notes)
      : caf::event_based_actor(cfg), net_out_(std::move(net_out)), notes_(notes) {}

  const char* name() const override { return "tap"; }
  caf::behavior make_behavior() override {
    return {[this](ws_open& o) {
              user_ = caf::actor_cast<caf::actor>(current_sender());
              send(net_out_, std::move(o));
            },
            [this](ws_send& s) {
              note_request(s.text);
              send(net_out_, std::move(s));
            },
            [this](ws_close& c) { send(net_out_, std::move(c)); },
            [this](ws_taken& t) { send(net_out_, std::move(t)); },
            [this](ws_opened& o) { send(user_, std::move(o)); },
            [this](ws_closed& c) { send(user_, std::move(c)); },
            [this](ws_text& t) {
              note_frame(t);
              send(user_, std::move(t));
            }};
  }
  void on_exit() override {
    user_ = nullptr;
    net_out_ = nullptr;
  }

 private:
  void note_request(std::string_view text) {
    if (text.find("\"eth_getBlockReceipts\"") == std::string_view::npos) return;
    if (const auto block = hash_after(text, "[\"")) asked_[id_of_frame(text)] = *block;
  }
  void note_frame(const ws_text& t) {
    if (const auto asked = asked_.find(id_of_frame(t.text)); asked != asked_.end()) {
      notes_.answered.emplace(asked->second, t.received_ns);
      asked_.erase(asked);
      return;
    }
    // A log names its block; a head its own hash, and its parent's; a pending transaction neither.
    const std::string_view front = std::string_view{t.text}.substr(0, 4'096);
    auto block = hash_after(front, "\"blockHash\":\"");
    if (!block && front.find("\"parentHash\"") != std::string_view::npos)
      block = hash_after(front, "\"hash\":\"");
    if (!block || *block == last_shown_) return;
    last_shown_ = *block;
    notes_.shown.emplace(*block, t.received_ns);
  }

  caf::actor net_out_;
  caf::actor user_;
  live_notes& notes_;
  std::map<std::uint64_t, hash32> asked_;
  hash32 last_shown_;
};

/// Where the agent notes: agents get their options as text, and this is no text.
std::atomic<live_notes*> being_noted{nullptr};

class live_probe final : public agent<live_probe> {
 public:
  static constexpr agent_info info{.id = "live-probe", .glyph = "P", .role = "bench"};
  struct options {
    static result<options> parse(const option_map&) { return options{}; }
  };
  live_probe(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services), notes_(*being_noted.load()) {}

  void on(const contract_event&) {
    const auto& e = event();
    if (at_ == nullptr || commit_of_at_ != e.commit) {
      at_ = &notes_.handled[e.id.block];
      commit_of_at_ = e.commit;
    }
    at_->push_back(now_ns());
    notes_.logs.fetch_add(1, std::memory_order_relaxed);
  }
  void on(const block_complete& b) {
    emit({.type = "contract_activity_spike",
          .subject = to_hex(b.block.hash),
          .anchor = {.type = event_type::block,
                     .chain = b.block.chain,
                     .block = b.block.hash,
                     .subject = {}},
          .evidence = {},
          .blocks = {},
          .details = {}});
  }

 private:
  live_notes& notes_;
  std::vector<std::int64_t>* at_ = nullptr;  ///< of the last event's block
  std::uint64_t commit_of_at_ = 0;
};

announcement_listener::behavior_type listen(announcement_listener::pointer, live_notes* notes) {
  return {[notes](const announcement& a) {
    for (const auto& s : a.signals) {
      if (s.agent != live_probe::info.id) continue;
      notes->stored.emplace(s.block.hash, now_ns());
      notes->signals.fetch_add(1, std::memory_order_relaxed);
    }
  }};
}

chain_section provider_at(const std::string& ws_url, const live_options& wanted) {
  chain_section out;
  out.name = "ethereum";
  out.id = 1;
  out.start = wanted.first_block;
  provider_section provider;
  provider.kind = "ethereum";
  provider.options["ws"] = {{ws_url}, false, "eremos-bench"};
  if (!wanted.log_subscription) provider.options["logs"] = {{"false"}, false, "eremos-bench"};
  out.providers.push_back(std::move(provider));
  return out;
}

template <class Handle>
void end_actor(const Handle& who) {
  caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

}  // namespace

// --- the node

struct live_node::parts {
  explicit parts(data_folder kept_in) : folder(std::move(kept_in)) {
    apply_scheduler_settings(config, workers);
    add_message_types(config);
    system = std::make_unique<caf::actor_system>(config);
  }

  data_folder folder;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<running_node> running;
  std::vector<caf::actor> others;  ///< in the order in which they end
};

live_node::live_node(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

result<std::unique_ptr<live_node>> live_node::start(const std::string& ws_url, live_options options,
                                                    live_notes& notes) {
  being_noted = &notes;
  auto folder = data_folder::temporary();
  if (!folder) return folder.error();
  auto storage = open_sqlite_store(folder->store_path());
  if (!storage) return storage.error();
  const node_config defaults_only;
  auto agents = assemble_agents(defaults_only, {});
  if (!agents) return agents.error();
  static const auto probe = make_agent_kind<live_probe>();
  agents->push_back({{&probe, {}, {}}, {}});

  auto made = std::make_unique<parts>(std::move(*folder));
  auto& system = *made->system;
  const auto log_to = spawn_log(system, {});
  node_parts all;
  all.shared.log = logger{log_to, "bench", log_level::error};
  const auto listener = system.spawn(listen, &notes);
  store_config sc{.storage = std::move(*storage),
                  .events = {},
                  .listeners = {listener},
                  .log = all.shared.log,
                  .keep = {}};
  all.shared.store = spawn_store(system, std::move(sc));
  all.shared.labels = assemble_labels(defaults_only);
  all.shared.agents = std::move(*agents);
  all.shared.config_hash = config_hash(defaults_only);
  const auto net_out = spawn_net_out(system);
  all.doors.net_out = system.spawn<tap>(net_out, notes);
  made->others = {all.doors.net_out, net_out, caf::actor_cast<caf::actor>(all.shared.store),
                  caf::actor_cast<caf::actor>(listener), caf::actor_cast<caf::actor>(log_to)};
  made->running = std::make_unique<running_node>(system, std::move(all));
  std::unique_ptr<live_node> out{new live_node{std::move(made)}};
  if (auto added = out->parts_->running->add_chain(provider_at(ws_url, options), defaults_only);
      !added)
    return added.error();
  return out;
}

live_node::~live_node() {
  parts_->running->drain();
  parts_->running->end();
  for (const auto& who : parts_->others) end_actor(who);
  parts_->others.clear();
  parts_->running.reset();
  parts_->system.reset();  // waits for all of them
}

// --- the plain client

struct plain_client::parts {
  parts(const std::string& ws_url, const std::shared_ptr<counts>& seen) {
    config.set("scheduler.max-threads", 1);
    system = std::make_unique<caf::actor_system>(config);
    net_out = spawn_net_out(*system);
    client = system->spawn([ws_url, seen, to = net_out](caf::event_based_actor* self) {
      self->send(to, ws_open{1, ws_url, {}});
      return caf::behavior{
          [=](const ws_opened&) {
            for (const auto what : {R"(["newHeads"])", R"(["logs",{}])"})
              self->send(to, ws_send{1, std::string{R"({"jsonrpc":"2.0","id":1,)"
                                                    R"("method":"eth_subscribe","params":)"} +
                                            what + "}"});
          },
          [=](const ws_text& t) {
            self->send(to, ws_taken{1, t.text.size()});
            if (t.text.find("\"logIndex\"") != std::string::npos)
              seen->logs.fetch_add(1, std::memory_order_relaxed);
            else if (id_of_frame(t.text) == 1)
              seen->subscriptions.fetch_add(1, std::memory_order_relaxed);
          },
          [](const ws_closed&) {}};
    });
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::actor net_out;
  caf::actor client;
};

plain_client::plain_client(const std::string& ws_url)
    : seen_(std::make_shared<counts>()), parts_(std::make_unique<parts>(ws_url, seen_)) {}

plain_client::~plain_client() {
  end_actor(parts_->client);
  end_actor(parts_->net_out);
  parts_->client = nullptr;
  parts_->net_out = nullptr;
  parts_->system.reset();
}

}  // namespace eremos::bench
