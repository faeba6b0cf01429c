#include "runtime/storage/wallet_json.hpp"

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "messages/signal.hpp"

namespace eremos {

std::string to_json(const wallet_row& row) {
  const auto& x = row.facts;
  return fmt::format(
      R"({{"chain_id":{},"address":"{}","first_seen":{},"last_activity":{},"transaction_count":{},)"
      R"("active_blocks":{},"counterparties":{},"balance_change":"{}","funder":{},)"
      R"("funding_source":"{}","cluster_id":{}}})",
      row.chain, to_checksum(x.who), x.first_seen, x.last_activity, x.transactions, x.active_blocks,
      x.met.estimate(), to_string(x.balance_change),
      x.funder.is_zero() ? "null" : json_quoted(to_checksum(x.funder)), to_string(x.funded_by),
      x.cluster.is_zero() ? "null" : json_quoted(to_hex(x.cluster)));
}

}  // namespace eremos
