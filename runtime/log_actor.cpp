#include "runtime/log_actor.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <caf/all.hpp>

namespace eremos {
namespace {

using log_tick = ask<struct log_tick_tag>;
using log_service = log_actor::extend<
    /// A window of repeats may be over.
    caf::reacts_to<log_tick>>;

void write_to_stderr(std::string_view lines) {
  std::fwrite(lines.data(), 1, lines.size(), stderr);
  std::fflush(stderr);
}

time_ms system_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

class log_writer final : public log_service::base {
 public:
  log_writer(caf::actor_config& cfg, log_config config)
      : log_service::base(cfg), config_(std::move(config)) {
    if (!config_.write) config_.write = write_to_stderr;
    if (!config_.now) config_.now = system_clock_ms;
  }

  const char* name() const override { return "log"; }

  log_service::behavior_type make_behavior() override {
    return {
        [this](log_record& record) { add(std::move(record)); },
        [this](const drain&) { return finish(); },
        [this](const log_tick&) { expire(); },
    };
  }

 private:
  void add(log_record record) {
    write(filter_.add(config_.now(), std::move(record)));
    arm();
  }

  void expire() {
    armed_ = false;
    write(filter_.expire(config_.now()));
    arm();
  }

  drained finish() {
    write(filter_.flush(config_.now()));
    return {};
  }

  void write(const std::vector<log_entry>& entries) {
    if (entries.empty()) return;
    std::string lines = config_.wipe_line ? "\r\x1b[K" : "";
    for (const auto& entry : entries)
      lines += format_log(entry, config_.format, config_.colour) + "\n";
    config_.write(lines);
  }

  /// A timer exists only while something is left out.
  void arm() {
    if (armed_) return;
    const auto next = filter_.next();
    if (!next) return;
    armed_ = true;
    const auto wait = std::clamp<time_ms>(*next - config_.now(), 1, repeat_filter::window_ms);
    this->delayed_send(this, std::chrono::milliseconds{wait}, log_tick{});
  }

  log_config config_;
  repeat_filter filter_;
  bool armed_ = false;
};

}  // namespace

log_actor spawn_log(caf::actor_system& system, log_config config) {
  if (config.detached) return system.spawn<log_writer, caf::detached>(std::move(config));
  return system.spawn<log_writer>(std::move(config));
}

}  // namespace eremos
