#include "connectors/ethereum/verify/known_fields.hpp"

namespace eremos::verify {
namespace {

template <std::size_t N>
bool append_fixed(byte_vector& out, const json::value& v) {
  std::array<std::uint8_t, N> bytes{};
  std::string_view text;
  if (!json::string_of(v, text) || !read_hex(text, bytes)) return false;
  rlp::append_bytes(out, bytes);
  return true;
}

bool append_any_bytes(byte_vector& out, const json::value& v) {
  std::string_view text;
  if (!json::string_of(v, text) || text.size() < 2 || text.size() % 2 != 0) return false;
  byte_vector bytes(text.size() / 2 - 1);
  if (!read_hex(text, bytes)) return false;
  rlp::append_bytes(out, bytes);
  return true;
}

bool append_any_number(byte_vector& out, const json::value& v) {
  json::fault ignored;
  uint256 number;
  if (!json::read(v, "", number, ignored)) return false;
  rlp::append_number(out, number);
  return true;
}

bool append_flag(byte_vector& out, const json::value& v) {
  json::fault ignored;
  bool flag = false;
  if (!json::read(v, "", flag, ignored)) return false;
  rlp::append_number(out, std::uint64_t{flag});
  return true;
}

bool append_as(byte_vector& out, form as, const json::value& v) {
  switch (as) {
    case form::number:
      return append_any_number(out, v);
    case form::bytes:
      return append_any_bytes(out, v);
    case form::fixed8:
      return append_fixed<8>(out, v);
    case form::fixed20:
      return append_fixed<20>(out, v);
    case form::fixed32:
      return append_fixed<32>(out, v);
    case form::fixed256:
      return append_fixed<256>(out, v);
    case form::flag:
      return append_flag(out, v);
  }
  return false;
}

std::string_view wanted(form as) {
  switch (as) {
    case form::number:
      return "not a quantity";
    case form::bytes:
      return "not hex";
    case form::fixed8:
      return "not 8 bytes of hex";
    case form::fixed20:
      return "not 20 bytes of hex";
    case form::fixed32:
      return "not 32 bytes of hex";
    case form::fixed256:
      return "not 256 bytes of hex";
    case form::flag:
      return "neither true nor false";
  }
  return "of a wrong shape";
}

}  // namespace

bool known_fields::load(const json::value& object, obstacle& stop) {
  const bool good = json::each_field(object, stop.why, [&](std::string_view key, const auto& v) {
    std::size_t field = 0;
    while (field < specs_.size() && specs_[field].name != key) ++field;
    if (json::is_null(v)) return true;
    if (field == specs_.size()) {
      if (unknown_.empty()) unknown_ = key;
      return true;
    }
    if (has(field)) return stop.broken(key, "stands there twice");
    found_[field] = v;
    return true;
  });
  return good || mark_broken(stop);
}

bool known_fields::append(byte_vector& out, std::size_t field, obstacle& stop) const {
  if (!has(field)) return stop.missing(name(field));
  if (append_as(out, specs_[field].as, found_[field])) return true;
  return stop.broken(name(field), wanted(specs_[field].as));
}

bool known_fields::append_or_empty(byte_vector& out, std::size_t field, obstacle& stop) const {
  if (has(field)) return append(out, field, stop);
  rlp::append_bytes(out, {});
  return true;
}

}  // namespace eremos::verify
