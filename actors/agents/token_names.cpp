#include "actors/agents/token_names.hpp"

#include <algorithm>
#include <string>

#include "runtime/printable.hpp"

namespace eremos {
namespace {

/// Digits after the point.
constexpr unsigned shown_places = 4;
constexpr std::size_t shown_bytes_max = 64;

std::string with(std::string_view key, std::string_view end) {
  std::string out{key};
  out += end;
  return out;
}

}  // namespace

void token_names::tell(detail_map& details, std::string_view key, const address& token,
                       const shared<block_knowledge>& known) {
  if (const auto* row = known->labels->find(chain_, token)) {
    if (!row->name.empty()) details.set(with(key, "_name"), row->name);
    return;
  }
  const auto* said = known->facts->find(fact_kind::symbol, token);
  if (said == nullptr) return;
  details.set(with(key, "_calls_itself"), printable(said->text, shown_bytes_max));
  if (const auto* original = imitated_by(token, said->text, known->labels))
    details.set(with(key, "_imitates"), original->name);
}

const label* token_names::imitated_by(const address& token, const std::string& symbol,
                                      const shared<label_set>& labels) {
  if (!looks_ || looked_at_.get() != labels.get()) {
    looked_at_ = labels;
    looks_.emplace(*looked_at_);
  }
  return looks_->imitated_by({.chain = chain_, .who = token, .kind = "token", .name = symbol});
}

void token_names::add(detail_map& details, const detail_map& words) {
  auto& items = details.items;
  items.insert(items.end(), words.items.begin(), words.items.end());
  std::sort(items.begin(), items.end());
}

maybe<unsigned> token_names::decimals(const address& token, const block_knowledge& known) const {
  if (const auto* row = known.labels->find(chain_, token))
    return row->kind == "token" ? maybe<unsigned>{row->decimals} : maybe<unsigned>{};
  const auto* said = known.facts->find(fact_kind::decimals, token);
  return said != nullptr ? maybe<unsigned>{static_cast<unsigned>(said->number)} : maybe<unsigned>{};
}

void token_names::tell_amount(detail_map& details, std::string_view key, const uint256& amount,
                              const address& token, const shared<block_knowledge>& known) const {
  if (const auto places = decimals(token, *known))
    details.set(with(key, "_in_tokens"), to_units(amount, *places, shown_places));
}

}  // namespace eremos
