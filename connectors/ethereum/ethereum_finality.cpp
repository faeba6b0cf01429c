// Which blocks the provider calls safe and finalized (execution-apis, tags of
// eth_getBlockByNumber). Providers and chains that do not know a tag are not asked for it again.
#include <fmt/format.h>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/ethereum_connector.hpp"

namespace eremos::ethereum {
namespace {

/// Refusals in a row after which a tag counts as unknown: one may be the provider's bad moment.
constexpr std::size_t tag_refusals_max = 3;

}  // namespace

bool ethereum_connector::knows_tag(std::string_view tag) const {
  const auto at = tag_refusals_.find(tag);
  return at == tag_refusals_.end() || at->second < tag_refusals_max;
}

void ethereum_connector::look_at_finality() {
  // `finalized` first: between two questions blocks only become more final.
  ask_final("finalized", [this](maybe<block_ref> finalized) {
    ask_final("safe", [this, finalized](maybe<block_ref> safe) {
      if (chain_ && (safe || finalized))
        send(chain_, finality_seen{config_.chain, safe, finalized});
      if (knows_tag("safe") || knows_tag("finalized"))
        delayed_send(this, options_.finality_poll, finality_due{attempt_});
    });
  });
}

void ethereum_connector::ask_final(std::string_view tag,
                                   std::function<void(maybe<block_ref>)> then) {
  if (!knows_tag(tag)) return then({});
  call("eth_getBlockByNumber", fmt::format(R"(["{}",false])", tag),
       [this, tag, then = std::move(then), attempt = attempt_](const result<json_text>& answer) {
         if (attempt != attempt_) return;  // a new connection asks for itself
         if (!answer) {
           no_finality(tag, answer.error());
           return then({});
         }
         tag_refusals_.erase(tag);
         // null: a young chain, or one that has no such block yet
         const auto block = decode_head(parser_, *answer);
         if (!block) return then({});
         then(block_ref{config_.chain, block->number, block->hash});
       });
}

/// A refusal that is repeated is believed for as long as this connector lives: the tags come with a
/// version of the provider's node. A connection that is gone or busy says nothing of the tag.
void ethereum_connector::no_finality(std::string_view tag, const failure& why) {
  if (why.code != errc::provider_refused && why.code != errc::method_unsupported) return;
  auto& refusals = tag_refusals_[tag];
  refusals = why.code == errc::method_unsupported ? tag_refusals_max : refusals + 1;
  if (knows_tag(tag)) return;
  // Of one kind only the first would be shown.
  log_.info(
      tag == "safe" ? "no_safe_blocks" : "no_finalized_blocks",
      fmt::format("{} knows no {} block and is not asked again: {}", where(), tag, why.message));
}

}  // namespace eremos::ethereum
