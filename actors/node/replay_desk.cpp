#include "actors/node/replay_desk.hpp"

#include <map>

#include <caf/all.hpp>

namespace eremos {
namespace {

class replay_desk final : public replay_desk_actor::base {
 public:
  replay_desk(caf::actor_config& cfg, shared_parts parts)
      : replay_desk_actor::base(cfg), parts_(std::move(parts)) {}

  const char* name() const override { return "replay_desk"; }

  behavior_type make_behavior() override {
    return {[this](const open_row& o) { return on_open(o.chain); },
            [this](const source_ended&) { on_ended(); },
            [this](const connector_actor& c) { connector_ = c; },
            [this](const await_end&) { return on_await_end(); }};
  }

  void on_exit() override {
    for (const auto& [id, r] : rows_) end_row(r);
    rows_.clear();
    connector_ = nullptr;
    promise_ = {};
  }

 private:
  chain_actor on_open(chain_id chain) {
    const auto known = rows_.find(chain);
    if (known != rows_.end()) return known->second.head;
    row_plan plan{.policy = builtin_chain_policy(chain), .style = connector_style::recorded};
    return rows_.emplace(chain, make_row(system(), parts_, plan, connector_)).first->second.head;
  }

  caf::typed_response_promise<replay_outcome> on_await_end() {
    promise_ = make_response_promise<replay_outcome>();
    asked_ = true;
    settle();
    return promise_;
  }

  void on_ended() {
    // Each CHAIN has been told before us that its source ended; it answers when all is stored.
    ended_ = true;
    waiting_ = 2 * rows_.size();
    for (const auto& [id, r] : rows_) {
      request(r.head, caf::infinite, await_end{})
          .then([this, r = r](const drained&) { gather(r); },
                [this](const caf::error&) { gathered(2); });
    }
    settle();
  }

  void gather(const row& r) {
    request(r.head, caf::infinite, get_report{})
        .then(
            [this](const chain_report& x) {
              outcome_.chains.push_back(x);
              gathered(1);
            },
            [this](const caf::error&) { gathered(1); });
    request(r.stream, caf::infinite, get_report{})
        .then(
            [this](const stream_report& x) {
              outcome_.streams.push_back(x);
              gathered(1);
            },
            [this](const caf::error&) { gathered(1); });
  }

  void gathered(std::size_t answers) {
    waiting_ -= answers;
    settle();
  }

  void settle() {
    if (!asked_ || !ended_ || waiting_ > 0) return;
    asked_ = false;
    promise_.deliver(outcome_);
  }

  const shared_parts parts_;
  connector_actor connector_;
  std::map<chain_id, row> rows_;
  bool ended_ = false;
  bool asked_ = false;
  std::size_t waiting_ = 0;
  replay_outcome outcome_;
  caf::typed_response_promise<replay_outcome> promise_;
};

}  // namespace

replay_desk_actor spawn_replay_desk(caf::actor_system& system, shared_parts parts) {
  return system.spawn<replay_desk>(std::move(parts));
}

}  // namespace eremos
