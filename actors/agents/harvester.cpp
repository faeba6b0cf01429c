#include "actors/agents/harvester.hpp"

#include <algorithm>
#include <set>

#include "actors/agents/alert_answer.hpp"
#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/known_services.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

result<harvester::options> harvester::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& m = out.mint;
  m.mints = read.number("mints_min", m.mints, 2, 1'000'000);
  m.blocks = read.number("mint_blocks", m.blocks, 1, detect::mint_blocks_max);
  m.minters = read.number("minters_min", m.minters, 1, detect::mint_receivers_max);
  m.z_min = read.real("mint_z_min", m.z_min, 1.0, 100.0);
  m.history_min = read.number("mint_history_min", m.history_min, 0, 10'000);
  out.index_min = read.number("index_min", out.index_min, 2, 1'000'000);
  out.quiet = read.duration("index_cooldown", out.quiet);
  if (auto bad = read.finish()) return *bad;
  return out;
}

harvester::harvester(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services),
      options_(std::move(opts)),
      spikes_(options_.mint),
      indexed_(options_.quiet, defaults::rule_subjects_max) {}

void harvester::on(const contract_event& log) {
  auto& block = blocks_.at(event().commit);
  if (!block.transaction) block.transaction = log.transaction_index;
  block.several = block.several || *block.transaction != log.transaction_index;
  const auto* transfer = std::get_if<token_transfer>(&log.action);
  if (transfer == nullptr || !transfer->from.is_zero() || transfer->to.is_zero() ||
      !transfer->moves_something())
    return;
  count("mints");
  if (!detect::service_kind(labels().find(chain(), transfer->token)).empty())
    return count("mints_of_known");
  block.mints.push_back({transfer->token, log.log_index, log.transaction_index, transfer->to});
}

void harvester::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  index(completed.block, block.mints);
  // A late single receipt says nothing of the rest of its block.
  const bool teaches = block.transaction && (!completed.supplement || block.several);
  for (const auto& found : spikes_.block(completed.block, teaches, std::move(block.mints)))
    conclude(found);
}

/// Says what is, not whether it is usual.
void harvester::index(const block_ref& block, std::vector<detect::token_mint> mints) {
  std::sort(mints.begin(), mints.end());
  for (auto at = mints.begin(); at != mints.end();) {
    const auto end =
        std::find_if(at, mints.end(), [&](const auto& m) { return m.token != at->token; });
    const std::vector<detect::token_mint> mine{at, end};
    at = end;
    const auto token = to_hex(mine.front().token);
    if (mine.size() < options_.index_min || !indexed_.pass(token, now())) continue;
    std::set<eremos::address> receivers;
    std::set<std::uint64_t> transactions;
    signal_draft draft{.type = "mint_activity",
                       .subject = token,
                       .anchor = detect::id_of_log(block, mine[options_.index_min - 1].log_index),
                       .evidence = {},
                       .blocks = {},
                       .confidence = 1.0 - static_cast<double>(options_.index_min) /
                                               (2.0 * static_cast<double>(mine.size())),
                       .level = severity::info,
                       .details = {}};
    for (const auto& m : mine) {
      draft.evidence.push_back(detect::id_of_log(block, m.log_index));
      receivers.insert(m.to);
      transactions.insert(m.transaction_index);
    }
    draft.details.set("mints", static_cast<std::uint64_t>(mine.size()))
        .set("minters", static_cast<std::uint64_t>(receivers.size()))
        .set("transactions", static_cast<std::uint64_t>(transactions.size()));
    remember({.type = memory_type::pattern,
              .key = "mints:" + token,
              .confidence = draft.confidence,
              .tags = {"mint"},
              .blocks = {},
              .details = draft.details});
    names_.tell(draft.details, "token", mine.front().token, known());
    emit(std::move(draft));
  }
}

void harvester::conclude(const detect::mint_spike& found) {
  const auto token = to_hex(found.token);
  detail_map details;
  details.set("mints", found.mints)
      .set("minters", found.minters)
      .set("transactions", found.transactions)
      .set("expected_mints", found.expected)
      .set("z", found.z)
      .set("history_blocks", found.history)
      .set("window_blocks", options_.mint.blocks);
  remember({.type = memory_type::pattern,
            .key = "mint:" + token,
            .confidence = found.confidence,
            .tags = {"mint"},
            .blocks = found.blocks,
            .details = details});
  names_.tell(details, "token", found.token, known());
  emit({.type = "mint_spike",
        .subject = token,
        .anchor = found.anchor,
        .evidence = found.evidence,
        .blocks = found.blocks,
        .confidence = found.confidence,
        .level = found.level,
        .details = std::move(details)});
}

void harvester::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

void harvester::save(state_writer& out) const {
  indexed_.save(out);
  spikes_.save(out);
}

status harvester::load(state_reader& in) {
  indexed_.load(in);
  if (!spikes_.load(in)) return {errc::snapshot_invalid, "mint rates make no sense"};
  return in.finish();
}

EREMOS_AGENT(harvester)

}  // namespace eremos
