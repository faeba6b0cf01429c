// What verification is made of: RLP, trie roots, blooms, signatures, levels, and what a chain does
// about a block that failed.
#include <catch2/catch.hpp>

#include "connectors/chain/suspect_policy.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/ethereum/verify/rlp.hpp"
#include "connectors/ethereum/verify/trie_root.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

std::string encoded(std::string_view text) {
  byte_vector out;
  rlp::append_bytes(out, byte_vector{text.begin(), text.end()});
  return to_hex(out);
}

std::string encoded(const uint256& number) {
  byte_vector out;
  rlp::append_number(out, number);
  return to_hex(out);
}

hash32 hash_of(std::string_view hex) { return *parse_hash32(hex); }

}  // namespace

TEST_CASE("RLP: strings, numbers and lists are those of the Yellow Paper's appendix B") {
  CHECK(encoded("") == "0x80");
  CHECK(encoded("dog") == "0x83646f67");
  CHECK(encoded(std::string_view{"\0", 1}) == "0x00");
  CHECK(encoded("\x7f") == "0x7f");
  CHECK(encoded("\x80") == "0x8180");
  const std::string sentence = "Lorem ipsum dolor sit amet, consectetur adipisicing elit";  // 56
  CHECK(encoded(sentence).starts_with("0xb838"));
  CHECK(encoded(std::string(55, 'a')).starts_with("0xb7"));
  CHECK(encoded(std::string(1024, 'a')).starts_with("0xb90400"));
  CHECK(encoded(uint256{0}) == "0x80");
  CHECK(encoded(uint256{15}) == "0x0f");
  CHECK(encoded(uint256{1024}) == "0x820400");
  CHECK(encoded(*parse_uint256("0x100000000000000000000000000000000")) ==
        "0x910100000000000000000000000000000000");

  byte_vector list;
  rlp::open_list outer{list};
  rlp::append_bytes(list, byte_vector{'c', 'a', 't'});
  rlp::append_bytes(list, byte_vector{'d', 'o', 'g'});
  outer.close();
  CHECK(to_hex(list) == "0xc88363617483646f67");
  byte_vector nested;  // [[], [[]], [[], [[]]]]
  rlp::open_list a{nested};
  rlp::append_list_header(nested, 0);
  rlp::open_list b{nested};
  rlp::append_list_header(nested, 0);
  b.close();
  rlp::open_list c{nested};
  rlp::append_list_header(nested, 0);
  rlp::open_list d{nested};
  rlp::append_list_header(nested, 0);
  d.close();
  c.close();
  a.close();
  CHECK(to_hex(nested) == "0xc7c0c1c0c3c0c1c0");
}

TEST_CASE("trie: an empty list and lists of every size have their own roots") {
  CHECK(trie_root({}) ==
        hash_of("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"));
  // One leaf, by hand: path of key 0x80 is the nibbles 8, 0; even leaf.
  byte_vector leaf;
  rlp::open_list list{leaf};
  rlp::append_bytes(leaf, byte_vector{0x20, 0x80});
  rlp::append_bytes(leaf, byte_vector{0xab});
  list.close();
  CHECK(trie_root({{0xab}}) == keccak256(leaf));
  std::vector<byte_vector> values;
  std::vector<hash32> roots;
  for (std::uint32_t i = 0; i < 600; ++i) {
    values.push_back({static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8), 1});
    roots.push_back(trie_root(values));
  }
  std::sort(roots.begin(), roots.end());
  CHECK(std::adjacent_find(roots.begin(), roots.end()) == roots.end());
}

TEST_CASE("recovery: EIP-155's example is signed by the key it says, and nonsense by nobody") {
  const sender_recovery recovery;
  const auto digest = hash_of("0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
  const auto r =
      *parse_uint256("0x28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276");
  const auto s =
      *parse_uint256("0x67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
  const auto sender = recovery.recover(digest, false, r, s);
  REQUIRE(sender);
  CHECK(*sender == *parse_address("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"));
  CHECK(recovery.recover(digest, true, r, s) != sender);
  CHECK(!recovery.recover(digest, false, 0, 0));
  const auto huge = uint256{0} - uint256{1};
  CHECK(!recovery.recover(digest, false, huge, s));
  CHECK(!recovery.recover(digest, true, r, huge));
}

TEST_CASE("checks: the worst outcome stays, and the first failed one names the block") {
  check_list checks;
  CHECK(checks.first_failed() == nullptr);
  checks.pass(check_kind::sender);
  checks.fail(check_kind::sender, "a", "b");
  checks.pass(check_kind::sender);
  checks.fail(check_kind::sender, "c", "d");
  CHECK(checks.failed(check_kind::sender));
  CHECK(checks.find(check_kind::sender)->expected == "a");
  checks.impossible(check_kind::receipts_root, "no receipts");
  CHECK(checks.first_failed()->kind == check_kind::sender);
  checks.fail(check_kind::transactions_root, "x", "y");
  CHECK(checks.first_failed()->kind == check_kind::transactions_root);
  CHECK(checks.all().size() == 3);

  check_list later;
  later.pass(check_kind::receipts_root);
  later.add_failures(checks);
  CHECK(later.passed(check_kind::receipts_root));
  CHECK(later.failed(check_kind::sender));
}

TEST_CASE("levels: each asks for its own roots, and links for none") {
  check_list checks;
  checks.pass(check_kind::header_hash);
  checks.pass(check_kind::receipts_root);
  checks.impossible(check_kind::transactions_root, "only hashes are listed");
  const auto at = [&](verify_level level) {
    return block_verifier{{.level = level}}.judge(checks);
  };
  CHECK(at(verify_level::logs).state == integrity_state::verified);
  CHECK(at(verify_level::logs).level == "logs");
  CHECK(at(verify_level::full).state == integrity_state::unchecked);
  CHECK(at(verify_level::full).check == "transactions_root");
  CHECK(at(verify_level::full).detail == "only hashes are listed");
  CHECK(at(verify_level::links).state == integrity_state::unchecked);
  checks.fail(check_kind::logs_bloom, "x", "y");
  CHECK(at(verify_level::full).state == integrity_state::suspect);
  CHECK(at(verify_level::full).check == "logs_bloom");
  for (const auto word : {"full", "logs", "links"})
    CHECK(to_string(*parse_verify_level(word)) == word);
  CHECK(!parse_verify_level("most"));
}

namespace {

block_integrity of_state(integrity_state state) { return {state, "receipts_root", "", "full"}; }

}  // namespace

TEST_CASE("suspects: a block is asked for again, and repaired if an answer passes") {
  suspect_policy policy{suspect_rule::hold, 1};
  CHECK(!policy.fetched(7, of_state(integrity_state::verified)).repaired);
  const auto first = policy.fetched(8, of_state(integrity_state::suspect));
  CHECK(first.ask_again);
  CHECK(first.pause <= defaults::fetch_retry_min);
  CHECK(!policy.holding());
  const auto second = policy.fetched(8, of_state(integrity_state::verified));
  CHECK(!second.ask_again);
  CHECK(second.repaired);
  CHECK(!policy.fetched(9, of_state(integrity_state::verified)).repaired);
  // What cannot be checked repairs nothing.
  CHECK(policy.fetched(10, of_state(integrity_state::suspect)).ask_again);
  CHECK(!policy.fetched(10, of_state(integrity_state::unchecked)).repaired);
}

TEST_CASE("suspects: hold waits two minutes and delivers, deliver does at once, skip leaves out") {
  const auto suspect = of_state(integrity_state::suspect);
  {
    suspect_policy policy{suspect_rule::hold, 1};
    std::chrono::milliseconds waited{0};
    int told = 0;
    auto verdict = policy.fetched(8, suspect);
    for (; verdict.ask_again; verdict = policy.fetched(8, suspect)) {
      waited += verdict.pause;
      told += verdict.begins_to_hold ? 1 : 0;
    }
    CHECK(told == 1);
    CHECK(waited >= defaults::suspect_hold_max);
    CHECK(waited <= defaults::suspect_hold_max + 2 * defaults::fetch_retry_max);
    CHECK(!verdict.leave_out);
    CHECK(!policy.holding());
  }
  for (const auto rule : {suspect_rule::deliver, suspect_rule::skip}) {
    suspect_policy policy{rule, 1};
    for (std::size_t i = 1; i < defaults::suspect_tries_max; ++i)
      CHECK(policy.fetched(8, suspect).ask_again);
    const auto last = policy.fetched(8, suspect);
    CHECK(!last.ask_again);
    CHECK(last.leave_out == (rule == suspect_rule::skip));
    CHECK(policy.fetched(9, suspect).ask_again);  // each block anew
  }
  CHECK(*parse_suspect_rule("skip") == suspect_rule::skip);
  CHECK(!parse_suspect_rule("drop"));
}
