#include "connectors/ethereum/examine_provider.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/dialect.hpp"
#include "connectors/ethereum/error_class.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "connectors/ethereum/rpc_calls.hpp"
#include "connectors/net/http.hpp"
#include "connectors/net/url.hpp"
#include "connectors/net/websocket.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

using namespace std::chrono_literals;
using monotonic = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Nobody's address (its key would have to be found): asking for its logs costs a provider little.
constexpr std::string_view nobody = "0x000000000000000000000000000000000000dead";

/// Ranges of eth_getLogs that providers are known to allow, largest first.
constexpr std::array<std::uint64_t, 6> log_ranges = {10'000, 5'000, 2'000, 1'000, 100, 10};

/// How far back state is asked for: what pruned nodes keep (128 blocks, geth), and further.
constexpr std::array<std::uint64_t, 4> depths = {100'000, 10'000, 1'000, 100};

/// A head that is older than so many block times, and than this, is not the chain's.
constexpr int late_blocks = 20;
constexpr milliseconds late_min{60'000};

/// One conversation with one provider.
class conversation {
 public:
  conversation(caf::actor_system& system, const examine_plan& plan) : self_(system), plan_(plan) {}

  status open() {
    status out{errc::provider_timeout, "no WebSocket within 10 s"};
    self_->send(plan_.net_out, ws_open{connection, plan_.options.ws, {}});
    bool over = false;
    const auto until = monotonic::now() + 10s;
    while (!over && monotonic::now() < until)
      self_->receive(
          [&](const ws_opened&) {
            out = ok;
            over = true;
          },
          [&](const ws_closed& c) {
            out = {errc::provider_unreachable,
                   c.text.empty() ? std::string{to_string(c.why)} : c.text};
            over = true;
          },
          caf::after(200ms) >> [] {});
    is_open_ = out.has_value();
    return out;
  }
  void close() {
    if (is_open_) self_->send(plan_.net_out, ws_close{connection});
    is_open_ = false;
  }

  /// The result as JSON text.
  result<std::string> call(bool over_ws, std::string_view method, std::string_view params) {
    const auto id = ++last_id_;
    const auto text = rpc_request_text(id, method, params);
    return over_ws ? call_ws(id, method, text) : call_http(method, text);
  }

  /// Takes what comes for so long, or until `enough`.
  template <class Enough>
  void listen(milliseconds time, Enough enough) {
    const auto until = monotonic::now() + time;
    while (monotonic::now() < until && !enough() && is_open_) take(100ms);
  }
  /// How many notifications a subscription has sent, and the newest.
  std::size_t said(const std::string& subscription) const {
    const auto at = notes_.find(subscription);
    return at == notes_.end() ? 0 : at->second.count;
  }
  std::string last(const std::string& subscription) const {
    const auto at = notes_.find(subscription);
    return at == notes_.end() ? std::string{} : at->second.newest;
  }

 private:
  static constexpr std::uint64_t connection = 1;
  struct note {
    std::size_t count = 0;
    std::string newest;
  };

  void take(milliseconds time) {
    self_->receive(
        [&](const ws_text& t) {
          self_->send(plan_.net_out, ws_taken{t.connection, t.text.size()});
          for (const auto& frame : frames_.decode(t.text)) {
            if (frame.kind == frame_kind::notification) {
              auto& n = notes_[std::string{frame.subscription}];
              ++n.count;
              n.newest = std::string{frame.result};
            } else if (frame.id) {
              answers_.insert_or_assign(
                  *frame.id, frame.kind == frame_kind::response
                                 ? result<std::string>{std::string{frame.result}}
                                 : result<std::string>{classify_rpc_error(frame.error, "")});
            }
          }
        },
        [&](const ws_closed&) { is_open_ = false; }, caf::after(time) >> [] {});
  }

  result<std::string> call_ws(std::uint64_t id, std::string_view method, const std::string& text) {
    if (!is_open_) return {errc::provider_unreachable, "the WebSocket is closed"};
    self_->send(plan_.net_out, ws_send{connection, text});
    const auto until = monotonic::now() + plan_.options.request_timeout;
    while (monotonic::now() < until && is_open_) {
      if (const auto at = answers_.find(id); at != answers_.end()) {
        auto out = std::move(at->second);
        answers_.erase(at);
        return out;
      }
      take(50ms);
    }
    return {errc::provider_timeout, fmt::format("{}: no answer", method)};
  }

  result<std::string> call_http(std::string_view method, const std::string& text) {
    result<std::string> out{errc::provider_timeout, "no answer"};
    self_
        ->request(caf::actor_cast<http_actor>(plan_.http), plan_.options.request_timeout + 5s,
                  http_request{.url = plan_.options.http,
                               .body = text,
                               .headers = {"Content-Type: application/json"},
                               .timeout_ms = plan_.options.request_timeout.count()})
        .receive(
            [&](const http_reply& reply) {
              const auto frames =
                  reply.body.empty() ? std::vector<rpc_frame>{} : frames_.decode(reply.body);
              if (!frames.empty() && frames[0].kind == frame_kind::response)
                out = std::string{frames[0].result};
              else if (!frames.empty() && frames[0].kind == frame_kind::error)
                out = classify_rpc_error(frames[0].error, method);
              else if (reply.status >= 300)
                out = classify_http_status(reply.status, method);
              else
                out = failure{errc::provider_refused,
                              fmt::format("{}: the answer is no JSON-RPC", method)};
            },
            [&](const caf::error& e) { out = from_caf(e); });
    return out;
  }

  caf::scoped_actor self_;
  const examine_plan& plan_;
  frame_decoder frames_;
  bool is_open_ = false;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, result<std::string>> answers_;  ///< of calls that gave up: a few
  std::map<std::string, note> notes_;                     ///< by subscription: three
};

class examination {
 public:
  examination(caf::actor_system& system, const examine_plan& plan)
      : plan_(plan), talk_(system, plan), ws_(!plan.options.ws.empty()) {}

  std::vector<provider_finding> run() {
    if (!reach()) return std::move(out_);
    if (!look_at_chain()) return std::move(out_);
    look_at_latency();
    look_at_head();
    if (head_) {
      look_at_receipts();
      look_at_log_range();
      look_at_archive();
    }
    look_at_tags();
    look_at_subscriptions();
    talk_.close();
    return std::move(out_);
  }

 private:
  void note(std::string what, finding_state state, std::string text) {
    out_.push_back({std::move(what), state, std::move(text)});
  }
  bool over_ws() const noexcept { return plan_.options.http.empty(); }
  result<std::string> ask(std::string_view method, std::string_view params) {
    return talk_.call(over_ws(), method, params);
  }

  bool reach() {
    if (ws_) {
      const auto opened = talk_.open();
      if (!opened) {
        note("websocket", finding_state::unmet, opened.error().message);
        ws_ = false;
        return !over_ws();
      }
      note("websocket", finding_state::good, "connects");
    } else {
      note("websocket", finding_state::poor,
           fmt::format("no ws URL: heads are asked for every {} ms", plan_.options.poll.count()));
    }
    return true;
  }

  bool look_at_chain() {
    bool right = true;
    for (const bool ws : {true, false}) {
      if (ws ? !ws_ : plan_.options.http.empty()) continue;
      const auto* which = ws ? "ws" : "http";
      const auto answer = talk_.call(ws, "eth_chainId", "[]");
      const auto id =
          answer ? decode_quantity64(parser_, *answer) : result<std::uint64_t>{answer.error()};
      if (!id)
        note("chain_id", finding_state::unmet, fmt::format("{}: {}", which, id.error().message));
      else if (*id != plan_.config.chain)
        note("chain_id", finding_state::unmet,
             fmt::format("{} serves chain {}, not {}", which, *id, plan_.config.chain));
      else
        note("chain_id", finding_state::good, fmt::format("{}: {}", which, *id));
      right = right && id && *id == plan_.config.chain;
    }
    if (const auto version = ask("web3_clientVersion", "[]"))
      if (const auto text = decode_text(parser_, *version))
        note("client", finding_state::good, printable(*text, 60));
    return right;
  }

  void look_at_latency() {
    std::vector<milliseconds> took;
    for (int i = 0; i < 5; ++i) {
      const auto began = monotonic::now();
      if (!ask("eth_blockNumber", "[]")) continue;
      took.push_back(std::chrono::duration_cast<milliseconds>(monotonic::now() - began));
    }
    if (took.empty())
      return note("latency", finding_state::unmet, "eth_blockNumber is not answered");
    std::sort(took.begin(), took.end());
    const auto median = took[took.size() / 2];
    note("latency", median < 1s ? finding_state::good : finding_state::poor,
         fmt::format("{} ms, the median of {}", median.count(), took.size()));
  }

  void look_at_head() {
    const auto answer = ask("eth_getBlockByNumber", R"(["latest",false])");
    const auto head = answer ? decode_head(parser_, *answer) : result<block_event>{answer.error()};
    if (!head) return note("head", finding_state::unmet, head.error().message);
    head_ = *head;
    const auto now = std::chrono::duration_cast<milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const auto age = now - milliseconds{head->timestamp};
    const auto late = std::max(late_min, late_blocks * plan_.config.block_time);
    const auto seconds = std::chrono::duration<double>(age).count();
    if (age < -15s)
      note("head", finding_state::poor,
           fmt::format("block {}, {:.0f} s ahead of this machine's clock", head->number, -seconds));
    else
      note("head", age < late ? finding_state::good : finding_state::poor,
           fmt::format("block {}, {:.0f} s old by this machine's clock", head->number, seconds));
  }

  void look_at_receipts() {
    const auto hash = to_hex(head_->hash);
    const auto full = ask("eth_getBlockByHash", fmt::format(R"(["{}",true])", hash));
    if (!full || *full == "null")
      return note("blocks", finding_state::unmet,
                  full ? "eth_getBlockByHash does not know its own head" : full.error().message);
    note("blocks", finding_state::good, "whole, by hash");
    const auto receipts = ask("eth_getBlockReceipts", fmt::format(R"(["{}"])", hash));
    if (receipts && *receipts != "null")
      return note("receipts", finding_state::good, "eth_getBlockReceipts, by hash");
    const auto logs = ask("eth_getLogs", fmt::format(R"([{{"blockHash":"{}"}}])", hash));
    const auto why = receipts ? std::string{"null"} : receipts.error().message;
    if (logs)
      note("receipts", finding_state::poor,
           fmt::format("none by block ({}): logs are asked for instead", why));
    else
      note(
          "receipts", finding_state::unmet,
          fmt::format("neither receipts ({}) nor logs ({}) of a block", why, logs.error().message));
  }

  void look_at_log_range() {
    std::string why;
    for (const auto range : log_ranges) {
      if (head_->number < range) continue;
      const auto answer =
          ask("eth_getLogs",
              fmt::format(R"([{{"fromBlock":"{:#x}","toBlock":"{:#x}","address":"{}"}}])",
                          head_->number - range + 1, head_->number, nobody));
      if (answer)
        return note(
            "log_range", finding_state::good,
            fmt::format("{}{} blocks", range == log_ranges.front() ? "at least " : "", range));
      why = answer.error().message;
    }
    note("log_range", why.empty() ? finding_state::unknown : finding_state::poor,
         why.empty() ? "the chain is too young to tell" : why);
  }

  void look_at_archive() {
    std::string why;
    const auto balance_at = [&](block_number number) {
      const auto answer = ask("eth_getBalance", fmt::format(R"(["{}","{:#x}"])", nobody, number));
      if (!answer) why = answer.error().message;
      return answer.has_value();
    };
    if (balance_at(1)) return note("archive", finding_state::good, "state of block 1: an archive");
    for (const auto depth : depths)
      if (head_->number > depth && balance_at(head_->number - depth))
        return note("archive", finding_state::good,
                    fmt::format("state of {} blocks back, not of block 1", depth));
    note("archive", finding_state::poor, fmt::format("no old state: {}", why));
  }

  void look_at_tags() {
    for (const auto* tag : {"finalized", "safe"}) {
      const auto answer = ask("eth_getBlockByNumber", fmt::format(R"(["{}",false])", tag));
      const auto block =
          answer ? decode_head(parser_, *answer) : result<block_event>{answer.error()};
      if (block)
        note(tag, finding_state::good,
             fmt::format("block {}{}", block->number,
                         head_ && head_->number >= block->number
                             ? fmt::format(", {} behind", head_->number - block->number)
                             : ""));
      else
        note(tag, finding_state::poor, answer ? "null: it has none yet" : answer.error().message);
    }
  }

  void look_at_subscriptions() {
    if (!ws_) return;
    const auto heads = subscribe("heads", R"(["newHeads"])", finding_state::unmet);
    const auto logs = plan_.options.logs ? subscribe("logs", R"(["logs",{}])", finding_state::poor)
                                         : std::string{};
    const bool wants_pending =
        plan_.options.mempool.value_or(mempool_wish::full) != mempool_wish::off &&
        (plan_.options.mempool || plan_.config.public_mempool.value_or(true));
    const auto pending = wants_pending ? subscribe_pending() : std::string{};
    talk_.listen(plan_.listen, [&] {
      return (heads.empty() || talk_.said(heads) > 0) && (logs.empty() || talk_.said(logs) > 0) &&
             (pending.empty() || talk_.said(pending) > 0);
    });
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(plan_.listen).count();
    if (!heads.empty()) tell_heads(heads, waited);
    if (!logs.empty())
      note("logs", talk_.said(logs) > 0 ? finding_state::good : finding_state::unknown,
           talk_.said(logs) > 0 ? std::string{"they come"}
                                : fmt::format("accepted; none came in {} s", waited));
    if (!pending.empty()) tell_pending(pending, waited);
    if (!wants_pending) note("mempool", finding_state::good, "not wanted");
  }

  /// Silent while the chain moves on is what must not be; silent on a chain that stands may be.
  void tell_heads(const std::string& heads, std::int64_t waited) {
    if (talk_.said(heads) > 0) return note("heads", finding_state::good, "they come");
    const auto answer = ask("eth_getBlockByNumber", R"(["latest",false])");
    const auto now = answer ? decode_head(parser_, *answer) : result<block_event>{answer.error()};
    if (now && head_ && now->number > head_->number)
      return note(
          "heads", finding_state::unmet,
          fmt::format("accepted, and none came in {} s though the chain went on to block {}",
                      waited, now->number));
    note("heads", finding_state::unknown, fmt::format("accepted; no block came in {} s", waited));
  }

  void tell_pending(const std::string& pending, std::int64_t waited) {
    if (talk_.said(pending) == 0)
      return note("mempool", finding_state::unknown,
                  fmt::format("accepted; none came in {} s", waited));
    const bool full = talk_.last(pending).starts_with('{');
    note("mempool", full ? finding_state::good : finding_state::poor,
         full ? "transactions come whole" : "hashes come: each is looked up");
  }

  std::string subscribe(std::string what, std::string_view params, finding_state if_refused) {
    const auto answer = talk_.call(true, "eth_subscribe", params);
    const auto id = answer ? decode_text(parser_, *answer) : result<std::string>{answer.error()};
    if (id) return *id;
    note(std::move(what), if_refused, fmt::format("refused: {}", id.error().message));
    return {};
  }

  std::string subscribe_pending() {
    const auto* spoken = find_dialect(plan_.config.kind);
    const auto full = talk_.call(
        true, "eth_subscribe",
        spoken != nullptr ? spoken->pending_full : find_dialect("ethereum")->pending_full);
    if (full)
      if (const auto id = decode_text(parser_, *full)) return *id;
    // Only who asked for whole transactions is missing something.
    return subscribe("mempool", R"(["newPendingTransactions"])",
                     plan_.options.mempool ? finding_state::unmet : finding_state::poor);
  }

  const examine_plan& plan_;
  conversation talk_;
  json_parser parser_;
  bool ws_;
  maybe<block_event> head_;
  std::vector<provider_finding> out_;
};

}  // namespace

std::string_view to_string(finding_state x) noexcept {
  switch (x) {
    case finding_state::good:
      return "ok";
    case finding_state::poor:
      return "note";
    case finding_state::unmet:
      return "FAIL";
    case finding_state::unknown:
      return "?";
  }
  return "";
}

std::vector<provider_finding> examine_provider(caf::actor_system& system,
                                               const examine_plan& plan) {
  return examination{system, plan}.run();
}

}  // namespace eremos
