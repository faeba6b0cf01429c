// The outbox as others see it: rows, what became of a try, and a reader and editor of its own
// connection. Decides nothing about signals: outbox_rows does. An outbox is owned by one thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "messages/signal.hpp"
#include "runtime/alerts/alert_text.hpp"

namespace eremos {

/// What one try, or the giving up, made of a row.
struct delivery_note {
  std::int64_t seq = 0;
  std::string state;  ///< due (another try at `next_attempt`), delivered or dead
  std::uint32_t attempts = 0;
  time_ms next_attempt = 0;
  std::string error;  ///< empty: delivered
};
template <class Inspector>
auto inspect(Inspector& f, delivery_note& x) {
  return f(x.seq, x.state, x.attempts, x.next_attempt, x.error);
}

/// A delivery, or an alert that is kept back. States: held (for finality), gathered (for a group),
/// due, delivered, dead, grouped (gone with its group), suppressed, silenced, inhibited, cancelled
/// (retracted before anybody had it).
struct outbox_row {
  std::int64_t seq = 0;
  std::string key;
  alert_kind kind = alert_kind::raised;
  std::string state;
  std::string route;
  std::string sink;
  signal_id signal;
  std::uint32_t attempts = 0;
  time_ms created = 0;
  time_ms next_attempt = 0;
  std::string error;
  std::string payload;
  std::string fields;
};

/// Newest first; what is not set does not filter.
struct outbox_query {
  maybe<std::string> state;
  maybe<std::string> sink;
  maybe<std::string> route;
  maybe<std::int64_t> before;  ///< seq: only what is older
  std::size_t limit = 100;
};

/// Rows of one sink that have not arrived.
struct sink_backlog {
  std::string sink;
  std::uint64_t due = 0;
  std::uint64_t dead = 0;
};

/// What is not to be told for a while. What is not set fits anything.
struct silence {
  std::int64_t id = 0;
  maybe<std::string> route;
  maybe<std::string> type;
  maybe<std::string> agent;
  maybe<std::string> subject;
  time_ms until = 0;
  time_ms created = 0;
  std::string comment;
};

/// More than a person can oversee; each is looked at for each alert.
inline constexpr std::size_t silences_max = 1'000;

class outbox {
 public:
  /// Beside a running node. Errors: file_unreadable, store_too_new, store_failed.
  static result<std::unique_ptr<outbox>> open(const std::string& path, bool to_edit);
  virtual ~outbox() = default;

  /// To be tried now, longest due first; nothing whose predecessor (the alert that a retraction is
  /// about) is still due. What was made after `now` is: the wall clock was put back.
  virtual result<std::vector<outbox_row>> due(std::string_view sink, time_ms now,
                                              std::size_t limit) = 0;
  /// When the next group is to be released; none: nothing is gathered.
  virtual result<maybe<time_ms>> next_group() = 0;
  /// Of each sink that has any, by id.
  virtual result<std::vector<sink_backlog>> waiting() = 0;
  virtual result<std::vector<outbox_row>> list(const outbox_query& want) = 0;
  virtual result<std::vector<silence>> silences(time_ms now) = 0;

  /// A dead or delivered row is due again, with all its tries. False: no such row.
  virtual result<bool> resend(std::string_view key, time_ms now) = 0;
  /// Its id. Errors: bad_usage (too many).
  virtual result<std::int64_t> add_silence(const silence& what) = 0;
  virtual result<bool> remove_silence(std::int64_t id) = 0;
};

}  // namespace eremos
