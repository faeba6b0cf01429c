// Event declarations as Solidity writes them, and the decoding of a log's arguments by one
// (Solidity ABI specification, "Events" and "Formal Specification of the Encoding").
// Knows no events by name: see signatures.hpp. Pure; any thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "messages/event.hpp"

namespace eremos {

/// Bytes of a word, the unit of an encoding (Contract ABI Specification).
inline constexpr std::size_t abi_word_bytes = 32;

enum class abi_kind : std::uint8_t {
  account,  ///< address
  boolean,
  unsigned_number,
  signed_number,
  fixed_bytes,  ///< bytes1 … bytes32
  function,     ///< address and selector, 24 bytes
  bytes,
  text,  ///< string
  array,
  tuple
};

/// A type of the ABI.
struct abi_type {
  abi_kind kind = abi_kind::unsigned_number;
  std::uint16_t size = 256;       ///< bits of a number, bytes of fixed_bytes
  maybe<std::uint32_t> length;    ///< of an array of fixed length
  std::vector<abi_type> members;  ///< of a tuple; the one element type of an array

  bool is_dynamic() const noexcept;
  /// Bytes in the head of an encoding: 32 for dynamic types (their offset).
  std::size_t head_bytes() const noexcept;
  std::string canonical() const;
};

struct event_parameter {
  abi_type type;
  std::string name;  ///< may be empty
  bool indexed = false;
};

struct event_declaration {
  std::string name;
  std::vector<event_parameter> parameters;
  bool anonymous = false;

  std::string canonical() const;    ///< "Transfer(address,address,uint256)"
  std::string declaration() const;  ///< "Transfer(address indexed from, …)", written evenly
  hash32 topic0() const;
  std::size_t indexed_count() const noexcept;
};

/// Limits on what people write: far above any real event.
inline constexpr std::size_t declaration_bytes_max = 4'096;
inline constexpr std::size_t parameters_max = 64;
inline constexpr std::size_t type_depth_max = 8;

/// "Transfer(address indexed from, address indexed to, uint256 value)", with or without `event`,
/// names, `anonymous` and a semicolon. Errors: malformed_signature, with the column.
result<event_declaration> parse_event_declaration(std::string_view text);

/// An argument's value. Hash of the value where a dynamic type is indexed, raw encoding where the
/// type is an array or a tuple: both as byte_vector.
using abi_value = std::variant<address, bool, uint256, int256, byte_vector, std::string>;
/// Decimal numbers, 0x-hex bytes and addresses, text as it is.
std::string to_string(const abi_value& x);

struct abi_argument {
  std::string name;  ///< as declared; "arg0", "arg1", … where it has none
  std::string type;  ///< canonical
  abi_value value;
};

/// Errors: malformed_shape, where topics or data do not fit the declaration (naming the parameter).
result<std::vector<abi_argument>> decode_arguments(const event_declaration& declaration,
                                                   const topic_list& topics,
                                                   std::span<const std::uint8_t> data);

}  // namespace eremos
