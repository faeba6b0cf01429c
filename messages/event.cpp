#include "messages/event.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

constexpr std::array<std::string_view, event_type_count> event_type_names = {
    "block", "transaction", "contract_event", "mempool", "wallet_activity"};
static_assert(!event_type_names.back().empty(), "every event type has a name");
constexpr std::array<std::string_view, 4> priority_names = {"low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 4> finality_names = {"pending", "latest", "safe",
                                                            "finalized"};
constexpr std::array<std::string_view, 4> mempool_state_names = {"seen", "included", "replaced",
                                                                 "dropped"};
constexpr std::array<std::string_view, 3> drop_reason_names = {"none", "expired", "evicted"};
constexpr std::array<std::string_view, 4> funding_names = {"unknown", "cex", "dex", "bridge"};

template <class Enum, std::size_t N>
result<Enum> parse_name(std::string_view text, const std::array<std::string_view, N>& names,
                        std::string_view what) {
  const auto at = std::find(names.begin(), names.end(), text);
  if (at != names.end()) return static_cast<Enum>(at - names.begin());
  return {errc::bad_option,
          fmt::format("unknown {} \"{}\"; want one of {}", what, text, fmt::join(names, ", "))};
}

}  // namespace

std::string_view to_string(event_type x) noexcept {
  return event_type_names[static_cast<std::size_t>(x)];
}
std::string_view to_string(priority x) noexcept {
  return priority_names[static_cast<std::size_t>(x)];
}
std::string_view to_string(finality x) noexcept {
  return finality_names[static_cast<std::size_t>(x)];
}
std::string_view to_string(mempool_state x) noexcept {
  return mempool_state_names[static_cast<std::size_t>(x)];
}
std::string_view to_string(drop_reason x) noexcept {
  return drop_reason_names[static_cast<std::size_t>(x)];
}
std::string_view to_string(funding_source x) noexcept {
  return funding_names[static_cast<std::size_t>(x)];
}

result<event_type> parse_event_type(std::string_view text) {
  return parse_name<event_type>(text, event_type_names, "event type");
}
result<priority> parse_priority(std::string_view text) {
  return parse_name<priority>(text, priority_names, "priority");
}

void append_id(std::string& out, const event_id& id) {
  const auto put = [&]<class... Args>(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out), text, std::forward<Args>(args)...);
  };
  switch (id.type) {
    case event_type::block:
      put("block:{}:", id.chain);
      return append_hex(out, id.block.data);
    case event_type::transaction:
      put("tx:{}:", id.chain);
      append_hex(out, id.subject.data);
      out += '@';
      return append_hex(out, id.block.data);
    case event_type::contract_event:
      put("log:{}:", id.chain);
      append_hex(out, id.block.data);
      return put(":{}", id.log_index);
    case event_type::mempool:
      put("mempool:{}:", id.chain);
      append_hex(out, id.subject.data);
      return put(":{}", to_string(id.state));
    case event_type::wallet_activity:
      put("wallet:{}:", id.chain);
      append_hex(out, std::span{id.subject.data}.subspan(12));
      out += ':';
      return append_hex(out, id.block.data);
  }
}

std::string to_string(const event_id& id) {
  std::string out;
  append_id(out, id);
  return out;
}

result<event_id> parse_event_id(std::string_view text) {
  auto rest = text;
  const auto next = [&](char end) {
    const auto at = std::min(rest.find(end), rest.size());
    const auto part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return part;
  };
  const auto number = [](std::string_view digits, std::uint64_t& out) {
    const auto* end = digits.data() + digits.size();
    const auto [stop, ec] = std::from_chars(digits.data(), end, out);
    return ec == std::errc{} && stop == end;
  };
  event_id id{.subject = {}};
  const auto kind = next(':');
  bool good = number(next(':'), id.chain);
  if (kind == "block") {
    good = good && read_hex(rest, id.block.data);
  } else if (kind == "tx") {
    id.type = event_type::transaction;
    good = good && read_hex(next('@'), id.subject.data) && read_hex(rest, id.block.data);
  } else if (kind == "log") {
    id.type = event_type::contract_event;
    good = good && read_hex(next(':'), id.block.data) && number(rest, id.log_index);
  } else if (kind == "mempool") {
    id.type = event_type::mempool;
    good = good && read_hex(next(':'), id.subject.data);
    const auto state = std::find(mempool_state_names.begin(), mempool_state_names.end(), rest);
    good = good && state != mempool_state_names.end();
    if (good) id.state = static_cast<mempool_state>(state - mempool_state_names.begin());
  } else if (kind == "wallet") {
    id.type = event_type::wallet_activity;
    good = good && read_hex(next(':'), std::span{id.subject.data}.subspan(12)) &&
           read_hex(rest, id.block.data);
  } else {
    good = false;
  }
  if (good) return id;
  return {errc::malformed_shape, fmt::format("\"{}\" is not an event id", text.substr(0, 80))};
}

event_id id_of(chain_id chain, const block_event& x) noexcept {
  return {.type = event_type::block, .chain = chain, .block = x.hash, .subject = {}};
}

event_id id_of(chain_id chain, const hash32& block, const transaction_event& x) noexcept {
  return {.type = event_type::transaction, .chain = chain, .block = block, .subject = x.hash};
}

event_id id_of(chain_id chain, const hash32& block, const contract_event& x) noexcept {
  return {.type = event_type::contract_event,
          .chain = chain,
          .block = block,
          .subject = {},
          .log_index = x.log_index};
}

event_id id_of(chain_id chain, const mempool_event& x) noexcept {
  return {.type = event_type::mempool,
          .state = x.state,
          .chain = chain,
          .block = {},
          .subject = x.hash};
}

event_id id_of(chain_id chain, const hash32& block, const wallet_activity_event& x) noexcept {
  event_id id{.type = event_type::wallet_activity, .chain = chain, .block = block, .subject = {}};
  std::copy(x.account.data.begin(), x.account.data.end(), id.subject.data.begin() + 12);
  return id;
}

}  // namespace eremos
