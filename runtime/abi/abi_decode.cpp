#include <algorithm>

#include <fmt/format.h>

#include "runtime/abi/abi.hpp"

namespace eremos {
namespace {

using bytes = std::span<const std::uint8_t>;

/// Parts of one value that are looked at. Offsets may point anywhere, also to each other, so that a
/// small log could otherwise cost without end.
constexpr std::size_t parts_max = 16'384;

bool all_of(bytes part, std::uint8_t value) {
  return std::all_of(part.begin(), part.end(), [&](std::uint8_t b) { return b == value; });
}

result<abi_value> bad(std::string_view what) { return {errc::malformed_shape, std::string{what}}; }

/// A type that fills one word. The ABI wants the unused part of a word clean.
result<abi_value> decode_word(const abi_type& type, bytes at) {
  switch (type.kind) {
    case abi_kind::account: {
      address out;
      if (!all_of(at.first(abi_word_bytes - out.data.size()), 0)) return bad("over 20 bytes");
      std::copy(at.begin() + 12, at.end(), out.data.begin());
      return abi_value{out};
    }
    case abi_kind::boolean:
      if (!all_of(at.first(abi_word_bytes - 1), 0) || at[abi_word_bytes - 1] > 1) return bad("neither 0 nor 1");
      return abi_value{at[abi_word_bytes - 1] == 1};
    case abi_kind::unsigned_number:
      if (!all_of(at.first(abi_word_bytes - type.size / 8), 0))
        return bad(fmt::format("over {} bits", type.size));
      return abi_value{from_big_endian(at.data())};
    case abi_kind::signed_number: {
      const std::size_t unused = abi_word_bytes - type.size / 8;
      const bool negative = (at[unused] & 0x80) != 0;
      if (!all_of(at.first(unused), negative ? 0xff : 0))
        return bad(fmt::format("over {} bits", type.size));
      const auto number = from_big_endian(at.data());
      return abi_value{int256{negative, negative ? uint256{} - number : number}};
    }
    default:
      if (!all_of(at.subspan(type.size), 0)) return bad(fmt::format("over {} bytes", type.size));
      return abi_value{byte_vector{at.begin(), at.begin() + type.size}};
  }
}

/// A number in a word that must be an offset or a count of something within `limit`.
maybe<std::size_t> small_number(bytes data, std::size_t at, std::size_t limit) {
  if (at > data.size() || data.size() - at < abi_word_bytes) return std::nullopt;
  const auto number = from_big_endian(data.data() + at);
  if (!number.fits_uint64() || number.low64() > limit) return std::nullopt;
  return static_cast<std::size_t>(number.low64());
}

/// Where the encoding of a value that begins at `at` ends; none: outside of the data.
class extent_finder {
 public:
  explicit extent_finder(bytes data) : data_(data) {}

  maybe<std::size_t> end_of(const abi_type& type, std::size_t at) {
    if (at > data_.size() || ++parts_ > parts_max) return std::nullopt;
    if (!type.is_dynamic()) return within(at, type.head_bytes());
    if (type.kind == abi_kind::bytes || type.kind == abi_kind::text) {
      const auto size = small_number(data_, at, data_.size());
      const auto end = size ? within(at + abi_word_bytes, *size) : std::nullopt;
      // Filled up to a word, except where the data ends (some contracts save it).
      return end ? std::min(at + abi_word_bytes + (*size + abi_word_bytes - 1) / abi_word_bytes * abi_word_bytes, data_.size()) : end;
    }
    if (type.kind == abi_kind::tuple)
      return end_of_parts(at, type.members.size(),
                          [&](std::size_t i) -> const abi_type& { return type.members[i]; });
    const auto& element = type.members.front();
    auto count = type.length ? maybe<std::size_t>{*type.length}
                             : small_number(data_, at, data_.size() / element.head_bytes());
    if (!count) return std::nullopt;
    const auto first = type.length ? at : at + abi_word_bytes;
    if (!element.is_dynamic()) return within(first, *count * element.head_bytes());
    return end_of_parts(first, *count, [&](std::size_t) -> const abi_type& { return element; });
  }

 private:
  maybe<std::size_t> within(std::size_t at, std::size_t size) const {
    if (at > data_.size() || data_.size() - at < size) return std::nullopt;
    return at + size;
  }

  template <class TypeOf>
  maybe<std::size_t> end_of_parts(std::size_t base, std::size_t count, TypeOf&& type_of) {
    std::size_t head = base;
    std::size_t end = base;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& type = type_of(i);
      maybe<std::size_t> from = head;
      if (type.is_dynamic()) {
        const auto offset = small_number(data_, head, data_.size());
        if (!offset) return std::nullopt;
        from = base + *offset;
      }
      const auto part_end = end_of(type, *from);
      if (!part_end) return std::nullopt;
      head += type.head_bytes();
      end = std::max({end, *part_end, head});
    }
    return end;
  }

  bytes data_;
  std::size_t parts_ = 0;
};

result<abi_value> decode_dynamic(const abi_type& type, bytes data, std::size_t head) {
  const auto offset = small_number(data, head, data.size());
  if (!offset) return bad("its offset is outside of the data");
  const auto end = extent_finder{data}.end_of(type, *offset);
  if (!end) return bad("reaches outside of the data");
  if (type.kind != abi_kind::bytes && type.kind != abi_kind::text) {
    const auto part = data.subspan(*offset, *end - *offset);
    return abi_value{byte_vector{part.begin(), part.end()}};
  }
  const auto part = data.subspan(*offset + abi_word_bytes, *small_number(data, *offset, data.size()));
  if (type.kind == abi_kind::text) return abi_value{std::string{part.begin(), part.end()}};
  return abi_value{byte_vector{part.begin(), part.end()}};
}

bool fills_one_word(const abi_type& type) {
  return type.kind != abi_kind::array && type.kind != abi_kind::tuple && !type.is_dynamic();
}

result<abi_value> decode_in_data(const abi_type& type, bytes data, std::size_t head) {
  const auto size = type.head_bytes();
  if (head > data.size() || data.size() - head < size) return bad("the data ends before it");
  if (type.is_dynamic()) return decode_dynamic(type, data, head);
  const auto part = data.subspan(head, size);
  if (fills_one_word(type)) return decode_word(type, part);
  return abi_value{byte_vector{part.begin(), part.end()}};
}

result<abi_value> decode_topic(const abi_type& type, const hash32& topic) {
  if (fills_one_word(type)) return decode_word(type, topic.bytes());
  return abi_value{byte_vector{topic.data.begin(), topic.data.end()}};  // a hash of the value
}

}  // namespace

std::string to_string(const abi_value& x) {
  struct printer {
    std::string operator()(const address& v) const { return to_hex(v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(const uint256& v) const { return eremos::to_string(v); }
    std::string operator()(const int256& v) const { return eremos::to_string(v); }
    std::string operator()(const byte_vector& v) const { return to_hex(v); }
    std::string operator()(const std::string& v) const { return v; }
  };
  return std::visit(printer{}, x);
}

result<std::vector<abi_argument>> decode_arguments(const event_declaration& declaration,
                                                   const topic_list& topics, bytes data) {
  const std::size_t first = declaration.anonymous ? 0 : 1;
  if (topics.size() != first + declaration.indexed_count())
    return {errc::malformed_shape,
            fmt::format("{}: {} topics where the declaration has {}", declaration.name,
                        topics.size(), first + declaration.indexed_count())};
  std::vector<abi_argument> out;
  std::size_t topic = first;
  std::size_t head = 0;
  for (std::size_t i = 0; i < declaration.parameters.size(); ++i) {
    const auto& parameter = declaration.parameters[i];
    auto name = parameter.name.empty() ? fmt::format("arg{}", i) : parameter.name;
    auto value = parameter.indexed ? decode_topic(parameter.type, topics[topic++])
                                   : decode_in_data(parameter.type, data, head);
    if (!parameter.indexed) head += parameter.type.head_bytes();
    if (!value)
      return {errc::malformed_shape,
              fmt::format("{}.{}: {}", declaration.name, name, value.error().message)};
    out.push_back({std::move(name), parameter.type.canonical(), std::move(*value)});
  }
  return out;
}

}  // namespace eremos
