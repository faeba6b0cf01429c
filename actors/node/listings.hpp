// What the listing commands print, as tables for people and JSON for programs. Pure. Any thread.
#pragma once
#include <string>
#include <vector>

#include "actors/node/chain_names.hpp"
#include "messages/memory.hpp"
#include "messages/signal.hpp"
#include "runtime/storage/fact_rows.hpp"
#include "runtime/storage/store.hpp"
#include "runtime/storage/wallet_json.hpp"

namespace eremos {

std::string signals_text(const std::vector<signal>& rows, const chain_names& chains);
std::string memories_text(const std::vector<memory_entry>& rows, const chain_names& chains);
std::string blocks_text(const std::vector<ledger_row>& rows, const chain_names& chains);
std::string facts_text(const std::vector<fact_row>& rows, const chain_names& chains);
/// One wallet on each chain that knows it.
std::string wallet_text(const std::vector<wallet_row>& rows, const chain_names& chains);

}  // namespace eremos
