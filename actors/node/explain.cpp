#include "actors/node/explain.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "actors/node/signal_line.hpp"
#include "runtime/defaults.hpp"
#include "runtime/printable.hpp"
#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

constexpr std::size_t around_max = 20;
constexpr std::size_t value_bytes_max = 400;

/// {key} stands for a detail, {key%} for a share in percent. The first of its type whose `needs` is
/// a detail fits.
struct sentence {
  std::string_view type;
  std::string_view words;
  std::string_view needs = "";
};
constexpr std::array sentences = {
    sentence{
        "sandwich",
        "{executor} traded in pool {pool} by transaction {front}. Then {victims} traded there in "
        "the same direction, the first at a price {victim_excess_price%} worse. Then the "
        "executor traded back by {back}, with {gain_of_in_token} more (smallest units) than it "
        "began with."},
    sentence{
        "arbitrage",
        "{executor} traded through {legs} pools in a circle and ended with {gain_in_tokens} more "
        "of {token_name} ({token}).",
        "token_name"},
    sentence{
        "arbitrage",
        "{executor} traded through {legs} pools in a circle and ended with {gain} more (smallest "
        "units; in whole ones {gain_in_tokens}) of token {token}, which calls itself "
        "{token_calls_itself}.",
        "token_calls_itself"},
    sentence{
        "arbitrage",
        "{executor} traded through {legs} pools in a circle and ended with {gain} more (smallest "
        "units) of token {token}."},
    sentence{
        "flash_loan_manipulation",
        "{executor} borrowed {loan_in_tokens} of {token_name} ({token}) from {lender} within one "
        "transaction, moved the price of pool {pool} by {price_move%}, and brought "
        "{price_returned%} of "
        "that back. It gained {gain_of_loan%} of the loan.",
        "token_name"},
    sentence{
        "flash_loan_manipulation",
        "{executor} borrowed {loan} (smallest units) of token {token} from {lender} within one "
        "transaction, moved the price of pool {pool} by {price_move%}, and brought "
        "{price_returned%} of "
        "that back. It gained {gain_of_loan%} of the loan."},
    sentence{
        "address_poisoning",
        "Transaction {transaction} puts {look_alike} into the history of {victim}: it looks like "
        "{intended}, which that wallet paid before ({equal_leading_digits} digits at the beginning "
        "and {equal_trailing_digits} at the end are equal). It is a {kind} transfer of token "
        "{token}, which calls itself {token_calls_itself} and is not {token_imitates}; {victims} "
        "wallets are meant in all.",
        "token_imitates"},
    sentence{
        "address_poisoning",
        "Transaction {transaction} puts {look_alike} into the history of {victim}: it looks like "
        "{intended}, which that wallet paid before ({equal_leading_digits} digits at the beginning "
        "and {equal_trailing_digits} at the end are equal). It is a {kind} transfer of token "
        "{token}; {victims} wallets are meant in all.",
        "intended"},
    sentence{"address_poisoning",
             "Transaction {transaction} makes transfers of nothing in the names of {victims} "
             "wallets, so "
             "that addresses none of them chose stand in their histories. Whose look-alikes these "
             "are is "
             "not known."},
    sentence{"poisoning_payoff",
             "{victim} paid {look_alike}, which had been put into its history as a look-alike of "
             "{intended}."},
    sentence{
        "wallet_drain",
        "{spender} moved tokens of {owners} wallets, which had allowed it to, to {receivers}, and "
        "they got nothing for it."},
    sentence{
        "approval_phishing",
        "{owners} wallets allowed {spender} to move {tokens} different tokens, and hardly any of "
        "them used it."},
    sentence{
        "admin_change",
        "Power over {name} ({contract}) changed by transaction {transaction}: {change} ({events}). "
        "Announced by a timelock: {announced}.",
        "name"},
    sentence{
        "admin_change",
        "Power over {contract}, which is on the watch list, changed by transaction {transaction}: "
        "{change} ({events}). Announced by a timelock: {announced}."},
    sentence{
        "wash_trading",
        "{trader} turned {turns} times in {trades} trades in pool {pool} and ended with what it "
        "had ({open%} of a trade is open), less {loss%} of what it gave. That was "
        "{share_of_volume%} of what the pool traded meanwhile.",
        "turns"},
    sentence{"wash_trading",
             "Item {item} of {token} came back to {trader} through {sales} sales among {members}, "
             "at about one price. Linked wallets among them: {linked}."},
    sentence{"linked_wallets",
             "{wallets} wallets belong to one hand ({kinds}): {addresses}. The links are {links}."},
    sentence{
        "high_frequency_trading",
        "The contract made {swaps} swaps in this block and was busy in {busy_blocks} of the last "
        "ten; {callers} accounts call it. What tells a machine: {signs}.",
        "signs"},
    sentence{
        "pool_trading_spike",
        "{swaps} swaps of {traders} accounts came in one block, where {usual_swaps} are usual."},
    sentence{
        "contract_behavior_anomaly",
        "The contract was unlike itself: {oddest_feature} was {oddest_value}, where "
        "{oddest_expected} was expected ({oddest_z} deviations). All deviations together are rarer "
        "than {rarity%} of those lately."},
    sentence{
        "displacement",
        "{attacker} copied what {victim_sender} had asked for in {victim}, which still waited: "
        "{contained%} of its telling words are in {attack}, which was mined first. The "
        "victim failed: {victim_failed}."},
    sentence{
        "bridge_transfer",
        "{sender} put {amount} (smallest units) into bridge {bridge} on chain {from_chain} by "
        "transaction {deposit}; {recipient} got {received} on chain {to_chain} by {withdrawal}, "
        "{seconds} seconds after it. Both sides name {key}.",
        "key"},
    sentence{
        "bridge_transfer",
        "{sender} put {amount} (smallest units) into bridge {bridge} on chain {from_chain} by "
        "transaction {deposit}; {recipient} got {received} on chain {to_chain} by {withdrawal}, "
        "{seconds} seconds after it. No id says so: recipient, amount and time fit, and nothing "
        "else fits as well."},
    sentence{
        "cross_chain_cluster",
        "{addresses}: {sender} sent over bridge {bridge} from chain {from_chain} by {deposit}, "
        "which it signed itself, and {recipient} got it on chain {to_chain} by {withdrawal}. One "
        "address on both chains: {one_address}."},
    sentence{"wallet_reactivated",
             "The wallet slept for {silent_days} days, since {last_activity}, and acts again."},
    sentence{
        "mint_spike",
        "{mints} were minted by {minters} wallets in a few blocks, where {expected_mints} were "
        "usual."},
    sentence{
        "launch_detected",
        "{deployer}, paid by {funder_name} a moment before (transaction {funding}), deployed this "
        "contract by {deployment}. Factory {pool_factory} made pool {pool} for it, and "
        "{blocks_after_liquidity} blocks after the first liquidity there were {buyers} buyers. Of "
        "one hand: {one_hand}.",
        "pool"},
    sentence{
        "launch_detected",
        "{deployer}, paid by {funder_name} a moment before, deployed this contract, and {buyers} "
        "buyers came at once."},
    sentence{
        "wallet_behavior_anomaly",
        "The wallet's balance changed by {balance_change_wei} wei in this block. Held against "
        "what it did so far, {transactions_so_far} transactions with about "
        "{counterparties_so_far} others, that is odd by {score} of 1: by {value} for what moved, "
        "{burst} for how much was done at once, and {wake} for how long it slept before."},
};

std::string value_of(const signal& s, std::string_view key) {
  auto json = s.details.find(key);
  if (json.empty()) return "(not known)";
  if (json.size() >= 2 && json.front() == '"') json = json.substr(1, json.size() - 2);
  return printable(json, value_bytes_max);
}

/// As a sentence says it: a list without brackets, a fraction in four digits, yes and no.
std::string spoken(const signal& s, std::string_view key) {
  const bool percent = key.ends_with('%');
  if (percent) key.remove_suffix(1);
  const auto json = s.details.find(key);
  if (json == "true") return "yes";
  if (json == "false") return "no";
  if (const auto items = read_string_list(json); !items.empty())
    return printable(fmt::format("{}", fmt::join(items, ", ")), value_bytes_max);
  double number = 0;
  const auto* end = json.data() + json.size();
  const auto [stop, wrong] = std::from_chars(json.data(), end, number);
  if (wrong == std::errc{} && stop == end) {
    if (percent) return fmt::format("{:.4g} %", 100 * number);
    if (json.find_first_of(".e") != std::string_view::npos) return fmt::format("{:.4g}", number);
  }
  return value_of(s, key);
}

block_number number_of(const signal& s, const event_id& id) {
  const auto at = std::find_if(s.blocks.begin(), s.blocks.end(),
                               [&](const block_ref& b) { return b.hash == id.block; });
  return at == s.blocks.end() ? s.block.number : at->number;
}

/// As the event says; the end of its block where it does not.
std::uint64_t transaction_index(std::string_view json) {
  constexpr std::string_view key = "\"transaction_index\":";
  auto out = ~std::uint64_t{0};
  if (const auto at = json.find(key); at != std::string_view::npos)
    std::from_chars(json.data() + at + key.size(), json.data() + json.size(), out);
  return out;
}

std::string state_of(const ledger_row& row) {
  return fmt::format("{}, {}, {}", row.reverted ? "reverted" : "canonical", to_string(row.at),
                     to_string(row.integrity.state));
}

std::string words_of_type(std::string_view type) {
  for (const auto& known : signal_types())
    if (known.name == type) return std::string{known.sentence};
  return {};
}

/// A token by its label's name, or by its address and what it calls itself.
std::string words_of_token(const signal& s, const std::string& key) {
  if (!s.details.find(key + "_name").empty()) return value_of(s, key + "_name");
  const auto who = value_of(s, key);
  if (s.details.find(key + "_calls_itself").empty()) return who;
  return fmt::format("{} (which calls itself {})", who, value_of(s, key + "_calls_itself"));
}

/// Whose the pools are that a signal speaks of, as far as it is known.
std::string words_of_pools(const signal& s) {
  std::string out;
  if (!s.details.find("pool_dex").empty())
    out += fmt::format(" That pool is of {}", value_of(s, "pool_dex"));
  if (!out.empty() && !s.details.find("pool_token1").empty())
    out += fmt::format(" and trades {} for {}", words_of_token(s, "pool_token0"),
                       words_of_token(s, "pool_token1"));
  if (!out.empty()) out += ".";
  if (!s.details.find("pools_dexes").empty())
    out += fmt::format(" The pools are of {}.", spoken(s, "pools_dexes"));
  return out;
}

}  // namespace

std::string plain_words(const signal& s) {
  const auto at = std::find_if(sentences.begin(), sentences.end(), [&](const sentence& x) {
    return x.type == s.type && (x.needs.empty() || !s.details.find(x.needs).empty());
  });
  if (at == sentences.end()) return {};
  std::string out;
  for (std::size_t i = 0; i < at->words.size(); ++i) {
    if (at->words[i] != '{') {
      out += at->words[i];
      continue;
    }
    const auto end = at->words.find('}', i);
    out += spoken(s, at->words.substr(i + 1, end - i - 1));
    i = end;
  }
  return out + words_of_pools(s);
}

std::string formula_with_numbers(const signal& s) {
  if (s.details.find("formula").empty()) return {};
  const auto formula = value_of(s, "formula");
  std::string with;
  for (const auto& [key, json] : s.details.items)
    if (key != "formula" && formula.find(key) != std::string::npos)
      with += fmt::format("{}{} = {}", with.empty() ? ", with " : ", ", key, value_of(s, key));
  return formula + with;
}

result<explanation> explain(store_reader& store, signal what) {
  explanation out;
  for (const auto& id : what.evidence) {
    auto event = store.evidence(id);
    if (!event) return event.error();
    out.evidence.push_back({id, *event ? **event : std::string{}});
  }
  std::sort(out.evidence.begin(), out.evidence.end(), [&](const auto& a, const auto& b) {
    return std::tuple{number_of(what, a.id), transaction_index(a.json), a.id} <
           std::tuple{number_of(what, b.id), transaction_index(b.json), b.id};
  });
  std::map<chain_id, bool> chains;
  for (const auto& b : what.blocks) chains[b.chain] = true;
  for (const auto& [chain, wanted] : chains) {
    const auto rows = store.ledger(chain, defaults::chain_ledger_max);
    if (!rows) return rows.error();
    for (const auto& row : *rows)
      if (std::find(what.blocks.begin(), what.blocks.end(), row.block) != what.blocks.end())
        out.blocks.push_back(row);
  }
  std::sort(out.blocks.begin(), out.blocks.end(),
            [](const auto& a, const auto& b) { return a.block < b.block; });
  auto memories = store.memories({.subject = what.subject, .limit = around_max});
  if (!memories) return memories.error();
  out.memories = std::move(*memories);
  auto others = store.signals({.subject = what.subject, .limit = around_max});
  if (!others) return others.error();
  for (auto& s : *others)
    if (s.id != what.id) out.others.push_back(std::move(s));
  out.what = std::move(what);
  return out;
}

std::string to_text(const explanation& x, const chain_names& chains) {
  const auto& s = x.what;
  const auto block = [&](const block_ref& b) {
    return fmt::format("{} {}", printable(chains.name_of(b.chain), 64), b.number);
  };
  auto out =
      fmt::format("{} {}: {}\n", to_string(s.id), printable(s.type, 64), words_of_type(s.type));
  if (const auto words = plain_words(s); !words.empty()) out += words + "\n";
  out += fmt::format(
      "by {} {}, confidence {:.2f}, severity {}, {}, {}, revision {}{}\n"
      "subject {}\nblock {} {}\ntime {}\n",
      printable(s.agent, 64), printable(s.glyph, 64), s.confidence, to_string(s.level),
      to_string(s.status), to_string(s.at), s.revision, s.suspect ? ", on a suspect block" : "",
      printable(s.subject, 128), block(s.block), to_hex(s.block.hash), to_rfc3339(s.event_time));
  if (const auto formula = formula_with_numbers(s); !formula.empty())
    out += fmt::format("how sure: {:.2f} by {}\n", s.confidence, formula);
  out += "details:\n";
  for (const auto& [key, json] : s.details.items)
    if (key != "formula")
      out += fmt::format("  {} = {}\n", printable(key, 64), printable(json, value_bytes_max));
  out += fmt::format("evidence: {} of {}, in the order of the chain\n", s.evidence.size(),
                     s.evidence_total);
  for (const auto& e : x.evidence) {
    out += fmt::format("  {}\n", to_string(e.id));
    if (!e.json.empty()) out += fmt::format("    {}\n", printable(e.json));
  }
  out += fmt::format("rests on {} block{}:\n", s.blocks.size(), s.blocks.size() == 1 ? "" : "s");
  for (const auto& b : s.blocks) {
    const auto row = std::find_if(x.blocks.begin(), x.blocks.end(),
                                  [&](const ledger_row& r) { return r.block == b; });
    out += fmt::format("  {} {}: {}\n", block(b), to_hex(b.hash),
                       row == x.blocks.end() ? "not in the ledger" : state_of(*row));
  }
  if (!x.memories.empty()) out += "remembered of it:\n";
  for (const auto& m : x.memories)
    out += fmt::format("  {} {} by {}, {:.2f}, {}\n", to_string(m.type), printable(m.key, 160),
                       printable(m.agent, 64), m.confidence, to_string(m.status));
  if (!x.others.empty()) out += "also said of it:\n";
  for (const auto& o : x.others)
    out +=
        fmt::format("  {} {} by {}, {:.2f}, {}, block {}\n", to_string(o.id), printable(o.type, 64),
                    printable(o.agent, 64), o.confidence, to_string(o.status), block(o.block));
  return out;
}

std::string to_json(const explanation& x) {
  std::string evidence, blocks, memories, others;
  const auto add = [](std::string& list, const std::string& json) {
    list += (list.empty() ? "" : ",") + json;
  };
  for (const auto& e : x.evidence) add(evidence, e.json.empty() ? "null" : e.json);
  for (const auto& row : x.blocks)
    add(blocks,
        fmt::format(
            R"({{"chain_id":{},"block_number":{},"block_hash":"{}","reverted":{},"finality":"{}","integrity":"{}"}})",
            row.block.chain, row.block.number, to_hex(row.block.hash), row.reverted,
            to_string(row.at), to_string(row.integrity.state)));
  for (const auto& m : x.memories) add(memories, to_json(m));
  for (const auto& o : x.others) add(others, to_json(o));
  return fmt::format(
      R"({{"signal":{},"words":{},"formula":{},"evidence":[{}],"blocks":[{}],"memories":[{}],"others":[{}]}})"
      "\n",
      to_json(x.what), json_quoted(plain_words(x.what)), json_quoted(formula_with_numbers(x.what)),
      evidence, blocks, memories, others);
}

}  // namespace eremos
