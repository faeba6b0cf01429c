// Says what the text of one WebSocket or HTTP message is: answers, errors, notifications, alone or
// in a batch. Does not know what was asked: who asked decodes `result` with the decode_* functions.
// Owned by one actor.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ethereum/json_parser.hpp"
#include "messages/inspect.hpp"

namespace eremos {

enum class frame_kind : std::uint8_t {
  response,      ///< `id` and `result` (which may be the text "null")
  error,         ///< `error`, with or without `id`
  notification,  ///< `subscription` and `result`
  unknown,       ///< JSON, but none of these shapes
  malformed      ///< not JSON
};
std::string_view to_string(frame_kind x) noexcept;

/// What a provider says went wrong. Text from outside: cut and escape it before showing it.
struct rpc_error {
  maybe<std::int64_t> code;  ///< JSON-RPC 2.0 §5.1, or whatever the provider made of it
  std::string message;       ///< of the innermost error, if errors are nested
  std::string data;          ///< as JSON text; empty if absent or null
};

/// One message of a frame. Views live as long as its text, and no longer than until the decoder's
/// next decode().
struct rpc_frame {
  frame_kind kind = frame_kind::unknown;
  /// The id, if it is a whole number or a string of one: providers answer 7 with "7".
  maybe<std::uint64_t> id;
  std::string_view id_text;       ///< as JSON text, quotes included; empty if absent or null
  std::string_view subscription;  ///< id of a subscription, without quotes
  json_text result;               ///< proven well-formed; for decode_*
  rpc_error error;                ///< for error; for unknown and malformed `message` says why
};

/// A batch of more messages than this is not taken apart (we send none larger than 1,000, geth's
/// BatchRequestLimit) and counts as unknown.
inline constexpr std::size_t batch_frames_max = 4'096;

class frame_decoder {
 public:
  /// The messages of one frame in their order; a malformed or unknown frame is one message. Key
  /// order does not matter; of a key given twice the last counts. Every byte of the frame is
  /// proven; what is not taken for a known shape is parsed once more with DOM, which alone tells
  /// malformed from unknown.
  const std::vector<rpc_frame>& decode(std::string_view text);

 private:
  json_parser parser_;
  std::vector<rpc_frame> frames_;
};

}  // namespace eremos
