// Finds the real chain data beside a developer's checkout. Tests that need it skip, saying so,
// where it is absent.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

namespace eremos::test {

/// Path of a file or folder of the shared data, or nothing (after a warning) where it is absent.
inline std::optional<std::filesystem::path> shared_data(const std::string& relative) {
  const auto path = std::filesystem::path{EREMOS_SHARED_DATA} / relative;
  if (std::filesystem::exists(path)) return path;
  WARN("skipped: no " << path.string());
  return std::nullopt;
}

}  // namespace eremos::test
