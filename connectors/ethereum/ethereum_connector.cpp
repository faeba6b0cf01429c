// CONNECTOR of kind "ethereum": one provider of one chain over JSON-RPC. Announces heads and
// pending transactions, fetches whole blocks when CHAIN asks. Decides nothing about what is
// canonical, and retries no fetch: CHAIN does.
//
// Log notifications come early, incomplete and sometimes in disorder, so no event is made of them:
// they start the fetch of their block, and what was fetched must have them.
#include <chrono>
#include <deque>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/connector.hpp"
#include "connectors/ethereum/backoff.hpp"
#include "connectors/ethereum/bad_input_counter.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/error_class.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "connectors/ethereum/log_sightings.hpp"
#include "connectors/ethereum/provider_options.hpp"
#include "connectors/ethereum/rpc_calls.hpp"
#include "connectors/net/http.hpp"
#include "connectors/net/url.hpp"
#include "connectors/net/websocket.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

/// Pending transactions told to CHAIN in one message.
constexpr std::size_t pending_batch_max = 256;
/// Hashes waiting to be looked up; beyond it the oldest go, counted: the mempool is perishable.
constexpr std::size_t lookups_waiting_max = 4'096;
constexpr std::size_t lookups_open_max = 64;
/// A block that lacks logs which were shown is asked for this often before it is taken as it is.
constexpr std::size_t log_disputes_max = 3;
/// A provider of another chain will not change its mind soon.
constexpr std::chrono::seconds wrong_chain_pause{30};

// --- to itself
struct reconnect_due {};
struct poll_due {};
struct flush_pending {};
struct call_expired {
  std::uint64_t id = 0;
};
template <class I>
auto inspect(I& f, reconnect_due&) {
  return f();
}
template <class I>
auto inspect(I& f, poll_due&) {
  return f();
}
template <class I>
auto inspect(I& f, flush_pending&) {
  return f();
}
template <class I>
auto inspect(I& f, call_expired& x) {
  return f(x.id);
}

using ethereum_actor =
    connector_actor::extend<caf::reacts_to<ws_opened>, caf::reacts_to<ws_text>,
                            caf::reacts_to<ws_closed>, caf::reacts_to<reconnect_due>,
                            caf::reacts_to<poll_due>, caf::reacts_to<flush_pending>,
                            caf::reacts_to<call_expired>>;

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// When a pending transaction was seen: the one thing about it that no chain says.
time_ms wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class ethereum_connector final : public ethereum_actor::base {
 public:
  using block_promise = caf::typed_response_promise<shared<block_record>>;

  ethereum_connector(caf::actor_config& cfg, connector_config config, provider_options options,
                     const connector_services& services)
      : ethereum_actor::base(cfg),
        config_(std::move(config)),
        options_(std::move(options)),
        log_(services.log),
        net_out_(services.net_out),
        http_(caf::actor_cast<http_actor>(services.http)),
        pause_(defaults::reconnect_min, defaults::reconnect_max, std::random_device{}()) {
    report_.name = config_.source;
    report_.kind = "ethereum";
    report_.state = "idle";
  }

  const char* name() const override { return "ethereum_connector"; }

  behavior_type make_behavior() override {
    return {[this](const connector_start& s) { on_start(s); },
            [this](const fetch_block& what) { return on_fetch(what); },
            [](const more_wanted&) {},  // for recordings
            [this](const get_report&) { return on_report(); },
            [this](const ws_opened& o) { on_opened(o); },
            [this](const ws_text& t) { on_text(t); },
            [this](const ws_closed& c) { on_closed(c); },
            [this](const reconnect_due&) { connect(); },
            [this](const poll_due&) { poll(); },
            [this](const flush_pending&) { send_pending(); },
            [this](const call_expired& c) { calls_.expire(c.id); }};
  }

  void on_exit() override {
    if (net_out_ && connection_ != 0) tell_net_out(ws_close{connection_});
    calls_.fail_all({errc::shutting_down, "the connector ends"});
    chain_ = nullptr;
    net_out_ = nullptr;
    http_ = nullptr;
  }

 private:
  decode_context decoding() const noexcept { return {config_.chain, &options_.signatures}; }
  bool over_http() const noexcept { return !options_.http.empty(); }
  std::string where() const { return redacted(options_.ws.empty() ? options_.http : options_.ws); }

  /// NET-OUT answers whoever sent, so this connector must be the sender; CAF lets a typed actor be
  /// that to an untyped one only by hand.
  template <class Word>
  void tell_net_out(Word word) {
    if (net_out_)
      net_out_->enqueue(caf::make_mailbox_element(caf::strong_actor_ptr{ctrl()},
                                                  caf::make_message_id(), {}, std::move(word)),
                        context());
  }

  // --- connecting

  void on_start(const connector_start& s) {
    chain_ = s.chain;
    connect();
  }

  void connect() {
    report_.state = "connecting";
    if (options_.ws.empty()) return check_chain();
    connection_ = ++last_connection_;
    tell_net_out(ws_open{connection_, options_.ws, {}});
  }

  void on_opened(const ws_opened& o) {
    if (o.connection != connection_) return;
    opened_ = true;
    check_chain();
  }

  void check_chain() {
    call("eth_chainId", "[]", [this](const result<std::string_view>& answer) {
      if (!answer) return lost(answer.error());
      const auto id = decode_quantity64(parser_, *answer);
      if (!id) return lost(id.error());
      if (*id != config_.chain) return wrong_chain(*id);
      pause_.reset();
      report_.state = "connected";
      tell_state(true, fmt::format("connected to {}", where()));
      if (!options_.ws.empty()) subscribe();
      look_at_head();
    });
  }

  void wrong_chain(chain_id found) {
    const auto text = fmt::format("{} serves chain {}, not {}", where(), found, config_.chain);
    bad_.count("wrong_chain", text);
    log_.error("wrong_chain", text);
    report_.state = "wrong_chain";
    tell_state(false, text);
    close_connection();
    delayed_send(this, wrong_chain_pause, reconnect_due{});
  }

  /// The provider cannot be worked with for now.
  void lost(const failure& why) {
    if (report_.state == "waiting") return;
    report_.state = "waiting";
    ++report_.reconnects;
    tell_state(false, fmt::format("{}: {}", where(), why.message));
    close_connection();
    delayed_send(this, pause_.next(), reconnect_due{});
  }

  void close_connection() {
    if (connection_ != 0) tell_net_out(ws_close{connection_});
    connection_ = 0;
    opened_ = false;
    subscriptions_.clear();
    lookups_open_ = 0;
    calls_.fail_all(
        {errc::provider_unreachable, fmt::format("{}: the connection is gone", where())});
  }

  void on_closed(const ws_closed& c) {
    if (c.connection != connection_) return;
    connection_ = 0;
    if (c.why == ws_end::message_too_large) bad_.count("message_too_large", c.text);
    lost({errc::provider_unreachable, c.text.empty() ? std::string{to_string(c.why)} : c.text});
  }

  void tell_state(bool connected, std::string text) {
    if (chain_) send(chain_, provider_state{config_.chain, connected, std::move(text)});
  }

  // --- heads

  void subscribe() {
    call("eth_subscribe", R"(["newHeads"])", [this](const result<std::string_view>& answer) {
      remember_subscription("newHeads", answer);
    });
    if (options_.logs)
      call("eth_subscribe", R"(["logs",{}])", [this](const result<std::string_view>& answer) {
        remember_subscription("logs", answer);
      });
    if (options_.mempool == mempool_wish::full)
      call("eth_subscribe", R"(["newPendingTransactions",true])",
           [this](const result<std::string_view>& answer) {
             if (answer || answer.error().code == errc::provider_unreachable)
               return remember_subscription("newPendingTransactions", answer);
             // Not every client knows the second parameter.
             subscribe_hashes();
           });
    else if (options_.mempool == mempool_wish::hash)
      subscribe_hashes();
  }

  void subscribe_hashes() {
    call("eth_subscribe", R"(["newPendingTransactions"])",
         [this](const result<std::string_view>& answer) {
           remember_subscription("newPendingTransactions", answer);
         });
  }

  void remember_subscription(std::string_view what, const result<std::string_view>& answer) {
    if (!answer) {
      if (answer.error().code == errc::provider_unreachable) return;
      bad_.count("subscription_refused", fmt::format("{}: {}", what, answer.error().message));
      log_.warn("subscription_refused", fmt::format("{}: {}", what, answer.error().message));
      if (what == "newHeads") lost(answer.error());
      return;
    }
    const auto id = decode_text(parser_, *answer);
    if (id) subscriptions_[*id] = what;
  }

  /// What was missed while away, and every head where there is no subscription.
  void look_at_head() {
    call("eth_getBlockByNumber", R"(["latest",false])",
         [this](const result<std::string_view>& answer) {
           if (!answer) return options_.ws.empty() ? lost(answer.error()) : void();
           auto head = decode_head(parser_, *answer);
           if (head)
             tell_head(*head);
           else
             bad_.count("malformed_head", head.error().message);
           if (options_.ws.empty()) delayed_send(this, options_.poll, poll_due{});
         });
  }

  void poll() {
    if (report_.state == "connected") look_at_head();
  }

  void tell_head(const block_event& head) {
    highest_told_ = std::max(highest_told_, head.number);
    if (chain_)
      send(chain_, head_seen{config_.chain, head.number, head.hash, head.parent_hash, steady_ns()});
  }

  // --- logs, as hints and as a check

  void on_log(std::string_view json) {
    const auto seen = decode_log(parser_, decoding(), json);
    if (!seen) return bad_.count("malformed_log", seen.error().message);
    if (seen->removed) return sightings_.forget(seen->block_hash);
    switch (sightings_.note(seen->block_hash, seen->log.log_index)) {
      case log_sighting::known:
        return;
      case log_sighting::unfitting:
        return bad_.count("log_not_in_block",
                          fmt::format("log {} of block {}", seen->log.log_index, seen->number));
      case log_sighting::first:
        // A late log of an older block must not move the head back.
        if (seen->number > highest_told_)
          tell_head({.number = seen->number, .hash = seen->block_hash, .parent_hash = {}});
    }
  }

  /// Asks again where logs are missing that the provider itself has shown.
  void deliver(block_record& whole, block_promise promise) {
    const auto logs = all_logs(whole);
    const auto& hash = whole.header.hash;
    if (const auto missing = sightings_.missing_in(hash, logs); !missing.empty()) {
      const auto text = fmt::format("block {} lacks {} logs that were shown, log {} the first",
                                    whole.header.number, missing.size(), missing.front());
      if (sightings_.dispute(hash) < log_disputes_max)
        return refuse(promise, "logs_missing", {errc::provider_refused, text});
      bad_.count("logs_missing", text);
      log_.error("logs_missing", text + "; asked several times, it is taken as it is");
    }
    sightings_.settle(hash, logs);
    promise.deliver(shared<block_record>{std::move(whole)});
  }

  // --- messages of the WebSocket

  void on_text(const ws_text& t) {
    tell_net_out(ws_taken{t.connection, t.text.size()});
    if (t.connection != connection_) return;
    ++report_.frames;
    report_.bytes += t.text.size();
    // Continuations may decode more, but not frames: views stay valid.
    for (const auto& frame : frames_.decode(t.text)) on_frame(frame, t);
  }

  void on_frame(const rpc_frame& frame, const ws_text& t) {
    switch (frame.kind) {
      case frame_kind::malformed:
        return bad_.count("malformed", t.text);
      case frame_kind::unknown:
        return bad_.count("unknown_frame", t.text);
      case frame_kind::notification:
        return on_notification(frame, t);
      case frame_kind::error:
        bad_.count("rpc_error", frame.error.message);
        if (frame.id) calls_.answer(*frame.id, frame);
        return;
      case frame_kind::response:
        if (!frame.id || !calls_.answer(*frame.id, frame)) bad_.count("unasked_answer", t.text);
    }
  }

  void on_notification(const rpc_frame& frame, const ws_text& t) {
    const auto known = subscriptions_.find(std::string{frame.subscription});
    if (known == subscriptions_.end()) return bad_.count("unknown_subscription", t.text);
    if (known->second == "newHeads") {
      const auto head = decode_head(parser_, frame.result);
      if (!head) return bad_.count("malformed_head", head.error().message);
      return tell_head(*head);
    }
    if (known->second == "logs") return on_log(frame.result);
    auto pending = decode_pending(parser_, decoding(), frame.result);
    if (!pending) return bad_.count("malformed_pending", pending.error().message);
    if (pending->full || options_.mempool == mempool_wish::hash)
      add_pending(std::move(*pending));
    else
      look_up(pending->hash);
  }

  // --- the mempool

  /// Transactions that arrive together leave together: the flush queues behind what is already
  /// waiting.
  void add_pending(mempool_event&& pending) {
    if (pending_.empty()) send(this, flush_pending{});
    pending_.push_back(std::move(pending));
    if (pending_.size() >= pending_batch_max) send_pending();
  }

  void send_pending() {
    if (pending_.empty() || !chain_) return;
    send(chain_, pending_seen{config_.chain, std::exchange(pending_, {}), wall_ms(), steady_ns()});
  }

  void look_up(const hash32& hash) {
    lookups_.push_back(hash);
    if (lookups_.size() > lookups_waiting_max) {
      lookups_.pop_front();
      bad_.count("pending_not_looked_up", "more pending hashes than the provider answers for");
    }
    next_lookups();
  }

  void next_lookups() {
    while (lookups_open_ < lookups_open_max && !lookups_.empty()) {
      const auto hash = lookups_.front();
      lookups_.pop_front();
      ++lookups_open_;
      call("eth_getTransactionByHash", fmt::format(R"(["{}"])", to_hex(hash)),
           [this](const result<std::string_view>& answer) {
             if (lookups_open_ > 0) --lookups_open_;
             if (!answer) return;
             auto pending = decode_pending_by_hash(parser_, decoding(), *answer);
             if (pending)
               add_pending(std::move(*pending));
             else
               bad_.count(pending.error().code == errc::block_not_found ? "pending_gone"
                                                                        : "malformed_pending",
                          pending.error().message);
             next_lookups();
           });
    }
  }

  // --- blocks

  block_promise on_fetch(const fetch_block& what) {
    auto promise = make_response_promise<shared<block_record>>();
    const auto began_ns = steady_ns();
    const auto method = what.hash ? "eth_getBlockByHash" : "eth_getBlockByNumber";
    const auto param = what.hash ? to_hex(*what.hash) : fmt::format("{:#x}", what.number);
    call(method, fmt::format(R"(["{}",true])", param),
         [this, promise, what, began_ns](const result<std::string_view>& answer) mutable {
           if (!answer) return fail(promise, answer.error());
           auto record = decode_block(parser_, decoding(), *answer);
           if (!record) {
             if (record.error().code == errc::block_not_found)
               bad_.count("null_block", fmt::format("block {}", what.number));
             else
               bad_.count("malformed_block", record.error().message);
             return fail(promise, record.error());
           }
           record->received_ns = began_ns;
           fetch_pieces(std::move(*record), promise);
         });
    return promise;
  }

  void fetch_pieces(block_record&& record, block_promise promise) {
    auto whole = std::make_shared<block_record>(std::move(record));
    const auto hash = to_hex(whole->header.hash);
    if (!receipts_supported_) return fetch_logs(whole, promise);
    call("eth_getBlockReceipts", fmt::format(R"(["{}"])", hash),
         [this, whole, promise](const result<std::string_view>& answer) mutable {
           if (!answer && answer.error().code == errc::method_unsupported) {
             receipts_supported_ = false;
             log_.info("no_receipts",
                       "the provider has no eth_getBlockReceipts; logs are asked for instead");
             return fetch_logs(whole, promise);
           }
           if (!answer) return fail(promise, answer.error());
           auto receipts = decode_receipts(parser_, decoding(), *answer);
           if (!receipts) return refuse(promise, "malformed_receipts", receipts.error());
           if (receipts->receipts.size() < whole->transactions.size())
             return refuse(
                 promise, "receipts_missing",
                 {errc::provider_refused,
                  fmt::format("block {} has {} transactions and {} receipts", whole->header.number,
                              whole->transactions.size(), receipts->receipts.size())});
           finish(*whole, std::move(*receipts), promise);
         });
  }

  void fetch_logs(const std::shared_ptr<block_record>& whole, block_promise promise) {
    call("eth_getLogs", fmt::format(R"([{{"blockHash":"{}"}}])", to_hex(whole->header.hash)),
         [this, whole, promise](const result<std::string_view>& answer) mutable {
           if (!answer) return fail(promise, answer.error());
           auto logs = decode_logs(parser_, decoding(), *answer);
           if (!logs) return refuse(promise, "malformed_logs", logs.error());
           for (auto& piece : logs->blocks)
             if (auto merged = merge_piece(*whole, std::move(piece)); !merged)
               return refuse(promise, "foreign_logs", merged.error());
           whole->has_logs = true;
           deliver(*whole, promise);
         });
  }

  void finish(block_record& whole, block_record&& piece, block_promise promise) {
    if (auto merged = merge_piece(whole, std::move(piece)); !merged)
      return refuse(promise, "foreign_receipts", merged.error());
    deliver(whole, promise);
  }

  void refuse(block_promise promise, std::string_view kind, const failure& why) {
    bad_.count(kind, why.message);
    fail(std::move(promise), why);
  }

  static void fail(block_promise promise, const failure& why) { promise.deliver(to_caf(why)); }

  // --- calls, over whichever door is configured

  void call(std::string method, std::string params, rpc_continuation then) {
    ++report_.requests;
    const auto id = ++last_id_;
    auto text = rpc_request_text(id, method, params);
    if (over_http() && method != "eth_subscribe")
      return call_http(std::move(method), std::move(text), std::move(then));
    if (!opened_)
      return then(failure{errc::provider_unreachable,
                          fmt::format("{}: {} is not connected", method, where())});
    if (!calls_.add(id, std::move(method), std::move(then))) return;
    tell_net_out(ws_send{connection_, std::move(text)});
    delayed_send(this, options_.request_timeout, call_expired{id});
  }

  void call_http(std::string method, std::string text, rpc_continuation then) {
    http_request wanted{.url = options_.http,
                        .body = std::move(text),
                        .headers = {"Content-Type: application/json"},
                        .timeout_ms = options_.request_timeout.count()};
    request(http_, options_.request_timeout + std::chrono::seconds{5}, std::move(wanted))
        .then([this, method, then](const http_reply& reply) { on_reply(method, reply, then); },
              [then](const caf::error& e) { then(from_caf(e)); });
  }

  void on_reply(const std::string& method, const http_reply& reply, const rpc_continuation& then) {
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

  connector_report on_report() const {
    auto out = report_;
    out.bad = bad_.kinds();
    return out;
  }

  const connector_config config_;
  const provider_options options_;
  const logger log_;
  caf::actor net_out_;
  http_actor http_;
  chain_actor chain_;

  std::uint64_t connection_ = 0;  ///< 0: none
  std::uint64_t last_connection_ = 0;
  bool opened_ = false;
  backoff pause_;
  std::map<std::string, std::string> subscriptions_;  ///< id → what; a few per connection
  std::uint64_t last_id_ = 0;
  rpc_calls calls_;
  bool receipts_supported_ = true;
  block_number highest_told_ = 0;
  log_sightings sightings_;

  std::vector<mempool_event> pending_;  ///< at most pending_batch_max
  std::deque<hash32> lookups_;          ///< at most lookups_waiting_max
  std::size_t lookups_open_ = 0;

  frame_decoder frames_;
  json_parser parser_;
  bad_input_counter bad_;
  connector_report report_;
};

result<connector_actor> make_ethereum(caf::actor_system& system, connector_config config,
                                      const connector_services& services) {
  auto options = provider_options::parse(config.options);
  if (!options) return options.error();
  return connector_actor{
      system.spawn<ethereum_connector>(std::move(config), std::move(*options), services)};
}

status check_ethereum(const option_map& options) {
  const auto parsed = provider_options::parse(options);
  return parsed ? status{ok} : status{parsed.error()};
}

constexpr connector_kind ethereum_kind{
    .name = "ethereum",
    .sentence = "a node or provider that speaks Ethereum JSON-RPC over WebSocket and HTTP",
    .style = connector_style::follow,
    .make = make_ethereum,
    .check = check_ethereum};
EREMOS_CONNECTOR(ethereum_kind)

}  // namespace
}  // namespace eremos
