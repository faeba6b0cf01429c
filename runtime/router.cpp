#include "runtime/router.hpp"

#include <algorithm>

namespace eremos {
namespace {

bool any_of(const std::vector<address>& wanted, const address& x) {
  return std::find(wanted.begin(), wanted.end(), x) != wanted.end();
}

struct touches {
  const std::vector<address>& wanted;

  bool operator()(const block_event& x) const { return any_of(wanted, x.beneficiary); }
  bool operator()(const transaction_body& x) const {
    return any_of(wanted, x.from) || (x.to && any_of(wanted, *x.to));
  }
  bool operator()(const transaction_event& x) const {
    return (*this)(static_cast<const transaction_body&>(x)) ||
           (x.contract_address && any_of(wanted, *x.contract_address));
  }
  bool operator()(const mempool_event& x) const {
    return (*this)(static_cast<const transaction_body&>(x));
  }
  bool operator()(const contract_event& x) const { return any_of(wanted, x.emitter); }
  bool operator()(const wallet_activity_event& x) const { return any_of(wanted, x.account); }
};

}  // namespace

bool matches(const subscription& wants, const blockchain_event& event) {
  if (event.rank < wants.min_priority) return false;
  if (std::find(wants.types.begin(), wants.types.end(), event.type()) == wants.types.end())
    return false;
  if (!wants.min_value.is_zero()) {
    const transaction_body* body = std::get_if<transaction_event>(&event.data.base());
    if (body == nullptr) body = std::get_if<mempool_event>(&event.data.base());
    if (body != nullptr && body->value < wants.min_value) return false;
  }
  if (!wants.topic0.empty()) {
    const auto* log = std::get_if<contract_event>(&event.data.base());
    if (log != nullptr &&
        (log->topics.empty() ||
         std::find(wants.topic0.begin(), wants.topic0.end(), log->topics[0]) == wants.topic0.end()))
      return false;
  }
  return wants.addresses.empty() || std::visit(touches{wants.addresses}, event.data.base());
}

lane_picks pick(const subscription& wants, const event_list& events) {
  lane_picks out;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (matches(wants, events[i]))
      out[index_of(events[i].on)].push_back(static_cast<std::uint32_t>(i));
  return out;
}

std::size_t batch_limit(lane on, std::uint64_t handler_ns) noexcept {
  const auto most =
      on == lane::critical ? defaults::batch_critical_max : defaults::batch_events_max;
  if (handler_ns == 0) return most;
  const auto fits = static_cast<std::uint64_t>(defaults::batch_handler_time.count()) / handler_ns;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(fits, 1, most));
}

std::vector<std::vector<std::uint32_t>> cut(const std::vector<std::uint32_t>& picks,
                                            std::size_t limit) {
  std::vector<std::vector<std::uint32_t>> out;
  for (std::size_t at = 0; at < picks.size(); at += limit) {
    const auto end = std::min(at + limit, picks.size());
    out.emplace_back(picks.begin() + static_cast<std::ptrdiff_t>(at),
                     picks.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

}  // namespace eremos
