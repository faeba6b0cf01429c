// What agents say to each other. `topic` and `schema` name the kind, so that a new kind needs no
// new interface. Routes nothing. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/signal.hpp"

namespace eremos {

struct agent_message {
  std::string from;    ///< agent id
  std::string to;      ///< agent id; empty: to every agent of the chain
  std::string topic;   ///< alert, intelligence, request, response, or the authors' own
  std::string schema;  ///< names the shape of `details`, e.g. "eremos.wallet.1"
  priority rank = priority::medium;
  detail_map details;
  std::vector<block_ref> blocks;  ///< it rests on
  std::vector<std::string>
      path;  ///< agents it came through, oldest first; never delivered to one of them
  time_ms event_time = 0;

  friend bool operator==(const agent_message&, const agent_message&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, agent_message& x) {
  return f(x.from, x.to, x.topic, x.schema, x.rank, x.details, x.blocks, x.path, x.event_time);
}

/// (rank from critical down, from, to, topic, schema, details): the order in which a round's messages are delivered.
bool message_order(const agent_message& a, const agent_message& b) noexcept;

/// Bytes of everything that its author chose: what agent_message_bytes_max bounds.
std::size_t size_of(const agent_message& m) noexcept;

}  // namespace eremos
