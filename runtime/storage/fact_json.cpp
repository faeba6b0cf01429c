#include "runtime/storage/fact_json.hpp"

#include <array>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "messages/signal.hpp"

namespace eremos {
namespace {

constexpr std::array<std::string_view, 6> fact_kind_words = {"decimals", "symbol", "factory",
                                                             "token0",   "token1", "last_act"};

}  // namespace

std::string_view to_string(fact_kind what) noexcept {
  const auto at = static_cast<std::size_t>(what);
  return at < fact_kind_words.size() ? fact_kind_words[at]
                                     : "unknown";  // of a store that is newer than we are
}

std::string value_text(const fact& x) {
  switch (x.what) {
    case fact_kind::symbol:
      return x.text;
    case fact_kind::factory:
    case fact_kind::token0:
    case fact_kind::token1:
      return to_checksum(x.account);
    default:
      return std::to_string(x.number);
  }
}

std::string to_json(const fact_row& row) {
  const auto& x = row.what;
  const bool is_number = x.what == fact_kind::decimals || x.what == fact_kind::last_act;
  return fmt::format(
      R"({{"chain_id":{},"address":"{}","kind":"{}","value":{},"as_of":{},"from_block":{}}})",
      row.chain, to_checksum(x.who), to_string(x.what),
      is_number ? std::to_string(x.number) : json_quoted(value_text(x)), x.as_of, x.from);
}

}  // namespace eremos
