// Recursive Length Prefix, Ethereum's encoding of what it hashes (Yellow Paper, appendix B).
// Writes only: nothing here reads RLP. Pure; any thread.
#pragma once
#include <cstdint>
#include <span>

#include "messages/bytes.hpp"
#include "messages/units.hpp"

namespace eremos::rlp {

/// Bytes as they are, leading zeros too: hashes, addresses, blooms, inputs.
void append_bytes(byte_vector& out, std::span<const std::uint8_t> bytes);
/// Big-endian without leading zeros; 0 is the empty string.
void append_number(byte_vector& out, std::uint64_t number);
void append_number(byte_vector& out, const uint256& number);
/// What follows is so many bytes of a list's items.
void append_list_header(byte_vector& out, std::size_t payload_bytes);

/// A list whose items are what is appended between its construction and close().
class open_list {
 public:
  explicit open_list(byte_vector& out) : out_(out), begin_(out.size()) {}
  void close();

 private:
  byte_vector& out_;
  std::size_t begin_;
};

}  // namespace eremos::rlp
