// One incoming connection, as NET-IN keeps it. Owned by NET-IN.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include <caf/actor.hpp>

#include "connectors/net/http_message.hpp"

struct lws;

namespace eremos {

struct net_client {
  using steady = std::chrono::steady_clock;

  enum class phase : std::uint8_t {
    idle,       ///< between requests
    head,       ///< a request has begun
    body,       ///< its head is there
    answering,  ///< the app has the ticket
    stream,     ///< texts go out
    lingering   ///< the last word is said
  };

  lws* wsi = nullptr;
  int fd = -1;
  std::string peer;
  phase at = phase::idle;
  std::string in;
  bool writing = false;  ///< what was written last is not with the kernel yet
  bool paused = false;   ///< not read from
  steady::time_point deadline;
  steady::time_point write_deadline;
  std::uint64_t ticket = 0;
  // of the request being answered
  maybe<web_request> request;
  bool head_only = false;
  bool keep_alive = true;
  bool websocket = false;
  std::string ws_key;
  std::string none_match;
  text_pairs headers;  ///< that its answer has
  // of a stream
  caf::actor owner;
  bool text_out = false;  ///< a text is on its way
  bool pinged = false;
  steady::time_point ping_at;
};

}  // namespace eremos
