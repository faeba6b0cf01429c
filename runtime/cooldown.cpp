#include "runtime/cooldown.hpp"

#include <algorithm>

namespace eremos {

bool cooldown::pass(const std::string& subject, time_ms now) {
  return pass(subject, now, severity::critical, 1);
}

bool cooldown::pass(const std::string& subject, time_ms now, severity level, double confidence) {
  const auto known = last_.find(subject);
  if (known != last_.end()) {
    const auto& last = known->second;
    if (now - last.when < length_ && level <= last.level && confidence < last.confidence + surer_by)
      return false;
  }
  note(subject, {now, level, confidence});
  return true;
}

void cooldown::note(const std::string& subject, const word& last) {
  if (const auto known = last_.find(subject); known != last_.end())
    by_time_.erase({known->second.when, subject});
  last_[subject] = last;
  by_time_.emplace(last.when, subject);
  while (last_.size() > subjects_max_) {
    last_.erase(by_time_.begin()->second);
    by_time_.erase(by_time_.begin());
  }
}

void cooldown::save(state_writer& out) const {
  out.u64(last_.size());
  for (const auto& [subject, last] : last_) {
    out.text(subject);
    out.i64(last.when);
    out.u64(static_cast<std::uint64_t>(last.level));
    out.real(last.confidence);
  }
}

void cooldown::load(state_reader& in) {
  last_.clear();
  by_time_.clear();
  const auto subjects = in.count(4 * 8);
  for (std::uint64_t i = 0; i < subjects && in.intact(); ++i) {
    const auto subject = in.text();
    word last{.when = in.i64()};
    last.level =
        static_cast<severity>(std::min(in.u64(), static_cast<std::uint64_t>(severity::critical)));
    last.confidence = in.real();
    note(subject, last);
  }
}

}  // namespace eremos
