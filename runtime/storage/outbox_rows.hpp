// Rows about alerts: which signal goes to which sink, what became of it, and what is silenced.
// `outbox_table` decides, inside the transaction that stores the signals, so that an alert exists
// exactly if its signal does. Owned by sqlite_store.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/alerts/alert_rules.hpp"
#include "runtime/storage/outbox.hpp"
#include "runtime/storage/sqlite.hpp"

namespace eremos {

class outbox_table {
 public:
  /// Deliveries of one sink that are due: about 2 GB of the store. What comes on top is dead at
  /// once, and can be sent again.
  static constexpr std::uint64_t outbox_due_max = 1'000'000;

  outbox_table(sqlite_connection& db, alert_rules rules) : db_(db), rules_(std::move(rules)) {
    if (rules_.labels) labels_ = rules_.labels;
  }

  /// Labels by which routes choose, from now on.
  void use(const shared<label_set>& labels) { labels_ = labels; }
  /// Signals that one block or revert changed, all of them written before. `now`: wall clock.
  void take(const std::vector<signal>& changed, time_ms now);
  /// After the signals' finality was written: releases what waited for it, and tells of it.
  void finalize(chain_id chain, time_ms now);
  /// What became of tries. A row that somebody else has settled since stays as it is.
  void note(const std::vector<delivery_note>& notes);
  /// Makes one delivery of each group whose time has come.
  void release_groups(time_ms now);
  /// Drops the oldest that are settled.
  void trim(std::size_t kept);

 private:
  static constexpr std::string_view outbox_full = "the outbox of this sink is full";

  /// To whom, and after which row.
  struct notice {
    std::string route;
    std::string sink;
    std::int64_t after = 0;
  };

  void raise(const signal& s, const alert_route& route, time_ms now);
  std::string fate(const signal& s, const alert_route& route, time_ms now);
  bool is_silenced(const signal& s, const alert_route& route, time_ms now);
  bool is_inhibited(const signal& s);
  void release(std::int64_t seq, const signal& s, const alert_route& route, time_ms now);
  void end(const signal& s, alert_kind kind, time_ms now);
  void insert_notice(const notice& to, const signal& s, alert_kind kind, time_ms now);
  void release_group(const std::string& route, const std::string& sink, const std::string& group,
                     time_ms now);
  bool has_room(const std::string& sink);
  const alert_route* route_of(std::string_view name) const;
  std::string chain_name(chain_id chain) const;

  sqlite_connection& db_;
  alert_rules rules_;
  shared<label_set> labels_;
  std::map<std::string, std::uint64_t> room_;  ///< by sink: how many more are surely not too many
};

}  // namespace eremos
