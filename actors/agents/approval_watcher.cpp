#include "actors/agents/approval_watcher.hpp"

#include <algorithm>

#include "actors/detect/detail_list.hpp"
#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/known_services.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

result<approval_watcher::options> approval_watcher::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  auto& l = out.limits;
  l.window = read.duration("window", l.window);
  l.victims = read.number("victims_min", l.victims, 1, detect::spender_kept_max);
  l.receivers_max = read.number("receivers_max", l.receivers_max, 1, 1'000);
  l.owners = read.number("owners_min", l.owners, 2, detect::spender_kept_max);
  l.tokens = read.number("tokens_min", l.tokens, 1, detect::spender_kept_max);
  l.callers = read.number("callers_max", l.callers, 1, detect::callers_kept_max);
  l.settled = read.duration("settled", l.settled);
  if (auto bad = read.finish()) return *bad;
  return out;
}

approval_watcher::approval_watcher(caf::actor_config& cfg, const agent_services& services,
                                   options opts)
    : agent(cfg, services), options_(std::move(opts)), abuses_(options_.limits) {}

void approval_watcher::on(const transaction_event& t) {
  if (t.succeeded && !*t.succeeded) return;
  blocks_.at(event().commit)
      .transactions.add(t.transaction_index, {t.from, t.to, !t.value.is_zero()});
}

void approval_watcher::on(const token_approval& given, const contract_event& log) {
  const detect::allowance found{{log.transaction_index, log.log_index},
                                given.token,
                                given.owner,
                                given.spender,
                                given.grants};
  if (found.grants && is_flagged(found.spender))
    blocks_.at(event().commit).flagged.push_back(found);
  if (!detect::service_kind(labels().find(chain(), found.spender)).empty())
    return count("of_services");
  blocks_.at(event().commit).given.push_back(found);
}

void approval_watcher::on(const token_transfer& transfer, const contract_event& log) {
  if (!transfer.moves_something()) return;
  blocks_.at(event().commit)
      .moves.push_back(
          {{log.transaction_index, log.log_index}, transfer.token, transfer.from, transfer.to});
}

bool approval_watcher::is_flagged(const eremos::address& who) const {
  const auto* known = labels().find(chain(), who);
  return known != nullptr && known->flagged;
}

void approval_watcher::on(const block_complete& completed) {
  auto& block = blocks_.take(completed.commit);
  std::sort(block.moves.begin(), block.moves.end(),
            [](const moved& a, const moved& b) { return a.place < b.place; });
  const auto gets_a_token = [&](std::uint64_t transaction, const eremos::address& who) {
    auto at = std::lower_bound(
        block.moves.begin(), block.moves.end(), transaction,
        [](const moved& m, std::uint64_t index) { return m.place.transaction_index < index; });
    for (; at != block.moves.end() && at->place.transaction_index == transaction; ++at)
      if (at->to == who) return true;
    return false;
  };
  std::vector<detect::own_use> uses;
  for (const auto& [index, t] : block.transactions.rows())
    if (t.to) uses.push_back({index, t.from, *t.to, {}});
  std::vector<detect::token_taken> taken;
  for (const auto& m : block.moves) {
    const auto index = m.place.transaction_index;
    const auto* known = m.from.is_zero() ? nullptr : block.transactions.find(index);
    if (known == nullptr) continue;
    const auto& t = *known;
    if (t.from == m.from) {
      if (t.to) uses.push_back({index, m.from, *t.to, m.token});
      continue;
    }
    if (m.from == m.to) continue;
    taken.push_back({.place = m.place,
                     .token = m.token,
                     .owner = m.from,
                     .receiver = m.to,
                     .sender = t.from,
                     .called = t.to,
                     .gives = t.pays || gets_a_token(index, m.from),
                     .flagged = is_flagged(m.to) || is_flagged(t.from)});
  }
  for (const auto& f : block.flagged) conclude_flagged(completed.block, f);
  for (const auto& found : abuses_.block(completed.block, completed.time, std::move(block.given),
                                         std::move(taken), std::move(uses)))
    conclude(found);
  if (const auto all = abuses_.evicted(); all > evicted_told_) {
    count("evicted", all - evicted_told_);
    evicted_told_ = all;
  }
}

void approval_watcher::conclude(const detect::allowance_abuse& found) {
  signal_draft draft{.type = found.drain ? "wallet_drain" : "approval_phishing",
                     .subject = to_hex(found.spender),
                     .anchor = found.anchor,
                     .evidence = found.evidence,
                     .blocks = found.blocks,
                     .confidence = found.confidence,
                     .level = found.level,
                     .details = {}};
  draft.details.set("spender", found.spender)
      .set("owners", found.owners)
      .set("tokens", found.tokens)
      .set("flagged", found.flagged)
      .set("formula", found.drain ? "0.85; 0.95 from ten owners on or if flagged"
                                  : "0.6; 0.8 if something was taken already");
  if (!found.receivers.empty()) detect::set_hex_list(draft.details, "receivers", found.receivers);
  remember({.type = memory_type::pattern,
            .key = draft.type + ":" + draft.subject,
            .confidence = found.confidence,
            .tags = {draft.type},
            .blocks = found.blocks,
            .details = draft.details});
  emit(std::move(draft));
}

/// Who is known to be bad needs no second owner.
void approval_watcher::conclude_flagged(const block_ref& block, const detect::allowance& given) {
  const auto log = detect::id_of_log(block, given.place.log_index);
  signal_draft draft{.type = "approval_phishing",
                     .subject = to_hex(given.spender),
                     .anchor = log,
                     .evidence = {log},
                     .blocks = {},
                     .confidence = 0.95,
                     .level = severity::high,
                     .details = {}};
  draft.details.set("spender", given.spender)
      .set("owner", given.owner)
      .set("token", given.token)
      .set("flagged", true)
      .set("formula", "0.95: the spender is flagged");
  names_.tell(draft.details, "token", given.token, known());
  emit(std::move(draft));
}

void approval_watcher::save(state_writer& out) const { abuses_.save(out); }

status approval_watcher::load(state_reader& in) {
  if (!abuses_.load(in)) return {errc::snapshot_invalid, "allowances make no sense"};
  return in.finish();
}

EREMOS_AGENT(approval_watcher)

}  // namespace eremos
