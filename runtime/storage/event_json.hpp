// An event as one JSON object, for the events file, evidence rows and people. Writes only; the keys
// are those of JSON-RPC in snake_case. Amounts are decimal strings (JSON numbers lose digits),
// bytes lower-case hex, what is unknown is null. Any thread.
#pragma once
#include <string>

#include "messages/event.hpp"

namespace eremos {

/// Without a line end.
std::string to_json(const blockchain_event& event);
/// The same at the end of `out`, which saves a string per event.
void append_json(std::string& out, const blockchain_event& event);

}  // namespace eremos
