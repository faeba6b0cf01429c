// CHAIN's judgement when it is asked to commit again what follows an earlier block.
#include <catch2/catch.hpp>

#include "connectors/chain/chain_core.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

hash32 hash_of(block_number n, std::uint64_t branch) {
  return keccak256("block " + std::to_string(n) + " of " + std::to_string(branch));
}
block_ref ref(block_number n, std::uint64_t branch = 0) { return {1, n, hash_of(n, branch)}; }

/// Branch 1 leaves branch 0 after block `fork`.
block_record record(block_number n, std::uint64_t branch, block_number fork = 0) {
  block_record r;
  r.chain = 1;
  r.has_header = true;
  r.header.number = n;
  r.header.hash = hash_of(n, branch);
  r.header.parent_hash = hash_of(n - 1, n - 1 > fork ? branch : 0);
  return r;
}

/// Runs until nothing is left to do; what was said, as text.
std::vector<std::string> run(chain_core& core, std::uint64_t branch, block_number fork = 0) {
  std::vector<std::string> said;
  for (;;) {
    auto step = core.next(true);
    if (auto* f = std::get_if<do_fetch>(&step)) {
      const auto on = f->what.number > fork ? branch : 0;
      core.on_block(shared<block_record>{record(f->what.number, on, fork)});
    } else if (auto* c = std::get_if<do_commit>(&step)) {
      said.push_back("commit " + std::to_string(c->record->header.number));
    } else if (auto* r = std::get_if<do_revert>(&step)) {
      for (const auto& b : r->what.blocks) said.push_back("revert " + std::to_string(b.number));
    } else {
      return said;
    }
  }
}

head_seen head(block_number n, std::uint64_t branch) {
  return {1, n, hash_of(n, branch), hash_of(n - 1, branch), 0};
}

chain_core at_ten() {
  chain_core core{{.chain = 1, .first_block = block_number{1}}};
  core.on_head(head(10, 0));
  CHECK(run(core, 0).size() == 10);
  return core;
}

}  // namespace

TEST_CASE("CHAIN: a rewind commits again what follows a block, without another head") {
  auto core = at_ten();
  CHECK(core.rewind(ref(7)));
  CHECK(run(core, 0) == std::vector<std::string>{"commit 8", "commit 9", "commit 10"});
  CHECK(core.rewind({}));
  CHECK(run(core, 0).size() == 10);
}

TEST_CASE("CHAIN: what is stored and not committed again before a reorg is taken back") {
  auto core = at_ten();
  CHECK(core.rewind(ref(6)));
  core.on_head(head(11, 1));
  // The other branch leaves after block 8.
  CHECK(run(core, 1, 8) == std::vector<std::string>{"commit 7", "commit 8", "revert 10", "revert 9",
                                                    "commit 9", "commit 10", "commit 11"});
}

TEST_CASE("CHAIN: it does not rewind to a block that is canonical no more") {
  auto core = at_ten();
  CHECK_FALSE(core.rewind(ref(7, 1)));
  CHECK(core.tip()->number == 10);
  CHECK(run(core, 0).empty());
}

TEST_CASE("CHAIN: an answer to a fetch that was open at a rewind does not count") {
  auto core = at_ten();
  core.on_head(head(12, 0));
  auto step = core.next(true);
  REQUIRE(std::holds_alternative<do_fetch>(step));
  CHECK(core.rewind(ref(9)));
  CHECK(std::holds_alternative<do_wait>(core.next(true)));
  core.on_block(shared<block_record>{record(11, 0)});
  CHECK(run(core, 0) == std::vector<std::string>{"commit 10", "commit 11", "commit 12"});
}
