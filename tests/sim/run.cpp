#include "tests/sim/run.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "runtime/defaults.hpp"
#include "runtime/registry/builtin_labels.hpp"
#include "tests/sim/outcome.hpp"

namespace eremos::sim {
namespace {

using namespace std::chrono_literals;
using place = block_tree::place;

/// Events and blocks' ends that an agent throws on. With more it would be quarantined, and what
/// others make of what it says would be missing: that is outside what is promised.
constexpr std::size_t throws_max = 3;
constexpr std::size_t throws_at_end_max = 2;

/// As many sets of labels as a chain remembers: a deep reorg may go back to the first.
constexpr std::size_t label_changes_max = defaults::label_eras_max - 1;

/// Parts of a row that may be slow.
constexpr std::array<std::string_view, 9> slow_parts = {"witness", "answerer", "thrower",
                                                        "stream",  "store",    "wallets",
                                                        "chain",   "memory",   "coordinator"};

/// The built-in labels of mainnet's contracts, which the mock borrows; from version to version some
/// are gone.
label_view labels_of(std::uint64_t version) {
  const auto builtin = builtin_labels();
  std::vector<label> rows;
  for (auto row : borrowed_labels(*builtin, 1, mock_chain_id))
    if ((row.who.data[19] + version) % 3 != 0 || version == 0) rows.push_back(std::move(row));
  return std::make_shared<const label_set>(std::move(rows), version + 1);
}

class player {
 public:
  player(const story& s, std::string folder, bool keep_log)
      : story_(s), folder_(std::move(folder)), tree_(s.seed, s.first_block) {
    state_.folder = folder_ + "/run";
    state_.first_block = s.first_block;
    state_.small_limits = s.small_limits;
    state_.undo_events = s.undo_events;
    state_.keep_log = keep_log;
    state_.labels = labels_of(0);
    state_.provider.tree = &tree_;
    state_.provider.head = state_.provider.answers_as_of = head_;
  }

  run_result play() {
    run_result out;
    std::filesystem::create_directories(state_.folder);
    try {
      out.wrong = with_faults();
      if (out.wrong.empty()) out.wrong = compare(out);
    } catch (const std::exception& e) {
      out.wrong = fmt::format("the simulation itself failed: {}\n", e.what());
    }
    now_.reset();
    met_effects();
    out.met = met_;
    out.blocks = tree_.path(head_).size();
    out.deepest = state_.storage.deepest;
    out.retracted = static_cast<std::uint64_t>(
        std::count_if(state_.announced.begin(), state_.announced.end(),
                      [](const auto& x) { return x.second.status == signal_status::retracted; }));
    out.log = std::move(state_.log);
    return out;
  }

 private:
  // --- the run with faults

  std::string with_faults() {
    now_.emplace(state_);
    for (const auto& a : story_.acts) {
      chance dice{a.chance};
      if (state_.keep_log)
        state_.log.push_back(fmt::format("--- {} {}", to_string(a.kind), a.size));
      if (auto wrong = perform(a, dice); !wrong.empty()) return wrong;
      const auto mode = dice.below(10);
      if (mode < 4)
        now_->run_all(dice);
      else if (mode < 8)
        now_->run_some(dice, dice.below(600));
    }
    chance dice{story_.seed};
    calm_down();
    if (auto wrong = settle(dice); !wrong.empty()) return wrong;
    now_.reset();
    return {};
  }

  void calm_down() {
    state_.provider.missing_next = state_.provider.failing_next = 0;
    state_.storage.fail_next = 0;
    answer_as_of(head_);
    for (const auto part : slow_parts) now_->slow_down(part, 1);
    now_->slow_down(laggard_id, 1);
  }

  std::string store_head(chance& dice) {
    if (head_ == block_tree::root) return {};  // a story without a block
    if (now_->reach(head_, dice)) return {};
    const auto& at = state_.storage.cursor;
    return fmt::format("the node never stored the head, block {} {}; it is at {} {}\n",
                       tree_.ref(head_).number, to_hex(tree_.ref(head_).hash).substr(0, 10),
                       at ? at->number : 0, at ? to_hex(at->hash).substr(0, 10) : "nothing");
  }

  std::string settle(chance& dice) {
    if (auto wrong = store_head(dice); !wrong.empty()) return wrong;
    return head_ == block_tree::root || now_->drain(dice)
               ? std::string{}
               : "the node could not finish what was begun\n";
  }

  void answer_as_of(place at) { state_.provider.answers_as_of = at; }

  void move_head(place to) {
    head_ = to;
    highest_ = std::max(highest_, tree_.ref(to).number);
    state_.provider.head = to;
    answer_as_of(to);
  }

  void grow(std::uint64_t blocks, chance& dice, std::uint64_t salt = 0, bool silent = false) {
    for (std::uint64_t i = 0; i < blocks; ++i) {
      move_head(tree_.add(head_, salt));
      if (!silent && !dice.one_in(4)) now_->announce(head_);
      if (dice.one_in(2)) now_->run_some(dice, dice.below(300));
    }
  }

  /// The last `depth` blocks lose to others, about as many. False if there are none.
  bool reorg(std::uint64_t depth, chance& dice) {
    depth = std::min(depth, tree_.ref(head_).number);
    if (depth == 0) return false;
    lost_.push_back(head_);
    auto at = head_;
    for (std::uint64_t i = 0; i < depth; ++i) at = tree_.parent(at);
    move_head(at);
    const auto salt = dice.between(1, 1'000);
    // Longer than what lost, or as long, or seldom shorter.
    const auto length =
        dice.one_in(5) ? std::max<std::uint64_t>(1, depth - 1) : depth + dice.below(3);
    grow(length, dice, salt, true);
    now_->announce(head_);
    return true;
  }

  /// A head that lost and may be spoken of again.
  maybe<place> lost_head(chance& dice) const {
    std::vector<place> possible;
    for (const auto at : lost_)
      if (at != head_) possible.push_back(at);
    if (possible.empty()) return {};
    return possible[dice.below(possible.size())];
  }

  bool return_to_lost(chance& dice) {
    const auto lost = lost_head(dice);
    if (!lost) return false;
    const auto back = *lost;
    const auto height = tree_.ref(head_).number;
    lost_.push_back(head_);
    move_head(back);
    const auto missing = height >= tree_.ref(back).number ? height - tree_.ref(back).number : 0;
    grow(missing + dice.below(2), dice, 0, true);
    if (missing == 0 || tree_.ref(head_).number == height) grow(1, dice);
    now_->announce(head_);
    return true;
  }

  void restart(bool in_order) {
    if (!in_order) now_->kill();
    now_.reset();
    now_.emplace(state_);
  }

  std::string perform(const act& a, chance& dice) {
    auto& provider = state_.provider;
    switch (a.kind) {
      case act_kind::calm_growth:
        calm_down();
        grow(a.size, dice);
        return {};
      case act_kind::reorg:
      case act_kind::deep_reorg:
      case act_kind::beyond_undo:
        if (dice.one_in(3)) now_->run_all(dice);
        if (reorg(a.size, dice)) met_.insert(a.kind);
        return {};
      case act_kind::nested_reorg: {
        const bool first = reorg(a.size + 2, dice);
        now_->run_some(dice, dice.below(800));
        if (first && reorg(a.size, dice)) met_.insert(a.kind);
        return {};
      }
      case act_kind::returning_branch:
        if (lost_.empty()) {
          reorg(a.size, dice);
          now_->run_some(dice, dice.below(800));
        }
        if (return_to_lost(dice)) met_.insert(a.kind);
        return {};
      case act_kind::duplicate_heads:
        for (int i = 0; i < 2; ++i) now_->announce(head_);
        if (tree_.parent(head_) != block_tree::root) now_->announce(tree_.parent(head_));
        if (const auto lost = lost_head(dice)) now_->announce(*lost);
        met_.insert(a.kind);
        return {};
      case act_kind::reordered_heads: {
        std::vector<place> fresh;
        for (std::uint64_t i = 0; i < a.size + 2; ++i) {
          grow(1, dice, 0, true);
          fresh.push_back(head_);
        }
        for (auto i = fresh.size(); i > 1; --i) std::swap(fresh[i - 1], fresh[dice.below(i)]);
        for (const auto at : fresh) {
          now_->announce(at);
          now_->run_some(dice, dice.below(60));
        }
        met_.insert(a.kind);
        return {};
      }
      case act_kind::missing_block:
        provider.missing_next = dice.between(1, 8);
        grow(a.size, dice);
        now_->pass_time(dice.below(30) * 100ms, dice);
        return {};
      case act_kind::provider_error:
        provider.failing_next = dice.between(1, 12);
        grow(a.size, dice);
        now_->pass_time(dice.below(30) * 100ms, dice);
        return {};
      case act_kind::lagging_node: {
        grow(a.size, dice);
        auto behind = head_;
        for (std::uint64_t i = 0; i < a.size && tree_.parent(behind) != block_tree::root; ++i)
          behind = tree_.parent(behind);
        if (const auto lost = lost_head(dice); lost && dice.one_in(3)) behind = *lost;
        answer_as_of(behind);
        now_->announce(behind);
        now_->announce(head_);
        now_->run_some(dice, dice.below(400));
        now_->pass_time(dice.below(20) * 100ms, dice);
        return {};
      }
      case act_kind::mempool: {
        const auto next = tree_.add(head_, 0);
        const auto time = static_cast<time_ms>(tree_.ref(next).number) * 12'000;
        now_->show_pending(tree_.pending(next), time);
        if (dice.one_in(2)) now_->show_pending(tree_.pending(next), time + 500);
        grow(a.size, dice);
        met_.insert(a.kind);
        return {};
      }
      case act_kind::slow_agent:
        now_->slow_down(slow_parts[dice.below(slow_parts.size())], dice.between(4, 40));
        grow(a.size + 2, dice);
        now_->run_some(dice, dice.below(600));
        met_.insert(a.kind);
        return {};
      case act_kind::throw_on_event: {
        grow(1, dice, 0, true);
        const auto& txns = tree_.record(head_)->transactions;
        if (!txns.empty() && state_.thrower.on_event.size() < throws_max)
          state_.thrower.on_event.insert(
              id_of(mock_chain_id, tree_.ref(head_).hash, txns[dice.below(txns.size())]));
        now_->announce(head_);
        return {};
      }
      case act_kind::throw_at_end:
        grow(1, dice, 0, true);
        if (throws_at_end_ < throws_at_end_max) {
          ++throws_at_end_;
          state_.thrower.at_end_of.insert(tree_.ref(head_).hash);
        }
        now_->announce(head_);
        return {};
      case act_kind::lagging_agent:
        now_->run_all(dice);
        now_->slow_down(laggard_id, 0);
        grow(20, dice);
        for (int second = 0; second < 12; ++second) {
          now_->pass_time(1s, dice);
          now_->nudge(laggard_id);
          if (second % 3 == 2) now_->nudge(laggard_id);
        }
        now_->slow_down(laggard_id, 1);
        return {};
      case act_kind::hanging_agent:
        now_->slow_down(laggard_id, 0);
        grow(a.size, dice);
        now_->pass_time(35s, dice);
        now_->slow_down(laggard_id, 1);
        return {};
      case act_kind::crash:
        grow(a.size, dice);
        now_->run_some(dice, dice.below(1'500));
        restart(false);
        crashed_ = true;
        met_.insert(a.kind);
        now_->announce(head_);
        return {};
      case act_kind::store_error:
        state_.storage.fail_next = a.size;
        grow(a.size, dice);
        now_->run_some(dice, dice.below(400));
        return {};
      case act_kind::label_change:
        return change_labels(dice);
    }
    return {};
  }

  /// Other labels from the next block on, which is then stored: a change is remembered with the
  /// first block that it holds for. A node that is told of it takes the next number that it has
  /// never had; one that is restarted, the one after its last block.
  std::string change_labels(chance& dice) {
    const auto after = tree_.ref(head_).number;
    if (head_ == block_tree::root || label_changes_.size() == label_changes_max) return {};
    calm_down();
    const bool is_told = after == highest_ && dice.one_in(2);
    if (auto wrong = is_told ? store_head(dice) : settle(dice); !wrong.empty()) return wrong;
    std::erase_if(label_changes_, [&](const label_change& c) { return c.after >= after; });
    label_changes_.push_back({after, ++label_version_});
    state_.labels = labels_of(label_version_);
    if (is_told)
      now_->tell_labels();
    else
      restart(true);
    grow(1, dice);
    met_.insert(act_kind::label_change);
    return store_head(dice);
  }

  void met_effects() {
    const auto note = [&](act_kind kind, bool happened) {
      if (happened) met_.insert(kind);
    };
    note(act_kind::missing_block, state_.provider.missed > 0);
    note(act_kind::provider_error, state_.provider.failed > 0);
    note(act_kind::lagging_node, state_.provider.lagged > 0);
    note(act_kind::store_error, state_.storage.failed > 0);
    note(act_kind::lagging_agent, state_.said["lagging"] > 0);
    note(act_kind::hanging_agent, state_.said["stalled"] > 0);
    note(act_kind::throw_on_event, state_.said["agent_poisoned"] > 0);
    note(act_kind::throw_at_end, state_.said["agent_failed"] > 0);
  }

  // --- the oracle

  std::string compare(run_result& out) {
    if (head_ == block_tree::root) return {};
    run_state calm;
    calm.folder = folder_ + "/calm";
    std::filesystem::create_directories(calm.folder);
    calm.first_block = state_.first_block;
    calm.labels = labels_of(0);
    calm.provider.tree = &tree_;
    calm.provider.head = calm.provider.answers_as_of = head_;
    calm.thrower.on_event = state_.thrower.on_event;
    chance dice{1};
    const auto height = tree_.ref(head_).number;
    auto changes = label_changes_;
    std::erase_if(changes, [&](const label_change& c) { return c.after >= height; });
    changes.push_back({height, label_version_});
    for (const auto& next : changes) {
      life node{calm};
      if (!node.reach(*tree_.ancestor(head_, next.after), dice) || !node.drain(dice))
        return "the calm run did not reach its end\n";
      calm.labels = labels_of(next.version);
    }
    const auto wanted = read_outcome(calm, state_.left_barrier);
    out.signals = wanted.at("signals").size();
    for (const auto* kind : {"undo_differs", "undo_failed", "ring_too_short", "part_lost"})
      if (state_.said[kind] > 0) return fmt::format("the node said {}\n", kind);
    const auto seen = read_outcome(state_, state_.left_barrier);
    if (auto wrong = difference(seen, wanted); !wrong.empty()) return wrong;
    return wrong_announcements(state_, crashed_);
  }

  const story& story_;
  const std::string folder_;
  block_tree tree_;
  run_state state_;
  std::optional<life> now_;
  place head_ = block_tree::root;
  block_number highest_ = 0;  ///< number of any head so far
  std::vector<place> lost_;
  struct label_change {
    block_number after = 0;
    std::uint64_t version = 0;
  };
  std::vector<label_change> label_changes_;  ///< by number, at most label_changes_max
  std::uint64_t label_version_ = 0;
  std::size_t throws_at_end_ = 0;
  bool crashed_ = false;
  std::set<act_kind> met_;
};

}  // namespace

run_result run_story(const story& s, const std::string& folder, bool keep_log, bool keep_folder) {
  std::filesystem::remove_all(folder);
  auto out = player{s, folder, keep_log}.play();
  if (!keep_folder) std::filesystem::remove_all(folder);
  return out;
}

story smallest(const story& failing, const std::string& folder, std::size_t tries) {
  auto out = failing;
  bool shorter = true;
  while (shorter && tries > 0) {
    shorter = false;
    for (std::size_t i = out.acts.size(); i-- > 0 && tries > 0;) {
      auto less = out;
      less.acts.erase(less.acts.begin() + static_cast<std::ptrdiff_t>(i));
      --tries;
      if (run_story(less, folder).wrong.empty()) continue;
      out = std::move(less);
      shorter = true;
    }
  }
  return out;
}

}  // namespace eremos::sim
