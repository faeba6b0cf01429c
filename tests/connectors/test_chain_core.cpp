// CHAIN's judgement on followed chains, against a provider made of a table of blocks.
// Over 600 lines: all cases are played against the same made-up provider.
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "connectors/chain/chain_core.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

/// A provider that holds branches of one chain; block n of branch b links to its parent in the same
/// branch, or in the branch it forks from.
struct fake_provider {
  std::map<hash32, block_record> blocks;
  std::map<block_number, hash32> canonical;

  static hash32 hash_of(block_number n, std::uint64_t branch) {
    return keccak256("block " + std::to_string(n) + " of " + std::to_string(branch));
  }
  /// Extends `branch` from block `from` (whose parent is `parent`) to `to`, and makes it canonical.
  hash32 grow(std::uint64_t branch, block_number from, block_number to, hash32 parent) {
    canonical.erase(canonical.lower_bound(from), canonical.end());
    for (auto n = from; n <= to; ++n) {
      block_record r;
      r.chain = 1;
      r.has_header = true;
      r.header.number = n;
      r.header.hash = hash_of(n, branch);
      r.header.parent_hash = parent;
      parent = r.header.hash;
      blocks[parent] = r;
      canonical[n] = parent;
    }
    return parent;
  }
  head_seen head() const {
    const auto& r = blocks.at(canonical.rbegin()->second);
    return {1, r.header.number, r.header.hash, r.header.parent_hash, 0};
  }
  const block_record* get(const fetch_block& what) const {
    auto hash = what.hash ? *what.hash : hash32{};
    if (!what.hash) {
      const auto at = canonical.find(what.number);
      if (at == canonical.end()) return nullptr;
      hash = at->second;
    }
    const auto at = blocks.find(hash);
    return at == blocks.end() ? nullptr : &at->second;
  }
};

/// What a listener holds after commits and reverts; checks that each word fits.
struct listener {
  std::vector<block_ref> chain;
  std::size_t reverts = 0;
  std::size_t confirmations = 0;
  std::string stopped;

  void run(chain_core& core, const fake_provider& provider, bool stands = true) {
    for (int steps = 0; steps < 100'000; ++steps) {
      auto step = core.next(true);
      if (std::holds_alternative<do_wait>(step)) return;
      if (auto* stop = std::get_if<do_stop>(&step)) {
        stopped = stop->why;
        return;
      }
      if (auto* f = std::get_if<do_fetch>(&step)) {
        if (const auto* found = provider.get(f->what))
          core.on_block(*found);
        else
          core.on_missing(true);
      } else if (auto* asked = std::get_if<do_confirm>(&step)) {
        ++confirmations;
        core.on_confirmed(asked->branch, stands);
      } else if (auto* c = std::get_if<do_commit>(&step)) {
        const auto& r = *c->record;
        if (!chain.empty()) REQUIRE(r.header.parent_hash == chain.back().hash);
        chain.push_back(r.ref());
      } else if (auto* v = std::get_if<do_revert>(&step)) {
        ++reverts;
        for (const auto& gone : v->what.blocks) {
          REQUIRE(!chain.empty());
          REQUIRE(chain.back() == gone);
          chain.pop_back();
        }
        if (!chain.empty()) REQUIRE(chain.back() == v->what.ancestor);
      }
    }
    FAIL("does not come to rest");
  }
};

}  // namespace

TEST_CASE("CHAIN: it begins with the first head it sees, or with the configured block") {
  fake_provider p;
  p.grow(0, 0, 20, {});
  chain_core latest{{.chain = 1}};
  latest.on_head(p.head());
  listener a;
  a.run(latest, p);
  REQUIRE(a.chain.size() == 1);
  CHECK(a.chain[0].number == 20);

  chain_core from_five{{.chain = 1, .first_block = block_number{5}}};
  from_five.on_head(p.head());
  listener b;
  b.run(from_five, p);
  REQUIRE(b.chain.size() == 16);
  CHECK(b.chain.front().number == 5);
}

TEST_CASE("CHAIN: missed heads are fetched, a repeated head is not a block twice") {
  fake_provider p;
  auto tip = p.grow(0, 0, 3, {});
  chain_core core{{.chain = 1}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  p.grow(0, 4, 40, tip);
  core.on_head(p.head());
  core.on_head(p.head());
  l.run(core, p);
  core.on_head(p.head());
  l.run(core, p);
  CHECK(l.chain.size() == 38);
  CHECK(core.duplicates() == 1);
  CHECK(l.reverts == 0);
}

TEST_CASE(
    "CHAIN: a reorg of any depth takes back to the common ancestor, then commits the branch in "
    "order") {
  for (block_number depth : {1, 2, 5, 64, 100, 300}) {
    fake_provider p;
    p.grow(0, 0, 400, {});
    chain_core core{{.chain = 1, .first_block = block_number{0}}};
    listener l;
    core.on_head(p.head());
    l.run(core, p);
    const auto fork = 400 - depth;
    p.grow(1, fork + 1, 401, fake_provider::hash_of(fork, 0));
    core.on_head(p.head());
    l.run(core, p);
    INFO("depth " << depth);
    CHECK(l.reverts == 1);
    REQUIRE(l.chain.size() == 402);
    CHECK(l.chain.back().hash == fake_provider::hash_of(401, 1));
  }
}

TEST_CASE("CHAIN: many blocks are taken back only when the branch is confirmed") {
  for (const bool stands : {true, false}) {
    fake_provider p;
    p.grow(0, 0, 40, {});
    chain_core core{{.chain = 1, .first_block = block_number{0}, .confirm_depth = 4}};
    listener l;
    core.on_head(p.head());
    l.run(core, p);
    // Shallow ones are not asked about.
    p.grow(1, 38, 41, fake_provider::hash_of(37, 0));
    core.on_head(p.head());
    l.run(core, p);
    CHECK(l.reverts == 1);
    p.grow(2, 30, 42, fake_provider::hash_of(29, 0));
    core.on_head(p.head());
    l.run(core, p, stands);
    INFO("stands " << stands);
    CHECK(l.confirmations == 1);
    CHECK(l.reverts == (stands ? 2 : 1));
    CHECK(l.chain.back().hash == fake_provider::hash_of(stands ? 42 : 41, stands ? 2 : 1));
    // What was given up is followed once others have it, too.
    CHECK(core.look_again() == !stands);
    l.run(core, p, true);
    CHECK(l.chain.back().hash == fake_provider::hash_of(42, 2));
  }
}

TEST_CASE(
    "CHAIN: a head that went back without notice reverts only when another block comes at that "
    "height") {
  fake_provider p;
  p.grow(0, 0, 10, {});
  chain_core core{{.chain = 1, .first_block = block_number{0}}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  core.on_head({1, 7, fake_provider::hash_of(7, 0), fake_provider::hash_of(6, 0), 0});
  l.run(core, p);
  CHECK(l.reverts == 0);
  p.grow(2, 8, 8, fake_provider::hash_of(7, 0));
  core.on_head(p.head());
  l.run(core, p);
  CHECK(l.reverts == 1);
  CHECK(l.chain.back().hash == fake_provider::hash_of(8, 2));
}

TEST_CASE("CHAIN: a block that was announced and is gone is given up until the next head") {
  fake_provider p;
  p.grow(0, 0, 5, {});
  chain_core core{{.chain = 1, .first_block = block_number{0}}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  core.on_head({1, 6, keccak256("never there"), fake_provider::hash_of(5, 0), 0});
  l.run(core, p);
  p.grow(0, 6, 7, fake_provider::hash_of(5, 0));
  core.on_head(p.head());
  l.run(core, p);
  CHECK(l.chain.size() == 8);
}

TEST_CASE("CHAIN: without room nothing is committed and nothing is lost") {
  fake_provider p;
  p.grow(0, 0, 5, {});
  chain_core core{{.chain = 1, .first_block = block_number{0}}};
  core.on_head(p.head());
  CHECK(std::holds_alternative<do_wait>(core.next(false)));
  listener l;
  l.run(core, p);
  CHECK(l.chain.size() == 6);
}

TEST_CASE("CHAIN: a reorg of all that a young node knows begins the new branch where it began") {
  const auto start = GENERATE(maybe<block_number>{}, maybe<block_number>{40});
  const auto depth = GENERATE(block_number{1}, block_number{11}, block_number{15});
  fake_provider p;
  p.grow(0, 0, 40, {});
  chain_core core{{.chain = 1, .first_block = start}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  p.grow(0, 41, 50, fake_provider::hash_of(40, 0));
  core.on_head(p.head());
  l.run(core, p);
  REQUIRE(l.chain.size() == 11);
  const auto fork = 50 - depth;
  p.grow(1, fork + 1, 52, fake_provider::hash_of(fork, 0));
  core.on_head(p.head());
  l.run(core, p);
  INFO("start " << start.has_value() << ", depth " << depth);
  CHECK(l.stopped.empty());
  CHECK(l.reverts == 1);
  REQUIRE(l.chain.size() == 13);
  CHECK(l.chain.front().number == 40);
  CHECK(l.chain.back().hash == fake_provider::hash_of(52, 1));
}

TEST_CASE("CHAIN: the only block it knows is taken back for another one of its height") {
  const block_number number = GENERATE(0, 100);
  fake_provider p;
  p.grow(0, 0, number, {});
  chain_core core{{.chain = 1}};
  core.on_head(p.head());
  listener l;
  l.run(core, p);
  if (number == 0)
    p.grow(1, 0, 0, {});
  else
    p.grow(1, number, number, fake_provider::hash_of(number - 1, 0));
  core.on_head(p.head());
  CHECK(std::holds_alternative<do_fetch>(core.next(true)));
  core.on_block(*p.get({number, p.head().hash}));
  const auto step = core.next(true);
  const auto* revert = std::get_if<do_revert>(&step);
  REQUIRE(revert != nullptr);
  CHECK(revert->what.ancestor == block_ref{1, number == 0 ? 0 : number - 1, p.head().parent_hash});
  CHECK(revert->what.blocks == l.chain);
  CHECK(std::holds_alternative<do_commit>(core.next(true)));
  p.grow(1, number + 1, number + 3, fake_provider::hash_of(number, 1));
  core.on_head(p.head());
  listener after;
  after.run(core, p);
  CHECK(after.chain.size() == 3);
}

TEST_CASE("CHAIN: it never begins below its first block, also not when that is not there yet") {
  fake_provider p;
  p.grow(0, 0, 30, {});
  chain_core core{{.chain = 1, .first_block = block_number{40}}};
  core.on_head(p.head());
  listener l;
  l.run(core, p);
  CHECK(l.chain.empty());
  p.grow(0, 31, 41, fake_provider::hash_of(30, 0));
  core.on_head(p.head());
  l.run(core, p);
  REQUIRE(l.chain.size() == 2);
  CHECK(l.chain.front().number == 40);
}

TEST_CASE("CHAIN: a reorg below a full ledger stops the chain and says so") {
  const auto all = block_number{defaults::chain_ledger_max};
  std::vector<block_ref> known;
  for (block_number n = 10; n < 10 + all; ++n)
    known.push_back({1, n, fake_provider::hash_of(n, 0)});
  chain_core core{{.chain = 1}};
  core.resume(known, known.back());
  fake_provider p;
  p.grow(1, 5, 10 + all, fake_provider::hash_of(4, 0));
  core.on_head(p.head());
  listener l;
  l.run(core, p);
  CHECK(l.stopped.find("below block 10,") != std::string::npos);
  CHECK(l.reverts == 0);
}

TEST_CASE("CHAIN: a provider that lags behind changes nothing") {
  fake_provider p;
  p.grow(0, 0, 100, {});
  const auto at = [](block_number n, std::uint64_t branch) {
    return head_seen{1, n, fake_provider::hash_of(n, branch), fake_provider::hash_of(n - 1, branch),
                     0};
  };
  chain_core core{{.chain = 1}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  // Below the only block that is known.
  CHECK(core.on_head(at(99, 0)) == head_word::stale);
  l.run(core, p);
  p.grow(0, 101, 105, fake_provider::hash_of(100, 0));
  core.on_head(p.head());
  l.run(core, p);
  SECTION("a head below or at the oldest known block") {
    CHECK(core.on_head(at(98, 0)) == head_word::stale);
    CHECK(core.on_head(at(100, 7)) == head_word::stale);
    CHECK(core.duplicates() == 3);
  }
  SECTION("a known one") {
    CHECK(core.on_head(at(103, 0)) == head_word::known);
    CHECK(core.duplicates() == 2);
  }
  SECTION("a block that has lost, announced late") {
    auto lost = *p.get({103, fake_provider::hash_of(103, 0)});
    lost.header.hash = fake_provider::hash_of(103, 7);
    p.blocks[lost.header.hash] = lost;
    CHECK(core.on_head(at(103, 7)) == head_word::news);
    l.run(core, p);
    CHECK(core.duplicates() == 2);
  }
  l.run(core, p);
  CHECK(l.stopped.empty());
  CHECK(l.reverts == 0);
  CHECK(l.chain.size() == 6);
  p.grow(0, 106, 106, fake_provider::hash_of(105, 0));
  core.on_head(p.head());
  l.run(core, p);
  CHECK(l.chain.size() == 7);
}

TEST_CASE("CHAIN: what was given up is there when it is looked for again") {
  fake_provider p;
  p.grow(0, 0, 5, {});
  chain_core core{{.chain = 1, .first_block = block_number{0}}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  CHECK(!core.look_again());
  core.on_head({1, 6, fake_provider::hash_of(6, 0), fake_provider::hash_of(5, 0), 0});
  l.run(core, p);
  CHECK(l.chain.size() == 6);
  p.grow(0, 6, 6, fake_provider::hash_of(5, 0));
  CHECK(core.look_again());
  l.run(core, p);
  CHECK(l.chain.size() == 7);
  CHECK(!core.look_again());
}

TEST_CASE(
    "CHAIN: after a restart stored blocks are committed again, and taken back if the chain "
    "changed") {
  fake_provider p;
  p.grow(0, 0, 20, {});
  std::vector<block_ref> known;
  for (block_number n = 0; n <= 15; ++n) known.push_back({1, n, fake_provider::hash_of(n, 0)});
  SECTION("unchanged") {
    chain_core core{{.chain = 1}};
    core.resume(known, known[10]);
    listener l;
    l.chain.assign(known.begin(), known.begin() + 11);
    core.on_head(p.head());
    l.run(core, p);
    CHECK(l.reverts == 0);
    CHECK(l.chain.size() == 21);
  }
  SECTION("all of it changed") {
    p.grow(1, 0, 20, {});
    const auto resume_after = GENERATE(4, -1);
    chain_core core{{.chain = 1, .first_block = block_number{0}}};
    core.resume(known, resume_after < 0 ? maybe<block_ref>{} : known[4]);
    core.on_head(p.head());
    listener l;
    l.chain = known;
    l.run(core, p);
    CHECK(l.reverts == 1);
    CHECK(l.chain.size() == 21);
    CHECK(l.chain.front().hash == fake_provider::hash_of(0, 1));
  }
  SECTION("changed above the snapshot") {
    p.grow(1, 13, 20, fake_provider::hash_of(12, 0));
    chain_core core{{.chain = 1}};
    core.resume(known, known[10]);
    core.on_head(p.head());
    std::vector<block_ref> undone;
    std::size_t commits = 0;
    for (int i = 0; i < 1'000; ++i) {
      auto step = core.next(true);
      if (std::holds_alternative<do_wait>(step)) break;
      if (auto* f = std::get_if<do_fetch>(&step)) core.on_block(*p.get(f->what));
      if (std::holds_alternative<do_commit>(step)) ++commits;
      if (auto* v = std::get_if<do_revert>(&step)) {
        undone = v->what.blocks;
        CHECK(v->what.ancestor == known[12]);
      }
    }
    CHECK(undone == std::vector<block_ref>{known[15], known[14], known[13]});
    CHECK(commits == 10);
  }
}

namespace {

finality_seen final_at(const fake_provider& p, block_number safe, block_number finalized) {
  const auto at = [&](block_number n) { return block_ref{1, n, p.canonical.at(n)}; };
  return {1, at(safe), at(finalized)};
}

/// A chain of blocks 0 to 100, all of them committed.
struct grown_chain {
  fake_provider p;
  chain_core core{{.chain = 1, .first_block = block_number{0}}};
  listener l;

  grown_chain() {
    p.grow(0, 0, 100, {});
    go();
  }
  void go() {
    core.on_head(p.head());
    l.run(core, p);
  }
  void reorg(block_number ancestor, block_number to) {
    p.grow(++branch, ancestor + 1, to, p.canonical.at(ancestor));
    go();
  }
  std::uint64_t branch = 0;
};

}  // namespace

TEST_CASE("CHAIN: a reorg down to the finalized block is followed, one below it stops the chain") {
  grown_chain c;
  c.core.on_finality(final_at(c.p, 80, 60));
  CHECK(c.core.finality() == chain_finality{80, 60});
  SECTION("down to it") {
    c.reorg(60, 102);
    CHECK(c.l.stopped.empty());
    CHECK(c.l.chain.back().hash == fake_provider::hash_of(102, 1));
    CHECK(c.core.finality() == chain_finality{60, 60});  // safe went back with its blocks
  }
  SECTION("below it") {
    c.reorg(59, 102);
    CHECK(c.l.stopped.find("finalized") != std::string::npos);
    CHECK(c.l.stopped.find("60") != std::string::npos);
    CHECK(c.l.reverts == 0);
    CHECK(c.l.chain.back().hash == fake_provider::hash_of(100, 0));
  }
  SECTION("far below it") {
    c.reorg(2, 102);
    CHECK(!c.l.stopped.empty());
    CHECK(c.l.reverts == 0);
  }
}

TEST_CASE("CHAIN: without finality a reorg goes back to the first block") {
  grown_chain c;
  c.reorg(0, 102);
  CHECK(c.l.stopped.empty());
  CHECK(c.l.chain.size() == 103);
}

TEST_CASE("CHAIN: where a depth is final nobody has to say so, and no reorg goes below it") {
  fake_provider p;
  p.grow(0, 0, 30, {});
  chain_core core{{.chain = 1, .first_block = block_number{0}, .finality_depth = 12}};
  listener l;
  core.on_head(p.head());
  l.run(core, p);
  CHECK(core.finality() == chain_finality{18, 18});
  p.grow(1, 19, 31, p.canonical.at(18));
  core.on_head(p.head());
  l.run(core, p);
  CHECK(l.stopped.empty());
  CHECK(core.finality().finalized == 19);
  p.grow(2, 18, 40, p.canonical.at(17));
  core.on_head(p.head());
  l.run(core, p);
  CHECK(l.stopped.find("finalized") != std::string::npos);
}

TEST_CASE("CHAIN: finality never goes back, whatever a provider that lags behind says") {
  grown_chain c;
  c.core.on_finality(final_at(c.p, 80, 60));
  c.core.on_finality(final_at(c.p, 70, 50));
  CHECK(c.core.finality() == chain_finality{80, 60});
  CHECK(c.core.finality_lower() == 2);
  c.core.on_finality(final_at(c.p, 80, 60));
  CHECK(c.core.finality_lower() == 2);
  c.core.on_finality({1, {}, block_ref{1, 90, c.p.canonical.at(90)}});
  CHECK(c.core.finality() == chain_finality{90, 90});  // safe is never below
}

TEST_CASE("CHAIN: a final block of another branch settles nothing and is counted") {
  grown_chain c;
  c.core.on_finality({1, block_ref{1, 80, keccak256("other")}, block_ref{1, 60, keccak256("one")}});
  CHECK(c.core.finality() == chain_finality{});
  CHECK(c.core.finality_elsewhere() == 2);
  c.reorg(40, 102);
  CHECK(c.l.stopped.empty());
}

TEST_CASE("CHAIN: finality above the tip reaches as far as the blocks that came since") {
  fake_provider p;
  p.grow(0, 0, 100, {});
  chain_core core{{.chain = 1, .first_block = block_number{0}}};
  listener l;
  SECTION("it is clamped to the tip while the chain catches up, then it is what was said") {
    core.on_finality(final_at(p, 80, 60));
    core.on_head(p.head());
    bool caught_up = false;
    while (!caught_up) {
      auto step = core.next(true);
      if (auto* f = std::get_if<do_fetch>(&step)) core.on_block(*p.get(f->what));
      if (std::holds_alternative<do_commit>(step)) {
        const auto tip = core.tip()->number;
        CHECK(core.finality().finalized == std::min<block_number>(tip, 60));
        CHECK(core.finality().safe == std::min<block_number>(tip, 80));
      }
      caught_up = std::holds_alternative<do_wait>(step);
    }
    CHECK(core.tip()->number == 100);
  }
  SECTION("what was there before may lie on a branch that lost") {
    p.grow(1, 91, 95, p.canonical.at(90));
    core.on_head(p.head());
    l.run(core, p);
    p.grow(2, 91, 200, p.canonical.at(90));
    core.on_finality(final_at(p, 180, 150));
    CHECK(core.finality() == chain_finality{});
    core.on_head(p.head());
    l.run(core, p);
    CHECK(l.stopped.empty());
    CHECK(l.chain.back().hash == fake_provider::hash_of(200, 2));
    // What was said of safe may have meant the branch that lost; it is said again.
    CHECK(core.finality() == chain_finality{150, 150});
    core.on_finality(final_at(p, 180, 150));
    CHECK(core.finality() == chain_finality{180, 150});
  }
}

TEST_CASE("CHAIN: finality survives a restart, also above the block it resumes after") {
  fake_provider p;
  p.grow(0, 0, 20, {});
  std::vector<block_ref> known;
  for (block_number n = 0; n <= 15; ++n) known.push_back({1, n, fake_provider::hash_of(n, 0)});
  chain_core core{{.chain = 1}};
  core.resume(known, known[10], {14, 12});
  CHECK(core.finality() == chain_finality{14, 12});
  listener l;
  l.chain = known;
  SECTION("the chain goes on") {
    l.chain.resize(11);
    core.on_head(p.head());
    l.run(core, p);
    CHECK(l.stopped.empty());
    CHECK(l.chain.size() == 21);
  }
  SECTION("what was stored and not final has changed") {
    p.grow(1, 13, 20, fake_provider::hash_of(12, 0));
    core.on_head(p.head());
    std::size_t reverted = 0;
    for (int i = 0; i < 100; ++i) {
      auto step = core.next(true);
      if (auto* f = std::get_if<do_fetch>(&step)) core.on_block(*p.get(f->what));
      if (auto* v = std::get_if<do_revert>(&step)) reverted += v->what.blocks.size();
      CHECK_FALSE(std::holds_alternative<do_stop>(step));
    }
    CHECK(reverted == 3);
  }
  SECTION("a final block has changed") {
    const block_number ancestor = GENERATE(11, 5);
    l.chain.resize(11);
    p.grow(1, ancestor + 1, 20, fake_provider::hash_of(ancestor, 0));
    core.on_head(p.head());
    l.run(core, p);
    CHECK(l.stopped.find("finalized") != std::string::npos);
    CHECK(l.reverts == 0);
  }
}

TEST_CASE("CHAIN: whatever heads come in whatever order, it ends on the provider's chain") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random{seed};
    fake_provider p;
    p.grow(0, 0, 30, {});
    chain_core core{{.chain = 1, .first_block = block_number{0}}};
    listener l;
    core.on_head(p.head());
    for (std::uint64_t branch = 1; branch < 20; ++branch) {
      if (random() % 2 == 0) l.run(core, p);
      const auto top = p.canonical.rbegin()->first;
      const auto fork = top - random() % 20;
      p.grow(branch, fork + 1, top + random() % 4 + (fork == top ? 1 : 0), p.canonical.at(fork));
      core.on_head(p.head());
      if (random() % 3 == 0) core.on_head(p.head());
    }
    l.run(core, p);
    core.on_head(p.head());
    l.run(core, p);
    INFO("seed " << seed);
    REQUIRE(l.chain.size() == p.canonical.size());
    REQUIRE(l.chain.back().hash == p.canonical.rbegin()->second);
  }
}
