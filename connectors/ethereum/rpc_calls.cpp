#include "connectors/ethereum/rpc_calls.hpp"

#include <fmt/format.h>

#include "connectors/ethereum/error_class.hpp"

namespace eremos {

std::string rpc_request_text(std::uint64_t id, std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id, method,
                     params);
}

bool rpc_calls::add(std::uint64_t id, std::string method, rpc_continuation then) {
  if (open_.size() >= calls_max) {
    then(failure{errc::rate_limited,
                 fmt::format("{}: {} requests are under way already", method, calls_max)});
    return false;
  }
  open_.emplace(id, call{std::move(method), std::move(then)});
  return true;
}

bool rpc_calls::answer(std::uint64_t id, const rpc_frame& frame) {
  auto node = open_.extract(id);
  if (node.empty()) return false;
  const auto& waiting = node.mapped();
  if (frame.kind == frame_kind::response)
    waiting.then(frame.result);
  else
    waiting.then(classify_rpc_error(frame.error, waiting.method));
  return true;
}

void rpc_calls::expire(std::uint64_t id) {
  auto node = open_.extract(id);
  if (!node.empty())
    node.mapped().then(failure{errc::provider_timeout,
                               fmt::format("{}: no answer in time", node.mapped().method)});
}

void rpc_calls::fail_all(const failure& why) {
  auto gone = std::exchange(open_, {});
  for (auto& [id, waiting] : gone) waiting.then(why);
}

}  // namespace eremos
