#include "runtime/abi/abi.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

/// A head larger than this is no event: a log of it would cost more gas than any block has.
constexpr std::size_t head_bytes_max = 1024 * 1024;
constexpr std::size_t indexed_max = 3;  // LOG4, less topic0; an anonymous event has one more

constexpr bool is_name_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Digits of uint…, int…, bytes… without leading zeros; none if there are none or too many.
maybe<std::uint16_t> width_of(std::string_view digits) {
  std::uint16_t out = 0;
  if (digits.empty() || digits.front() == '0') return std::nullopt;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

maybe<abi_type> number_type(abi_kind kind, std::string_view digits) {
  if (digits.empty()) return abi_type{kind, 256};  // uint and int are short for 256 bits
  const auto bits = width_of(digits);
  if (!bits || *bits % 8 != 0 || *bits > 256) return std::nullopt;
  return abi_type{kind, *bits};
}

maybe<abi_type> elementary_type(std::string_view name) {
  if (name == "address") return abi_type{abi_kind::account, 160};
  if (name == "bool") return abi_type{abi_kind::boolean, 8};
  if (name == "string") return abi_type{abi_kind::text, 0};
  if (name == "bytes") return abi_type{abi_kind::bytes, 0};
  if (name == "function") return abi_type{abi_kind::function, 24};
  if (name.starts_with("uint")) return number_type(abi_kind::unsigned_number, name.substr(4));
  if (name.starts_with("int")) return number_type(abi_kind::signed_number, name.substr(3));
  if (name.starts_with("bytes")) {
    const auto size = width_of(name.substr(5));
    if (size && *size <= 32) return abi_type{abi_kind::fixed_bytes, *size};
  }
  return std::nullopt;
}

/// Recursive descent; the first fault stops it.
class declaration_parser {
 public:
  explicit declaration_parser(std::string_view text) : text_(text) {}

  result<event_declaration> parse() {
    event_declaration out;
    if (text_.size() > declaration_bytes_max) {
      refuse(fmt::format("longer than {} bytes", declaration_bytes_max));
    } else if (read_event(out)) {
      return out;
    }
    return {errc::malformed_signature,
            fmt::format("column {} of \"{}\": {}", fault_at_ + 1, text_.substr(0, 200), fault_)};
  }

 private:
  bool refuse(std::string why) { return refuse_at(at_, std::move(why)); }
  bool refuse_at(std::size_t at, std::string why) {
    fault_at_ = at;
    fault_ = std::move(why);
    return false;
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return take(c) || refuse(fmt::format("expected '{}'", c)); }
  std::string_view take_name() {
    skip_spaces();
    const auto begin = at_;
    if (at_ < text_.size() && is_name_start(text_[at_]))
      while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  bool take_word(std::string_view wanted) {
    const auto begin = at_;
    if (take_name() == wanted) return true;
    at_ = begin;
    return false;
  }

  bool read_event(event_declaration& out) {
    auto name = take_name();
    if (name == "event") name = take_name();
    // Solidity reserves the word, and written before a bracket it would read as the keyword.
    if (name.empty() || name == "event") return refuse("expected the event's name");
    out.name = name;
    if (!expect('(')) return false;
    if (!take(')')) {
      do {
        if (!read_parameter(out)) return false;
      } while (take(','));
      if (!expect(')')) return false;
    }
    out.anonymous = take_word("anonymous");
    take(';');
    skip_spaces();
    if (at_ != text_.size()) return refuse("unexpected text after the declaration");
    if (out.indexed_count() > indexed_max + (out.anonymous ? 1 : 0))
      return refuse_at(0, "more indexed parameters than a log has topics");
    return true;
  }

  bool read_parameter(event_declaration& out) {
    skip_spaces();
    const auto begin = at_;
    if (out.parameters.size() == parameters_max)
      return refuse(fmt::format("more than {} parameters", parameters_max));
    event_parameter parameter;
    if (!read_type(parameter.type, 0)) return false;
    parameter.indexed = take_word("indexed");
    parameter.name = take_name();
    out.parameters.push_back(std::move(parameter));
    std::size_t head = 0;
    for (const auto& each : out.parameters) head += each.type.head_bytes();
    return head <= head_bytes_max || refuse_at(begin, "too large");
  }

  bool read_type(abi_type& out, std::size_t depth) {
    if (depth > type_depth_max) return refuse("nested too deeply");
    skip_spaces();
    const auto begin = at_;
    const auto name = take_name();
    if (name.empty() || name == "tuple") {
      if (!read_tuple(out, depth)) return false;
    } else if (auto type = elementary_type(name)) {
      out = std::move(*type);
    } else {
      return refuse_at(begin, fmt::format("unknown type \"{}\"", name));
    }
    while (take('['))
      if (!read_array(out, ++depth)) return false;
    return true;
  }

  bool read_tuple(abi_type& out, std::size_t depth) {
    if (at_ >= text_.size() || text_[at_] != '(') return refuse("expected a type");
    ++at_;
    out = abi_type{abi_kind::tuple, 0};
    do {
      if (out.members.size() == parameters_max)
        return refuse(fmt::format("more than {} members", parameters_max));
      if (!read_type(out.members.emplace_back(), depth + 1)) return false;
      take_name();  // a member's name says nothing here
    } while (take(','));
    if (!expect(')')) return false;
    return out.head_bytes() <= head_bytes_max || refuse("too large");
  }

  /// `[` has been read.
  bool read_array(abi_type& out, std::size_t depth) {
    if (depth > type_depth_max) return refuse("nested too deeply");
    skip_spaces();
    const auto begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    abi_type array{abi_kind::array, 0};
    if (at_ > begin) {
      const auto length = width_of(text_.substr(begin, at_ - begin));
      if (!length) return refuse_at(begin, "not a length of an array");
      array.length = std::uint32_t{*length};
    }
    array.members.push_back(std::move(out));
    out = std::move(array);
    if (!expect(']')) return false;
    return out.head_bytes() <= head_bytes_max || refuse_at(begin, "too large");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t fault_at_ = 0;
  std::string fault_;
};

}  // namespace

bool abi_type::is_dynamic() const noexcept {
  switch (kind) {
    case abi_kind::bytes:
    case abi_kind::text:
      return true;
    case abi_kind::array:
      return !length || members.front().is_dynamic();
    case abi_kind::tuple:
      return std::any_of(members.begin(), members.end(),
                         [](const abi_type& member) { return member.is_dynamic(); });
    default:
      return false;
  }
}

std::size_t abi_type::head_bytes() const noexcept {
  if (is_dynamic()) return abi_word_bytes;
  if (kind == abi_kind::array) return members.front().head_bytes() * *length;
  if (kind != abi_kind::tuple) return abi_word_bytes;
  std::size_t total = 0;
  for (const auto& member : members) total += member.head_bytes();
  return total;
}

std::string abi_type::canonical() const {
  switch (kind) {
    case abi_kind::account:
      return "address";
    case abi_kind::boolean:
      return "bool";
    case abi_kind::unsigned_number:
      return fmt::format("uint{}", size);
    case abi_kind::signed_number:
      return fmt::format("int{}", size);
    case abi_kind::fixed_bytes:
      return fmt::format("bytes{}", size);
    case abi_kind::function:
      return "function";
    case abi_kind::bytes:
      return "bytes";
    case abi_kind::text:
      return "string";
    case abi_kind::array:
      return members.front().canonical() + (length ? fmt::format("[{}]", *length) : "[]");
    case abi_kind::tuple:
      break;
  }
  std::string out = "(";
  for (std::size_t i = 0; i < members.size(); ++i)
    out += (i > 0 ? "," : "") + members[i].canonical();
  return out + ")";
}

std::string event_declaration::canonical() const {
  std::string out = name + "(";
  for (std::size_t i = 0; i < parameters.size(); ++i)
    out += (i > 0 ? "," : "") + parameters[i].type.canonical();
  return out + ")";
}

std::string event_declaration::declaration() const {
  std::string out = name + "(";
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& parameter = parameters[i];
    out += (i > 0 ? ", " : "") + parameter.type.canonical();
    if (parameter.indexed) out += " indexed";
    if (!parameter.name.empty()) out += " " + parameter.name;
  }
  return out + (anonymous ? ") anonymous" : ")");
}

hash32 event_declaration::topic0() const { return keccak256(std::string_view{canonical()}); }

std::size_t event_declaration::indexed_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(parameters.begin(), parameters.end(), [](const auto& p) { return p.indexed; }));
}

result<event_declaration> parse_event_declaration(std::string_view text) {
  return declaration_parser{text}.parse();
}

}  // namespace eremos
