// Reads the captures that tests decode. For tests only.
#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime/journal/line_reader.hpp"
#include "tests/support/shared_data.hpp"

namespace eremos::test {

/// A whole file, gzip or not.
inline std::string read_all(const std::filesystem::path& path) {
  auto source = file_source::open(path);
  REQUIRE(source);
  std::string out;
  char chunk[65536];
  while (const auto count = source->read(chunk)) out.append(chunk, count);
  REQUIRE(source->ended() == source_end::clean);
  return out;
}

inline std::vector<std::string> read_lines(const std::filesystem::path& path) {
  auto reader = line_reader::open(path);
  REQUIRE(reader);
  std::vector<std::string> out;
  while (const auto line = reader->next()) out.emplace_back(line->text);
  REQUIRE(reader->ended() == source_end::clean);
  return out;
}

inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder})
    if (entry.is_regular_file()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace eremos::test
