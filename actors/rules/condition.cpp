#include "actors/rules/condition.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <map>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

struct operator_text {
  std::string_view text;
  comparison op;
};
/// The longer ones first: they begin like the shorter ones.
constexpr operator_text operators[] = {{"!=", comparison::not_equal}, {"<=", comparison::at_most},
                                       {">=", comparison::at_least},  {"==", comparison::equal},
                                       {"=", comparison::equal},      {"<", comparison::less},
                                       {">", comparison::greater}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// `type = "launch"` and `type = launch` are the same: many write words in quotes.
std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.front() == text.back();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

failure refused(std::string why) { return {errc::bad_option, std::move(why)}; }

result<field_value> parse_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  auto magnitude = parse_amount(trimmed(negative ? text.substr(1) : text));
  if (!magnitude) return magnitude.error();
  return field_value{int256{negative && !magnitude->is_zero(), *magnitude}};
}

result<field_value> parse_ratio(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size())
    return refused(fmt::format("\"{}\" is not a number like 0.8", text.substr(0, 80)));
  return field_value{value};
}

/// What an argument or a detail is compared with says what it is.
field_value guess(std::string_view text) {
  if (auto who = parse_checksummed(text)) return *who;
  if (auto hash = parse_hash32(text)) return *hash;
  if (text == "true" || text == "false") return text == "true";
  if (auto number = parse_signed(text)) return *number;
  if (auto ratio = parse_ratio(text)) return *ratio;
  return std::string{text};
}

template <class Enum>
field_value number_of(Enum x) {
  return int256{false, uint256{static_cast<std::uint64_t>(x)}};
}

result<field_value> parse_value(std::string_view text, value_kind kind) {
  switch (kind) {
    case value_kind::number: {
      auto amount = parse_amount(text);
      if (!amount) return amount.error();
      return field_value{int256{false, *amount}};
    }
    case value_kind::signed_number:
      return parse_signed(text);
    case value_kind::ratio:
      return parse_ratio(text);
    case value_kind::duration: {
      const auto duration = parse_duration(text);
      if (!duration) return duration.error();
      return number_of(*duration);
    }
    case value_kind::rank: {
      const auto rank = parse_priority(text);
      if (!rank) return rank.error();
      return number_of(*rank);
    }
    case value_kind::severity: {
      const auto level = parse_severity(text);
      if (!level) return level.error();
      return number_of(*level);
    }
    case value_kind::flag:
      if (text != "true" && text != "false")
        return refused(fmt::format("\"{}\" is not true or false", text.substr(0, 80)));
      return field_value{text == "true"};
    case value_kind::account: {
      const auto who = parse_checksummed(text);
      if (!who) return who.error();
      return field_value{*who};
    }
    case value_kind::hash: {
      const auto hash = parse_hash32(text);
      if (!hash) return hash.error();
      return field_value{*hash};
    }
    case value_kind::word:
      return field_value{std::string{text}};
    case value_kind::any:
      return guess(text);
  }
  return field_value{};
}

bool is_ordered(const field_value& x) {
  return std::holds_alternative<int256>(x) || std::holds_alternative<double>(x);
}

bool decide(comparison op, std::partial_ordering order) {
  switch (op) {
    case comparison::equal:
      return order == 0;
    case comparison::not_equal:
      return order != 0;
    case comparison::less:
      return order < 0;
    case comparison::at_most:
      return order <= 0;
    case comparison::greater:
      return order > 0;
    case comparison::at_least:
      return order >= 0;
  }
  return false;
}

}  // namespace

result<condition> condition::parse(std::string_view text, rule_topic topic) {
  const auto end_of_name = text.find_first_of(" !=<>");
  const auto name = text.substr(0, end_of_name);
  auto rest = trimmed(text.substr(std::min(end_of_name, text.size())));
  const auto* const op = std::find_if(std::begin(operators), std::end(operators),
                                      [&](const auto& o) { return rest.starts_with(o.text); });
  if (name.empty() || op == std::end(operators))
    return refused(
        fmt::format("\"{}\" is no comparison: want FIELD OPERATOR VALUE, like "
                    "\"value > 1.5 ether\", with one of = != < <= > >=",
                    text.substr(0, 80)));
  rest = trimmed(rest.substr(op->text.size()));
  auto field = observed_field::parse(name, topic);
  if (!field) return field.error();
  // Only words may be empty: "to.label =" asks for whoever has no label.
  if (rest.empty() && field->kind() != value_kind::word)
    return refused(fmt::format("\"{}\" compares {} with nothing", text.substr(0, 80), name));
  auto value = parse_value(unquoted(rest), field->kind());
  if (!value) return refused(fmt::format("{}: {}", name, value.error().message));
  if (!is_ordered(*value) && op->op != comparison::equal && op->op != comparison::not_equal)
    return refused(
        fmt::format("\"{}\": {} can only be compared with = and !=", text.substr(0, 80), name));
  condition out;
  out.field_ = std::move(*field);
  out.op_ = op->op;
  out.value_ = std::move(*value);
  return out;
}

bool condition::holds(const observed& what, chain_id chain, const label_set& labels) const {
  auto found = field_.read(what, chain, labels);
  if (std::holds_alternative<std::monostate>(found)) return false;
  // A detail is text until it is known what it is compared with.
  if (field_.kind() == value_kind::any && found.index() != value_.index()) {
    if (const auto* text = std::get_if<std::string>(&found)) found = guess(*text);
    if (std::holds_alternative<int256>(found) && std::holds_alternative<double>(value_))
      found = guess(to_text(found) + ".0");
    if (std::holds_alternative<double>(found) && std::holds_alternative<int256>(value_)) {
      const auto& whole = std::get<int256>(value_);
      const auto limit = to_double(whole.magnitude) * (whole.negative ? -1 : 1);
      return decide(op_, std::get<double>(found) <=> limit);
    }
    if (found.index() != value_.index()) return op_ == comparison::not_equal;
  }
  return std::visit(
      [&]<class T>(const T& want) {
        const auto& have = std::get<T>(found);
        if constexpr (std::is_same_v<T, std::monostate>)
          return false;
        else
          return decide(op_, have <=> want);
      },
      value_);
}

maybe<std::string> contradiction(const std::vector<condition>& all) {
  struct bounds {
    maybe<int256> least, most;
  };
  std::map<std::string, bounds> numbers;
  std::map<std::string, field_value> fixed;
  constexpr uint256 one{1};
  for (const auto& c : all) {
    const auto& name = c.field().name();
    if (c.op() == comparison::equal) {
      const auto [at, fresh] = fixed.emplace(name, c.value());
      if (!fresh && at->second != c.value())
        return fmt::format("{} cannot be both {} and {}", name, to_text(at->second),
                           to_text(c.value()));
    }
    const auto* limit = std::get_if<int256>(&c.value());
    if (limit == nullptr || c.op() == comparison::not_equal) continue;
    auto& b = numbers[name];
    if (c.field().kind() != value_kind::signed_number && c.field().kind() != value_kind::any &&
        !b.least)
      b.least = int256{};
    const auto raise = [&](const int256& x) {
      if (!b.least || *b.least < x) b.least = x;
    };
    const auto lower = [&](const int256& x) {
      if (!b.most || x < *b.most) b.most = x;
    };
    switch (c.op()) {
      case comparison::greater:
        // Past the largest number of the EVM there is nothing.
        if (!limit->negative && (limit->magnitude + one).is_zero())
          return fmt::format("nothing is greater than {}", to_text(c.value()));
        raise(*limit + int256{false, one});
        break;
      case comparison::at_least:
        raise(*limit);
        break;
      case comparison::less:
        lower(*limit - int256{false, one});
        break;
      case comparison::at_most:
        lower(*limit);
        break;
      default:
        raise(*limit);
        lower(*limit);
    }
    if (b.least && b.most && *b.most < *b.least)
      return fmt::format("no {} is at least {} and at most {}", name, to_string(*b.least),
                         to_string(*b.most));
  }
  return std::nullopt;
}

subscription narrowed(rule_topic topic, const std::vector<condition>& all) {
  subscription out;
  // Who only hears what others conclude is sent the block events, the fewest there are, and passes
  // them over: no types at all would mean all that the class handles.
  out.types = {is_event(topic) ? static_cast<event_type>(topic) : event_type::block};
  for (const auto& c : all) {
    const bool equal = c.op() == comparison::equal;
    const auto* limit = std::get_if<int256>(&c.value());
    if (equal && std::holds_alternative<address>(c.value()) && out.addresses.empty() &&
        c.field().kind() == value_kind::account)
      out.addresses = {std::get<address>(c.value())};
    else if (equal && c.field().name() == "topic0")
      out.topic0 = {std::get<hash32>(c.value())};
    else if (limit != nullptr && c.field().name() == "value" && is_event(topic) &&
             (equal || c.op() == comparison::at_least || c.op() == comparison::greater))
      out.min_value = std::max(out.min_value, limit->magnitude);
    else if (limit != nullptr && is_event(topic) && c.field().kind() == value_kind::rank &&
             (equal || c.op() == comparison::at_least || c.op() == comparison::greater))
      out.min_priority =
          std::max(out.min_priority,
                   static_cast<priority>(std::min<std::uint64_t>(
                       limit->magnitude.low64(), static_cast<std::uint64_t>(priority::critical))));
  }
  return out;
}

}  // namespace eremos
