#include "connectors/ethereum/decoders.hpp"

#include <algorithm>
#include <vector>

#include <caf/all.hpp>

namespace eremos::ethereum {
namespace {

class decoder final : public decoder_actor::base {
 public:
  using decoder_actor::base::base;

  const char* name() const override { return "decoder"; }

  behavior_type make_behavior() override {
    return {[this](const block_text& x) { return reader(*x.plan).block(x.what, x.text); },
            [this](const receipts_text& x) { return reader(*x.plan).receipts(x.whole, x.text); },
            [this](const logs_text& x) { return reader(*x.plan).logs(x.text); }};
  }

 private:
  text_reader reader(const reading_plan& plan) {
    auto at = std::find_if(verifiers_.begin(), verifiers_.end(),
                           [&](const auto& v) { return v.options() == plan.verify; });
    if (at == verifiers_.end()) at = verifiers_.insert(at, block_verifier{plan.verify});
    return {plan, parser_, *at};
  }

  json_parser parser_;
  std::vector<block_verifier> verifiers_;  ///< by their options, of which there are six
};

}  // namespace

decoder_actor spawn_decoder(caf::actor_system& system) { return system.spawn<decoder>(); }

}  // namespace eremos::ethereum
