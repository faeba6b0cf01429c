// Two agents that share the work: a scout sees every large payment and asks an archivist, who looks
// into the memory that all agents share and answers. What they conclude together leaves as one
// signal. They hear each other while the block is settled, so the answer is the same on every run.
// Then:  03_agents_talking run --mock --for 10s
#include <algorithm>

#include "actors/node/node_main.hpp"
#include "runtime/agent.hpp"

namespace {

using namespace eremos;

struct no_options {
  static result<no_options> parse(const option_map& given) {
    option_reader read{given};
    if (auto bad = read.finish()) return *bad;
    return no_options{};
  }
};

class scout final : public agent<scout> {
 public:
  static constexpr agent_info info{.id = "scout", .glyph = "S", .role = "example"};
  using options = no_options;

  scout(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}

  /// Only these are sent here: STREAM looks before it sends.
  static subscription wants(const options&) {
    subscription out;
    out.min_value = ether(100);
    return out;
  }

  // Events of a block come in no particular order, so they are gathered …
  void on(const transaction_event& txn) {
    payers_.at(event().commit).push_back({txn.from, event().id});
  }

  // … and decided upon once the block is whole.
  void on(const block_complete& whole) {
    asked_.clear();
    auto& payers = payers_.take(whole.commit);
    std::sort(payers.begin(), payers.end());
    for (const auto& [who, id] : payers) {
      if (!asked_.emplace(to_hex(who), id).second) continue;
      message_draft question{
          .topic = "request", .schema = "example.payer.1", .blocks = {}, .details = {}};
      question.details.set("payer", to_hex(who));
      send("archivist", std::move(question));
    }
  }

  void on(const agent_message& answer) {
    if (answer.from != "archivist") return;
    const auto payer = answer.details.find("payer");  // as JSON: in quotes
    const auto at = asked_.find(std::string{payer.substr(1, payer.size() - 2)});
    if (at == asked_.end()) return;
    signal_draft found{.type = "payer_known",
                       .subject = at->first,
                       .anchor = at->second,
                       .confidence = 0.8,
                       .details = {}};
    found.details.set("memories", answer.details.find("memories"));
    emit(std::move(found));
  }

 private:
  per_block<std::vector<std::pair<eremos::address, event_id>>> payers_;
  std::map<std::string, event_id> asked_;  ///< of this block
};
EREMOS_AGENT(scout)

class archivist final : public agent<archivist> {
 public:
  static constexpr agent_info info{.id = "archivist", .glyph = "R", .role = "example"};
  using options = no_options;

  archivist(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}

  void on(const agent_message& question) {
    if (question.topic != "request") return;
    const auto payer = question.details.find("payer");
    std::uint64_t known = 0;
    for (const auto& memory : recall({}))
      if (memory->key.find(payer.substr(1, payer.size() - 2)) != std::string::npos) ++known;
    message_draft answer{
        .topic = "response", .schema = "example.payer.1", .blocks = {}, .details = {}};
    answer.details.set("memories", known);
    answer.details.set("payer", payer.substr(1, payer.size() - 2));
    send(question.from, std::move(answer));
  }
};
EREMOS_AGENT(archivist)

}  // namespace

int main(int argc, char** argv) { return node_main(argc, argv); }
