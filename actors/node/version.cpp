#include "actors/node/version.hpp"

#include <fmt/format.h>
#include <caf/config.hpp>

namespace eremos {

std::vector<std::pair<std::string, std::string>> library_versions() {
  return {{"compiler", fmt::format("g++ {}", __VERSION__)},
          {"CAF", fmt::format("{}.{}.{}", CAF_VERSION / 10000, CAF_VERSION / 100 % 100,
                              CAF_VERSION % 100)},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                              FMT_VERSION % 100)}};
}

}  // namespace eremos
