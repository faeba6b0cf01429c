// Requests that are under way on one WebSocket, by id: who wants the answer, and until when.
// Sends nothing. Owned by one connector.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "connectors/ethereum/json_rpc.hpp"
#include "messages/error.hpp"

namespace eremos {

/// The answer's `result` as JSON text, valid during the call; or why there is none.
using rpc_continuation = std::function<void(const result<json_text>&)>;

/// {"jsonrpc":"2.0","id":…,"method":…,"params":…}; `params` is JSON.
std::string rpc_request_text(std::uint64_t id, std::string_view method, std::string_view params);

class rpc_calls {
 public:
  /// A provider is asked for one block and its mempool's transactions at a time; more than this is
  /// a bug or a flood.
  static constexpr std::size_t calls_max = 512;

  /// False if too many are under way: the continuation has then been called with rate_limited.
  bool add(std::uint64_t id, std::string method, rpc_continuation then);
  /// False if nobody waits for this id.
  bool answer(std::uint64_t id, const rpc_frame& frame);
  /// Ends one that has waited too long.
  void expire(std::uint64_t id);
  /// Ends all: the connection is gone.
  void fail_all(const failure& why);
  std::size_t size() const noexcept { return open_.size(); }

 private:
  struct call {
    std::string method;
    rpc_continuation then;
  };
  std::map<std::uint64_t, call> open_;
};

}  // namespace eremos
