// What a block's own text says and proves: header, transactions, withdrawals.
#include <algorithm>

#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/ethereum/verify/header_hash.hpp"
#include "connectors/ethereum/verify/transaction_encoding.hpp"
#include "connectors/ethereum/verify/trie_root.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

using json::value;
using namespace verify;

/// An obstacle as an outcome: what has a wrong shape cannot be right; what is not there, or has no
/// rule, proves nothing.
void note(check_list& checks, check_kind kind, const obstacle& stop) {
  if (stop.what == obstacle::kind::broken)
    checks.fail(kind, "what its encoding needs", stop.why.text());
  else
    checks.impossible(kind, stop.why.text());
}

template <class T>
void expect(check_list& checks, check_kind kind, const T& expected, const T& seen,
            std::string_view what) {
  if (expected == seen) return checks.pass(kind);
  if constexpr (std::is_integral_v<T>)
    checks.fail(kind, fmt::format("{} {}", what, expected), fmt::format("{}", seen));
  else if constexpr (std::is_same_v<T, uint256>)
    checks.fail(kind, fmt::format("{} {}", what, to_string(expected)), to_string(seen));
  else
    checks.fail(kind, fmt::format("{} {}", what, to_hex(expected)), to_hex(seen));
}

/// Arbitrum's own sender of type 0x6a (nitro, arbos/internal_tx.go: ArbosAddress).
constexpr address arbos_address{
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0x4b, 0x05}};

/// PIP-74: what bor calls the transaction that it adds for state sync.
hash32 state_sync_hash(std::uint64_t number, const hash32& block) {
  constexpr std::string_view prefix = "matic-bor-receipt-";
  byte_vector bytes{prefix.begin(), prefix.end()};
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  bytes.insert(bytes.end(), block.data.begin(), block.data.end());
  return keccak256(bytes);
}

class block_examiner {
 public:
  block_examiner(chain_id chain, const verify_options& options, const sender_recovery& recovery)
      : chain_(chain),
        rules_(rules_of(options.like != 0 ? options.like : chain)),
        options_(options),
        recovery_(recovery) {}

  /// False: not a block that could be decoded either.
  bool run(const value& text) {
    obstacle stop;
    auto fields = block_fields();
    if (!fields.load(text, stop)) return note(out_.checks, check_kind::header_hash, stop), true;
    if (!fields.read(h_hash, out_.hash, stop) || !fields.read(h_number, out_.number, stop) ||
        !fields.read(h_timestamp, out_.timestamp, stop))
      return false;
    examine_header(fields);
    examine_transactions(fields);
    if (options_.level == verify_level::full) examine_withdrawals(fields);
    return true;
  }

  examined_block take() { return std::move(out_); }

 private:
  // --- header

  void examine_header(const known_fields& fields) {
    obstacle stop;
    hash32 hash;
    if (!hash_header(fields, hash, stop))
      note(out_.checks, check_kind::header_hash, stop);
    else if (hash == out_.hash)
      out_.checks.pass(check_kind::header_hash);
    else if (!fields.unknown().empty())
      out_.checks.impossible(check_kind::header_hash,
                             fmt::format("{}: a field that no rule knows", fields.unknown()));
    else
      out_.checks.fail(check_kind::header_hash, to_hex(hash), to_hex(out_.hash));
    obstacle ignored;
    static_cast<void>(fields.read(h_gas_used, out_.gas_used, ignored));
    static_cast<void>(fields.optional(h_base_fee, out_.base_fee, ignored));
    static_cast<void>(fields.optional(h_receipts_root, out_.receipts_root, ignored));
    std::string_view text;
    log_bloom bloom;
    if (fields.has(h_logs_bloom) && json::string_of(fields[h_logs_bloom], text) &&
        read_hex(text, bloom.bits))
      out_.bloom = bloom;
    examine_repeated(fields);
  }

  /// Fields in which some families of chains say again what their header says.
  void examine_repeated(const known_fields& fields) {
    obstacle stop;
    hash32 mix;
    hash32 extra;
    obstacle other;
    // Its extraData is a root. A node of another kind that was given such a chain's id has other
    // headers, which its hash proves as well.
    if (rules_.is_nitro && fields.has(h_base_fee) && fields.read(h_extra_data, extra, other) &&
        fields.read(h_mix_hash, mix, stop)) {
      number_in(fields, h_send_count, std::span{mix.data}.first<8>());
      number_in(fields, h_l1_block_number, std::span{mix.data}.subspan<8, 8>());
      hash32 root;
      if (fields.has(h_send_root) && fields.read(h_send_root, root, stop))
        expect(out_.checks, check_kind::chain_fields, extra, root, "sendRoot");
    }
    if (rules_.has_milliseconds && fields.has(h_milli_timestamp) &&
        fields.read(h_mix_hash, mix, stop)) {
      std::uint64_t said = 0;
      if (fields.read(h_milli_timestamp, said, stop))
        expect(out_.checks, check_kind::chain_fields,
               out_.timestamp * 1000 + number_of(std::span{mix.data}.last<8>()), said,
               "milliTimestamp");
    }
    if (stop.what != obstacle::kind::none) note(out_.checks, check_kind::chain_fields, stop);
  }

  static std::uint64_t number_of(std::span<const std::uint8_t, 8> bytes) {
    std::uint64_t out = 0;
    for (const auto byte : bytes) out = out << 8 | byte;
    return out;
  }

  void number_in(const known_fields& fields, std::size_t field,
                 std::span<const std::uint8_t, 8> bytes) {
    obstacle stop;
    std::uint64_t said = 0;
    if (!fields.has(field)) return;
    if (!fields.read(field, said, stop)) return note(out_.checks, check_kind::chain_fields, stop);
    expect(out_.checks, check_kind::chain_fields, number_of(bytes), said, fields.name(field));
  }

  // --- transactions

  void examine_transactions(const known_fields& fields) {
    if (!fields.has(h_transactions)) {
      out_.checks.impossible(check_kind::transactions_root, "the transactions are not at hand");
      return;
    }
    const auto& list = fields[h_transactions];
    const auto count = json::length_of(list);
    out_.listed = count;
    json::fault ignored;
    bool has_hashes_only = false;
    out_.transactions.reserve(count);
    values_.reserve(count);
    static_cast<void>(json::each_element(list, "", ignored, [&](std::size_t i, const value& v) {
      has_hashes_only = has_hashes_only || json::is_string(v);
      if (!has_hashes_only) examine_transaction(i, v);
      return !has_hashes_only;
    }));
    out_.has_transactions = !has_hashes_only;
    if (options_.level != verify_level::full) return;
    if (has_hashes_only)
      return out_.checks.impossible(check_kind::transactions_root, "only hashes are listed");
    finish_root(fields);
  }

  void finish_root(const known_fields& fields) {
    obstacle stop;
    hash32 root;
    if (!fields.read(h_transactions_root, root, stop))
      return note(out_.checks, check_kind::transactions_root, stop);
    if (is_broken_)
      return out_.checks.fail(check_kind::transactions_root, to_hex(root),
                              "a transaction that cannot be encoded");
    if (left_out_ != nullptr)
      return out_.checks.impossible(check_kind::transactions_root, *left_out_);
    expect(out_.checks, check_kind::transactions_root, root, trie_root(values_),
           fmt::format("root of {} transactions", values_.size()));
  }

  void examine_transaction(std::size_t position, const value& v) {
    auto& txn = out_.transactions.emplace_back();
    obstacle stop;
    auto fields = transaction_fields();
    maybe<std::uint64_t> type;
    if (!fields.load(v, stop) || !fields.read(t_hash, txn.hash, stop) ||
        !fields.read(t_from, txn.from, stop) || !fields.optional(t_to, txn.to, stop) ||
        !fields.optional(t_type, type, stop))
      return broken(stop);
    txn.type = type ? *type : 0;
    examine_place(fields, position);
    if (rules_.has_state_sync && txn.from.is_zero() &&
        txn.hash == state_sync_hash(out_.number, out_.hash)) {
      txn.is_rooted = false;
      return;
    }
    obstacle ignored;
    static_cast<void>(fields.read(t_nonce, txn.nonce, ignored));
    static_cast<void>(
        fields.optional(t_deposit_receipt_version, txn.deposit_receipt_version, ignored));
    examine_price(fields, txn);
    if (options_.level == verify_level::full) encode(fields, txn);
  }

  void broken(const obstacle& stop) {
    is_broken_ = true;
    note(out_.checks, check_kind::transaction_hash, stop);
  }

  void examine_place(const known_fields& fields, std::size_t position) {
    obstacle stop;
    maybe<hash32> block;
    maybe<std::uint64_t> number, index, time;
    if (!fields.optional(t_block_hash, block, stop) ||
        !fields.optional(t_block_number, number, stop) || !fields.optional(t_index, index, stop) ||
        !fields.optional(t_block_timestamp, time, stop))
      return note(out_.checks, check_kind::place, stop);
    if (block) expect(out_.checks, check_kind::place, out_.hash, *block, "block");
    if (number) expect(out_.checks, check_kind::place, out_.number, *number, "block");
    if (index)
      expect(out_.checks, check_kind::place, std::uint64_t{position}, *index, "transaction");
    if (time) expect(out_.checks, check_kind::block_timestamp, out_.timestamp, *time, "timestamp");
  }

  /// What is paid for a unit of gas: known for types that Ethereum has.
  void examine_price(const known_fields& fields, examined_transaction& txn) {
    obstacle stop;
    maybe<uint256> said, most, tip;
    if (!fields.optional(t_gas_price, said, stop) || !fields.optional(t_max_fee, most, stop) ||
        !fields.optional(t_max_priority_fee, tip, stop))
      return note(out_.checks, check_kind::effective_gas_price, stop);
    if (txn.type == 0 || txn.type == 1) {
      txn.price = said;
      return;
    }
    if ((txn.type > 4 && txn.type != 0x7b) || !out_.base_fee || !most || !tip) return;
    txn.price = std::min(*most, *out_.base_fee + *tip);
    if (txn.type == 0x7b) txn.price = std::nullopt;  // paid in another currency
    if (txn.price && said)
      expect(out_.checks, check_kind::effective_gas_price, *txn.price, *said,
             fmt::format("gasPrice of {}", to_hex(txn.hash)));
  }

  void encode(const known_fields& fields, examined_transaction& txn) {
    obstacle stop;
    encoded_transaction encoded;
    if (!encode_transaction(fields, txn.type, rules_, encoded, stop)) {
      if (stop.what == obstacle::kind::broken) return broken(stop);
      note(out_.checks, check_kind::transaction_hash, stop);
      if (left_out_ == nullptr)
        left_out_ =
            std::make_unique<std::string>(fmt::format("{}: {}", to_hex(txn.hash), stop.why.text()));
      return;
    }
    const bool is_system =
        rules_.has_unrooted_system_transactions && txn.price && txn.price->is_zero();
    txn.is_rooted = !is_system;
    if (encoded.hash == txn.hash)
      out_.checks.pass(check_kind::transaction_hash);
    else if (encoded.hash_may_differ || is_unsigned(encoded))
      out_.checks.impossible(
          check_kind::transaction_hash,
          fmt::format("{} has a hash of its node's own making", to_hex(txn.hash)));
    else
      out_.checks.fail(check_kind::transaction_hash, to_hex(encoded.hash), to_hex(txn.hash));
    examine_chain(fields, txn, encoded);
    if (!is_system) examine_sender(fields, txn, encoded);
    if (txn.is_rooted) values_.push_back(std::move(encoded.value));
  }

  /// r = s = 0 under a type that is signed: Optimism before Bedrock and Arbitrum classic, for what
  /// came from the L1, and development nodes, for senders they impersonate. On any other chain no
  /// such transaction can be in a block, and the root covers these zeros.
  static bool is_unsigned(const encoded_transaction& encoded) {
    return encoded.signature && encoded.signature->is_empty();
  }

  void examine_chain(const known_fields& fields, const examined_transaction& txn,
                     const encoded_transaction& encoded) {
    if (encoded.signed_chain)
      expect(out_.checks, check_kind::signed_chain, uint256{chain_}, *encoded.signed_chain,
             "signed for chain");
    // What stands beside a signature that says it already, or that says none.
    obstacle stop;
    uint256 said;
    if (txn.type == 0 && fields.has(t_chain_id)) {
      if (!fields.read(t_chain_id, said, stop))
        return note(out_.checks, check_kind::signed_chain, stop);
      expect(out_.checks, check_kind::signed_chain, uint256{chain_}, said, "chainId");
    }
    if (txn.type != 0 && encoded.signature && fields.has(t_v) && fields.has(t_y_parity)) {
      uint256 v;
      if (!fields.read(t_v, v, stop)) return note(out_.checks, check_kind::transaction_hash, stop);
      expect(out_.checks, check_kind::transaction_hash, uint256{encoded.signature->parity}, v,
             "v beside yParity");
    }
  }

  void examine_sender(const known_fields& fields, const examined_transaction& txn,
                      const encoded_transaction& encoded) {
    obstacle stop;
    if (fields.has(t_queue_index) && fields.has(t_sender)) {  // Scroll's message: it is encoded
      address sender;
      if (!fields.read(t_sender, sender, stop)) return note(out_.checks, check_kind::sender, stop);
      return expect(out_.checks, check_kind::sender, sender, txn.from, "sender");
    }
    if (txn.type == 0x6a)
      return expect(out_.checks, check_kind::sender, arbos_address, txn.from, "sender");
    if (!options_.senders || !encoded.signature) return;
    const auto& parts = *encoded.signature;
    if (parts.is_empty())
      return out_.checks.impossible(check_kind::sender,
                                    fmt::format("{} has no signature", to_hex(txn.hash)));
    const auto sender = recovery_.recover(parts.digest, parts.parity, parts.r, parts.s);
    if (!sender)
      return out_.checks.fail(check_kind::sender, "a signature that somebody can have made",
                              fmt::format("that of {}", to_hex(txn.hash)));
    expect(out_.checks, check_kind::sender, *sender, txn.from,
           fmt::format("sender of {}", to_hex(txn.hash)));
  }

  // --- withdrawals (EIP-4895)

  void examine_withdrawals(const known_fields& fields) {
    if (!fields.has(h_withdrawals_root) || !fields.has(h_withdrawals)) return;
    obstacle stop;
    hash32 root;
    if (!fields.read(h_withdrawals_root, root, stop))
      return note(out_.checks, check_kind::withdrawals_root, stop);
    std::vector<byte_vector> values;
    const bool good = json::each_element(
        fields[h_withdrawals], "withdrawals", stop.why, [&](std::size_t, const value& v) {
          static constexpr field_spec specs[] = {
              {"index"}, {"validatorIndex"}, {"address", form::fixed20}, {"amount"}};
          known_fields item{specs};
          if (!item.load(v, stop)) return false;
          auto& bytes = values.emplace_back();
          rlp::open_list list{bytes};
          for (std::size_t i = 0; i < std::size(specs); ++i)
            if (!item.append(bytes, i, stop)) return false;
          list.close();
          return true;
        });
    if (!good) return note(out_.checks, check_kind::withdrawals_root, stop);
    const auto made = trie_root(values);
    if (made != root && values.empty() && rules_.withdrawals_root_is_storage)
      return out_.checks.impossible(check_kind::withdrawals_root,
                                    "here it is the root of a contract's storage");
    expect(out_.checks, check_kind::withdrawals_root, root, made,
           fmt::format("root of {} withdrawals", values.size()));
  }

  const chain_id chain_;
  const chain_rules& rules_;
  const verify_options& options_;
  const sender_recovery& recovery_;
  examined_block out_;
  std::vector<byte_vector> values_;        ///< of the transactions, for the root
  std::unique_ptr<std::string> left_out_;  ///< why one could not be encoded; null: all were
  bool is_broken_ = false;
};

}  // namespace

block_evidence block_verifier::examine_block(json_parser& parser, chain_id chain,
                                             const json_text& text) const {
  block_evidence out;
  if (options_.level == verify_level::links) return out;
  const auto root = json::open(parser, text);
  if (!root || root->kind() != json::kind::object) return out;
  block_examiner examiner{chain, options_, recovery_};
  if (examiner.run(*root)) out.block = examiner.take();
  return out;
}

}  // namespace eremos
