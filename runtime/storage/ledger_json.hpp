// A block of the ledger as one JSON object. Any thread.
#pragma once
#include <string>

#include "runtime/storage/store.hpp"

namespace eremos {

/// Without a line end.
std::string to_json(const ledger_row& row);

}  // namespace eremos
