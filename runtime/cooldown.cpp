#include "runtime/cooldown.hpp"

namespace eremos {

bool cooldown::pass(const std::string& subject, time_ms now) {
  const auto known = last_.find(subject);
  if (known != last_.end() && now - known->second < length_) return false;
  note(subject, now);
  return true;
}

void cooldown::note(const std::string& subject, time_ms when) {
  if (const auto known = last_.find(subject); known != last_.end())
    by_time_.erase({known->second, subject});
  last_[subject] = when;
  by_time_.emplace(when, subject);
  while (last_.size() > subjects_max_) {
    last_.erase(by_time_.begin()->second);
    by_time_.erase(by_time_.begin());
  }
}

void cooldown::save(state_writer& out) const {
  out.u64(last_.size());
  for (const auto& [subject, when] : last_) {
    out.text(subject);
    out.i64(when);
  }
}

void cooldown::load(state_reader& in) {
  last_.clear();
  by_time_.clear();
  const auto subjects = in.count(16);
  for (std::uint64_t i = 0; i < subjects && in.intact(); ++i) {
    const auto subject = in.text();
    note(subject, in.i64());
  }
}

}  // namespace eremos
