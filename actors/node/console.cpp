#include "actors/node/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <caf/all.hpp>

#include "actors/node/signal_line.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

using namespace std::chrono_literals;

/// As often as a person can read it.
constexpr std::chrono::milliseconds redraw_min = 1s;
/// While nothing moves the line is looked at less and less often, down to this.
constexpr std::chrono::milliseconds redraw_max = 8s;
/// STREAM answers between two batches; slower means the line waits for its next turn.
constexpr std::chrono::milliseconds report_timeout = 1s;
/// More chains than a line has room for.
constexpr std::size_t streams_max = 64;

constexpr std::string_view wipe = "\r\x1b[K";

using redraw_tick = ask<struct console_redraw_tag>;
using console_service = console_actor::extend<
    /// The status line may be drawn again.
    caf::reacts_to<redraw_tick>>;

bool write_to_stdout(std::string_view lines) {
  return std::fwrite(lines.data(), 1, lines.size(), stdout) == lines.size() &&
         std::fflush(stdout) == 0;
}

void write_to_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

class console final : public console_service::base {
 public:
  console(caf::actor_config& cfg, console_config config)
      : console_service::base(cfg), config_(std::move(config)) {
    if (!config_.write) config_.write = write_to_stdout;
    if (!config_.write_status) config_.write_status = write_to_stderr;
    if (!config_.width) config_.width = terminal_width;
  }

  const char* name() const override { return "console"; }

  /// A timer still pending keeps this object, but nobody else, alive.
  void on_exit() override {
    streams_.clear();
    config_.log = {};
  }

  console_service::behavior_type make_behavior() override {
    return {
        [this](const announcement& news) { print(news); },
        [this](const console_watch& what) { watch(what.stream); },
        [this](const drain&) { return finish(); },
        [this](const redraw_tick&) { ask_streams(); },
    };
  }

 private:
  void print(const announcement& news) {
    std::string lines;
    for (const auto& s : news.signals) {
      if (config_.mode == console_mode::replay && s.status == signal_status::provisional) continue;
      lines += config_.mode == console_mode::lines ? signal_line(s, config_.chains, config_.colour)
                                                   : to_json(s);
      lines += '\n';
      ++signals_;
    }
    if (lines.empty()) return;
    if (!status_.empty()) config_.write_status(wipe);
    if (!config_.write(lines)) {
      const failure gone{errc::file_unwritable, "standard output takes no more"};
      config_.log.error("stdout_gone", gone.message);
      this->quit(to_caf(gone));
      return;
    }
    if (!status_.empty()) config_.write_status(status_);
  }

  void watch(const stream_actor& stream) {
    if (!config_.status || streams_.size() == streams_max) return;
    streams_.push_back(stream);
    reports_.emplace_back();
    arm();
  }

  /// One timer at most; none where there is no terminal.
  void arm() {
    if (armed_) return;
    armed_ = true;
    this->delayed_send(this, pause_, redraw_tick{});
  }

  void ask_streams() {
    armed_ = false;
    waiting_ = streams_.size();
    moved_ = false;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      this->request(streams_[i], report_timeout, get_report{})
          .then([this, i](stream_report& report) { take(i, std::move(report)); },
                // A busy or dead stream: its last report stays.
                [this](const caf::error&) { settle(); });
    }
  }

  void take(std::size_t i, stream_report report) {
    moved_ = moved_ || report.events_total != reports_[i].events_total ||
             report.last_block != reports_[i].last_block;
    reports_[i] = std::move(report);
    settle();
  }

  /// Draws once all streams have answered, and looks again: soon if something moved.
  void settle() {
    if (waiting_ == 0 || --waiting_ > 0 || streams_.empty()) return;
    draw();
    pause_ = moved_ ? redraw_min : std::min(pause_ * 2, redraw_max);
    arm();
  }

  void draw() {
    std::vector<stream_report> known;
    std::copy_if(reports_.begin(), reports_.end(), std::back_inserter(known),
                 [](const stream_report& r) { return !r.source.empty(); });
    if (known.empty()) return;
    const auto line = status_line(known, signals_, std::max<std::size_t>(config_.width(), 2) - 1);
    if (line == status_) return;
    status_ = line;
    config_.write_status(std::string{wipe} + status_);
  }

  drained finish() {
    if (!status_.empty()) config_.write_status(wipe);
    status_.clear();
    streams_.clear();
    return {};
  }

  console_config config_;
  std::uint64_t signals_ = 0;
  std::vector<stream_actor> streams_;
  std::vector<stream_report> reports_;  ///< the newest of each stream
  std::string status_;                  ///< as it stands on the terminal
  std::chrono::milliseconds pause_ = redraw_min;
  std::size_t waiting_ = 0;  ///< streams that have not answered yet
  bool moved_ = false;
  bool armed_ = false;
};

}  // namespace

console_actor spawn_console(caf::actor_system& system, console_config config) {
  if (config.detached) return system.spawn<console, caf::detached>(std::move(config));
  return system.spawn<console>(std::move(config));
}

}  // namespace eremos
