#include "actors/detect/bridge_flow.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "actors/detect/kept_blocks.hpp"
#include "runtime/policy/decode_action.hpp"
#include "runtime/policy/hash_literal.hpp"

namespace eremos::detect {
namespace {

constexpr std::size_t abi_word_bytes = 32;

// across-protocol/contracts V3SpokePoolInterface.sol: V3FundsDeposited and FilledV3Relay with
// addresses, FundsDeposited and FilledRelay with words of 32 bytes, otherwise alike.
constexpr hash32 across_deposit_v3 =
    hash_literal("0xa123dc29aebf7d0c3322c8eeb5b999e859f39937950ed31056532713d0de396f");
constexpr hash32 across_deposit =
    hash_literal("0x32ed1a409ef04c7b0227189c3a103dc5ac10e775a15b785dcc510201f7c25ad3");
constexpr hash32 across_fill_v3 =
    hash_literal("0x571749edf1d5c9599318cdbc4e28a6475d65e87fd3b2ddbe1e9a8d5e7a0f0ff7");
constexpr hash32 across_fill =
    hash_literal("0x44b559f101f8fbcc8a0ea43fa91a05a729a5ea6e14a7c75aa750374690137208");
// circlefin/evm-cctp-contracts: DepositForBurn(uint64,address,uint256,address,bytes32,uint32,
// bytes32,bytes32) of TokenMessenger, MessageReceived(address,uint32,uint64,bytes32,bytes) of
// MessageTransmitter. Version 2 says no nonce on the first side.
constexpr hash32 cctp_burn =
    hash_literal("0x2fa9ca894982930190727e75500a97d8dc500233a5065e0f3126c48fbe0343c0");
constexpr hash32 cctp_message =
    hash_literal("0x58200b4c34ae05ee816d710053fff3fb75af4395915d3d2a771b24aa10e3cc5d");
// LayerZero-Labs/LayerZero-v2: IOFT.sol, and ILayerZeroEndpointV2.sol, PacketSent(bytes,bytes,
// address) and PacketDelivered((uint32,bytes32,uint64),address).
constexpr hash32 oft_sent =
    hash_literal("0x85496b760a4b7f8d66384b9df21b381f5d1b1e79f229a47aaf4c232edc2fe59a");
constexpr hash32 oft_received =
    hash_literal("0xefed6d3500546b29533b128a29e3a94d70788727f0507505ac12eaf2e578fd9c");
constexpr hash32 packet_sent =
    hash_literal("0x1ab700d4ced0c005b164c0f789fd09fcbb0156d4c2041b8a3bfbcd961cd1567f");
constexpr hash32 packet_delivered =
    hash_literal("0x3cd5e48f9730b129dc7550f0fcea9c767b7be37837cd10e55eb35f734f4bca04");
// ethereum-optimism/optimism StandardBridge.sol: (address,address,uint256,bytes).
constexpr hash32 op_initiated =
    hash_literal("0x2849b43074093a05396b6f2a937dee8565b15a48a7b3d4bffb732a5017380af5");
constexpr hash32 op_finalized =
    hash_literal("0x31b2166ff604fc5672ea5df08a78081d2bc6d746cadce880747f3643d819e83d");
// OffchainLabs/nitro-contracts IDelayedMessageProvider.sol: InboxMessageDelivered(uint256,bytes).
constexpr hash32 inbox_delivered =
    hash_literal("0xff64905f73a67fb594e0f940a8075a860db489ad991e032f48c81123eb52d60b");
/// OffchainLabs/go-ethereum core/types/transaction.go: ArbitrumDepositTxType.
constexpr std::uint64_t arbitrum_deposit_type = 0x64;

/// developers.circle.com, "Supported chains and domains".
constexpr std::array<std::pair<std::uint32_t, chain_id>, 6> cctp_domains = {
    {{0, 1}, {1, 43'114}, {2, 10}, {3, 42'161}, {6, 8'453}, {7, 137}}};

maybe<std::uint32_t> domain_of(chain_id chain) {
  for (const auto& [domain, of] : cctp_domains)
    if (of == chain) return domain;
  return {};
}
chain_id chain_of_domain(const uint256& domain) {
  for (const auto& [known, chain] : cctp_domains)
    if (domain == uint256{known}) return chain;
  return 0;
}
chain_id chain_of(const uint256& id) { return id.fits_uint64() ? id.low64() : 0; }

uint256 number(const hash32& topic) noexcept { return from_big_endian(topic.data.data()); }

/// A log's data as ABI words; what lies beyond its end is nothing.
struct words {
  const byte_vector& data;

  std::size_t count() const noexcept { return data.size() / abi_word_bytes; }
  uint256 number(std::size_t i) const noexcept {
    return from_big_endian(data.data() + i * abi_word_bytes);
  }
  /// None if the word holds more than an address: another kind of chain's.
  maybe<address> account(std::size_t i) const noexcept {
    return address_of_word(data.data() + i * abi_word_bytes);
  }
  /// Where the bytes begin that word i points at, and how many there are; none if the data is torn.
  maybe<std::pair<std::size_t, std::size_t>> bytes(std::size_t i) const noexcept {
    const auto at = number(i);
    if (!at.fits_uint64() || at.low64() % abi_word_bytes != 0 ||
        at.low64() + abi_word_bytes > data.size())
      return {};
    const auto begin = static_cast<std::size_t>(at.low64()) + abi_word_bytes;
    const auto size = number(static_cast<std::size_t>(at.low64()) / abi_word_bytes);
    if (!size.fits_uint64() || size.low64() > data.size() - begin) return {};
    return std::pair{begin, static_cast<std::size_t>(size.low64())};
  }
};

maybe<bridge_flow> across_deposited(const contract_event& log, chain_id chain) {
  const words in{log.data};
  if (log.topics.size() != 4 || in.count() < 10) return {};
  const auto sender = address_of_word(log.topics[3].data.data());
  const auto token = in.account(0);
  const auto recipient = in.account(7);
  if (!sender || !token || !recipient) return {};
  return bridge_flow{.bridge = "across",
                     .key = fmt::format("across:{}:{}", chain, to_string(number(log.topics[2]))),
                     .other = chain_of(number(log.topics[1])),
                     .sender = *sender,
                     .recipient = *recipient,
                     .token = *token,
                     .asset = {},
                     .amount = in.number(2)};
}

/// To the recipient that the depositor named first: one that was changed on the way is not read.
maybe<bridge_flow> across_filled(const contract_event& log) {
  const words in{log.data};
  if (log.topics.size() != 4 || in.count() < 12) return {};
  const auto token = in.account(1);
  const auto recipient = in.account(9);
  if (!token || !recipient) return {};
  const auto origin = number(log.topics[1]);
  return bridge_flow{
      .bridge = "across",
      .side = flow_side::withdrawal,
      .key = fmt::format("across:{}:{}", to_string(origin), to_string(number(log.topics[2]))),
      .other = chain_of(origin),
      .recipient = *recipient,
      .token = *token,
      .asset = {},
      .amount = in.number(3)};
}

maybe<bridge_flow> cctp_burned(const contract_event& log, chain_id chain) {
  const words in{log.data};
  const auto domain = domain_of(chain);
  if (log.topics.size() != 4 || in.count() != 5 || !domain) return {};
  const auto token = address_of_word(log.topics[2].data.data());
  const auto sender = address_of_word(log.topics[3].data.data());
  const auto recipient = in.account(1);
  if (!token || !sender || !recipient) return {};
  return bridge_flow{.bridge = "cctp",
                     .key = fmt::format("cctp:{}:{}", *domain, to_string(number(log.topics[1]))),
                     .other = chain_of_domain(in.number(2)),
                     .sender = *sender,
                     .recipient = *recipient,
                     .token = *token,
                     .asset = {},
                     .amount = in.number(0)};
}

/// Only messages that mint: BurnMessage.sol, version (4 bytes), burn token, recipient, amount,
/// sender.
maybe<bridge_flow> cctp_received(const contract_event& log) {
  constexpr std::size_t burn_message_bytes = 4 + 4 * abi_word_bytes;
  const words in{log.data};
  if (log.topics.size() != 3 || in.count() < 4) return {};
  const auto body = in.bytes(2);
  if (!body || body->second != burn_message_bytes) return {};
  const auto* at = log.data.data() + body->first + 4;
  const auto recipient = address_of_word(at + abi_word_bytes);
  if (!recipient) return {};
  return bridge_flow{
      .bridge = "cctp",
      .side = flow_side::withdrawal,
      .key = fmt::format("cctp:{}:{}", to_string(in.number(0)), to_string(number(log.topics[2]))),
      .other = chain_of_domain(in.number(0)),
      .recipient = *recipient,
      .asset = {},
      .amount = from_big_endian(at + 2 * abi_word_bytes)};
}

maybe<bridge_flow> token_moved(const contract_event& log) {
  const bool sent = log.topics[0] == oft_sent;
  const words in{log.data};
  if (log.topics.size() != 3 || in.count() != (sent ? 3u : 2u)) return {};
  const auto who = address_of_word(log.topics[2].data.data());
  if (!who) return {};
  bridge_flow out{.bridge = "layerzero",
                  .side = sent ? flow_side::deposit : flow_side::withdrawal,
                  .key = "layerzero:" + to_hex(log.topics[1]),
                  .token = log.emitter,
                  .asset = {},
                  .amount = in.number(1)};
  (sent ? out.sender : out.recipient) = *who;
  return out;
}

maybe<bridge_flow> op_moved(const contract_event& log) {
  const words in{log.data};
  if (log.topics.size() != 3 || in.count() < 3) return {};
  const auto from = address_of_word(log.topics[1].data.data());
  const auto to = address_of_word(log.topics[2].data.data());
  if (!from || !to) return {};
  const bool began = log.topics[0] == op_initiated;
  return bridge_flow{.bridge = "op_bridge",
                     .side = began ? flow_side::deposit : flow_side::withdrawal,
                     .key = {},
                     .sender = began ? *from : address{},
                     .recipient = *to,
                     .asset = "native:ETH",
                     .amount = in.number(0)};
}

/// Inbox.sol depositEth: the recipient and the amount, packed. What else is sent through the inbox
/// is longer, and not read.
maybe<bridge_flow> arbitrum_deposited(const contract_event& log) {
  const words in{log.data};
  if (log.topics.size() != 2 || in.count() < 2) return {};
  const auto said = in.bytes(0);
  if (!said || said->second != address::size_bytes + abi_word_bytes) return {};
  bridge_flow out{.bridge = "arbitrum", .key = {}, .asset = "native:ETH", .amount = {}};
  const auto* at = log.data.data() + said->first;
  std::copy_n(at, address::size_bytes, out.recipient.data.begin());
  out.amount = from_big_endian(at + address::size_bytes);
  return out;
}

maybe<bridge_flow> decode(const contract_event& log, chain_id chain) {
  const auto& topic = log.topics[0];
  if (topic == across_deposit || topic == across_deposit_v3) return across_deposited(log, chain);
  if (topic == across_fill || topic == across_fill_v3) return across_filled(log);
  if (topic == cctp_burn) return cctp_burned(log, chain);
  if (topic == cctp_message) return cctp_received(log);
  if (is_token_bridge_topic(topic)) return token_moved(log);
  if (topic == op_initiated || topic == op_finalized) return op_moved(log);
  if (topic == inbox_delivered) return arbitrum_deposited(log);
  return {};
}

/// What LayerZero's endpoint said in the block: a token's word alone is anybody's.
class endpoint_words {
 public:
  explicit endpoint_words(const std::vector<contract_event>& logs) {
    for (const auto& log : logs) {
      const words in{log.data};
      if (log.topics[0] == packet_delivered && in.count() == 4) {
        if (const auto receiver = in.account(3))
          delivered_.emplace(log.transaction_index, *receiver);
      } else if (log.topics[0] == packet_sent && in.count() >= 3) {
        // PacketV1Codec.sol: version, nonce, endpoint, sender, endpoint, receiver, then the guid.
        constexpr std::size_t guid_at = 81;
        const auto packet = in.bytes(0);
        if (!packet || packet->second < guid_at + abi_word_bytes) continue;
        hash32 guid;
        std::copy_n(log.data.data() + packet->first + guid_at, abi_word_bytes, guid.data.begin());
        sent_.emplace(log.transaction_index, guid);
      }
    }
  }

  bool agree(const contract_event& token) const {
    if (token.topics.size() < 2) return false;
    return token.topics[0] == oft_sent
               ? sent_.contains({token.transaction_index, token.topics[1]})
               : delivered_.contains({token.transaction_index, token.emitter});
  }

 private:
  std::set<std::pair<std::uint64_t, hash32>> sent_;
  std::set<std::pair<std::uint64_t, address>> delivered_;
};

/// A flow with its place in the block.
struct placed {
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;
  bridge_flow flow;
};

void add_events(const bridge_block& what, const block_ref& block, std::vector<placed>& out) {
  const endpoint_words endpoint{what.logs};
  for (const auto& log : what.logs) {
    if (is_token_bridge_topic(log.topics[0]) && !endpoint.agree(log)) continue;
    auto flow = decode(log, block.chain);
    if (!flow || flow->amount.is_zero()) continue;
    flow->transaction = log.transaction_hash;
    flow->event = id_of_log(block, log.log_index);
    out.push_back({log.transaction_index, log.log_index, std::move(*flow)});
  }
}

/// Payments to and from bridges that say nothing we read.
void add_payments(const bridge_block& what, const block_ref& block, std::string_view native_symbol,
                  std::vector<placed>& out) {
  std::set<std::uint64_t> told;
  for (const auto& log : what.logs) told.insert(log.transaction_index);
  const auto native = fmt::format("native:{}", native_symbol);
  for (const auto& [index, t] : what.transactions.rows()) {
    if (t.value.is_zero() || !t.to || told.contains(index)) continue;
    const bool arrives = t.type == arbitrum_deposit_type;
    if (!arrives && t.from_bridge == t.to_bridge) continue;
    const bool leaves = !arrives && t.to_bridge;
    bridge_flow flow{.bridge = arrives ? "arbitrum" : "labelled",
                     .side = leaves ? flow_side::deposit : flow_side::withdrawal,
                     .key = {},
                     .recipient = leaves ? t.from : *t.to,
                     .asset = native,
                     .amount = t.value,
                     .transaction = t.hash,
                     .event = id_of_transaction(block, t.hash)};
    if (leaves) flow.sender = t.from;
    out.push_back({index, 0, std::move(flow)});
  }
  for (const auto& t : what.transfers) {
    if (t.amount.is_zero() || t.from_bridge == t.to_bridge || told.contains(t.transaction_index))
      continue;
    bridge_flow flow{.bridge = "labelled",
                     .side = t.to_bridge ? flow_side::deposit : flow_side::withdrawal,
                     .key = {},
                     .recipient = t.to_bridge ? t.from : t.to,
                     .token = t.token,
                     .asset = t.asset,
                     .amount = t.amount,
                     .transaction = t.transaction,
                     .event = id_of_log(block, t.log_index)};
    if (t.to_bridge) flow.sender = t.from;
    out.push_back({t.transaction_index, t.log_index, std::move(flow)});
  }
}

/// A detail's text, without its quotes: what to_details writes needs no escapes.
std::string_view text_of(const detail_map& details, std::string_view key) {
  auto json = details.find(key);
  if (json.size() >= 2 && json.front() == '"') json = json.substr(1, json.size() - 2);
  return json;
}

template <class T>
bool read(const detail_map& details, std::string_view key, T& out,
          result<T> (*parse)(std::string_view)) {
  const auto text = text_of(details, key);
  if (text.empty()) return true;
  auto parsed = parse(text);
  if (parsed) out = *parsed;
  return parsed.has_value();
}

}  // namespace

std::string_view to_string(flow_side x) noexcept {
  return x == flow_side::deposit ? "deposit" : "withdrawal";
}

const std::vector<hash32>& bridge_topics() {
  static const std::vector<hash32> all = {
      across_deposit, across_deposit_v3, across_fill,    across_fill_v3, cctp_burn,
      cctp_message,   oft_sent,          oft_received,   packet_sent,    packet_delivered,
      op_initiated,   op_finalized,      inbox_delivered};
  return all;
}

bool is_token_bridge_topic(const hash32& topic0) noexcept {
  return topic0 == oft_sent || topic0 == oft_received;
}

std::vector<bridge_flow> bridge_flows(const bridge_block& what, const block_ref& block,
                                      time_ms time, std::string_view native_symbol) {
  std::vector<placed> found;
  add_events(what, block, found);
  add_payments(what, block, native_symbol, found);
  std::sort(found.begin(), found.end(), [](const placed& a, const placed& b) {
    return std::tie(a.transaction_index, a.log_index) < std::tie(b.transaction_index, b.log_index);
  });
  std::vector<bridge_flow> out;
  for (auto& [index, log, flow] : found) {
    flow.block = block;
    flow.time = time;
    if (const auto* t = what.transactions.find(index)) {
      flow.signer = t->from;
      if (flow.side == flow_side::deposit && flow.sender.is_zero()) flow.sender = t->from;
    }
    out.push_back(std::move(flow));
  }
  return out;
}

detail_map to_details(const bridge_flow& flow) {
  detail_map out;
  out.set("bridge", flow.bridge)
      .set("side", to_string(flow.side))
      .set("amount", flow.amount)
      .set("service", flow.service)
      .set("transaction", flow.transaction)
      .set("event", to_string(flow.event));
  if (!flow.key.empty()) out.set("key", flow.key);
  if (!flow.asset.empty()) out.set("asset", flow.asset);
  if (flow.other != 0) out.set("other", std::uint64_t{flow.other});
  for (const auto& [key, who] : {std::pair{"sender", flow.sender},
                                 {"signer", flow.signer},
                                 {"recipient", flow.recipient},
                                 {"token", flow.token}})
    if (!who.is_zero()) out.set(key, who);
  return out;
}

result<bridge_flow> flow_of(const agent_message& told) {
  const auto& in = told.details;
  bridge_flow out;
  out.bridge = text_of(in, "bridge");
  out.key = text_of(in, "key");
  out.asset = text_of(in, "asset");
  out.side = text_of(in, "side") == "deposit" ? flow_side::deposit : flow_side::withdrawal;
  out.service = text_of(in, "service") == "true";
  out.time = told.event_time;
  const bool good = read(in, "sender", out.sender, parse_address) &&
                    read(in, "signer", out.signer, parse_address) &&
                    read(in, "recipient", out.recipient, parse_address) &&
                    read(in, "token", out.token, parse_address) &&
                    read(in, "amount", out.amount, parse_uint256) &&
                    read(in, "transaction", out.transaction, parse_hash32) &&
                    read(in, "event", out.event, parse_event_id);
  if (const auto other = text_of(in, "other"); !other.empty())
    std::from_chars(other.data(), other.data() + other.size(), out.other);
  if (!good || out.bridge.empty() || (out.key.empty() && out.asset.empty()) ||
      out.event == event_id{} || told.blocks.size() != 1 ||
      told.blocks.front().hash != out.event.block || told.blocks.front().chain != out.event.chain)
    return {errc::malformed_shape, "not a flow over a bridge"};
  out.block = told.blocks.front();
  return out;
}

}  // namespace eremos::detect
