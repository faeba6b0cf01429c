#include "actors/rules/text_rule.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

/// A rule that waits longer belongs into an agent with a state of its own.
constexpr duration_ms within_max = 30 * day_ms;
constexpr std::uint64_t count_max = 1'000;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t tags_max = 16;

bool is_word(std::string_view text, std::string_view more) noexcept {
  return !text.empty() && text.size() <= name_bytes_max && text.front() >= 'a' &&
         text.front() <= 'z' && std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  more.find(c) != std::string_view::npos;
         });
}

/// Reads one rule's options; the first problem is kept by the reader.
class rule_parser {
 public:
  explicit rule_parser(const option_map& given) : read_(given) {}

  result<text_rule::options> run() {
    read_when();
    read_then();
    if (auto bad = read_.finish()) return *bad;
    if (out_.signal.empty() && out_.memory.empty() && out_.message.empty())
      return {errc::bad_option,
              "a rule that does nothing: give then.signal, then.memory or then.message"};
    return std::move(out_);
  }

 private:
  template <class T>
  void take(std::string_view key, const result<T>& parsed, T& into) {
    if (parsed)
      into = *parsed;
    else
      read_.refuse(key, parsed.error().message);
  }

  void read_when() {
    const auto topic = read_.text("when.type", "");
    take("when.type", parse_rule_topic(topic), out_.topic);
    read_where();
    out_.count = read_.number("when.count", 1, 1, count_max);
    out_.within = read_.duration("when.within", out_.within);
    if (out_.within < 1 || out_.within > within_max) read_.refuse("when.within", "want 1ms to 30d");
    if (out_.count > 1 && !read_.has("when.within"))
      read_.refuse("when.count", "needs when.within, like \"60s\"");
    if (out_.count == 1 && read_.has("when.within"))
      read_.refuse("when.within", "means nothing without when.count of at least 2");
    if (out_.count > 1 && out_.topic == rule_topic::mempool)
      read_.refuse("when.count", "the mempool has no order to count in; count transactions");
    read_field("when.by", out_.by);
    read_field("when.subject", out_.subject);
  }

  void read_where() {
    const auto* given = read_.take("when.where");
    if (given == nullptr) return;
    if (given->texts.size() > defaults::rule_comparisons_max)
      read_.refuse("when.where",
                   fmt::format("more than {} comparisons", defaults::rule_comparisons_max));
    for (std::size_t i = 0; i < given->texts.size(); ++i) {
      auto parsed = condition::parse(given->texts[i], out_.topic);
      if (!parsed) {
        read_.refuse("when.where", parsed.error().message, i);
        return;
      }
      out_.where.push_back(std::move(*parsed));
      if (const auto never = contradiction(out_.where)) {
        read_.refuse("when.where", "can never match: " + *never, i);
        return;
      }
    }
  }

  void read_field(std::string_view key, maybe<observed_field>& into) {
    const auto name = read_.text(key, "");
    if (!read_.has(key)) return;
    auto parsed = observed_field::parse(name, out_.topic);
    if (parsed)
      into = std::move(*parsed);
    else
      read_.refuse(key, parsed.error().message);
  }

  void read_then() {
    take("priority", parse_priority(read_.text("priority", "medium")), out_.rank);
    out_.quiet = read_.duration("cooldown", out_.quiet);
    if (out_.quiet < 1) read_.refuse("cooldown", "want at least 1ms: once a block is the most");
    out_.signal = read_.text("then.signal", "");
    if (read_.has("then.signal") && !is_word(out_.signal, "_"))
      read_.refuse("then.signal", "want a type in snake_case, like \"large_approval\"");
    const auto level = std::string{to_string(severity_of(out_.rank))};
    take("then.severity", parse_severity(read_.text("then.severity", level)), out_.level);
    out_.confidence = read_.real("then.confidence", out_.confidence, 0, 1);
    out_.memory = read_.text("then.memory", "");
    if (read_.has("then.memory") && !is_word(out_.memory, "_-:"))
      read_.refuse("then.memory", "want a key like \"large-approval\"; the subject is added");
    take("then.memory_type", parse_memory_type(read_.text("then.memory_type", "pattern")),
         out_.kind);
    out_.tags = read_.texts("then.tags");
    if (out_.tags.size() > tags_max)
      read_.refuse("then.tags", fmt::format("more than {}", tags_max));
    out_.message = read_.text("then.message", "");
    if (read_.has("then.message") && !is_word(out_.message, "_-"))
      read_.refuse("then.message", "want a topic like \"alert\"");
    out_.to = read_.text("then.to", "");
    if (read_.has("then.to") && !is_agent_id(out_.to))
      read_.refuse("then.to", "want the id of an agent");
  }

  option_reader read_;
  text_rule::options out_;
};

}  // namespace

bool is_agent_id(std::string_view text) noexcept { return is_word(text, "-"); }

result<text_rule::options> text_rule::options::parse(const option_map& given) {
  return rule_parser{given}.run();
}

text_rule::text_rule(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services),
      options_(std::move(opts)),
      cooldown_(options_.quiet, defaults::rule_subjects_max) {}

bool text_rule::holds(const observed& what) const {
  return std::all_of(options_.where.begin(), options_.where.end(),
                     [&](const condition& c) { return c.holds(what, chain(), labels()); });
}

text_rule::match text_rule::match_of(const observed& what, event_id anchor,
                                     std::string subject) const {
  const auto text = [&](const maybe<observed_field>& field) {
    return field ? to_text(field->read(what, chain(), labels())) : std::string{};
  };
  if (options_.subject) subject = text(options_.subject);
  auto by = options_.by ? text(options_.by) : subject;
  return {{anchor, std::move(subject)}, std::move(by), now(), block()};
}

bool text_rule::matches(const blockchain_event& e) const {
  return static_cast<rule_topic>(e.type()) == options_.topic && holds(&e);
}

void text_rule::found(std::string subject) {
  const auto& e = event();
  auto one = match_of(&e, e.id, std::move(subject));
  // What waits to be mined belongs to no block that could become whole.
  if (options_.topic == rule_topic::mempool)
    seen(std::move(one), {});
  else
    open_.at(e.commit).push_back(std::move(one));
}

void text_rule::on(const block_complete& whole) {
  auto& found = open_.take(whole.commit);
  std::sort(found.begin(), found.end());
  for (auto& m : found) seen(std::move(m), {});
}

void text_rule::on(const signal_raised& heard) {
  const auto& s = heard.what;
  conclusion(rule_topic::signal, &s, s.evidence.empty() ? block_anchor() : s.evidence.front(),
             s.subject, {s.agent + " " + s.type + " ", s.level, s.confidence});
}

void text_rule::on(const memory_added& heard) {
  conclusion(rule_topic::memory, &heard.entry, block_anchor(), heard.entry.key, {});
}

void text_rule::on(const agent_message& heard) {
  conclusion(rule_topic::message, &heard, block_anchor(), heard.from, {});
}

void text_rule::conclusion(rule_topic topic, const observed& what, event_id anchor,
                           std::string subject, const news& word) {
  // A round holds all that was concluded; what this rule hears is its own to pick.
  if (topic == options_.topic && holds(what))
    seen(match_of(what, anchor, std::move(subject)), word);
}

event_id text_rule::block_anchor() const {
  return {.type = event_type::block, .chain = chain(), .block = block().hash, .subject = {}};
}

void text_rule::seen(match found, const news& word) {
  count("matched");
  if (options_.count == 1) {
    act(found, {found}, word);
    return;
  }
  const auto forget_oldest = [this] {
    const auto at = counts_.find(recent_.front().by);
    if (--at->second == 0) counts_.erase(at);
    recent_.pop_front();
  };
  while (!recent_.empty() && now() - recent_.front().time > options_.within) forget_oldest();
  while (recent_.size() >= defaults::rule_matches_max) {
    forget_oldest();
    count("evicted");
  }
  recent_.push_back(std::move(found));
  const auto last = recent_.back();
  if (++counts_[last.by] < options_.count) return;
  std::vector<match> all;
  const auto same = [&](const match& m) { return m.by == last.by; };
  std::copy_if(recent_.begin(), recent_.end(), std::back_inserter(all), same);
  std::erase_if(recent_, same);
  counts_.erase(last.by);
  act(last, all, word);
}

void text_rule::act(const match& last, const std::vector<match>& all, const news& word) {
  const auto& [anchor, subject] = last.what;
  if (!cooldown_.pass(word.about + subject, now(), word.level, word.confidence)) {
    count("in_cooldown");
    return;
  }
  count("acted");
  std::vector<event_id> evidence;
  std::vector<block_ref> blocks;
  for (const auto& m : all) {
    evidence.push_back(m.what.event);
    if (!m.block.hash.is_zero()) blocks.push_back(m.block);
  }
  const auto matches = static_cast<std::uint64_t>(all.size());
  if (!options_.signal.empty()) {
    signal_draft told{.type = options_.signal,
                      .subject = subject,
                      .anchor = anchor,
                      .evidence = evidence,
                      .blocks = blocks,
                      .confidence = options_.confidence,
                      .level = options_.level,
                      .details = {}};
    told.details.set("rule", id()).set("matches", matches);
    if (options_.by) told.details.set("by", last.by);
    emit(std::move(told));
  }
  if (!options_.memory.empty()) {
    memory_draft kept{.type = options_.kind,
                      .key = options_.memory + ":" + subject,
                      .confidence = options_.confidence,
                      .tags = options_.tags,
                      .blocks = blocks,
                      .details = {}};
    kept.details.set("rule", id()).set("matches", matches).set("subject", subject);
    remember(std::move(kept));
  }
  if (!options_.message.empty()) {
    auto said = rule_message(last.what, options_.message, options_.rank);
    said.blocks = std::move(blocks);
    said.details.set("matches", matches);
    if (options_.to.empty())
      broadcast(std::move(said));
    else
      send(options_.to, std::move(said));
  }
}

void text_rule::save(state_writer& out) const {
  cooldown_.save(out);
  out.u64(recent_.size());
  for (const auto& m : recent_) {
    out.id(m.what.event);
    out.text(m.what.subject);
    out.text(m.by);
    out.i64(m.time);
    out.ref(m.block);
  }
}

status text_rule::load(state_reader& in) {
  cooldown_.load(in);
  recent_.clear();
  counts_.clear();
  const auto matches = in.count(64);
  for (std::uint64_t i = 0; i < matches && in.intact(); ++i) {
    match m;
    m.what.event = in.id();
    m.what.subject = in.text();
    m.by = in.text();
    m.time = in.i64();
    m.block = in.ref();
    ++counts_[m.by];
    recent_.push_back(std::move(m));
  }
  return in.finish();
}

namespace {

constexpr agent_kind kind_of_text_rules = make_agent_kind<text_rule>();

}  // namespace

const agent_kind& text_rule_kind() { return kind_of_text_rules; }

}  // namespace eremos
