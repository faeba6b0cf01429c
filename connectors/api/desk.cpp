#include "connectors/api/desk.hpp"

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/api/problem.hpp"
#include "runtime/json_object.hpp"

namespace eremos {
namespace {

web_reply done_or_not(steered outcome, int code) {
  switch (outcome) {
    case steered::done:
      return not_stored(json_reply(R"({"done":true})", code));
    case steered::unknown_agent:
      return problem(404, "no chain of this node has an agent of that id");
    case steered::not_now:
      return problem(409, "the agent is in another state than this is for");
    case steered::queue_full:
      return problem(503, "too many messages wait for the next block");
  }
  return problem(500, "no such outcome");
}

web_reply tested(const route_tested& outcome) {
  if (outcome.state == route_state::unknown)
    return problem(404, "no route of that name is configured");
  if (outcome.state == route_state::busy)
    return problem(503, "other tests are under way; try again when they are over");
  return not_stored(json_reply(
      json_object{}
          .raw("items", json_list(outcome.sinks,
                                  [](const sink_tested& x) {
                                    return json_object{}
                                        .text("sink", x.sink)
                                        .text("id", x.delivery)
                                        .flag("delivered", x.delivered)
                                        .raw("error", x.delivered ? "null" : json_quoted(x.why))
                                        .done();
                                  }))
          .raw("next", "null")
          .done()));
}

class desk final : public desk_actor::base {
 public:
  desk(caf::actor_config& cfg, api_backend backend, feed_actor feed,
       std::shared_ptr<const api_context> context)
      : desk_actor::base(cfg),
        backend_(std::move(backend)),
        feed_(std::move(feed)),
        context_(std::move(context)) {}

  const char* name() const override { return "desk"; }

  void on_exit() override {
    backend_ = nullptr;
    feed_ = nullptr;
    waiting_.clear();
  }

  behavior_type make_behavior() override {
    send(this, take_sample{});
    return {[this](node_work& w) { on_work(std::move(w)); },
            [this](const begin_drain&) { state_.draining = true; },
            [this](const take_sample&) { on_sample(); }};
  }

 private:
  void on_work(node_work w) {
    const auto& handler = api_routes()[w.call.route].handler;
    if (std::holds_alternative<order_handler>(handler)) return order(w);
    if (known_ && clock().now() - taken_ < report_age_max) return show(w);
    if (waiting_.size() >= report_waiters_max) return answer(w, problem(503, "too many ask"));
    waiting_.push_back(std::move(w));
    if (waiting_.size() == 1) ask_node();
  }

  void on_sample() {
    delayed_send(this, history_every, take_sample{});
    request(backend_, report_wait_max, get_node_report{})
        .then([this](const node_report& r) { state_.history.add(r); }, [](const caf::error&) {});
  }

  void ask_node() {
    request(feed_, report_wait_max, get_report{})
        .then([this](const feed_report& f) { state_.feed = f; }, [](const caf::error&) {});
    request(backend_, report_wait_max, get_node_report{})
        .then(
            [this](node_report& r) {
              state_.report = std::move(r);
              known_ = true;
              taken_ = clock().now();
              for (const auto& w : std::exchange(waiting_, {})) show(w);
            },
            [this](const caf::error&) {
              for (const auto& w : std::exchange(waiting_, {}))
                answer(w, problem(503, "the node does not answer"));
            });
  }

  void show(const node_work& w) {
    state_.web = w.web;
    const auto* handler = std::get_if<node_handler>(&api_routes()[w.call.route].handler);
    answer(w, handler != nullptr ? (*handler)(w.call, *context_, state_)
                                 : problem(500, "no handler for this route"));
  }

  void order(const node_work& w) {
    const auto& route = api_routes()[w.call.route];
    auto wanted = std::get<order_handler>(route.handler)(w.call, *context_);
    if (!wanted) return answer(w, problem_of(wanted.error()));
    if (wanted->attempt) return attempt(w, *wanted->attempt);
    known_ = false;  // who asks next wants to see what this has changed
    request(backend_, report_wait_max, std::move(*wanted))
        .then(
            [this, w, code = route.status](steered outcome) {
              answer(w, done_or_not(outcome, code));
            },
            [this, w](const caf::error&) { answer(w, problem(503, "the node does not answer")); });
  }

  void attempt(const node_work& w, const test_route& what) {
    request(backend_, route_test_max + report_wait_max, what)
        .then(
            [this, w](const route_tested& outcome) { answer(w, tested(outcome)); },
            [this, w](const caf::error&) { answer(w, problem(503, "the node does not answer")); });
  }

  void answer(const node_work& w, web_reply reply) {
    caf::anon_send(w.net_in, web_answer{w.ticket, std::move(reply)});
  }

  api_backend backend_;
  feed_actor feed_;
  const std::shared_ptr<const api_context> context_;
  node_state state_;
  bool known_ = false;
  caf::actor_clock::time_point taken_;
  std::vector<node_work> waiting_;  ///< at most report_waiters_max
};

}  // namespace

desk_actor spawn_desk(caf::actor_system& system, api_backend backend, feed_actor feed,
                      std::shared_ptr<const api_context> context) {
  return system.spawn<desk>(std::move(backend), std::move(feed), std::move(context));
}

}  // namespace eremos
