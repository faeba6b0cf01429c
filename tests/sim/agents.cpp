#include "tests/sim/agents.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/agent.hpp"
#include "runtime/config/option_map.hpp"
#include "tests/sim/chance.hpp"

namespace eremos::sim {
namespace {

/// A sum of marks: the order in which they are added does not show.
struct sum_of_events {
  std::uint64_t sum = 0;
  std::uint64_t count = 0;

  void add(std::uint64_t mark) {
    sum += mark;
    ++count;
  }
};

std::uint64_t word_of(const hash32& h) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | h.data[i];
  return out;
}
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return chance{a ^ (b * 0x9E3779B97F4A7C15u)}.next();
}

/// What an event is, and of derived ones what they say; not what one process counts (commit,
/// sequence).
std::uint64_t mark_of(const blockchain_event& e) {
  auto out = mixed(static_cast<std::uint64_t>(e.type()), word_of(e.id.block));
  out = mixed(out, word_of(e.id.subject));
  out = mixed(out, e.id.log_index);
  out = mixed(out, static_cast<std::uint64_t>(e.event_time));
  out = mixed(out, static_cast<std::uint64_t>(e.score));
  if (const auto* w = std::get_if<wallet_activity_event>(&e.data.base()))
    for (const auto c : to_hex(w->account) + std::to_string(w->transaction_count) + " " +
                            std::to_string(w->last_activity) + " " + to_string(w->balance_change) +
                            std::to_string(w->anomaly.score) + " " +
                            std::to_string(w->anomaly.value) + to_hex(w->cluster) +
                            to_hex(w->funder) + std::to_string(w->counterparties))
      out = mixed(out, static_cast<std::uint64_t>(c));
  return out;
}

struct no_options {
  static result<no_options> parse(const option_map& given) {
    option_reader read{given};
    if (auto bad = read.finish()) return *bad;
    return no_options{};
  }
};

event_id block_event_id(const block_ref& b) {
  return {.type = event_type::block, .chain = b.chain, .block = b.hash, .subject = {}};
}

/// What witness, thrower and laggard share: a digest over all blocks so far.
template <class Self>
class digesting : public agent<Self> {
 public:
  digesting(caf::actor_config& cfg, const agent_services& services) : agent<Self>(cfg, services) {}

  void save(state_writer& out) const {
    out.text(digest_);
    out.u64(blocks_);
    out.u64(recent_.size());
    for (const auto& b : recent_) {
      out.u64(b.chain);
      out.u64(b.number);
      out.bytes(b.hash);
    }
  }
  status load(state_reader& in) {
    digest_ = in.text();
    blocks_ = in.u64();
    recent_.clear();
    for (auto left = in.count(48); left > 0 && in.intact(); --left) {
      block_ref b;
      b.chain = in.u64();
      b.number = in.u64();
      in.bytes(b.hash);
      recent_.push_back(b);
    }
    return in.finish();
  }

 protected:
  void note() { open_.at(this->event().commit).add(mark_of(this->event())); }
  void note_label(const eremos::address& who) {
    if (const auto* known = this->labels().find(this->chain(), who))
      open_.at(this->event().commit).add(word_of(keccak256(known->name + known->kind)));
  }
  /// True each third block: then it is time to conclude something from the last blocks.
  bool close(const block_complete& b) {
    const auto sum = open_.take(b.commit);
    digest_ = to_hex(
        keccak256(fmt::format("{} {} {} {}", digest_, to_hex(b.block.hash), sum.count, sum.sum)));
    recent_.push_back(b.block);
    if (recent_.size() > 3) recent_.erase(recent_.begin());
    return ++blocks_ % 3 == 0;
  }
  void conclude(const block_complete& b, severity level = severity::info) {
    this->emit({.type = "rapid_transaction_sequence",
                .subject = digest_,
                .anchor = block_event_id(b.block),
                .evidence = {},
                .blocks = recent_,
                .confidence = 0.5,
                .level = level,
                .details = {}});
  }

  std::string digest_;
  std::uint64_t blocks_ = 0;
  std::vector<block_ref> recent_;  ///< at most three, oldest first

 private:
  per_block<sum_of_events> open_;
};

class witness final : public digesting<witness> {
 public:
  static constexpr agent_info info{.id = witness_id, .glyph = "W", .role = "test"};
  using options = no_options;
  witness(caf::actor_config& cfg, const agent_services& services, options)
      : digesting(cfg, services) {}

  void on(const block_event&) { note(); }
  void on(const transaction_event& t) {
    note();
    note_label(t.from);
  }
  void on(const contract_event&) { note(); }
  void on(const wallet_activity_event&) { note(); }
  void on(const block_complete& b) {
    // Critical: shown before the block is stored, so a revert has to take that back, too.
    if (close(b)) conclude(b, severity::critical);
    if (blocks_ % 4 == 0)
      remember({.type = memory_type::pattern,
                .key = "digest:" + digest_,
                .tags = {"digest"},
                .blocks = recent_,
                .details = {}});
    if (blocks_ % 5 == 0) after(30 * second_ms, digest_);
  }
  void on(const timer& due) {
    digest_ = to_hex(keccak256(fmt::format("{} {} {}", digest_, due.tag, due.due)));
  }
};

/// Asks about each other block, and signals what it is answered.
class asker final : public agent<asker> {
 public:
  static constexpr agent_info info{.id = "asker", .glyph = "?", .role = "test"};
  using options = no_options;
  asker(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const block_complete& b) {
    if (b.block.number % 2 != 0) return;
    message_draft question{.topic = "request", .schema = "sim.1", .blocks = {}, .details = {}};
    question.details.set("block", to_hex(b.block.hash));
    send("answerer", question);
  }
  void on(const agent_message& m) {
    if (m.topic != "response") return;
    emit({.type = "archival",
          .subject = std::string{m.details.find("answer")},
          .anchor = block_event_id(block()),
          .evidence = {},
          .blocks = {},
          .details = {}});
  }
};

/// Answers by all it ever heard and by what the society remembers.
class answerer final : public agent<answerer> {
 public:
  static constexpr agent_info info{.id = "answerer", .glyph = "!", .role = "test"};
  using options = no_options;
  answerer(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const memory_added& m) { hear(m.entry.agent + m.entry.key); }
  void on(const signal_raised& s) { hear(s.what.agent + to_string(s.what.id)); }
  void on(const agent_message& m) {
    hear(m.from + std::string{m.details.find("block")});
    const auto recalled = recall({.type = {}, .agent = {}, .key = {}, .tags = {"digest"}});
    for (const auto& r : recalled) hear(r->key);
    message_draft answer{.topic = "response", .schema = "", .blocks = {}, .details = {}};
    answer.details.set("answer", heard_);
    send(m.from, answer);
  }
  void save(state_writer& out) const { out.text(heard_); }
  status load(state_reader& in) {
    heard_ = in.text();
    return in.finish();
  }

 private:
  void hear(const std::string& what) { heard_ = to_hex(keccak256(heard_ + what)); }
  std::string heard_;
};

class thrower final : public digesting<thrower> {
 public:
  static constexpr agent_info info{.id = thrower_id, .glyph = "T", .role = "test"};
  struct options {
    thrower_orders* orders = nullptr;
    static result<options> parse(const option_map& given) {
      option_reader read{given};
      // Agents are made from text; these orders live as long as the run.
      const auto at = read.number("orders", std::uint64_t{0}, std::uint64_t{0}, ~std::uint64_t{0});
      if (auto bad = read.finish()) return *bad;
      return options{reinterpret_cast<thrower_orders*>(at)};
    }
  };
  thrower(caf::actor_config& cfg, const agent_services& services, options opts)
      : digesting(cfg, services), orders_(opts.orders) {}

  void on(const transaction_event&) {
    if (orders_->on_event.contains(event().id)) {
      ++orders_->thrown;
      throw std::runtime_error("as it was told");
    }
    note();
  }
  void on(const block_complete& b) {
    const bool due = close(b);
    if (orders_->at_end_of.erase(b.block.hash) > 0) {
      ++orders_->thrown;
      throw std::runtime_error("as it was told");
    }
    if (due) conclude(b);
  }

 private:
  thrower_orders* orders_;
};

/// Says nothing: what others make of what it says would be missing while it is away, which is
/// outside what is promised. What it has handled shows in its snapshot.
class laggard final : public digesting<laggard> {
 public:
  static constexpr agent_info info{.id = laggard_id, .glyph = "L", .role = "test"};
  using options = no_options;
  laggard(caf::actor_config& cfg, const agent_services& services, options)
      : digesting(cfg, services) {}
  void on(const transaction_event&) { note(); }
  void on(const contract_event&) { note(); }
  void on(const block_complete& b) { close(b); }
};

template <class Agent>
const agent_kind& kind_of() {
  static const agent_kind kind = make_agent_kind<Agent>();
  return kind;
}

}  // namespace

std::vector<agent_plan> watching_agents(thrower_orders& orders) {
  option_map told;
  told.emplace(
      "orders",
      option_value{
          {fmt::format("{}", reinterpret_cast<std::uintptr_t>(&orders))}, false, "the simulation"});
  return {{&kind_of<witness>(), {}, {}},
          {&kind_of<asker>(), {}, {}},
          {&kind_of<answerer>(), {}, {}},
          {&kind_of<thrower>(), told, {}},
          {&kind_of<laggard>(), {}, {}}};
}

}  // namespace eremos::sim
