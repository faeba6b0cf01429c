#include "actors/node/signal_line.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "actors/node/text_table.hpp"
#include "runtime/printable.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

/// ECMA-48 §8.3.117 (SGR).
std::string_view colour_of(severity level) {
  switch (level) {
    case severity::critical:
      return "\x1b[1;31m";
    case severity::high:
      return "\x1b[31m";
    case severity::medium:
      return "\x1b[33m";
    case severity::low:
      return "\x1b[36m";
    case severity::info:
      break;
  }
  return "";
}

std::string painted(std::string_view text, std::string_view sgr, bool colour) {
  if (!colour || sgr.empty()) return std::string{text};
  return fmt::format("{}{}\x1b[0m", sgr, text);
}

}  // namespace

std::string short_details(const detail_map& details, std::size_t bytes_max) {
  std::string out;
  for (const auto& [key, json] : details.items) {
    const auto item = fmt::format("{}={}", shown(key), shown(short_hex(text_of_json(json))));
    if (out.size() + item.size() + 1 > bytes_max) return out + (out.empty() ? "…" : " …");
    out += (out.empty() ? "" : " ") + item;
  }
  return out;
}

std::string signal_line(const signal& s, const chain_names& chains, bool colour) {
  const auto time = to_rfc3339(s.event_time);  // 2026-11-22T10:00:00.123Z
  const auto mark =
      s.status == signal_status::active ? std::string{} : fmt::format("{} ", to_string(s.status));
  const bool gone = s.status == signal_status::retracted || s.status == signal_status::expired;
  const auto sgr = gone ? std::string_view{"\x1b[2m"} : colour_of(s.level);
  const auto type = painted(padded(mark + shown(s.type), 28), sgr, colour);
  const auto details = short_details(s.details);
  return fmt::format("{} {} {} {} {:4.2f}  {} {} {}  {}{}{}", time.substr(11, 8),
                     padded(shown(s.glyph), 1), padded(shown(s.agent), 16), type, s.confidence,
                     painted(padded(to_string(s.level), 8), sgr, colour),
                     shown(chains.name_of(s.block.chain)), grouped(s.block.number),
                     shown(short_hex(s.subject)), details.empty() ? "" : "  ", details);
}

std::string status_line(const std::vector<stream_report>& streams, std::uint64_t signals,
                        std::size_t width) {
  std::vector<std::string> parts;
  std::uint64_t events = 0;
  double rate = 0;
  for (const auto& stream : streams) {
    parts.push_back(fmt::format("{} {}", shown(stream.source), grouped(stream.last_block)));
    events += stream.events_total;
    rate += stream.events_per_second_1s;
  }
  parts.push_back(fmt::format("{:.1f} events/s", rate));
  parts.push_back(fmt::format("{} events", grouped(events)));
  parts.push_back(fmt::format("{} signals", grouped(signals)));
  for (const auto& stream : streams)
    for (const auto& agent : stream.agents)
      if (agent.state != "running")
        parts.push_back(fmt::format("{} {}", shown(agent.agent), shown(agent.state)));
  auto line = fmt::format("{}", fmt::join(parts, " · "));
  if (character_count(line) <= width) return line;
  // From the back, whole characters, until "…" fits as well.
  while (!line.empty() && character_count(line) + 1 > width) {
    while ((static_cast<unsigned char>(line.back()) & 0xC0) == 0x80) line.pop_back();
    line.pop_back();
  }
  return line + "…";
}

}  // namespace eremos
