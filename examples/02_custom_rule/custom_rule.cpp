// A rule in C++: one condition, one action, a priority. This one tells of every approval of more
// tokens than anybody owns ("unlimited"): the spender may take them whenever it likes, and that is
// how wallets are emptied. Then:  02_custom_rule run --mock --for 10s
#include "actors/node/node_main.hpp"
#include "runtime/rule.hpp"

namespace {

using namespace eremos;

class unlimited_approval final : public rule<unlimited_approval> {
 public:
  static constexpr agent_info info{.id = "unlimited-approval",
                                   .glyph = "A",
                                   .role = "rule",
                                   .description = "someone lets another take all its tokens"};
  static constexpr auto rank = priority::high;
  static constexpr duration_ms quiet = minute_ms;  // of one token

  struct options {
    static result<options> parse(const option_map& given) {
      option_reader read{given};
      if (auto bad = read.finish()) return *bad;
      return options{};
    }
  };

  unlimited_approval(caf::actor_config& cfg, const agent_services& services, options)
      : rule(cfg, services) {}

  /// EIP-20: Approval(address indexed owner, address indexed spender, uint256 value).
  bool when(const contract_event& log) const {
    if (log.signature->name != "Approval" || log.topics.size() != 3 || log.data.size() != 32)
      return false;
    // 2^255 and above: no token has that many.
    return (log.data.front() & 0x80) != 0;
  }

  void then(const rule_match& match) {
    emit(signal_of(match, "unlimited_approval"));
    remember({.type = memory_type::anomaly,
              .key = "unlimited-approval:" + match.subject,
              .confidence = 0.7,
              .tags = {"approval"},
              .blocks = {},
              .details = {}});
    broadcast(message_of(match, "approval"));
  }
};
EREMOS_AGENT(unlimited_approval)

}  // namespace

int main(int argc, char** argv) { return node_main(argc, argv); }
