#include "runtime/router.hpp"

#include <algorithm>

namespace eremos {
event_filter::event_filter(const subscription& wants)
    : min_priority_(wants.min_priority),
      by_value_(!wants.min_value.is_zero()),
      by_topic_(!wants.topic0.empty()),
      by_address_(!wants.addresses.empty()),
      min_value_(wants.min_value),
      addresses_(wants.addresses),
      topics_(wants.topic0) {
  for (const auto type : wants.types) types_.set(static_cast<std::size_t>(type));
}

bool event_filter::touched_by(const event_data& data) const {
  struct touches {
    const event_filter& filter;

    bool operator()(const block_event& x) const { return filter.any_of(x.beneficiary); }
    bool operator()(const transaction_body& x) const {
      return filter.any_of(x.from) || (x.to && filter.any_of(*x.to));
    }
    bool operator()(const transaction_event& x) const {
      return (*this)(static_cast<const transaction_body&>(x)) ||
             (x.contract_address && filter.any_of(*x.contract_address));
    }
    bool operator()(const mempool_event& x) const {
      return (*this)(static_cast<const transaction_body&>(x));
    }
    bool operator()(const contract_event& x) const { return filter.any_of(x.emitter); }
    bool operator()(const wallet_activity_event& x) const { return filter.any_of(x.account); }
  };
  return std::visit(touches{*this}, data.base());
}

std::size_t event_filter::topic_hash(const blockchain_event& event) noexcept {
  const auto* log = std::get_if<contract_event>(&event.data.base());
  return log == nullptr || log->topics.empty() ? 0 : std::hash<hash32>{}(log->topics[0]);
}

bool event_filter::takes(const blockchain_event& event, std::size_t hash_of_topic0) const {
  if (!types_.test(static_cast<std::size_t>(event.type())) || event.rank < min_priority_)
    return false;
  if (by_value_) {
    const transaction_body* body = std::get_if<transaction_event>(&event.data.base());
    if (body == nullptr) body = std::get_if<mempool_event>(&event.data.base());
    if (body != nullptr && body->value < min_value_) return false;
  }
  if (by_topic_) {
    const auto* log = std::get_if<contract_event>(&event.data.base());
    if (log != nullptr &&
        (log->topics.empty() || !topics_.contains(log->topics[0], hash_of_topic0)))
      return false;
  }
  return !by_address_ || touched_by(event.data);
}

std::vector<lane_picks> pick(const std::vector<const event_filter*>& filters,
                             const event_list& events) {
  std::vector<lane_picks> out(filters.size());
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const auto& e = events[i];
    const auto hash = event_filter::topic_hash(e);
    for (std::size_t f = 0; f < filters.size(); ++f)
      if (filters[f]->takes(e, hash)) out[f][index_of(e.on)].push_back(i);
  }
  return out;
}

lane_picks pick(const event_filter& filter, const event_list& events) {
  return std::move(pick({&filter}, events).front());
}

std::size_t batch_limit(lane on, std::uint64_t handler_ns, std::size_t most) noexcept {
  if (on == lane::critical) most = std::min(most, defaults::batch_critical_max);
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
