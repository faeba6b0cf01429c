// What `live` puts around a node's real parts to see when things happen in it: a TAP between
// CONNECTOR and NET-OUT, an agent, a listener of what is stored. And a plain client beside it,
// which only counts. Notes are each written by one actor and read when it has ended; counts any
// time.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/error.hpp"
#include "messages/event.hpp"

namespace eremos::bench {

/// Monotonic times in nanoseconds, on the clock of `received_ns`; blocks are named by their hash.
struct live_notes {
  /// TAP: the last byte of the first frame that names a block (a head, or one of its logs).
  std::map<hash32, std::int64_t> shown;
  /// TAP: the last byte of its receipts, after which nothing of it is missing.
  std::map<hash32, std::int64_t> answered;
  /// The agent: each log of a block when it is handled.
  std::map<hash32, std::vector<std::int64_t>> handled;
  /// The listener: the block's signal, which is stored by then.
  std::map<hash32, std::int64_t> stored;

  std::atomic<std::uint64_t> logs{0};     ///< handled
  std::atomic<std::uint64_t> signals{0};  ///< stored ones of the agent: one for each block
};

struct live_options {
  block_number first_block = 0;
  bool log_subscription = true;  ///< as a node has it unless told otherwise
};

/// NET-OUT, CONNECTOR, CHAIN, WALLETS, STREAM, every shipped agent and rule, and a durable STORE in
/// a folder that goes with it; one more agent, which notes and gives one signal for each block.
class live_node {
 public:
  /// `notes` outlives it. Errors: store_*, file_unwritable, bad_*.
  static result<std::unique_ptr<live_node>> start(const std::string& ws_url, live_options options,
                                                  live_notes& notes);
  live_node(const live_node&) = delete;
  live_node& operator=(const live_node&) = delete;
  ~live_node();  ///< ends it; the notes are whole then

 private:
  struct parts;
  explicit live_node(std::unique_ptr<parts> made);

  std::unique_ptr<parts> parts_;
};

/// A WebSocket through the same NET-OUT, subscribed to heads and logs; nothing is decoded.
class plain_client {
 public:
  explicit plain_client(const std::string& ws_url);
  plain_client(const plain_client&) = delete;
  plain_client& operator=(const plain_client&) = delete;
  ~plain_client();

  std::uint64_t logs() const noexcept { return seen_->logs; }
  std::uint64_t subscriptions() const noexcept { return seen_->subscriptions; }

 private:
  struct counts {
    std::atomic<std::uint64_t> logs{0};
    std::atomic<std::uint64_t> subscriptions{0};  ///< that the server has confirmed
  };
  struct parts;

  std::shared_ptr<counts> seen_;
  std::unique_ptr<parts> parts_;
};

}  // namespace eremos::bench
