#include "connectors/ethereum/ethereum_connector.hpp"

#include <chrono>
#include <random>

#include <fmt/format.h>

#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/error_class.hpp"
#include "connectors/net/url.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace ethereum {
namespace {

/// A provider of another chain will not change its mind soon.
constexpr std::chrono::seconds wrong_chain_pause{30};

/// Requests that wait for room in the budget: a few seconds of a busy mempool's look-ups. Beyond it
/// a new one fails at once, as if the provider had refused it.
constexpr std::size_t calls_waiting_max = 1'024;

mempool_wish mempool_of(const connector_config& config, const provider_options& options) {
  if (options.mempool) return *options.mempool;
  return config.public_mempool.value_or(true) ? mempool_wish::full : mempool_wish::off;
}

const dialect& dialect_of(const connector_config& config) {
  const auto* found = find_dialect(config.kind);
  return found != nullptr ? *found : *find_dialect("ethereum");
}

}  // namespace

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

time_ms wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ethereum_connector::ethereum_connector(caf::actor_config& cfg, connector_config config,
                                       provider_options options, const connector_services& services)
    : ethereum_actor::base(cfg),
      config_(std::move(config)),
      options_(std::move(options)),
      dialect_(dialect_of(config_)),
      mempool_(mempool_of(config_, options_)),
      reading_(std::make_shared<const reading_plan>(
          reading_plan{config_.chain, options_.signatures, config_.verify})),
      log_(services.log),
      net_out_(services.net_out),
      http_(caf::actor_cast<http_actor>(services.http)),
      pause_(defaults::reconnect_min, defaults::reconnect_max, std::random_device{}()),
      budget_(options_.requests_per_second, std::random_device{}(), options_.credits_per_second),
      watch_(config_.block_time),
      verifier_(config_.verify) {
  for (const auto& decoder : services.decoders)
    decoders_.push_back(caf::actor_cast<decoder_actor>(decoder));
  report_.name = config_.source;
  report_.kind = dialect_.kind;
  report_.state = "idle";
}

ethereum_connector::behavior_type ethereum_connector::make_behavior() {
  return {[this](const connector_start& s) { on_start(s); },
          [this](const fetch_block& what) { return on_fetch(what); },
          [this](const name_block& what) { return on_name(what); },
          [this](const read_state& what) { return on_read_state(what); },
          [](const more_wanted&) {},  // for recordings
          [this](const get_report&) { return on_report(); },
          [this](const ws_opened& o) { on_opened(o); },
          [this](const ws_text& t) { on_text(t); },
          [this](const ws_closed& c) { on_closed(c); },
          [this](const reconnect_due&) { connect(); },
          [this](const poll_due& p) {
            if (p.attempt == attempt_) look_at_head();
          },
          [this](const flush_pending&) { send_pending(); },
          [this](const settled_due& s) {
            if (s.attempt == attempt_) pause_.reset();
          },
          [this](const call_expired& c) { calls_.expire(c.id); },
          [this](const budget_due&) {
            budget_timer_ = false;
            send_calls();
          },
          [this](const watch_due& w) {
            if (w.attempt == attempt_) watch();
          },
          [this](const finality_due& f) {
            if (f.attempt == attempt_) look_at_finality();
          }};
}

void ethereum_connector::on_exit() {
  if (net_out_ && connection_ != 0) tell_net_out(ws_close{connection_});
  ++attempt_;
  calls_waiting_.clear();
  calls_.fail_all({errc::shutting_down, "the connector ends"});
  waits_for_range_.clear();
  decoders_.clear();
  chain_ = nullptr;
  net_out_ = nullptr;
  http_ = nullptr;
}

std::string ethereum_connector::where(door which) const { return redacted(url_of(which)); }

// --- connecting

void ethereum_connector::on_start(const connector_start& s) {
  chain_ = s.listener;
  connect();
}

void ethereum_connector::connect() {
  report_.state = "connecting";
  receipts_supported_ = true;
  ranges_supported_ = true;
  state_by_hash_ = true;
  if (!has(door::ws)) return check_chain();
  connection_ = ++last_connection_;
  tell_net_out(ws_open{connection_, options_.ws, {}});
}

void ethereum_connector::on_opened(const ws_opened& o) {
  if (o.connection != connection_) return;
  opened_ = true;
  check_chain();
}

/// Both URLs, where there are two: one may be another chain's by mistake, and half of what such a
/// provider says would look right.
void ethereum_connector::check_chain() {
  std::vector<door> doors;
  for (const auto which : {door::ws, door::http})
    if (has(which)) doors.push_back(which);
  unchecked_ = doors.size();
  for (const auto which : doors)
    if (unchecked_ != 0) ask_chain_id(which);
}

void ethereum_connector::ask_chain_id(door which) {
  call_at(which, "eth_chainId", "[]",
          [this, which, attempt = attempt_](const result<json_text>& answer) {
            if (attempt != attempt_) return;
            if (!answer) return lost(answer.error());
            const auto id = decode_quantity64(parser_, *answer);
            if (!id) return lost(id.error());
            if (*id != config_.chain) return wrong_chain(which, *id);
            if (--unchecked_ == 0) connected();
          });
}

void ethereum_connector::connected() {
  report_.state = "connected";
  tell_state(true, fmt::format("connected to {}", where()));
  delayed_send(this, defaults::settled_after, settled_due{attempt_});
  watch_.begin(std::chrono::nanoseconds{steady_ns()});
  if (has(door::ws)) {
    subscribe();
    delayed_send(this, watch_.every(), watch_due{attempt_});
  }
  look_at_head();
  if (options_.finality_poll.count() != 0) look_at_finality();
}

void ethereum_connector::wrong_chain(door which, chain_id found) {
  const auto text = fmt::format("{} serves chain {}, not {}", where(which), found, config_.chain);
  bad_.count("wrong_chain", text);
  log_.error("wrong_chain", text);
  report_.state = "wrong_chain";
  tell_state(false, text);
  close_connection();
  delayed_send(this, wrong_chain_pause, reconnect_due{});
}

/// The provider cannot be worked with for now.
void ethereum_connector::lost(const failure& why) {
  if (report_.state == "waiting") return;
  report_.state = "waiting";
  ++report_.reconnects;
  tell_state(false, fmt::format("{}: {}", where(), why.message));
  close_connection();
  delayed_send(this, pause_.next(), reconnect_due{});
}

void ethereum_connector::close_connection() {
  if (connection_ != 0) tell_net_out(ws_close{connection_});
  connection_ = 0;
  ++attempt_;
  unchecked_ = 0;
  opened_ = false;
  subscriptions_.clear();
  lookups_.clear();
  const failure gone{errc::provider_unreachable,
                     fmt::format("{}: the connection is gone", where())};
  for (const auto& call : std::exchange(calls_waiting_, {})) call.then(gone);
  calls_.fail_all(gone);
}

void ethereum_connector::on_closed(const ws_closed& c) {
  if (c.connection != connection_) return;
  connection_ = 0;
  if (c.why == ws_end::message_too_large) bad_.count("message_too_large", c.text);
  lost({errc::provider_unreachable, c.text.empty() ? std::string{to_string(c.why)} : c.text});
}

void ethereum_connector::tell_state(bool connected, std::string text) {
  if (chain_) send(chain_, provider_state{config_.chain, connected, std::move(text)});
}

// --- calls, over whichever door is configured

void ethereum_connector::call(std::string method, std::string params, rpc_continuation then) {
  const bool subscribes = method == "eth_subscribe" || method == "eth_unsubscribe";
  call_at(has(door::http) && !subscribes ? door::http : door::ws, std::move(method),
          std::move(params), std::move(then));
}

void ethereum_connector::call_at(door which, std::string method, std::string params,
                                 rpc_continuation then) {
  if (calls_waiting_.size() >= calls_waiting_max)
    return then(failure{errc::rate_limited,
                        fmt::format("{}: too many requests wait for {}", method, where())});
  calls_waiting_.push_back({which, std::move(method), std::move(params), std::move(then)});
  send_calls();
}

std::uint32_t ethereum_connector::cost_of(std::string_view method) const {
  const auto given = options_.credit_costs.find(method);
  return given != options_.credit_costs.end() ? given->second : dialect_.costs.of(method);
}

/// As many as the budget has room for; the rest when one comes back or the pause is over.
void ethereum_connector::send_calls() {
  const auto now = [] { return std::chrono::nanoseconds{steady_ns()}; };
  while (!calls_waiting_.empty()) {
    if (const auto wait = budget_.must_wait(now(), cost_of(calls_waiting_.front().method))) {
      if (wait->count() == 0 || budget_timer_) return;
      budget_timer_ = true;
      return delayed_send(this, *wait, budget_due{});
    }
    auto next = std::move(calls_waiting_.front());
    calls_waiting_.pop_front();
    send_call(next.which, std::move(next.method), next.params,
              [this, now, then = std::move(next.then)](const result<json_text>& answer) {
                budget_.over(now(), !answer && answer.error().code == errc::rate_limited);
                then(answer);
                send_calls();
              });
  }
}

void ethereum_connector::send_call(door which, std::string method, const std::string& params,
                                   rpc_continuation then) {
  ++report_.requests;
  const auto id = ++last_id_;
  auto text = rpc_request_text(id, method, params);
  if (which == door::http) return call_http(std::move(method), std::move(text), std::move(then));
  if (!opened_)
    return then(failure{errc::provider_unreachable,
                        fmt::format("{}: {} is not connected", method, where())});
  if (!calls_.add(id, std::move(method), std::move(then))) return;
  tell_net_out(ws_send{connection_, std::move(text)});
  delayed_send(this, options_.request_timeout, call_expired{id});
}

void ethereum_connector::call_http(std::string method, std::string text, rpc_continuation then) {
  http_request wanted{.url = options_.http,
                      .body = std::move(text),
                      .headers = {"Content-Type: application/json"},
                      .timeout_ms = options_.request_timeout.count()};
  request(http_, options_.request_timeout + std::chrono::seconds{5}, std::move(wanted))
      .then([this, method, then](const http_reply& reply) { on_reply(method, reply, then); },
            [then](const caf::error& e) { then(from_caf(e)); });
}

void ethereum_connector::on_reply(const std::string& method, const http_reply& reply,
                                  const rpc_continuation& then) {
  report_.bytes += reply.body.size();
  const auto frames = reply.body.empty() ? std::vector<rpc_frame>{} : frames_.decode(reply.body);
  const auto* frame = frames.empty() ? nullptr : &frames.front();
  if (frame != nullptr && frame->kind == frame_kind::response) return then(frame->result);
  if (frame != nullptr && frame->kind == frame_kind::error) {
    bad_.count("rpc_error", frame->error.message);
    return then(classify_rpc_error(frame->error, method));
  }
  if (reply.status >= 300) {
    bad_.count("http_status", fmt::format("{}: {}", method, reply.status));
    return then(classify_http_status(reply.status, method));
  }
  bad_.count(
      frame != nullptr && frame->kind == frame_kind::malformed ? "malformed" : "unknown_frame",
      reply.body);
  then(failure{errc::provider_refused, fmt::format("{}: the answer is no JSON-RPC", method)});
}

connector_report ethereum_connector::on_report() const {
  auto out = report_;
  out.bad = bad_.kinds();
  auto& own = out.providers.emplace_back();
  own.name = where();
  own.state = report_.state;
  own.head = last_told_;
  own.requests = report_.requests;
  own.reconnects = report_.reconnects;
  own.rate_limited = budget_.refused();
  own.silences = silences_;
  own.calls_open = budget_.open();
  own.calls_waiting = calls_waiting_.size();
  own.calls_allowed = budget_.allowed();
  own.log_ranges = ranges_.asked;
  own.log_range_refusals = ranges_.refused;
  own.log_range_blocks = ranges_.blocks;
  own.log_range_doubts = ranges_.doubts;
  own.log_range_size = range_size_.blocks();
  return out;
}

}  // namespace ethereum

namespace {

result<connector_actor> make_ethereum(caf::actor_system& system, connector_config config,
                                      const connector_services& services) {
  auto options = provider_options::parse(config.options);
  if (!options) return options.error();
  return connector_actor{
      system.spawn<ethereum::ethereum_connector>(std::move(config), std::move(*options), services)};
}

status check_ethereum(const option_map& options) {
  const auto parsed = provider_options::parse(options);
  return parsed ? status{ok} : status{parsed.error()};
}

bool register_dialects() {
  bool good = true;
  for (const auto& d : dialects)
    good = register_connector_kind({.name = d.kind,
                                    .sentence = d.sentence,
                                    .style = connector_style::follow,
                                    .make = make_ethereum,
                                    .check = check_ethereum,
                                    .over_network = true}) &&
           good;
  return good;
}
[[maybe_unused]] const bool registered = register_dialects();

}  // namespace
}  // namespace eremos
