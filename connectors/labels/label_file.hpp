// Reads a person's own labels: CSV with the columns of the built-in registry, or JSON. Merges
// nothing and judges no name. Any thread.
//
// JSON: a list of objects, or an object with that list under "labels". Keys: address, kind, name
// (required), chain (0: every chain), decimals, watched, flagged, source.
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "messages/labels.hpp"

namespace eremos {

/// Of all files together: they are kept in memory by every part of a chain, and four times in the
/// store.
inline constexpr std::size_t own_labels_max = 50'000;
/// One file: far above 50,000 rows.
inline constexpr std::uintmax_t label_file_bytes_max = 32u * 1024 * 1024;

/// Errors: file_unreadable, bad_config with "file:line: …" or "file: [index].key: …".
result<std::vector<label>> parse_label_json(std::string_view text, std::string_view file_name);
/// By its name's end: .json, else CSV. The row's source is the file's name where it gives none.
result<std::vector<label>> read_label_file(const std::filesystem::path& path);
/// One after the other; a later row of the same address replaces an earlier one.
result<std::vector<label>> read_label_files(const std::vector<std::filesystem::path>& files);

}  // namespace eremos
