// A node's report for people: what `stats` and `agents` print, and how the running node answers
// them on its control socket. Pure. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "runtime/node_report.hpp"

namespace eremos {

std::string stats_text(const node_report& report);
std::string agents_text(const node_report& report);
/// One JSON object per line and agent.
std::string agents_json(const node_report& report);

/// "stats text", "stats json", "agents text", "agents json": the lines of the control socket, with
/// whole lines as answers. Errors: bad_usage.
result<std::string> answer_control(std::string_view line, const node_report& report);

}  // namespace eremos
