#include "actors/agents/contract_watcher.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actors/detect/kept_blocks.hpp"
#include "messages/keccak.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

/// Calls, and logs, that are named as evidence of a contract's behavior in one block.
constexpr std::size_t behavior_evidence_max = 16;
constexpr double wei_of_gwei = 1e9;

std::uint64_t behavior_seed(std::string_view text) {
  const auto hash = keccak256(text);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < sizeof out; ++i) out = out << 8 | hash.data[i];
  return out;
}

constexpr auto by_contract = [](const auto& a, const auto& b) {
  return std::tie(a.contract, a.index) < std::tie(b.contract, b.index);
};

/// How many different ones there are.
template <class T>
double distinct(std::vector<T> all) {
  std::sort(all.begin(), all.end());
  return static_cast<double>(std::unique(all.begin(), all.end()) - all.begin());
}

}  // namespace

result<contract_watcher::options> contract_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& b = out.behavior;
  b.score_min = read.real("behavior_score_min", b.score_min, 0.0, 1.0);
  b.rate = read.real("behavior_rate", b.rate, 0.0, 1.0);
  out.behavior_salt = read.text("behavior_salt", out.behavior_salt);
  if (auto bad = read.finish()) return *bad;
  return out;
}

contract_watcher::contract_watcher(caf::actor_config& cfg, const agent_services& services,
                                   options opts)
    : agent(cfg, services), options_(std::move(opts)), behaviors_([&] {
        auto limits = options_.behavior;
        limits.seed =
            behavior_seed(fmt::format("{} {} {}", id(), services.chain, options_.behavior_salt));
        return limits;
      }()) {}

void contract_watcher::on(const transaction_event& t) {
  if (!t.to || t.input.empty()) return;
  blocks_.at(event().commit)
      .calls.push_back({*t.to, t.transaction_index, t.hash, t.from,
                        to_double(t.value) / wei_of_gwei,
                        t.gas_used ? static_cast<double>(*t.gas_used) : 0.0,
                        static_cast<double>(t.input.size()), t.succeeded && !*t.succeeded});
}

void contract_watcher::on(const contract_event& log) {
  blocks_.at(event().commit).logs.push_back({log.emitter, log.log_index, log.transaction_index});
}

void contract_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  // Logs alone, or a late piece of a block, say nothing of what is usual.
  if (completed.supplement || block.calls.empty()) return;
  std::sort(block.calls.begin(), block.calls.end(), by_contract);
  std::sort(block.logs.begin(), block.logs.end(), by_contract);
  for (const auto& found : behaviors_.block(completed.time, behaviors_of(block)))
    conclude(found, evidence_of(completed.block, block, found.contract));
  if (const auto now = behaviors_.evicted(); now > evicted_told_) {
    count("evicted", now - evicted_told_);
    evicted_told_ = now;
  }
}

/// Of contracts that do enough to be judged.
std::vector<detect::contract_behavior> contract_watcher::behaviors_of(const gathered& all) const {
  std::vector<detect::contract_behavior> out;
  auto call = all.calls.begin();
  auto log = all.logs.begin();
  while (call != all.calls.end() || log != all.logs.end()) {
    const auto& who =
        call == all.calls.end() || (log != all.logs.end() && log->contract < call->contract)
            ? log->contract
            : call->contract;
    const auto calls_end =
        std::find_if(call, all.calls.end(), [&](const called& c) { return c.contract != who; });
    const auto logs_end =
        std::find_if(log, all.logs.end(), [&](const logged& l) { return l.contract != who; });
    if (static_cast<std::uint64_t>((calls_end - call) + (logs_end - log)) >=
        options_.behavior.activity_min)
      out.push_back(behavior_of({call, calls_end}, {log, logs_end}));
    call = calls_end;
    log = logs_end;
  }
  return out;
}

/// What one contract did in the block: all its calls and logs, together at least one.
detect::contract_behavior contract_watcher::behavior_of(std::span<const called> calls,
                                                        std::span<const logged> logs) const {
  detect::contract_behavior out{
      .contract = calls.empty() ? logs.front().contract : calls.front().contract,
      .activity = calls.size() + logs.size()};
  std::vector<eremos::address> callers;
  callers.reserve(calls.size());
  double failed = 0;
  double value = 0;
  double gas = 0;
  double bytes = 0;
  for (const auto& c : calls) {
    callers.push_back(c.from);
    failed += c.failed ? 1 : 0;
    value += c.value_gwei;
    gas += c.gas;
    bytes += c.input_bytes;
  }
  std::vector<std::uint64_t> transactions;
  transactions.reserve(logs.size());
  for (const auto& l : logs) transactions.push_back(l.transaction_index);
  const auto called_times = static_cast<double>(calls.size());
  const auto logged_times = static_cast<double>(logs.size());
  const double each = std::max(1.0, called_times);
  out.values = {called_times,  distinct(std::move(callers)),
                failed / each, value / each,
                gas / each,    bytes / each,
                logged_times,  logged_times / std::max(1.0, distinct(std::move(transactions)))};
  return out;
}

/// The first of its calls and of its logs.
std::vector<event_id> contract_watcher::evidence_of(const block_ref& block, const gathered& all,
                                                    const eremos::address& contract) const {
  const auto before = [](const auto& x, const eremos::address& who) { return x.contract < who; };
  std::vector<event_id> out;
  const auto add = [&](const auto& rows, auto id_of) {
    auto at = std::lower_bound(rows.begin(), rows.end(), contract, before);
    for (std::size_t n = 0;
         n < behavior_evidence_max && at != rows.end() && at->contract == contract; ++n, ++at)
      out.push_back(id_of(*at));
  };
  add(all.calls, [&](const called& c) { return detect::id_of_transaction(block, c.hash); });
  add(all.logs, [&](const logged& l) { return detect::id_of_log(block, l.index); });
  return out;
}

void contract_watcher::conclude(const detect::odd_behavior& found, std::vector<event_id> evidence) {
  signal_draft draft{.type = "contract_behavior_anomaly",
                     .subject = to_hex(found.contract),
                     .anchor = evidence.front(),
                     .evidence = std::move(evidence),
                     .blocks = {},
                     .confidence = found.score,
                     .level = found.level,
                     .details = {}};
  auto& d = draft.details;
  d.set("oddest", found.oddest)
      .set("rarity", found.rarity)
      .set("history_blocks", std::uint64_t{found.history})
      .set("formula", "(oddest + rarity) / 2");
  std::size_t oddest = 0;
  for (std::size_t f = 0; f < detect::behavior_features; ++f) {
    const std::string name{detect::behavior_names[f]};
    const auto& part = found.parts[f];
    d.set(name, part.value)
        .set(name + "_expected", part.expected)
        .set(name + "_z", part.z)
        .set(name + "_share", part.share)
        .set(name + "_forest", part.forest);
    if (std::abs(part.z) > std::abs(found.parts[oddest].z)) oddest = f;
  }
  d.set("oddest_feature", detect::behavior_names[oddest])
      .set("oddest_value", found.parts[oddest].value)
      .set("oddest_expected", found.parts[oddest].expected)
      .set("oddest_z", found.parts[oddest].z);
  if (const auto* known = labels().find(chain(), found.contract)) d.set("name", known->name);
  remember({.type = memory_type::anomaly,
            .key = draft.type + ":" + draft.subject,
            .confidence = draft.confidence,
            .tags = {draft.type},
            .blocks = draft.blocks,
            .details = draft.details});
  emit(std::move(draft));
}

void contract_watcher::save(state_writer& out) const { behaviors_.save(out); }

status contract_watcher::load(state_reader& in) {
  if (!behaviors_.load(in)) return {errc::snapshot_invalid, "behaviors make no sense"};
  return in.finish();
}

EREMOS_AGENT(contract_watcher)

}  // namespace eremos
