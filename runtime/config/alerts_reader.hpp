// Reads [alerts]. Options of sinks stay unread: their kinds check them. Owned by one parse.
#pragma once
#include <functional>

#include "runtime/alerts/alert_rules.hpp"
#include "runtime/config/section_reader.hpp"

namespace eremos {

/// The id of a chain by its name; a name nobody knows is a problem.
using chain_finder = std::function<maybe<chain_id>(const located_text& name)>;

alerts_section read_alerts(const toml_value& table, problem_list& problems,
                           const chain_finder& find_chain);

}  // namespace eremos
