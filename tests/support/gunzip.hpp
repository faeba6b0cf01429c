// Reads a file whole, unpacked if it is gzip. For tests only; recordings have runtime/journal.
#pragma once
#include <array>
#include <filesystem>
#include <string>

#include <zlib.h>
#include <catch2/catch.hpp>

namespace eremos::test {

inline std::string read_file(const std::filesystem::path& path) {
  const auto file = gzopen(path.c_str(), "rb");  // reads what is not packed as it is
  REQUIRE(file != nullptr);
  std::string out;
  std::array<char, 65'536> piece{};
  int count = 0;
  while ((count = gzread(file, piece.data(), piece.size())) > 0)
    out.append(piece.data(), static_cast<std::size_t>(count));
  CHECK(count == 0);
  gzclose(file);
  return out;
}

}  // namespace eremos::test
