// What a provider says by itself: heads, logs as hints and as a check, and the mempool.
#include <fmt/format.h>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/ethereum_connector.hpp"

namespace eremos::ethereum {
namespace {

/// Pending transactions told to CHAIN in one message.
constexpr std::size_t pending_batch_max = 256;

}  // namespace

// --- heads

void ethereum_connector::subscribe() {
  subscribe_heads();
  if (options_.logs) subscribe_logs();
  if (mempool_ != mempool_wish::off) subscribe_pending();
}

void ethereum_connector::subscribe_heads() {
  call("eth_subscribe", R"(["newHeads"])",
       [this](const result<json_text>& answer) { remember_subscription("newHeads", answer); });
}

void ethereum_connector::subscribe_logs() {
  call("eth_subscribe", R"(["logs",{}])",
       [this](const result<json_text>& answer) { remember_subscription("logs", answer); });
}

void ethereum_connector::subscribe_pending() {
  if (mempool_ == mempool_wish::hash) return subscribe_hashes();
  call("eth_subscribe", std::string{dialect_.pending_full},
       [this](const result<json_text>& answer) {
         if (answer || answer.error().code == errc::provider_unreachable)
           return remember_subscription("newPendingTransactions", answer);
         // Not every client knows the second parameter.
         subscribe_hashes();
       });
}

void ethereum_connector::subscribe_hashes() {
  call("eth_subscribe", R"(["newPendingTransactions"])", [this](const result<json_text>& answer) {
    remember_subscription("newPendingTransactions", answer);
  });
}

void ethereum_connector::remember_subscription(std::string_view what,
                                               const result<json_text>& answer) {
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

/// Every head where there is no subscription. Where there is one, what was missed while away: heads
/// to come say nothing of it until the chain has its next block, so it is asked for until known.
void ethereum_connector::look_at_head() {
  call("eth_getBlockByNumber", R"(["latest",false])",
       [this, attempt = attempt_](const result<json_text>& answer) {
         if (attempt != attempt_) return;
         const bool polls = !has(door::ws);
         if (!answer && polls) return lost(answer.error());
         const auto head =
             answer ? decode_head(parser_, *answer) : result<block_event>{answer.error()};
         if (head)
           tell_head(*head);
         else if (answer)
           bad_.count("malformed_head", head.error().message);
         if (polls && head) pause_.reset();
         if (polls || !head) delayed_send(this, options_.poll, poll_due{attempt_});
       });
}

void ethereum_connector::tell_head(const block_event& head) {
  last_told_ = head.number;
  if (chain_)
    send(chain_, head_seen{config_.chain, head.number, head.hash, head.parent_hash, steady_ns()});
}

// --- messages of the WebSocket

void ethereum_connector::on_text(const ws_text& t) {
  tell_net_out(ws_taken{t.connection, t.text.size()});
  if (t.connection != connection_) return;
  ++report_.frames;
  report_.bytes += t.text.size();
  // Continuations may decode more, but not frames: views stay valid.
  for (const auto& frame : frames_.decode(t.text)) on_frame(frame, t);
}

void ethereum_connector::on_frame(const rpc_frame& frame, const ws_text& t) {
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

void ethereum_connector::on_notification(const rpc_frame& frame, const ws_text& t) {
  const auto known = subscriptions_.find(frame.subscription);
  if (known == subscriptions_.end()) return bad_.count("unknown_subscription", t.text);
  if (known->second == "newHeads") {
    const auto head = decode_head(parser_, frame.result);
    if (!head) return bad_.count("malformed_head", head.error().message);
    // Only now is it known to work: some accept a connection and refuse what it is for.
    pause_.reset();
    watch_.saw_head(std::chrono::nanoseconds{t.received_ns});
    watch_logs(frame.result);
    return tell_head(*head);
  }
  if (known->second == "logs") {
    watch_.saw_log();
    return on_log(frame.result);
  }
  watch_.saw_pending(std::chrono::nanoseconds{t.received_ns});
  auto pending = decode_pending(parser_, decoding(), frame.result);
  if (!pending) return bad_.count("malformed_pending", pending.error().message);
  if (pending->full || mempool_ == mempool_wish::hash)
    add_pending(std::move(*pending));
  else
    look_up(pending->hash);
}

void ethereum_connector::on_log(const json_text& json) {
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
      if (seen->number > last_told_)
        tell_head({.number = seen->number, .hash = seen->block_hash, .parent_hash = {}});
  }
}

// --- the mempool

/// Transactions that arrive together leave together: the flush queues behind what is already
/// waiting.
void ethereum_connector::add_pending(mempool_event&& pending) {
  if (pending_.empty()) send(this, flush_pending{});
  pending_.push_back(std::move(pending));
  if (pending_.size() >= pending_batch_max) send_pending();
}

void ethereum_connector::send_pending() {
  if (pending_.empty() || !chain_) return;
  send(chain_,
       pending_seen{config_.chain, std::exchange(pending_, {}), wall_ms(), steady_ns(), where()});
}

void ethereum_connector::look_up(const hash32& hash) {
  if (!lookups_.add(hash))
    bad_.count("pending_not_looked_up", "more pending hashes than the provider answers for");
  next_lookups();
}

void ethereum_connector::next_lookups() {
  while (const auto wanted = lookups_.next())
    call("eth_getTransactionByHash", fmt::format(R"(["{}"])", to_hex(wanted->hash)),
         [this, asked = *wanted, attempt = attempt_](const result<json_text>& answer) {
           if (attempt == attempt_) on_looked_up(asked, answer);
         });
}

void ethereum_connector::on_looked_up(const pending_lookup& asked,
                                      const result<json_text>& answer) {
  lookups_.finish();
  if (!answer) {
    // Not on to the next: what is refused now is refused at once again. The next hash goes on.
    return bad_.count("pending_look_up_failed", answer.error().message);
  }
  auto pending = decode_pending_by_hash(parser_, decoding(), *answer);
  if (pending)
    add_pending(std::move(*pending));
  else if (pending.error().code != errc::block_not_found)
    bad_.count("malformed_pending", pending.error().message);
  else if (!lookups_.once_more(asked))
    bad_.count("pending_gone", pending.error().message);
  next_lookups();
}

}  // namespace eremos::ethereum
