// The least an agent is: a class that says who it is and what it observes. This one greets every
// contract that is created. Build it, then:  01_hello_agent run --mock --for 10s
// or, as a plugin:  eremos-node run --mock --for 10s --load ./libhello_plugin.so
#include "messages/keccak.hpp"
#include "runtime/agent.hpp"

class hello_agent final : public eremos::agent<hello_agent> {
 public:
  static constexpr eremos::agent_info info{.id = "hello", .glyph = "H", .role = "example"};

  struct options {
    static eremos::result<options> parse(const eremos::option_map& given) {
      eremos::option_reader read{given};
      if (auto bad = read.finish()) return *bad;
      return options{};
    }
  };

  hello_agent(caf::actor_config& cfg, const eremos::agent_services& services, options)
      : agent(cfg, services) {}

  void on(const eremos::transaction_event& txn) {
    if (!txn.contract_address) return;
    emit({.type = "contract_created",
          .subject = eremos::to_checksum(*txn.contract_address),
          .anchor = event().id,
          .confidence = 1.0,
          .details = eremos::detail_map{}.set("creator", txn.from)});
  }
};
EREMOS_AGENT(hello_agent)
