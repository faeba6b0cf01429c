// The addresses Eremos knows without being told (labels.csv, built into the program), and the
// reader of that format. Holds no state: each call makes a new immutable set. Any thread.
#pragma once
#include <string_view>
#include <vector>

#include "messages/labels.hpp"

namespace eremos {

/// One text of a label: kind, name or source.
inline constexpr std::size_t label_text_bytes_max = 256;
/// Why such a text is refused; empty: it is not. People must see what is there.
std::string_view label_text_fault(std::string_view text);

/// A row has seven fields: chain, kind, name, address, decimals, marks, source (the rest of the
/// line). Empty lines and lines that begin with # are skipped. Errors: bad_config, with the
/// line as "<file_name>:<line>: …".
result<std::vector<label>> parse_labels(std::string_view csv, std::string_view file_name);

/// Version 1 of the label set.
label_view builtin_labels();

/// The rows of chain `from`, as if they were of chain `to`. For chains that borrow another's
/// contracts: the mock's, a fork of mainnet for tests.
std::vector<label> borrowed_labels(const label_set& labels, chain_id from, chain_id to);

}  // namespace eremos
