#include "messages/signal.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

constexpr std::array<std::string_view, 5> severity_names = {"info", "low", "medium", "high",
                                                            "critical"};
constexpr std::array<std::string_view, 4> status_names = {"provisional", "active", "retracted",
                                                          "expired"};

/// Length of the well-formed UTF-8 sequence at `at`, or 0 (Unicode 15 table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const auto first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const auto second = byte(at + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return follows(at + 1) && follows(at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const auto second = byte(at + 1);
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return follows(at + 1) && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

void append_part(byte_vector& out, std::string_view part) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(part.size()) >> shift));
  out.insert(out.end(), part.begin(), part.end());
}

template <class Range, class Append>
void append_list(std::string& out, const Range& range, Append append) {
  out += '[';
  bool first = true;
  for (const auto& x : range) {
    if (!first) out += ',';
    first = false;
    append(x);
  }
  out += ']';
}

}  // namespace

std::string_view to_string(severity x) noexcept {
  return severity_names[static_cast<std::size_t>(x)];
}
std::string_view to_string(signal_status x) noexcept {
  return status_names[static_cast<std::size_t>(x)];
}

result<severity> parse_severity(std::string_view text) {
  const auto at = std::find(severity_names.begin(), severity_names.end(), text);
  if (at != severity_names.end()) return static_cast<severity>(at - severity_names.begin());
  return {errc::bad_option, fmt::format("unknown severity \"{}\"", text)};
}

result<signal_status> parse_signal_status(std::string_view text) {
  const auto at = std::find(status_names.begin(), status_names.end(), text);
  if (at != status_names.end()) return static_cast<signal_status>(at - status_names.begin());
  return {errc::bad_option, fmt::format("unknown signal status \"{}\"", text)};
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  const auto plain = [](std::uint8_t c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; };
  for (std::size_t i = 0; i < text.size();) {
    auto end = i;
    while (end < text.size() && plain(static_cast<std::uint8_t>(text[end]))) ++end;
    out += text.substr(i, end - i);
    if (i = end; i == text.size()) break;
    const auto length = utf8_length(text, i);
    if (length == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD
      ++i;
      continue;
    }
    const char c = text[i];
    if (length == 1 && (c == '"' || c == '\\')) {
      out += '\\';
      out += c;
    } else if (length == 1 && static_cast<std::uint8_t>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(i, length);
    }
    i += length;
  }
  out += '"';
  return out;
}

std::string json_number(double number) {
  return std::isfinite(number) ? fmt::format("{}", number) : "null";
}

detail_map& detail_map::put(std::string_view key, std::string json) {
  const auto at =
      std::lower_bound(items.begin(), items.end(), key,
                       [](const auto& item, std::string_view k) { return item.first < k; });
  if (at != items.end() && at->first == key)
    at->second = std::move(json);
  else
    items.emplace(at, std::string{key}, std::move(json));
  return *this;
}

detail_map& detail_map::set(std::string_view key, std::string_view text) {
  return put(key, json_quoted(text));
}
detail_map& detail_map::set(std::string_view key, std::uint64_t number) {
  return put(key, std::to_string(number));
}
detail_map& detail_map::set(std::string_view key, double number) {
  return put(key, json_number(number));
}
detail_map& detail_map::set(std::string_view key, bool flag) {
  return put(key, flag ? "true" : "false");
}
detail_map& detail_map::set(std::string_view key, const wei& amount) {
  return put(key, json_quoted(to_string(amount)));
}
detail_map& detail_map::set(std::string_view key, const address& who) {
  return put(key, json_quoted(to_checksum(who)));
}
detail_map& detail_map::set(std::string_view key, const hash32& hash) {
  return put(key, json_quoted(to_hex(hash)));
}

std::string_view detail_map::find(std::string_view key) const noexcept {
  for (const auto& [name, json] : items)
    if (name == key) return json;
  return {};
}

std::string detail_map::to_json() const {
  std::string out = "{";
  for (const auto& [key, json] : items) {
    if (out.size() > 1) out += ',';
    out += json_quoted(key);
    out += ':';
    out += json;
  }
  out += '}';
  return out;
}

std::string to_string(const signal_id& id) { return to_hex(id).substr(2); }

result<signal_id> parse_signal_id(std::string_view text) {
  signal_id id;
  if (read_hex("0x" + std::string{text}, id.data)) return id;
  return {errc::malformed_hex,
          fmt::format("\"{}\" is not a signal id: want 32 hex digits", text.substr(0, 80))};
}

bool operator==(const signal& a, const signal& b) {
  const auto compared = [](const signal& s) {
    return std::tie(s.id, s.revision, s.type, s.agent, s.glyph, s.block, s.subject, s.confidence,
                    s.level, s.at, s.status, s.evidence, s.evidence_total, s.blocks, s.details,
                    s.event_time, s.config_hash, s.suspect);
  };
  return compared(a) == compared(b);
}

signal_id make_signal_id(std::string_view agent, std::string_view type, chain_id chain,
                         std::string_view subject, const event_id& anchor) {
  byte_vector encoded;
  append_part(encoded, "eremos.signal.1");
  append_part(encoded, agent);
  append_part(encoded, type);
  append_part(encoded, std::to_string(chain));
  append_part(encoded, subject);
  append_part(encoded, to_string(anchor));
  const auto hash = keccak256(std::span<const std::uint8_t>{encoded});
  signal_id id;
  std::copy_n(hash.data.begin(), id.data.size(), id.data.begin());
  return id;
}

std::string to_json(const signal& s) {
  std::string out;
  const auto put = [&](std::string_view before, const auto& x) {
    out += before;
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), x);
  };
  const auto hex = [&](std::string_view before, const hash32& x, std::string_view after) {
    out += before;
    append_hex(out, x.data);
    out += after;
  };
  put(R"({"id":")", to_string(s.id));
  put(R"(","revision":)", s.revision);
  put(R"(,"type":)", json_quoted(s.type));
  put(R"(,"agent":)", json_quoted(s.agent));
  put(R"(,"glyph":)", json_quoted(s.glyph));
  put(R"(,"chain_id":)", s.block.chain);
  put(R"(,"block_number":)", s.block.number);
  hex(R"(,"block_hash":")", s.block.hash, R"(","subject":)");
  put("", json_quoted(s.subject));
  put(R"(,"confidence":)", json_number(s.confidence));
  put(R"(,"severity":")", to_string(s.level));
  put(R"(","finality":")", to_string(s.at));
  put(R"(","status":")", to_string(s.status));
  out += R"(","evidence":)";
  append_list(out, s.evidence, [&](const event_id& id) {
    out += '"';
    append_id(out, id);  // holds nothing to escape
    out += '"';
  });
  put(R"(,"evidence_total":)", s.evidence_total);
  out += R"(,"blocks":)";
  append_list(out, s.blocks, [&](const block_ref& b) {
    put(R"({"chain_id":)", b.chain);
    put(R"(,"block_number":)", b.number);
    hex(R"(,"block_hash":")", b.hash, R"("})");
  });
  put(R"(,"details":)", s.details.to_json());
  put(R"(,"event_time":)", s.event_time);
  put(R"(,"emitted_at":)", s.emitted_at);
  put(R"(,"config_hash":)", json_quoted(s.config_hash));
  out += s.suspect ? R"(,"integrity":"suspect"})" : "}";
  return out;
}

bool signal_order(const signal& a, const signal& b) noexcept {
  return std::tie(a.agent, a.type, a.id) < std::tie(b.agent, b.type, b.id);
}

const std::vector<signal_type_info>& signal_types() {
  static const std::vector<signal_type_info> all = {
      {"high_value_transaction",
       "a transaction moves far more of the native coin than is usual on its chain"},
      {"rapid_transaction_sequence", "one sender has many transactions in few blocks"},
      {"contract_activity_spike", "a contract emits far more events in a block than it used to"},
      {"wallet_behavior_anomaly", "a wallet does what its history does not lead to expect"},
      {"wallet_reactivated", "a wallet that slept for over 180 days moves again"},
      {"wallet_clustering", "more than three wallets do the same with one contract in few blocks"},
      {"mint_activity", "many of a token are minted in one block, usual for it or not"},
      {"mint_spike", "a token is minted far more often, and to more wallets, than it used to be"},
      {"high_frequency_trading", "one wallet trades many times within seconds"},
      {"contract_deployment_activity", "a new contract is used by others within seconds"},
      {"launch_detected",
       "a wallet paid by an exchange a moment ago deploys a contract, and a bundle of buyers comes "
       "at once"},
      {"coordinated_response",
       "every agent was asked about a critical event, and this is what they know together"},
      {"sandwich", "somebody trades before and after others in one pool, so that they pay for it"},
      {"arbitrage", "one transaction trades in a circle and ends with more than it began with"},
      {"flash_loan_manipulation",
       "one transaction borrows, moves a pool's price, is paid at that price and moves it back"},
      {"admin_change", "somebody took or used power over a known contract"},
      {"approval_phishing",
       "many wallets allow one unknown spender to move their tokens, and none of them uses it"},
      {"wallet_drain",
       "a spender moves what wallets allowed it to somebody else, and they get nothing for it"},
      {"address_poisoning",
       "a transfer puts an address that looks like a known one into a wallet's history"},
      {"poisoning_payoff", "a wallet pays a look-alike that was put into its history"},
      {"wash_trading",
       "somebody trades with himself, in a pool or with an item, so that it looks wanted"},
      {"linked_wallets", "wallets belong to one hand, as far as their payments show"},
      {"pool_trading_spike",
       "a pool trades far more often, and for more accounts, than it used to"},
      {"contract_behavior_anomaly",
       "a contract behaves unlike itself, in one way or in several together"},
      {"displacement", "somebody copies a pending call, pays more, and is mined before it"},
      {"bridge_transfer", "money left one chain and came out on another"},
      {"cross_chain_cluster",
       "wallets on two chains belong to one hand, as far as a transfer between them shows"},
      {"flood",
       "an agent concluded more in one block than its limit allows; the excess was counted, not "
       "kept"},
  };
  return all;
}

}  // namespace eremos
