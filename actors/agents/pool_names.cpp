#include "actors/agents/pool_names.hpp"

#include <algorithm>
#include <array>

#include "actors/detect/detail_list.hpp"
#include "messages/fact_keys.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

/// What labels call the contracts that make pools, behind the name of their dex.
constexpr std::array<std::string_view, 2> makers = {"Factory", "PoolManager"};

std::string_view name_of_dex(std::string_view label) {
  for (const auto maker : makers)
    if (label.size() > maker.size() && label.ends_with(maker)) {
      label.remove_suffix(maker.size());
      if (label.ends_with(' ')) label.remove_suffix(1);
      break;
    }
  return label;
}

std::string joined(std::string_view key, std::string_view end) {
  std::string out{key};
  out += end;
  return out;
}

}  // namespace

std::string pool_text(const pool_key& pool) {
  const auto contract = to_checksum(pool.contract);
  return pool.id.is_zero() ? contract : contract + "/" + to_hex(pool.id);
}

std::string pool_names::dex_of(const address& factory, const block_knowledge& known) const {
  const auto* row = known.labels->find(chain_, factory);
  return row != nullptr && !row->name.empty() ? std::string{name_of_dex(row->name)}
                                              : "unknown factory " + to_checksum(factory);
}

std::string pool_names::dex_of_pool(const pool_key& pool, const block_knowledge& known) const {
  if (!pool.id.is_zero()) {
    // The contract of many pools made them itself.
    const auto* row = known.labels->find(chain_, pool.contract);
    return row != nullptr ? std::string{name_of_dex(row->name)} : std::string{};
  }
  const auto* made = known.facts->find(fact_kind::factory, pool.contract);
  return made != nullptr ? dex_of(made->account, known) : std::string{};
}

void pool_names::tell(detail_map& details, std::string_view key, const pool_key& pool,
                      const shared<block_knowledge>& known, token_names& tokens) const {
  if (auto dex = dex_of_pool(pool, *known); !dex.empty()) details.set(joined(key, "_dex"), dex);
  const bool own_contract = pool.id.is_zero();
  const auto who = own_contract ? pool.contract : pool_fact_key(pool.id);
  const auto find = [&](fact_kind what) { return known->facts->find(what, who); };
  if (const auto* made = find(fact_kind::factory); made != nullptr && own_contract)
    details.set(joined(key, "_factory"), made->account);
  for (const auto& [what, end] : {std::pair{fact_kind::token0, std::string_view{"_token0"}},
                                  std::pair{fact_kind::token1, std::string_view{"_token1"}}}) {
    const auto* of = find(what);
    if (of == nullptr) continue;
    const auto name = joined(key, end);
    details.set(name, of->account);
    if (of->account.is_zero()) details.set(joined(name, "_name"), "the native coin");
    tokens.tell(details, name, of->account, known);
  }
}

void pool_names::tell_dexes(detail_map& details, std::string_view key,
                            const std::vector<pool_key>& pools,
                            const block_knowledge& known) const {
  std::vector<std::string> dexes;
  for (const auto& pool : pools) dexes.push_back(dex_of_pool(pool, known));
  if (std::all_of(dexes.begin(), dexes.end(), [](const auto& dex) { return dex.empty(); })) return;
  for (auto& dex : dexes)
    if (dex.empty()) dex = "not known";
  detect::set_list(details, joined(key, "_dexes"), dexes);
}

}  // namespace eremos
