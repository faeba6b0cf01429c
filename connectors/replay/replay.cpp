#include "connectors/replay/replay.hpp"

#include <deque>
#include <optional>

#include <fmt/format.h>
#include <caf/typed_event_based_actor.hpp>

#include "runtime/abi/abi.hpp"
#include "runtime/actor_handlers.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/defaults.hpp"
#include "runtime/journal/line_reader.hpp"
#include "runtime/registry/own_labels.hpp"

namespace eremos {
namespace {

/// One step of reading, after which a worker is given back: about 10 ms of decoding.
constexpr std::size_t step_lines_max = 64;
constexpr std::uint64_t step_bytes_max = 1024 * 1024;
/// Blocks CHAIN takes before it has asked for more.
constexpr std::uint32_t first_credit = 4;
/// Pending transactions cost no credit; after this many CHAIN must answer before more are sent.
constexpr std::size_t pending_per_echo = 1'024;
/// A progress line each 1/20 of the files.
constexpr std::uint64_t progress_steps = 20;

using read_on = ask<struct read_on_tag>;
using replay_actor = connector_actor::extend<
    /// To oneself: the next step.
    caf::reacts_to<read_on>>;

/// Text from outside, fit to be shown: cut, without control characters.
std::string printable(std::string text) {
  if (text.size() > defaults::outside_text_max) text.resize(defaults::outside_text_max);
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

recording_config assembler_config(const replay_config& config) {
  recording_config out{config.only_chain, config.default_chain};
  out.verify = config.verify;
  out.verify_others = config.verify_others;
  for (const auto& declaration : config.signatures)
    static_cast<void>(out.signatures.add(declaration));  // check_replay has told of bad ones
  return out;
}

failure forward_only(block_number number) {
  return {errc::block_not_found, fmt::format("block {}: a recording is read forward only", number)};
}

class replay final : public replay_actor::base {
 public:
  replay(caf::actor_config& cfg, replay_config config, row_opener opener, logger log)
      : replay_actor::base(cfg),
        config_(std::move(config)),
        opener_(std::move(opener)),
        log_(std::move(log)),
        assembler_(assembler_config(config_)) {
    set_quiet_handlers(*this, unhandled_);
    report_.name = "replay";
    report_.kind = "replay";
    report_.state = "idle";
    std::error_code ec;
    for (const auto& file : config_.files) {
      const auto size = std::filesystem::file_size(file, ec);
      if (!ec) stored_total_ += size;
    }
  }

  const char* name() const override { return "replay"; }

  behavior_type make_behavior() override {
    return {[this](const connector_start&) { on_start(); },
            [](const fetch_block& f) -> caf::result<shared<block_record>> {
              return to_caf(forward_only(f.number));
            },
            [](const name_block& n) -> caf::result<block_ref> {
              return to_caf(forward_only(n.number));
            },
            [](const read_state& s) -> caf::result<state_read> {
              return to_caf(forward_only(s.at.number));
            },
            [this](const more_wanted& m) { on_more_wanted(m); },
            [this](const get_report&) { return report_; },
            [this](const read_on&) { on_read_on(); }};
  }

  void on_exit() override {
    rows_.clear();
    opener_ = nullptr;
  }

 private:
  struct row {
    chain_actor chain;
    bool is_refused = false;
    std::uint32_t credit = first_credit;
    std::size_t pending_since_echo = 0;
  };

  /// Why nothing is sent until a message comes.
  enum class wait : std::uint8_t { none, opening, credit, echo };

  // --- what comes in ---

  void on_start() {
    if (report_.state != "idle") return;
    report_.state = "reading";
    go_on();
  }

  void on_more_wanted(const more_wanted& m) {
    const auto at = rows_.find(m.chain);
    if (at == rows_.end()) return;
    at->second.credit += m.count;
    if (waits_for_ == wait::credit) go_on();
  }

  void on_read_on() {
    step_scheduled_ = false;
    if (report_.state == "ended") return;
    waits_for_ = wait::none;
    const auto bytes_before = report_.bytes;
    for (std::size_t lines = 0;; ++lines) {
      if (!send_ready()) {
        report_.state = "waiting";
        return;
      }
      if (lines >= step_lines_max || report_.bytes - bytes_before >= step_bytes_max) break;
      if (!read_line()) return end();
    }
    report_.state = "reading";
    go_on();
  }

  void go_on() {
    if (step_scheduled_) return;
    step_scheduled_ = true;
    send(this, read_on{});
  }

  // --- what goes out ---

  /// False: something must come first.
  bool send_ready() {
    while (ready_at_ < ready_.size()) {
      auto& item = ready_[ready_at_];
      if (!std::visit([this](auto& x) { return send_item(x); }, item)) return false;
      ++ready_at_;
    }
    ready_.clear();
    ready_at_ = 0;
    return true;
  }

  bool send_item(block_record& record) {
    auto* to = open(record.chain);
    if (!to) return false;
    if (to->is_refused) return note("no_row", fmt::format("chain {}", record.chain)), true;
    if (to->credit == 0) {
      waits_for_ = wait::credit;
      return false;
    }
    --to->credit;
    to->pending_since_echo = 0;
    send(to->chain, block_recorded{shared<block_record>{std::move(record)}});
    return true;
  }

  bool send_item(pending_seen& pending) {
    auto* to = open(pending.chain);
    if (!to) return false;
    if (to->is_refused) return note("no_row", fmt::format("chain {}", pending.chain)), true;
    if (to->pending_since_echo >= pending_per_echo) return await_echo(*to);
    ++to->pending_since_echo;
    send(to->chain, std::move(pending));
    return true;
  }

  bool send_item(labels_recorded& said) {
    auto* to = open(said.chain);
    if (!to) return false;
    if (to->is_refused) return true;
    auto all = add_own_labels(*config_.labels, std::move(said.own));
    for (const auto& w : all.warnings) log_.warn("labels", w);
    send(to->chain, relabel{shared<label_set>{std::move(all.labels)}});
    return true;
  }

  bool send_item(state_recorded& said) {
    auto* to = open(said.chain);
    if (!to) return false;
    if (to->is_refused) return true;
    if (to->pending_since_echo >= pending_per_echo) return await_echo(*to);
    ++to->pending_since_echo;
    send(to->chain, std::move(said));
    return true;
  }

  /// The row of a chain; nullptr while it is being opened.
  row* open(chain_id chain) {
    const auto at = rows_.find(chain);
    if (at != rows_.end()) return &at->second;
    waits_for_ = wait::opening;
    request(opener_, caf::infinite, open_row{chain})
        .then(
            [this, chain](const chain_actor& handle) {
              rows_[chain].chain = handle;
              go_on();
            },
            [this, chain](const caf::error& why) {
              log_.error("no_row", fmt::format("chain {} is left out: {}", chain,
                                               printable(from_caf(why).message)));
              rows_[chain].is_refused = true;
              go_on();
            });
    return nullptr;
  }

  /// An answer of CHAIN means that it has handled what was sent before.
  bool await_echo(row& to) {
    waits_for_ = wait::echo;
    const auto answered = [this, &to] {  // rows are never erased while this actor lives
      to.pending_since_echo = 0;
      go_on();
    };
    request(to.chain, caf::infinite, get_report{})
        .then([answered](const chain_report&) { answered(); },
              [answered](const caf::error&) { answered(); });
    return false;
  }

  void end() {
    report_.state = "ended";
    for (const auto& [id, to] : rows_)
      if (!to.is_refused) send(to.chain, source_ended{id});
    if (opener_) send(opener_, source_ended{});
    log_.info("ended", fmt::format("{} lines read", report_.frames));
  }

  // --- reading ---

  /// Takes one line. False: there is none, and nothing is ready.
  bool read_line() {
    while (!finished_) {
      if (!reader_ && !open_next_file()) {
        assembler_.finish(ready_);
        finished_ = true;
        break;
      }
      const auto text_before = reader_->text_bytes();
      const auto line = reader_->next();
      report_.bytes += reader_->text_bytes() - text_before;
      tell_progress();
      if (line) return take(*line), true;
      close_file();
    }
    return ready_at_ < ready_.size();
  }

  bool open_next_file() {
    while (next_file_ < config_.files.size()) {
      const auto& path = config_.files[next_file_++];
      auto reader = line_reader::open(path);
      if (reader) {
        reader_.emplace(std::move(*reader));
        return true;
      }
      // It was readable when it was checked.
      note("unreadable", reader.error().message);
      log_.error("unreadable", printable(reader.error().message));
    }
    return false;
  }

  void close_file() {
    const auto& path = reader_->path().string();
    if (reader_->ended() == source_end::truncated)
      note("truncated", fmt::format("{}: ends inside of its last part", path));
    if (reader_->ended() == source_end::corrupt)
      note("truncated", fmt::format("{}: damaged; read up to there", path));
    if (reader_->overlong_lines() > 0)
      note("overlong", fmt::format("{}: lines over {} bytes", path, line_bytes_max),
           reader_->overlong_lines());
    stored_before_ += reader_->stored_bytes_read();
    reader_.reset();
  }

  void take(const text_line& line) {
    ++report_.frames;
    const auto outcome = assembler_.take(line.text, ready_);
    const auto where = [&] { return fmt::format("{}:{}", reader_->path().string(), line.number); };
    if (outcome.bad_time) note("bad_time", where() + ": received_at is no time");
    if (outcome.removed > 0) note("removed_log", where(), outcome.removed);
    switch (outcome.verdict) {
      case line_verdict::taken:
      case line_verdict::other_chain:
        return;
      case line_verdict::set_aside:
      case line_verdict::no_result:
      case line_verdict::unknown_method:
      case line_verdict::too_many_chains:
        return note(to_string(outcome.verdict), fmt::format("{}: {}", where(), outcome.text));
      case line_verdict::malformed:
        break;
    }
    if (line.is_whole)
      note("malformed", fmt::format("{}: {}", where(), outcome.text));
    else if (reader_->ended() == source_end::clean)  // else the file's end is told of anyway
      note("truncated", fmt::format("{}: the last line is torn", where()));
  }

  void note(std::string_view kind, std::string sample, std::uint64_t count = 1) {
    sample = printable(std::move(sample));
    // A line of a kind that is no fault does not concern an operator.
    if (kind != "set_aside") log_.warn(kind, sample);
    for (auto& bad : report_.bad) {
      if (bad.kind != kind) continue;
      bad.count += count;
      bad.sample = std::move(sample);
      return;
    }
    report_.bad.push_back({std::string{kind}, count, std::move(sample)});
  }

  void tell_progress() {
    if (stored_total_ == 0) return;
    const auto so_far = stored_before_ + (reader_ ? reader_->stored_bytes_read() : 0);
    const auto steps = std::min(progress_steps, so_far * progress_steps / stored_total_);
    if (steps <= progress_told_) return;
    progress_told_ = steps;
    log_.info("progress",
              fmt::format("{} % of {} read, {} lines", steps * 100 / progress_steps,
                          config_.files.size() == 1 ? config_.files.front().filename().string()
                                                    : fmt::format("{} files", config_.files.size()),
                          report_.frames));
  }

  replay_config config_;
  row_opener opener_;
  logger log_;
  recording_assembler assembler_;
  std::map<chain_id, row> rows_;
  std::vector<recorded_item> ready_;  ///< decoded and not yet sent; at most what one line completes
  std::size_t ready_at_ = 0;
  std::optional<line_reader> reader_;
  std::size_t next_file_ = 0;
  bool finished_ = false;
  bool step_scheduled_ = false;
  wait waits_for_ = wait::none;
  std::uint64_t stored_total_ = 0;
  std::uint64_t stored_before_ = 0;  ///< of files already closed
  std::uint64_t progress_told_ = 0;
  std::uint64_t unhandled_ = 0;
  connector_report report_;
};

}  // namespace

status check_replay(const replay_config& config) {
  if (config.files.empty()) return {errc::bad_usage, "replay needs a recording"};
  for (const auto& file : config.files)
    if (auto reader = line_reader::open(file); !reader) return reader.error();
  for (const auto& declaration : config.signatures)
    if (auto event = parse_event_declaration(declaration); !event) return event.error();
  return ok;
}

connector_actor spawn_replay(caf::actor_system& system, replay_config config, row_opener opener,
                             const connector_services& services) {
  return system.spawn<replay>(std::move(config), std::move(opener),
                              services.log.for_part("connector:replay"));
}

}  // namespace eremos
