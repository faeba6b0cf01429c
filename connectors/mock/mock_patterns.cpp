#include "connectors/mock/mock_patterns.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

constexpr std::array<mock_pattern_info, 11> infos{{
    {mock_pattern::wake, "wake", "a wallet that slept for 200 days pays an exchange"},
    {mock_pattern::whale, "whale", "more than 1,000 ether go to an exchange, later to a wallet"},
    {mock_pattern::run, "run", "one wallet sends 8 transactions in 3 blocks"},
    {mock_pattern::launch, "launch",
     "a wallet that an exchange just paid deploys a token, and three others buy it"},
    {mock_pattern::upgrade, "upgrade", "the code behind a known token changes"},
    {mock_pattern::burst, "burst", "a quiet token emits 30 logs in a block, later 40"},
    {mock_pattern::claims, "claims", "five wallets make the same call of one contract"},
    {mock_pattern::trade, "trade", "one wallet swaps to and fro, 15 times in 3 blocks"},
    {mock_pattern::deployment, "deployment", "an old wallet deploys a contract; three use it"},
    {mock_pattern::mints, "mints", "24 wallets mint a new token in 2 blocks"},
    {mock_pattern::habit, "habit",
     "a wallet pays a little in each of 26 blocks, then 1,080 ether at once in 24 payments"},
}};

}  // namespace

std::span<const mock_pattern_info> mock_pattern_infos() noexcept { return infos; }

mock_patterns mock_patterns::all() noexcept {
  mock_patterns out;
  for (const auto& info : infos) out.add(info.pattern);
  return out;
}

result<mock_patterns> mock_patterns::parse(const std::vector<std::string>& names) {
  mock_patterns out;
  for (const auto& name : names) {
    const auto at = std::find_if(infos.begin(), infos.end(),
                                 [&](const mock_pattern_info& info) { return info.name == name; });
    if (at != infos.end()) {
      out.add(at->pattern);
      continue;
    }
    std::vector<std::string> known;
    for (const auto& info : infos) known.emplace_back(info.name);
    const auto guess = nearest(name, known);
    return {errc::bad_option,
            fmt::format("unknown pattern \"{}\"; {}", name,
                        guess.empty() ? fmt::format("there are {}", fmt::join(known, ", "))
                                      : fmt::format("did you mean \"{}\"?", guess))};
  }
  return out;
}

}  // namespace eremos
