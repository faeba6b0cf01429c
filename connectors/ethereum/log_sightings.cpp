#include "connectors/ethereum/log_sightings.hpp"

#include <algorithm>
#include <iterator>

namespace eremos {
namespace {

std::vector<std::uint64_t> indexes_of(const std::vector<contract_event>& logs) {
  std::vector<std::uint64_t> out;
  out.reserve(logs.size());
  for (const auto& log : logs) out.push_back(log.log_index);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

const log_sightings::sighted* log_sightings::find(const hash32& block) const {
  const auto at = std::find_if(blocks_.rbegin(), blocks_.rend(),
                               [&](const sighted& s) { return s.block == block; });
  return at == blocks_.rend() ? nullptr : &*at;
}

log_sightings::sighted* log_sightings::find(const hash32& block) {
  return const_cast<sighted*>(static_cast<const log_sightings&>(*this).find(block));
}

log_sightings::sighted& log_sightings::add(const hash32& block) {
  if (blocks_.size() == blocks_max) blocks_.pop_front();
  blocks_.push_back({.block = block, .fetched = false, .disputes = 0, .indexes = {}});
  return blocks_.back();
}

log_sighting log_sightings::note(const hash32& block, std::uint64_t log_index) {
  auto* known = find(block);
  if (known == nullptr) {
    add(block).indexes.push_back(log_index);
    return log_sighting::first;
  }
  const auto at = std::lower_bound(known->indexes.begin(), known->indexes.end(), log_index);
  if (at != known->indexes.end() && *at == log_index) return log_sighting::known;
  if (known->indexes.size() >= logs_max) return log_sighting::known;  // more are not compared
  if (known->fetched) return log_sighting::unfitting;
  known->indexes.insert(at, log_index);
  return log_sighting::known;
}

void log_sightings::forget(const hash32& block) {
  std::erase_if(blocks_, [&](const sighted& s) { return s.block == block; });
}

std::vector<std::uint64_t> log_sightings::missing_in(
    const hash32& block, const std::vector<contract_event>& fetched) const {
  std::vector<std::uint64_t> out;
  const auto* known = find(block);
  if (known == nullptr || known->fetched) return out;
  const auto there = indexes_of(fetched);
  std::set_difference(known->indexes.begin(), known->indexes.end(), there.begin(), there.end(),
                      std::back_inserter(out));
  return out;
}

std::size_t log_sightings::dispute(const hash32& block) {
  auto* known = find(block);
  return known == nullptr ? 0 : ++known->disputes;
}

void log_sightings::settle(const hash32& block, const std::vector<contract_event>& fetched) {
  auto* known = find(block);
  auto& at = known != nullptr ? *known : add(block);
  at.fetched = true;
  at.indexes = indexes_of(fetched);
  if (at.indexes.size() > logs_max) at.indexes.resize(logs_max);
}

}  // namespace eremos
