#include "tests/bench/verified_chain.hpp"

#include <secp256k1_recovery.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>
#include <random>

#include <fmt/format.h>

#include "connectors/ethereum/verify/bloom.hpp"
#include "connectors/ethereum/verify/rlp.hpp"
#include "connectors/ethereum/verify/trie_root.hpp"
#include "messages/keccak.hpp"

namespace eremos::bench {
namespace {

constexpr std::uint64_t gwei = 1'000'000'000;
constexpr std::uint64_t base_fee = 7 * gwei, tip = gwei, fee_cap = 2 * base_fee;
constexpr std::uint64_t gas_limit_each = 300'000, gas_used_each = 65'000;
constexpr std::uint64_t gas_limit = 60'000'000;
constexpr std::uint64_t first_time = 1'700'000'000, block_seconds = 12;
constexpr std::size_t senders = 64, tokens = 200, holders = 4'000;
/// SHA-256 of nothing: no requests (EIP-7685).
constexpr std::string_view no_requests =
    "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct secp_destroyer {
  void operator()(secp256k1_context* x) const noexcept { secp256k1_context_destroy(x); }
};
using secp_context = std::unique_ptr<secp256k1_context, secp_destroyer>;

hash32 to_hash(std::string_view text) {
  const auto out = parse_hash32(text);
  assert(out);
  return *out;
}

class chain_maker {
 public:
  explicit chain_maker(const dense_shape& shape)
      : shape_(shape),
        draw_(shape.seed),
        context_(secp256k1_context_create(SECP256K1_CONTEXT_SIGN)) {
    for (std::size_t i = 0; i < senders; ++i) keys_.push_back(make_key());
    for (std::size_t i = 0; i < tokens; ++i) tokens_.push_back(random_address());
    for (std::size_t i = 0; i < holders; ++i) holders_.push_back(random_address());
  }

  dense_block next() {
    transactions_.clear();
    receipts_.clear();
    whole_bloom_ = {};
    blooms_ = {};
    for (std::uint64_t i = 0; i < shape_.transactions; ++i) add_transaction(i);
    const auto hash = make_header();
    dense_block out{to_hex(hash), {}, {}, {}};
    const auto place = fmt::format(R"("blockHash":"{}","blockNumber":"{:#x}")", out.hash, number_);
    out.header = header_text(out.hash, {});
    std::string listed;
    for (const auto& t : transactions_)
      listed += fmt::format("{}{{{},{}}}", listed.empty() ? "" : ",", t.text, place);
    out.whole = header_text(out.hash, listed);
    out.receipts = receipts_text(place);
    parent_ = hash;
    ++number_;
    return out;
  }

 private:
  struct key {
    std::array<std::uint8_t, 32> secret;
    address who;
    std::uint64_t nonce = 0;
  };
  struct made_log {
    address emitter;
    std::array<hash32, 3> topics;
    std::array<std::uint8_t, 32> data;
  };
  struct made_transaction {
    byte_vector encoded;
    std::string text;  ///< fields of the object, but for its place
    hash32 hash;
    address from;
    address to;
  };
  struct made_receipt {
    byte_vector encoded;
    log_bloom bloom;
    std::uint64_t total_gas = 0;
    std::vector<made_log> logs;
  };

  template <class Array>
  void fill(Array& bytes) {
    for (auto& b : bytes) b = static_cast<std::uint8_t>(draw_());
  }
  address random_address() {
    address out;
    fill(out.data);
    return out;
  }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[draw_() % all.size()];
  }

  key make_key() {
    key out;
    fill(out.secret);
    secp256k1_pubkey point;
    [[maybe_unused]] const int good =
        secp256k1_ec_pubkey_create(context_.get(), &point, out.secret.data());
    assert(good == 1);
    std::array<std::uint8_t, 65> bytes{};
    std::size_t size = bytes.size();
    secp256k1_ec_pubkey_serialize(context_.get(), bytes.data(), &size, &point,
                                  SECP256K1_EC_UNCOMPRESSED);
    const auto hash = keccak256(std::span{bytes}.subspan(1));
    std::copy_n(hash.data.begin() + 12, out.who.data.size(), out.who.data.begin());
    return out;
  }

  struct signed_parts {
    int parity = 0;
    std::array<std::uint8_t, 64> r_and_s{};
  };
  signed_parts sign(const key& by, const hash32& digest) const {
    secp256k1_ecdsa_recoverable_signature signature;
    [[maybe_unused]] const int good = secp256k1_ecdsa_sign_recoverable(
        context_.get(), &signature, digest.data.data(), by.secret.data(), nullptr, nullptr);
    assert(good == 1);
    signed_parts out;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context_.get(), out.r_and_s.data(),
                                                            &out.parity, &signature);
    return out;
  }

  static byte_vector typed_list(const byte_vector& items) {
    byte_vector out{2};  // EIP-1559
    rlp::append_list_header(out, items.size());
    out.insert(out.end(), items.begin(), items.end());
    return out;
  }
  /// A number of 32 bytes at most, without its leading zeros.
  static std::span<const std::uint8_t> trimmed(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty() && bytes.front() == 0) bytes = bytes.subspan(1);
    return bytes;
  }
  static std::string quantity(std::span<const std::uint8_t> bytes) {
    const auto text = to_hex(trimmed(bytes));
    return text.size() > 2 && text[2] == '0' ? "0x" + text.substr(3) : text;
  }

  void add_transaction(std::uint64_t index) {
    auto& by = keys_[draw_() % keys_.size()];
    const auto to = one_of(tokens_);
    std::array<std::uint8_t, 68> input{0xa9, 0x05, 0x9c, 0xbb};  // transfer(address,uint256)
    for (std::size_t i = 16; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(draw_());
    byte_vector items;
    for (const std::uint64_t n : {std::uint64_t{1}, by.nonce, tip, fee_cap, gas_limit_each})
      rlp::append_number(items, n);
    rlp::append_bytes(items, to.data);
    rlp::append_number(items, std::uint64_t{0});
    rlp::append_bytes(items, input);
    rlp::append_list_header(items, 0);
    const auto made = sign(by, keccak256(typed_list(items)));
    const auto r = std::span{made.r_and_s}.first<32>();
    const auto s = std::span{made.r_and_s}.last<32>();
    rlp::append_number(items, static_cast<std::uint64_t>(made.parity));
    rlp::append_bytes(items, trimmed(r));
    rlp::append_bytes(items, trimmed(s));
    made_transaction out{typed_list(items), {}, {}, by.who, to};
    out.hash = keccak256(out.encoded);
    out.text = fmt::format(
        R"("hash":"{}","type":"0x2","nonce":"{:#x}","gas":"{:#x}","to":"{}","value":"0x0",)"
        R"("input":"{}","chainId":"0x1","from":"{}","gasPrice":"{:#x}","maxFeePerGas":"{:#x}",)"
        R"("maxPriorityFeePerGas":"{:#x}","accessList":[],"v":"{:#x}","yParity":"{:#x}","r":"{}",)"
        R"("s":"{}","transactionIndex":"{:#x}")",
        to_hex(out.hash), by.nonce, gas_limit_each, to_hex(to), to_hex(std::span{input}),
        to_hex(by.who), base_fee + tip, fee_cap, tip, made.parity, made.parity, quantity(r),
        quantity(s), index);
    ++by.nonce;
    transactions_.push_back(std::move(out));
    add_receipt(index);
  }

  void add_receipt(std::uint64_t index) {
    static const auto transfer = keccak256("Transfer(address,address,uint256)");
    made_receipt out;
    out.total_gas = (index + 1) * gas_used_each;
    byte_vector logs;
    rlp::open_list list{logs};
    for (std::uint64_t i = 0; i < shape_.logs; ++i) {
      made_log log{one_of(tokens_), {transfer, {}, {}}, {}};
      for (const std::size_t t : {1, 2})
        std::copy_n(one_of(holders_).data.begin(), 20, log.topics[t].data.begin() + 12);
      for (std::size_t b = 24; b < 32; ++b) log.data[b] = static_cast<std::uint8_t>(draw_());
      blooms_.add(out.bloom, log.emitter);
      rlp::open_list one{logs};
      rlp::append_bytes(logs, log.emitter.data);
      rlp::open_list topics{logs};
      for (const auto& topic : log.topics) {
        blooms_.add(out.bloom, topic);
        rlp::append_bytes(logs, topic.data);
      }
      topics.close();
      rlp::append_bytes(logs, log.data);
      one.close();
      out.logs.push_back(log);
    }
    list.close();
    byte_vector items;
    rlp::append_number(items, std::uint64_t{1});
    rlp::append_number(items, out.total_gas);
    rlp::append_bytes(items, out.bloom.bits);
    items.insert(items.end(), logs.begin(), logs.end());
    out.encoded = typed_list(items);
    whole_bloom_ |= out.bloom;
    receipts_.push_back(std::move(out));
  }

  // --- the block

  template <class Made>
  static hash32 root_of(const std::vector<Made>& made) {
    std::vector<byte_vector> values;
    for (const auto& one : made) values.push_back(one.encoded);
    return trie_root(values);
  }

  hash32 make_header() {
    fill(state_root_.data);
    transactions_root_ = root_of(transactions_);
    receipts_root_ = root_of(receipts_);
    const auto hashed = [](byte_vector& to, const hash32& h) { rlp::append_bytes(to, h.data); };
    byte_vector items;  // Yellow Paper §4.4, EIP-1559, 4895, 4844, 4788, 7685
    hashed(items, parent_);
    hashed(items, no_uncles_);
    rlp::append_bytes(items, miner_.data);
    hashed(items, state_root_);
    hashed(items, transactions_root_);
    hashed(items, receipts_root_);
    rlp::append_bytes(items, whole_bloom_.bits);
    for (const std::uint64_t n :
         {std::uint64_t{0}, number_, gas_limit, shape_.transactions * gas_used_each, time()})
      rlp::append_number(items, n);
    rlp::append_bytes(items, {});
    hashed(items, {});
    rlp::append_bytes(items, std::array<std::uint8_t, 8>{});
    rlp::append_number(items, base_fee);
    hashed(items, empty_trie_root());
    rlp::append_number(items, std::uint64_t{0});
    rlp::append_number(items, std::uint64_t{0});
    hashed(items, {});
    hashed(items, to_hash(no_requests));
    byte_vector whole;
    rlp::append_list_header(whole, items.size());
    whole.insert(whole.end(), items.begin(), items.end());
    return keccak256(whole);
  }
  std::uint64_t time() const noexcept { return first_time + number_ * block_seconds; }

  std::string header_text(const std::string& hash, const std::string& listed) const {
    const auto zero = to_hex(hash32{});
    return fmt::format(
        R"({{"hash":"{}","parentHash":"{}","sha3Uncles":"{}","miner":"{}","stateRoot":"{}",)"
        R"("transactionsRoot":"{}","receiptsRoot":"{}","logsBloom":"{}","difficulty":"0x0",)"
        R"("number":"{:#x}","gasLimit":"{:#x}","gasUsed":"{:#x}","timestamp":"{:#x}",)"
        R"("extraData":"0x","mixHash":"{}","nonce":"0x0000000000000000","baseFeePerGas":"{:#x}",)"
        R"("withdrawalsRoot":"{}","blobGasUsed":"0x0","excessBlobGas":"0x0",)"
        R"("parentBeaconBlockRoot":"{}","requestsHash":"{}","size":"0x0","uncles":[],)"
        R"("withdrawals":[],"transactions":[{}]}})",
        hash, to_hex(parent_), to_hex(no_uncles_), to_hex(miner_), to_hex(state_root_),
        to_hex(transactions_root_), to_hex(receipts_root_), to_hex(std::span{whole_bloom_.bits}),
        number_, gas_limit, shape_.transactions * gas_used_each, time(), zero, base_fee,
        to_hex(empty_trie_root()), zero, no_requests, listed);
  }

  std::string receipts_text(const std::string& place) const {
    std::string out = "[";
    std::uint64_t log_index = 0;
    for (std::size_t i = 0; i < receipts_.size(); ++i) {
      const auto& r = receipts_[i];
      const auto& t = transactions_[i];
      const auto of = fmt::format(R"("transactionHash":"{}","transactionIndex":"{:#x}",{})",
                                  to_hex(t.hash), i, place);
      std::string logs;
      for (const auto& log : r.logs)
        logs += fmt::format(
            R"({}{{"address":"{}","topics":["{}","{}","{}"],"data":"{}","removed":false,)"
            R"("logIndex":"{:#x}","blockTimestamp":"{:#x}",{}}})",
            logs.empty() ? "" : ",", to_hex(log.emitter), to_hex(log.topics[0]),
            to_hex(log.topics[1]), to_hex(log.topics[2]), to_hex(std::span{log.data}), log_index++,
            time(), of);
      out += fmt::format(
          R"({}{{{},"from":"{}","to":"{}","type":"0x2","status":"0x1","gasUsed":"{:#x}",)"
          R"("cumulativeGasUsed":"{:#x}","effectiveGasPrice":"{:#x}","contractAddress":null,)"
          R"("logsBloom":"{}","logs":[{}]}})",
          i == 0 ? "" : ",", of, to_hex(t.from), to_hex(t.to), gas_used_each, r.total_gas,
          base_fee + tip, to_hex(std::span{r.bloom.bits}), logs);
    }
    return out + "]";
  }

  const dense_shape shape_;
  std::mt19937_64 draw_;
  secp_context context_;
  std::vector<key> keys_;
  std::vector<address> tokens_;
  std::vector<address> holders_;
  const hash32 no_uncles_ = keccak256(byte_vector{0xc0});
  const address miner_{{0x11}};
  std::uint64_t number_ = 0;
  hash32 parent_;
  hash32 state_root_;
  hash32 transactions_root_;
  hash32 receipts_root_;
  log_bloom whole_bloom_;
  bloom_writer blooms_;
  std::vector<made_transaction> transactions_;
  std::vector<made_receipt> receipts_;
};

}  // namespace

std::vector<dense_block> make_dense_chain(const dense_shape& shape) {
  chain_maker maker{shape};
  std::vector<dense_block> out;
  for (std::uint64_t i = 0; i < shape.blocks; ++i) out.push_back(maker.next());
  return out;
}

}  // namespace eremos::bench
