// The rule "pattern correlation" (one of the original's three): a cluster that stands in two or
// more independent memories is remembered as a correlation. Independent: by different agents, or of
// different blocks; what one agent says of one block is one piece of evidence, however often.
// Owned by one actor.
#pragma once
#include "runtime/agent.hpp"

namespace eremos {

class pattern_correlation final : public agent<pattern_correlation> {
 public:
  static constexpr agent_info info{
      .id = "pattern-correlation",
      .glyph = "≈",
      .role = "rule",
      .description = "a cluster in two or more independent memories: a correlation"};

  struct options {
    std::uint64_t memories_min = 2;

    static result<options> parse(const option_map& given);
  };

  pattern_correlation(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const memory_added& heard);

  /// Nothing is kept between blocks: a revert has nothing to take back here.
  void save(state_writer&) const {}
  status load(state_reader& in);

 private:
  options options_;
};

/// min(0.95, 0.7 + 0.1 n): the original's.
double correlation_confidence(std::uint64_t memories) noexcept;

}  // namespace eremos
