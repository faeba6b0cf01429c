#include "actors/rules/observed_field.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "runtime/abi/abi.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

constexpr std::array<std::string_view, 3> conclusion_names = {"signal", "memory", "message"};

std::vector<std::string> topic_names() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < event_type_count + conclusion_names.size(); ++i)
    out.emplace_back(to_string(static_cast<rule_topic>(i)));
  return out;
}

template <class T>
const T& as(const observed& what) {
  if constexpr (std::is_same_v<T, signal> || std::is_same_v<T, memory_entry> ||
                std::is_same_v<T, agent_message>)
    return *std::get<const T*>(what);
  else
    return std::get<T>(std::get<const blockchain_event*>(what)->data.base());
}
const blockchain_event& envelope(const observed& what) {
  return *std::get<const blockchain_event*>(what);
}

field_value number(const uint256& x) { return int256{false, x}; }
field_value number(std::int64_t x) {
  return int256{x < 0, uint256{x < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(x)
                                     : static_cast<std::uint64_t>(x)}};
}
template <class T>
field_value known(const maybe<T>& x) {
  return x ? number(*x) : field_value{};
}
field_value known_account(const maybe<address>& x) { return x ? field_value{*x} : field_value{}; }

// Members of an envelope, for every type of event.
constexpr field_row priority_row{"priority", value_kind::rank, [](const observed& x) {
                                   return number(uint256{std::uint64_t(envelope(x).rank)});
                                 }};
constexpr field_row score_row{"score", value_kind::signed_number, [](const observed& x) {
                                return number(std::int64_t{envelope(x).score});
                              }};
constexpr field_row block_number_row{"block_number", value_kind::number, [](const observed& x) {
                                       return number(uint256{envelope(x).number});
                                     }};

constexpr field_row block_rows[] = {
    priority_row,
    score_row,
    block_number_row,
    {"transaction_count", value_kind::number,
     [](const observed& x) { return number(uint256{as<block_event>(x).transaction_count}); }},
    {"gas_used", value_kind::number,
     [](const observed& x) { return number(uint256{as<block_event>(x).gas_used}); }},
    {"gas_limit", value_kind::number,
     [](const observed& x) { return number(uint256{as<block_event>(x).gas_limit}); }},
    {"miner", value_kind::account,
     [](const observed& x) -> field_value { return as<block_event>(x).beneficiary; }},
    {"base_fee_per_gas", value_kind::number,
     [](const observed& x) { return known(as<block_event>(x).base_fee_per_gas); }},
};

/// What a sender signed. Of a mempool event of which the provider gave the hash alone: nothing.
template <class E>
const transaction_body* body(const observed& what) {
  const auto& x = as<E>(what);
  if constexpr (std::is_same_v<E, mempool_event>)
    return x.full ? &x : nullptr;
  else
    return &x;
}
template <class E, class Read>
field_value of_body(const observed& what, Read read) {
  const auto* x = body<E>(what);
  return x != nullptr ? field_value{read(*x)} : field_value{};
}

template <class E>
constexpr field_row body_rows[] = {
    {"hash", value_kind::hash, [](const observed& x) -> field_value { return as<E>(x).hash; }},
    {"from", value_kind::account,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) -> field_value { return b.from; });
     }},
    {"to", value_kind::account,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return known_account(b.to); });
     }},
    {"creates", value_kind::flag,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) -> field_value { return !b.to.has_value(); });
     }},
    {"value", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return number(b.value); });
     }},
    {"type", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return number(uint256{b.type}); });
     }},
    {"nonce", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return number(uint256{b.nonce}); });
     }},
    {"gas_limit", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return number(uint256{b.gas_limit}); });
     }},
    {"gas_price", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return number(b.gas_price); });
     }},
    {"max_fee_per_gas", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return known(b.max_fee_per_gas); });
     }},
    {"max_priority_fee_per_gas", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return known(b.max_priority_fee_per_gas); });
     }},
    {"input_size", value_kind::number,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) { return number(uint256{b.input.size()}); });
     }},
    // The first four bytes of a call's input: which function (Solidity ABI specification).
    {"selector", value_kind::word,
     [](const observed& x) {
       return of_body<E>(x, [](const auto& b) -> field_value {
         if (!b.to || b.input.size() < 4) return {};
         return to_hex(std::span{b.input}.first(4));
       });
     }},
};

constexpr field_row transaction_only_rows[] = {
    priority_row,
    score_row,
    block_number_row,
    {"transaction_index", value_kind::number,
     [](const observed& x) { return number(uint256{as<transaction_event>(x).transaction_index}); }},
    {"status", value_kind::number,
     [](const observed& x) -> field_value {
       const auto& succeeded = as<transaction_event>(x).succeeded;
       return succeeded ? number(uint256{*succeeded ? 1u : 0u}) : field_value{};
     }},
    {"gas_used", value_kind::number,
     [](const observed& x) -> field_value {
       const auto& gas = as<transaction_event>(x).gas_used;
       return gas ? number(uint256{*gas}) : field_value{};
     }},
    {"effective_gas_price", value_kind::number,
     [](const observed& x) { return known(as<transaction_event>(x).effective_gas_price); }},
    {"contract_address", value_kind::account,
     [](const observed& x) { return known_account(as<transaction_event>(x).contract_address); }},
};

constexpr field_row mempool_only_rows[] = {
    priority_row,
    score_row,
    {"state", value_kind::word,
     [](const observed& x) -> field_value {
       return std::string{to_string(as<mempool_event>(x).state)};
     }},
    {"full", value_kind::flag,
     [](const observed& x) -> field_value { return as<mempool_event>(x).full; }},
    {"provider", value_kind::word,
     [](const observed& x) -> field_value { return as<mempool_event>(x).provider; }},
    {"waited", value_kind::duration,
     [](const observed& x) {
       const auto& step = as<mempool_event>(x);
       return step.pending() ? field_value{} : number(step.waited_ms);
     }},
    {"included_in", value_kind::number,
     [](const observed& x) {
       const auto& step = as<mempool_event>(x);
       return step.included_in_hash.is_zero() ? field_value{} : number(uint256{step.included_in});
     }},
    {"replaced_by", value_kind::hash,
     [](const observed& x) -> field_value {
       const auto& by = as<mempool_event>(x).replaced_by;
       return by.is_zero() ? field_value{} : field_value{by};
     }},
    {"reason", value_kind::word,
     [](const observed& x) -> field_value {
       const auto reason = as<mempool_event>(x).reason;
       return reason == drop_reason::none ? field_value{}
                                          : field_value{std::string{to_string(reason)}};
     }},
};

template <std::size_t I>
field_value topic_at(const observed& what) {
  const auto& topics = as<contract_event>(what).topics;
  return I < topics.size() ? field_value{topics[I]} : field_value{};
}

constexpr field_row log_rows[] = {
    priority_row,
    score_row,
    block_number_row,
    {"address", value_kind::account,
     [](const observed& x) -> field_value { return as<contract_event>(x).emitter; }},
    {"event_name", value_kind::word,
     [](const observed& x) -> field_value { return as<contract_event>(x).signature->name; }},
    {"signature", value_kind::word,
     [](const observed& x) -> field_value { return as<contract_event>(x).signature->signature; }},
    {"topic0", value_kind::hash, &topic_at<0>},
    {"topic1", value_kind::hash, &topic_at<1>},
    {"topic2", value_kind::hash, &topic_at<2>},
    {"topic3", value_kind::hash, &topic_at<3>},
    {"topic_count", value_kind::number,
     [](const observed& x) { return number(uint256{as<contract_event>(x).topics.size()}); }},
    {"data_size", value_kind::number,
     [](const observed& x) { return number(uint256{as<contract_event>(x).data.size()}); }},
    {"transaction_hash", value_kind::hash,
     [](const observed& x) -> field_value { return as<contract_event>(x).transaction_hash; }},
    {"log_index", value_kind::number,
     [](const observed& x) { return number(uint256{as<contract_event>(x).log_index}); }},
};

constexpr field_row wallet_rows[] = {
    priority_row,
    score_row,
    block_number_row,
    {"address", value_kind::account,
     [](const observed& x) -> field_value { return as<wallet_activity_event>(x).account; }},
    {"balance_change", value_kind::signed_number,
     [](const observed& x) -> field_value { return as<wallet_activity_event>(x).balance_change; }},
    {"transaction_count", value_kind::number,
     [](const observed& x) {
       return number(uint256{as<wallet_activity_event>(x).transaction_count});
     }},
    {"is_new", value_kind::flag,
     [](const observed& x) -> field_value {
       return as<wallet_activity_event>(x).last_activity == 0;
     }},
    {"idle", value_kind::duration,
     [](const observed& x) -> field_value {
       const auto last = as<wallet_activity_event>(x).last_activity;
       return last == 0 ? field_value{} : number(envelope(x).event_time - last);
     }},
    {"counterparties", value_kind::number,
     [](const observed& x) {
       return number(uint256{as<wallet_activity_event>(x).counterparties});
     }},
    {"cluster_id", value_kind::hash,
     [](const observed& x) -> field_value {
       const auto& cluster = as<wallet_activity_event>(x).cluster;
       return cluster.is_zero() ? field_value{} : field_value{cluster};
     }},
    {"funder", value_kind::account,
     [](const observed& x) -> field_value {
       const auto& funder = as<wallet_activity_event>(x).funder;
       return funder.is_zero() ? field_value{} : field_value{funder};
     }},
    {"funding_source", value_kind::word,
     [](const observed& x) -> field_value {
       return std::string{to_string(as<wallet_activity_event>(x).funded_by)};
     }},
    {"anomaly_score", value_kind::ratio,
     [](const observed& x) -> field_value { return as<wallet_activity_event>(x).anomaly.score; }},
    {"anomaly_value", value_kind::ratio,
     [](const observed& x) -> field_value { return as<wallet_activity_event>(x).anomaly.value; }},
    {"anomaly_burst", value_kind::ratio,
     [](const observed& x) -> field_value { return as<wallet_activity_event>(x).anomaly.burst; }},
    {"anomaly_wake", value_kind::ratio,
     [](const observed& x) -> field_value { return as<wallet_activity_event>(x).anomaly.wake; }},
};

constexpr field_row signal_rows[] = {
    {"agent", value_kind::word,
     [](const observed& x) -> field_value { return as<signal>(x).agent; }},
    {"type", value_kind::word, [](const observed& x) -> field_value { return as<signal>(x).type; }},
    {"subject", value_kind::word,
     [](const observed& x) -> field_value { return as<signal>(x).subject; }},
    {"confidence", value_kind::ratio,
     [](const observed& x) -> field_value { return as<signal>(x).confidence; }},
    {"severity", value_kind::severity,
     [](const observed& x) { return number(uint256{std::uint64_t(as<signal>(x).level)}); }},
    {"evidence_total", value_kind::number,
     [](const observed& x) { return number(uint256{as<signal>(x).evidence_total}); }},
};

constexpr field_row memory_rows[] = {
    {"agent", value_kind::word,
     [](const observed& x) -> field_value { return as<memory_entry>(x).agent; }},
    {"type", value_kind::word,
     [](const observed& x) -> field_value {
       return std::string{to_string(as<memory_entry>(x).type)};
     }},
    {"key", value_kind::word,
     [](const observed& x) -> field_value { return as<memory_entry>(x).key; }},
    {"confidence", value_kind::ratio,
     [](const observed& x) -> field_value { return as<memory_entry>(x).confidence; }},
    {"tags", value_kind::word,
     [](const observed& x) -> field_value {
       return fmt::format("{}", fmt::join(as<memory_entry>(x).tags, ","));
     }},
};

constexpr field_row message_rows[] = {
    {"from", value_kind::word,
     [](const observed& x) -> field_value { return as<agent_message>(x).from; }},
    {"topic", value_kind::word,
     [](const observed& x) -> field_value { return as<agent_message>(x).topic; }},
    {"schema", value_kind::word,
     [](const observed& x) -> field_value { return as<agent_message>(x).schema; }},
    {"priority", value_kind::rank,
     [](const observed& x) { return number(uint256{std::uint64_t(as<agent_message>(x).rank)}); }},
};

const field_row* find(std::span<const field_row> rows, std::string_view name) {
  const auto at =
      std::find_if(rows.begin(), rows.end(), [&](const field_row& r) { return r.name == name; });
  return at == rows.end() ? nullptr : &*at;
}

/// A topic's own rows, and those it shares with another.
std::array<std::span<const field_row>, 2> rows_of(rule_topic topic) {
  switch (topic) {
    case rule_topic::block:
      return {block_rows};
    case rule_topic::transaction:
      return {transaction_only_rows, body_rows<transaction_event>};
    case rule_topic::contract_event:
      return {log_rows};
    case rule_topic::mempool:
      return {mempool_only_rows, body_rows<mempool_event>};
    case rule_topic::wallet_activity:
      return {wallet_rows};
    case rule_topic::signal:
      return {signal_rows};
    case rule_topic::memory:
      return {memory_rows};
    case rule_topic::message:
      return {message_rows};
  }
  return {};
}

field_value argument(const contract_event& log, const std::string& name) {
  if (log.signature->declaration.empty()) return {};
  const auto declared = parse_event_declaration(log.signature->declaration);
  if (!declared) return {};
  const auto arguments = decode_arguments(*declared, log.topics, log.data);
  if (!arguments) return {};
  for (const auto& a : *arguments) {
    if (a.name != name) continue;
    if (const auto* x = std::get_if<uint256>(&a.value)) return number(*x);
    if (const auto* x = std::get_if<int256>(&a.value)) return *x;
    if (const auto* x = std::get_if<address>(&a.value)) return *x;
    if (const auto* x = std::get_if<bool>(&a.value)) return *x;
    if (const auto* x = std::get_if<std::string>(&a.value)) return *x;
    return to_string(a.value);
  }
  return {};
}

const detail_map* details_of(const observed& what) {
  if (const auto* const* x = std::get_if<const signal*>(&what)) return &(*x)->details;
  if (const auto* const* x = std::get_if<const memory_entry*>(&what)) return &(*x)->details;
  if (const auto* const* x = std::get_if<const agent_message*>(&what)) return &(*x)->details;
  return nullptr;
}

}  // namespace

std::string_view to_string(rule_topic x) noexcept {
  if (is_event(x)) return to_string(static_cast<event_type>(x));
  return conclusion_names[static_cast<std::size_t>(x) - event_type_count];
}

result<rule_topic> parse_rule_topic(std::string_view text) {
  const auto names = topic_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<rule_topic>(i);
  const auto guess = nearest(text, names);
  return {errc::bad_option,
          fmt::format("unknown type \"{}\"; {}", text.substr(0, 80),
                      guess.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                                    : fmt::format("did you mean \"{}\"?", guess))};
}

std::string to_text(const field_value& x) {
  return std::visit(
      []<class T>(const T& value) -> std::string {
        if constexpr (std::is_same_v<T, std::monostate>)
          return {};
        else if constexpr (std::is_same_v<T, int256>)
          return to_string(value);
        else if constexpr (std::is_same_v<T, double>)
          return json_number(value);
        else if constexpr (std::is_same_v<T, bool>)
          return value ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::string>)
          return value;
        else
          return to_hex(value);
      },
      x);
}

result<observed_field> observed_field::parse(std::string_view name, rule_topic topic) {
  observed_field out;
  out.name_ = name;
  const auto prefixed = [&](std::string_view prefix, part which) {
    if (!name.starts_with(prefix) || name.size() == prefix.size()) return false;
    out.part_ = which;
    out.key_ = name.substr(prefix.size());
    return true;
  };
  if (topic == rule_topic::contract_event && prefixed("args.", part::argument)) return out;
  if (!is_event(topic) && prefixed("details.", part::detail)) return out;

  constexpr std::pair<std::string_view, part> suffixes[] = {{".label", part::label},
                                                            {".name", part::label_name},
                                                            {".watched", part::watched},
                                                            {".flagged", part::flagged}};
  auto bare = name;
  for (const auto& [suffix, which] : suffixes) {
    if (!name.ends_with(suffix)) continue;
    bare.remove_suffix(suffix.size());
    out.part_ = which;
  }
  std::vector<std::string> names;
  for (const auto& rows : rows_of(topic)) {
    if (const auto* row = find(rows, bare)) out.row_ = row;
    for (const auto& row : rows) names.emplace_back(row.name);
  }
  if (out.row_ == nullptr) {
    const auto guess = nearest(bare, names);
    std::sort(names.begin(), names.end());
    return {errc::bad_option,
            fmt::format("a {} has no \"{}\"; {}", to_string(topic), bare.substr(0, 80),
                        guess.empty() ? fmt::format("known: {}", fmt::join(names, ", "))
                                      : fmt::format("did you mean \"{}\"?", guess))};
  }
  if (out.part_ != part::itself && out.row_->kind != value_kind::account)
    return {errc::bad_option,
            fmt::format("\"{}\": only addresses have labels, and {} is none", name, bare)};
  return out;
}

value_kind observed_field::kind() const noexcept {
  switch (part_) {
    case part::itself:
      return row_->kind;
    case part::label:
    case part::label_name:
      return value_kind::word;
    case part::watched:
    case part::flagged:
      return value_kind::flag;
    case part::argument:
    case part::detail:
      return value_kind::any;
  }
  return value_kind::any;
}

field_value observed_field::read(const observed& what, chain_id chain,
                                 const label_set& labels) const {
  if (part_ == part::argument) return argument(as<contract_event>(what), key_);
  if (part_ == part::detail) {
    const auto json = details_of(what)->find(key_);
    if (json.empty()) return {};
    if (json.size() >= 2 && json.front() == '"')
      return std::string{json.substr(1, json.size() - 2)};
    return std::string{json};
  }
  auto value = row_->read(what);
  if (part_ == part::itself) return value;
  const auto* who = std::get_if<address>(&value);
  if (who == nullptr) return {};
  // Whoever is not known has no label, is not watched and not flagged: that can be asked for, too.
  const auto* label = labels.find(chain, *who);
  if (part_ == part::label) return label != nullptr ? label->kind : std::string{};
  if (part_ == part::label_name) return label != nullptr ? label->name : std::string{};
  if (part_ == part::watched) return label != nullptr && label->watched;
  return label != nullptr && label->flagged;
}

}  // namespace eremos
