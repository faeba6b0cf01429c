#include "runtime/state_codec.hpp"

#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace eremos {

void state_writer::u64(std::uint64_t x) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(x >> shift));
}

void state_writer::real(double x) { u64(std::bit_cast<std::uint64_t>(x)); }

void state_writer::text(std::string_view x) {
  u64(x.size());
  out_.insert(out_.end(), x.begin(), x.end());
}

void state_writer::raw(std::span<const std::uint8_t> x) {
  out_.insert(out_.end(), x.begin(), x.end());
}

void state_writer::amount(const uint256& x) { raw(to_big_endian(x)); }

void state_writer::id(const event_id& x) {
  u64(static_cast<std::uint64_t>(x.type));
  u64(static_cast<std::uint64_t>(x.state));
  u64(x.chain);
  bytes(x.block);
  bytes(x.subject);
  u64(x.log_index);
}

void state_writer::ref(const block_ref& x) {
  u64(x.chain);
  u64(x.number);
  bytes(x.hash);
}

void state_reader::raw(std::span<std::uint8_t> out) {
  if (!ok_ || in_.size() < out.size()) {
    ok_ = false;
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    return;
  }
  std::copy_n(in_.begin(), out.size(), out.begin());
  in_ = in_.subspan(out.size());
}

std::uint64_t state_reader::u64() {
  std::array<std::uint8_t, 8> bytes{};
  raw(bytes);
  std::uint64_t out = 0;
  for (const auto byte : bytes) out = (out << 8) | byte;
  return out;
}

double state_reader::real() { return std::bit_cast<double>(u64()); }

std::string state_reader::text() {
  const auto size = count(1);
  std::string out(static_cast<std::size_t>(size), '\0');
  raw({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

uint256 state_reader::amount() {
  std::array<std::uint8_t, 32> bytes{};
  raw(bytes);
  return from_big_endian(bytes.data());
}

event_id state_reader::id() {
  event_id out;
  const auto type = u64();
  const auto state = u64();
  if (type >= event_type_count || state > static_cast<std::uint64_t>(mempool_state::dropped))
    ok_ = false;
  out.type = ok_ ? static_cast<event_type>(type) : event_type::block;
  out.state = ok_ ? static_cast<mempool_state>(state) : mempool_state::seen;
  out.chain = u64();
  bytes(out.block);
  bytes(out.subject);
  out.log_index = u64();
  return out;
}

block_ref state_reader::ref() {
  block_ref out;
  out.chain = u64();
  out.number = u64();
  bytes(out.hash);
  return out;
}

std::uint64_t state_reader::count(std::size_t each_bytes) {
  const auto n = u64();
  if (n > in_.size() / (each_bytes == 0 ? 1 : each_bytes)) ok_ = false;
  return ok_ ? n : 0;
}

status state_reader::finish() const {
  if (!ok_) return {errc::snapshot_invalid, "the state is torn or of another shape"};
  if (!in_.empty())
    return {errc::snapshot_invalid, fmt::format("{} bytes are left over", in_.size())};
  return eremos::ok;
}

}  // namespace eremos
