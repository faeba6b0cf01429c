#include "actors/node/control_desk.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/node/assembly.hpp"
#include "actors/node/labels_text.hpp"
#include "actors/node/status_text.hpp"
#include "actors/node/version.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

/// A part that does not answer within this is left out of the report.
constexpr std::chrono::seconds answer_max{2};

class control_desk final : public control_desk_actor::base {
 public:
  control_desk(caf::actor_config& cfg, std::vector<row> rows, desk_sources sources,
               std::vector<route_sinks> routes, label_desk labels)
      : control_desk_actor::base(cfg),
        rows_(std::move(rows)),
        sources_(std::move(sources)),
        routes_(std::move(routes)),
        labels_(std::move(labels)),
        started_(std::chrono::steady_clock::now()) {}

  const char* name() const override { return "control_desk"; }

  behavior_type make_behavior() override {
    return {[this](const control_command& c) { return on_command(c.line); },
            [this](const get_node_report&) { return on_report(); },
            [this](const node_order& o) { return on_order(o); },
            [this](const test_route& what) { return on_test(what.route); }};
  }

  void on_exit() override {
    rows_.clear();
    sources_ = {};
    routes_.clear();
  }

 private:
  caf::typed_response_promise<std::string> on_command(const std::string& line) {
    auto promise = make_response_promise<std::string>();
    if (line.starts_with("labels ")) {
      auto text = on_labels(line);
      if (text)
        promise.deliver(std::move(*text));
      else
        promise.deliver(to_caf(text.error()));
      return promise;
    }
    gather([promise, line](node_report report) mutable {
      auto text = answer_control(line, report);
      if (text)
        promise.deliver(std::move(*text));
      else
        promise.deliver(to_caf(text.error()));
    });
    return promise;
  }

  /// "labels text", "labels json", "labels reload". What is wrong with a file changes nothing.
  result<std::string> on_labels(const std::string& line) {
    if (line == "labels text") return labels_text(*labels_.current);
    if (line == "labels json") return labels_json(*labels_.current);
    if (line != "labels reload")
      return {errc::bad_usage, fmt::format("unknown command \"{}\"", printable(line, 64))};
    auto fresh = assemble_all_labels(labels_.config);
    if (!fresh) {
      labels_.log.error("labels", fmt::format("{}; the labels stay as they are",
                                              printable(fresh.error().message, 512)));
      return fresh.error();
    }
    std::string out;
    for (const auto& w : fresh->warnings) {
      labels_.log.warn("look_alike", w);
      out += "warning: " + w + "\n";
    }
    labels_.current = fresh->labels;
    for (const auto& r : rows_) send(r.head, relabel{shared<label_set>{labels_.current}});
    out += fmt::format("{} labels from the next block on{}\n", labels_.current->rows().size(),
                       labels_.current->own().empty() ? std::string{}
                                                      : ", of your own: " + labels_.current->own());
    labels_.log.info("labels",
                     fmt::format("read again: {} labels", labels_.current->rows().size()));
    return out;
  }

  caf::typed_response_promise<node_report> on_report() {
    auto promise = make_response_promise<node_report>();
    gather([promise](node_report report) mutable { promise.deliver(std::move(report)); });
    return promise;
  }

  caf::typed_response_promise<steered> on_order(const node_order& o) {
    auto promise = make_response_promise<steered>();
    auto outcome = std::make_shared<steered>(steered::unknown_agent);
    auto waiting = std::make_shared<std::size_t>(1);
    // Done on one chain is done; of the rest the one that says most.
    auto settle = [promise, outcome, waiting](steered of_one) mutable {
      if (*outcome != steered::done && of_one != steered::unknown_agent) *outcome = of_one;
      if (--*waiting == 0) promise.deliver(*outcome);
    };
    const auto lost = [settle](const caf::error&) mutable { settle(steered::not_now); };
    for (const auto& r : rows_) {
      if (o.chain && *o.chain != r.chain) continue;
      *waiting += (o.steer ? 1u : 0u) + (o.post ? 1u : 0u);
      if (o.steer) request(r.stream, answer_max, *o.steer).then(settle, lost);
      if (o.post) request(r.stream, answer_max, *o.post).then(settle, lost);
    }
    settle(steered::unknown_agent);
    return promise;
  }

  caf::typed_response_promise<route_tested> on_test(const std::string& name) {
    auto promise = make_response_promise<route_tested>();
    const auto route = std::find_if(routes_.begin(), routes_.end(),
                                    [&](const auto& r) { return r.route == name; });
    if (route == routes_.end() || tests_ >= route_tests_max) {
      promise.deliver(
          route_tested{route == routes_.end() ? route_state::unknown : route_state::busy, {}});
      return promise;
    }
    ++tests_;
    auto outcome = std::make_shared<route_tested>();
    auto waiting = std::make_shared<std::size_t>(route->sinks.size());
    auto settle = [this, promise, outcome, waiting](std::size_t at,
                                                    const delivery_outcome& x) mutable {
      outcome->sinks[at].delivered = x.state == delivery_state::delivered;
      outcome->sinks[at].why = printable(redact_urls(x.what));
      if (--*waiting > 0) return;
      --tests_;
      promise.deliver(std::move(*outcome));
    };
    const auto now = wall_clock();
    for (const auto& [id, sink] : route->sinks) {
      auto delivery = test_delivery(name, id, now);
      const auto at = outcome->sinks.size();
      outcome->sinks.push_back(
          {.sink = id, .delivery = delivery.key, .delivered = false, .why = {}});
      request(sink, route_test_max, std::move(delivery))
          .then([settle, at](const delivery_outcome& x) mutable { settle(at, x); },
                [settle, at](const caf::error& why) mutable {
                  settle(at, {delivery_state::failed, from_caf(why).message});
                });
    }
    return promise;
  }

  static time_ms wall_clock() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  template <class F>
  void gather(F done_with) {
    auto report = std::make_shared<node_report>();
    report->version = version_text;
    report->taken_at = wall_clock();
    report->uptime_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    auto waiting = std::make_shared<std::size_t>(
        2 * rows_.size() + 1u + (sources_.outbox ? 1u : 0u) + (sources_.linker ? 1u : 0u));
    auto settle = [report, waiting, done_with]() mutable {
      if (--*waiting > 0) return;
      const auto by_chain = [](const auto& a, const auto& b) { return a.chain < b.chain; };
      std::sort(report->streams.begin(), report->streams.end(), by_chain);
      std::sort(report->chains.begin(), report->chains.end(), by_chain);
      done_with(std::move(*report));
    };
    const auto missing = [settle](const caf::error&) mutable { settle(); };
    for (const auto& r : rows_) {
      request(r.stream, answer_max, get_report{})
          .then(
              [report, settle](const stream_report& x) mutable {
                report->streams.push_back(x);
                settle();
              },
              missing);
      request(r.head, answer_max, get_report{})
          .then(
              [report, settle](const chain_report& x) mutable {
                report->chains.push_back(x);
                settle();
              },
              missing);
    }
    request(sources_.store, answer_max, get_report{})
        .then(
            [report, settle](const store_report& x) mutable {
              report->store = x;
              settle();
            },
            missing);
    if (sources_.linker)
      request(sources_.linker, answer_max, get_report{})
          .then(
              [report, settle](const linker_report& x) mutable {
                report->above.push_back(to_agent_report(x));
                settle();
              },
              missing);
    if (!sources_.outbox) return;
    request(sources_.outbox, answer_max, get_report{})
        .then(
            [report, settle](const outbox_report& x) mutable {
              report->outbox = x;
              settle();
            },
            missing);
  }

  std::vector<row> rows_;
  desk_sources sources_;
  std::vector<route_sinks> routes_;
  label_desk labels_;
  std::size_t tests_ = 0;  ///< under way, at most route_tests_max
  const std::chrono::steady_clock::time_point started_;
};

}  // namespace

control_desk_actor spawn_control_desk(caf::actor_system& system, std::vector<row> rows,
                                      desk_sources sources, std::vector<route_sinks> routes,
                                      label_desk labels) {
  return system.spawn<control_desk>(std::move(rows), std::move(sources), std::move(routes),
                                    std::move(labels));
}

}  // namespace eremos
