// One line of a recording taken apart (docs: the recording format): which chain, which method, what
// was asked, what came. Does not decode the result. Pure; any thread with its own parser.
#pragma once
#include <string_view>

#include "connectors/ethereum/json_parser.hpp"
#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

/// Views live as long as the line, and no longer than until the parser's next use.
struct recorded_line {
  maybe<chain_id> chain;       ///< absent in recordings of a single chain
  std::string_view method;     ///< without quotes
  json_text params;            ///< empty if absent
  json_text result;            ///< proven well-formed; empty if absent
  bool has_error = false;      ///< the provider answered with an error
  maybe<time_ms> received_at;  ///< wall clock of the recorder
  bool bad_time = false;       ///< received_at is there, but is no time
};

/// Errors: malformed_json; malformed_shape (an object without a method, a chain id that is none).
result<recorded_line> parse_recorded_line(json_parser& parser, std::string_view text);

/// What the parameters of a request say of the answer.
struct recorded_request {
  std::string_view topic;      ///< of eth_subscription: newHeads, logs, newPendingTransactions
  maybe<block_number> number;  ///< of the block asked for; none for tags
  maybe<hash32> hash;          ///< of the block asked for
  bool asks_all_logs_of_block = false;  ///< eth_getLogs by block hash, without a filter
};

/// What a contract was asked (eth_call).
struct recorded_call {
  address to;
  byte_vector input;
};
/// None: it names no contract, or its input is none.
maybe<recorded_call> parse_recorded_call(json_parser& parser, const json_text& params);

/// `params` as an array or as an object (as caching proxies store them). What is not understood is
/// left out.
recorded_request parse_recorded_request(json_parser& parser, const json_text& params);

}  // namespace eremos
