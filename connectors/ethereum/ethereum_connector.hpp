// CONNECTOR of kind "ethereum": one provider of one chain over JSON-RPC. Announces heads and
// pending transactions, fetches whole blocks when CHAIN asks. Decides nothing about what is
// canonical, and retries no fetch: CHAIN does. Included by its own .cpp files only; elsewhere it is
// a connector_actor.
//
// Log notifications come early, incomplete and sometimes in disorder, so no event is made of them:
// they start the fetch of their block, and what was fetched must have them.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "connectors/connector.hpp"
#include "connectors/ethereum/backoff.hpp"
#include "connectors/ethereum/bad_input_counter.hpp"
#include "connectors/ethereum/decode_context.hpp"
#include "connectors/ethereum/decoders.hpp"
#include "connectors/ethereum/dialect.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "connectors/ethereum/log_range.hpp"
#include "connectors/ethereum/log_sightings.hpp"
#include "connectors/ethereum/pending_lookups.hpp"
#include "connectors/ethereum/provider_options.hpp"
#include "connectors/ethereum/ranged_logs.hpp"
#include "connectors/ethereum/read_block.hpp"
#include "connectors/ethereum/request_budget.hpp"
#include "connectors/ethereum/rpc_calls.hpp"
#include "connectors/ethereum/subscription_watch.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/net/http.hpp"
#include "connectors/net/websocket.hpp"

namespace eremos::ethereum {

// --- to itself
struct reconnect_due {};
struct flush_pending {};
/// Of that connection: ask once more for its head.
struct poll_due {
  std::uint64_t attempt = 0;
};
/// Of that connection: ask once more which blocks are final.
struct finality_due {
  std::uint64_t attempt = 0;
};
/// The connection of that number has lived for a while.
struct settled_due {
  std::uint64_t attempt = 0;
};
struct call_expired {
  std::uint64_t id = 0;
};
/// The budget may have room again.
struct budget_due {};
/// Of that connection: whether its subscriptions speak.
struct watch_due {
  std::uint64_t attempt = 0;
};
template <class I>
auto inspect(I& f, reconnect_due&) {
  return f();
}
template <class I>
auto inspect(I& f, poll_due& x) {
  return f(x.attempt);
}
template <class I>
auto inspect(I& f, flush_pending&) {
  return f();
}
template <class I>
auto inspect(I& f, budget_due&) {
  return f();
}
template <class I>
auto inspect(I& f, watch_due& x) {
  return f(x.attempt);
}
template <class I>
auto inspect(I& f, finality_due& x) {
  return f(x.attempt);
}
template <class I>
auto inspect(I& f, settled_due& x) {
  return f(x.attempt);
}
template <class I>
auto inspect(I& f, call_expired& x) {
  return f(x.id);
}

using ethereum_actor = connector_actor::extend<
    caf::reacts_to<ws_opened>, caf::reacts_to<ws_text>, caf::reacts_to<ws_closed>,
    caf::reacts_to<reconnect_due>, caf::reacts_to<poll_due>, caf::reacts_to<flush_pending>,
    caf::reacts_to<settled_due>, caf::reacts_to<call_expired>, caf::reacts_to<finality_due>,
    caf::reacts_to<budget_due>, caf::reacts_to<watch_due>>;

/// Which of a provider's two URLs.
enum class door : std::uint8_t { ws, http };

/// Monotonic, for latencies.
std::int64_t steady_ns();
/// When a pending transaction was seen: the one thing about it that no chain says.
time_ms wall_ms();

class ethereum_connector final : public ethereum_actor::base {
 public:
  ethereum_connector(caf::actor_config& cfg, connector_config config, provider_options options,
                     const connector_services& services);

  const char* name() const override { return "ethereum_connector"; }
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using block_promise = caf::typed_response_promise<shared<block_record>>;

  decode_context decoding() const noexcept {
    return {config_.chain, &options_.signatures, config_.verify.like};
  }
  text_reader reader() noexcept { return {*reading_, parser_, verifier_}; }
  bool has(door which) const noexcept { return !url_of(which).empty(); }
  const std::string& url_of(door which) const noexcept {
    return which == door::ws ? options_.ws : options_.http;
  }
  std::string where(door which) const;
  std::string where() const { return where(has(door::ws) ? door::ws : door::http); }

  // Connecting (ethereum_connector.cpp)
  void on_start(const connector_start& s);
  void connect();
  void on_opened(const ws_opened& o);
  void check_chain();
  void ask_chain_id(door which);
  void connected();
  void wrong_chain(door which, chain_id found);
  void lost(const failure& why);
  void close_connection();
  void on_closed(const ws_closed& c);
  void tell_state(bool connected, std::string text);

  // Calls (ethereum_connector.cpp)
  void call(std::string method, std::string params, rpc_continuation then);
  void call_at(door which, std::string method, std::string params, rpc_continuation then);
  std::uint32_t cost_of(std::string_view method) const;
  void send_calls();
  void send_call(door which, std::string method, const std::string& params, rpc_continuation then);
  void call_http(std::string method, std::string text, rpc_continuation then);
  void on_reply(const std::string& method, const http_reply& reply, const rpc_continuation& then);
  /// NET-OUT answers whoever sent, so this connector must be the sender; CAF lets a typed actor be
  /// that to an untyped one only by hand.
  template <class Word>
  void tell_net_out(Word word) {
    if (net_out_)
      net_out_->enqueue(caf::make_mailbox_element(caf::strong_actor_ptr{ctrl()},
                                                  caf::make_message_id(), {}, std::move(word)),
                        context());
  }
  connector_report on_report() const;

  // Whether what was subscribed to speaks (ethereum_watch.cpp)
  void watch();
  void ask_for_silent_head();
  void watch_logs(std::string_view head);
  void silent(std::string_view what, std::string_view text);

  // Heads, logs and the mempool (ethereum_streams.cpp)
  void subscribe();
  void subscribe_heads();
  void subscribe_logs();
  void subscribe_pending();
  void subscribe_hashes();
  void remember_subscription(std::string_view what, const result<json_text>& answer);
  void look_at_head();
  void tell_head(const block_event& head);
  void on_text(const ws_text& t);
  void on_frame(const rpc_frame& frame, const ws_text& t);
  void on_notification(const rpc_frame& frame, const ws_text& t);
  void on_log(const json_text& json);
  void add_pending(mempool_event&& pending);
  void send_pending();
  void look_up(const hash32& hash);
  void next_lookups();
  void on_looked_up(const pending_lookup& asked, const result<json_text>& answer);

  // Finality (ethereum_finality.cpp)
  void look_at_finality();
  bool knows_tag(std::string_view tag) const;
  void ask_final(std::string_view tag, std::function<void(maybe<block_ref>)> then);
  void no_finality(std::string_view tag, const failure& why);

  // Blocks (ethereum_blocks.cpp)
  block_promise on_fetch(const fetch_block& what);
  caf::typed_response_promise<block_ref> on_name(const name_block& what);
  using on_read = std::function<void(text_read&)>;
  void read_block(const fetch_block& what, const json_text& text, on_read then);
  void read_receipts(const std::shared_ptr<fetched_block>& whole, const json_text& text,
                     on_read then);
  void read_range(const json_text& text, on_read then);
  template <class Text>
  void ask_decoder(Text text, on_read then);
  void fetch_pieces(const std::shared_ptr<fetched_block>& whole, block_promise promise);
  void on_receipts(const std::shared_ptr<fetched_block>& whole, block_promise promise,
                   const result<json_text>& answer);
  void fetch_logs(const std::shared_ptr<fetched_block>& whole, block_promise promise);
  void fetch_logs_by_hash(const std::shared_ptr<fetched_block>& whole, block_promise promise);
  void deliver(fetched_block& whole, block_promise promise);
  void incomplete(const fetched_block& whole, block_promise promise, const failure& why);
  void refuse(block_promise promise, std::string_view kind, const failure& why);
  void refuse(block_promise promise, const text_read& read) {
    refuse(std::move(promise), read.bad, read.why);
  }
  static void fail(block_promise promise, const failure& why);

  // State of contracts, and history (ethereum_state.cpp)
  using state_promise = caf::typed_response_promise<state_read>;
  state_promise on_read_state(const read_state& what);
  void call_contract(const read_state& what, bool by_hash, state_promise promise);
  void on_state(const read_state& what, bool by_hash, state_promise promise,
                const result<json_text>& answer);
  result<std::uint64_t> time_of(block_number number, const json_text& text);
  void on_history(state_promise promise, const result<std::uint64_t>& said);

  // Logs of many blocks at once (ethereum_log_ranges.cpp)
  void fetch_logs_in_range(const std::shared_ptr<fetched_block>& whole, block_promise promise);
  void ask_for_range(const block_span& span);
  void on_range(const block_span& span, std::chrono::nanoseconds took,
                const result<json_text>& answer);
  void use_answer(const block_span& span, std::chrono::nanoseconds took,
                  std::vector<block_record> pieces);
  void range_refused(const block_span& span, const failure& why);
  void no_ranges(const block_span& span, const failure& why);
  void range_over(const block_span& span, const maybe<failure>& why);
  void use_range(const std::shared_ptr<fetched_block>& whole, block_promise promise);
  void doubt_range(const std::shared_ptr<fetched_block>& whole, block_promise promise,
                   std::string_view kind, const std::string& text);

  const connector_config config_;
  const provider_options options_;
  const dialect& dialect_;
  const mempool_wish mempool_;
  const std::shared_ptr<const reading_plan> reading_;
  std::vector<decoder_actor> decoders_;
  std::size_t decoder_turn_ = 0;
  const logger log_;
  caf::actor net_out_;
  http_actor http_;
  source_listener chain_;

  std::uint64_t connection_ = 0;  ///< 0: none
  std::uint64_t last_connection_ = 0;
  std::uint64_t attempt_ = 0;  ///< grows with each end of a connection: older answers say nothing
  std::size_t unchecked_ = 0;  ///< doors whose chain id is not known yet
  bool opened_ = false;
  backoff pause_;
  std::map<std::string, std::string, std::less<>> subscriptions_;  ///< id → what; a few
  std::uint64_t last_id_ = 0;
  rpc_calls calls_;
  struct waiting_call {
    door which;
    std::string method;
    std::string params;
    rpc_continuation then;
  };
  std::deque<waiting_call> calls_waiting_;  ///< at most calls_waiting_max
  request_budget budget_;
  bool budget_timer_ = false;
  subscription_watch watch_;
  std::uint64_t silences_ = 0;      ///< subscriptions that were found to say nothing
  bool receipts_supported_ = true;  ///< as far as this connection knows
  bool ranges_supported_ = true;    ///< as far as this connection knows
  bool state_by_hash_ = true;       ///< as far as this connection knows
  log_range_size range_size_;
  ranged_logs ranged_;
  struct range_counts {
    std::uint64_t asked = 0, refused = 0;
    std::uint64_t blocks = 0, doubts = 0;  ///< whose logs were used; that were asked for by hash
  } ranges_;
  struct waits_for_range {
    std::shared_ptr<fetched_block> whole;
    block_promise promise;
  };
  std::multimap<block_number, waits_for_range> waits_for_range_;  ///< as many as are fetched
  block_number last_told_ = 0;                                    ///< number of the last head
  /// How often in a row this provider refused to name a final block; by tag.
  std::map<std::string_view, std::size_t> tag_refusals_;
  log_sightings sightings_;

  std::vector<mempool_event> pending_;  ///< at most pending_batch_max
  pending_lookups lookups_;

  frame_decoder frames_;
  json_parser parser_;
  const block_verifier verifier_;
  bad_input_counter bad_;
  connector_report report_;
};

}  // namespace eremos::ethereum
