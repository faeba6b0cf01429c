// What one provider's connector reports, added to what PROVIDERS reports of all. Pure; any thread.
#pragma once
#include <algorithm>

#include "messages/reports.hpp"

namespace eremos {

inline void add_report(connector_report& all, provider_report& p, const connector_report& r) {
  p.state = r.state;
  p.requests = r.requests;
  p.reconnects = r.reconnects;
  if (!r.providers.empty()) {
    const auto& own = r.providers.front();
    p.rate_limited = own.rate_limited;
    p.silences = own.silences;
    p.calls_open = own.calls_open;
    p.calls_waiting = own.calls_waiting;
    p.calls_allowed = own.calls_allowed;
    p.log_ranges = own.log_ranges;
    p.log_range_refusals = own.log_range_refusals;
    p.log_range_blocks = own.log_range_blocks;
    p.log_range_doubts = own.log_range_doubts;
    p.log_range_size = own.log_range_size;
  }
  all.frames += r.frames;
  all.bytes += r.bytes;
  all.requests += r.requests;
  all.reconnects += r.reconnects;
  for (const auto& bad : r.bad) {
    const auto at = std::find_if(all.bad.begin(), all.bad.end(),
                                 [&](const bad_input& b) { return b.kind == bad.kind; });
    if (at == all.bad.end()) {
      all.bad.push_back(bad);
    } else {
      at->count += bad.count;
      at->sample = bad.sample;
    }
  }
}

}  // namespace eremos
