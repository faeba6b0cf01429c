// What the listing commands print, as tables for people and JSON for programs. Pure. Any thread.
#pragma once
#include <string>
#include <vector>

#include "actors/node/chain_names.hpp"
#include "messages/memory.hpp"
#include "messages/signal.hpp"
#include "runtime/storage/store.hpp"

namespace eremos {

std::string signals_text(const std::vector<signal>& rows, const chain_names& chains);
std::string memories_text(const std::vector<memory_entry>& rows, const chain_names& chains);
std::string blocks_text(const std::vector<ledger_row>& rows, const chain_names& chains);

/// One signal with its evidence: `evidence` holds a JSON object, or "null" where it was not kept,
/// per id of s.evidence.
std::string explain_text(const signal& s, const std::vector<std::string>& evidence,
                         const chain_names& chains);
std::string explain_json(const signal& s, const std::vector<std::string>& evidence);

}  // namespace eremos
