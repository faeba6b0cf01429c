// Subscriptions that a provider accepted and does not serve: found, counted, asked for again; until
// they speak heads are asked for, so that the chain goes on.
#include <fmt/format.h>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/ethereum_connector.hpp"

namespace eremos::ethereum {
namespace {

/// Whether a header's bloom has any bit set, so that its block has logs. False where it has none.
bool has_logs(std::string_view header) {
  constexpr std::string_view key = R"("logsBloom":"0x)";
  const auto at = header.find(key);
  if (at == std::string_view::npos) return false;
  const auto bits = header.substr(at + key.size());
  return bits.substr(0, bits.find('"')).find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

void ethereum_connector::watch() {
  if (report_.state != "connected") return;
  const std::chrono::nanoseconds now{steady_ns()};
  switch (watch_.look_at_heads(now)) {
    case subscription_watch::head_verdict::fine:
      break;
    case subscription_watch::head_verdict::ask:
      ask_for_silent_head();
      break;
    case subscription_watch::head_verdict::gone:
      bad_.count("no_answer", where());
      return lost(
          {errc::provider_timeout, fmt::format("asked for its head it has said nothing for {} s",
                                               subscription_watch::probe_max.count() / 1000)});
  }
  // Only where the chain is known for a public mempool: elsewhere none may be right.
  if (mempool_ != mempool_wish::off && config_.public_mempool.value_or(false) &&
      watch_.pending_is_silent(now)) {
    silent("newPendingTransactions", "no pending transaction has come for a minute");
    subscribe_pending();
  }
  delayed_send(this, watch_.every(), watch_due{attempt_});
}

/// Past the budget and what waits for it: a provider that was told to wait is not gone, and one
/// request in three block times is no load.
void ethereum_connector::ask_for_silent_head() {
  send_call(has(door::http) ? door::http : door::ws, "eth_getBlockByNumber", R"(["latest",false])",
            [this, attempt = attempt_](const result<json_text>& answer) {
              if (attempt != attempt_) return;
              const std::chrono::nanoseconds now{steady_ns()};
              const auto head =
                  answer ? decode_head(parser_, *answer) : result<block_event>{answer.error()};
              // Who refuses is there all the same.
              const bool newer = head && head->number > last_told_;
              if (watch_.answered(now, newer)) {
                silent("newHeads", "it has newer blocks and announces none; they are asked for");
                subscribe_heads();
              }
              if (newer) tell_head(*head);
            });
}

void ethereum_connector::watch_logs(std::string_view head) {
  if (!options_.logs || !has_logs(head) || !watch_.saw_bloom()) return;
  silent("logs", "blocks with logs come, and no log");
  subscribe_logs();
}

void ethereum_connector::silent(std::string_view what, std::string_view text) {
  ++silences_;
  bad_.count("silent_subscription", what);
  log_.warn(what == "newHeads" ? "silent_heads"
            : what == "logs"   ? "silent_logs"
                               : "silent_mempool",
            fmt::format("{}: {}: {}; subscribing again", where(), what, text));
  for (auto at = subscriptions_.begin(); at != subscriptions_.end();) {
    if (at->second != what) {
      ++at;
      continue;
    }
    call("eth_unsubscribe", fmt::format(R"(["{}"])", printable(at->first, 64)),
         [](const result<json_text>&) {});
    at = subscriptions_.erase(at);
  }
}

}  // namespace eremos::ethereum
