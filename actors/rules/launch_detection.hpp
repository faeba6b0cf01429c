// The rule "launch detection" (one of the original's three): a contract that was deployed within a
// minute of its deployer being paid by an exchange is remembered as a correlation, and every agent
// is told of it before the first buyers come. Owned by one actor.
#pragma once
#include "runtime/agent.hpp"

namespace eremos {

class launch_detection final : public agent<launch_detection> {
 public:
  static constexpr agent_info info{
      .id = "launch-detection",
      .glyph = "↑",
      .role = "rule",
      .description = "a contract deployed just after its deployer was paid by an exchange"};

  struct options {
    duration_ms funded_within = minute_ms;

    static result<options> parse(const option_map& given);
  };

  launch_detection(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const memory_added& heard);

  /// Nothing is kept between blocks: a revert has nothing to take back here.
  void save(state_writer&) const {}
  status load(state_reader& in);

 private:
  options options_;
};

}  // namespace eremos
