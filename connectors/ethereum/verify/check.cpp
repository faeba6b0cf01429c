#include "connectors/ethereum/verify/check.hpp"

#include <utility>

namespace eremos {

std::string_view to_string(check_kind x) noexcept {
  constexpr std::array<std::string_view, check_count> names = {
      "header_hash",       "parent_link",
      "transactions_root", "withdrawals_root",
      "receipts_root",     "logs_bloom",
      "transaction_hash",  "sender",
      "chain_id",          "place",
      "receipt_match",     "log_indexes",
      "gas_used",          "effective_gas_price",
      "contract_address",  "block_timestamp",
      "chain_fields"};
  return names[static_cast<std::size_t>(x)];
}

std::string_view to_string(check_outcome x) noexcept {
  constexpr std::array<std::string_view, 3> names = {"passed", "not_possible", "failed"};
  return names[static_cast<std::size_t>(x)];
}

void check_list::note(check_kind kind, check_outcome outcome, std::string expected,
                      std::string seen) {
  auto& known = checks_[at(kind)];
  if (was_made(kind) && known.outcome >= outcome) return;
  known = {kind, outcome, std::move(expected), std::move(seen)};
  made_[at(kind)] = true;
}

void check_list::add(const check_list& other) {
  for (std::size_t i = 0; i < check_count; ++i) {
    const auto& c = other.checks_[i];
    if (other.made_[i]) note(static_cast<check_kind>(i), c.outcome, c.expected, c.seen);
  }
}

void check_list::add_failures(const check_list& other) {
  for (std::size_t i = 0; i < check_count; ++i)
    if (const auto& c = other.checks_[i]; other.made_[i] && c.outcome == check_outcome::failed)
      note(static_cast<check_kind>(i), c.outcome, c.expected, c.seen);
}

const check* check_list::first_failed() const noexcept {
  for (std::size_t i = 0; i < check_count; ++i)
    if (made_[i] && checks_[i].outcome == check_outcome::failed) return &checks_[i];
  return nullptr;
}

std::vector<check> check_list::all() const {
  std::vector<check> out;
  for (std::size_t i = 0; i < check_count; ++i)
    if (made_[i]) out.push_back(checks_[i]);
  return out;
}

}  // namespace eremos
