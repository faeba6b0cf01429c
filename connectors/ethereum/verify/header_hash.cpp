#include "connectors/ethereum/verify/header_hash.hpp"

#include "messages/keccak.hpp"

namespace eremos::verify {
namespace {

// Yellow Paper §4.4; go-ethereum core/types/block.go, Header, for the tail: London (EIP-1559),
// Shanghai (4895), Cancun (4844, 4788), Prague (7685), Amsterdam (7928, 7843).
constexpr field_spec header_specs[] = {
    {"parentHash", form::fixed32},
    {"sha3Uncles", form::fixed32},
    {"miner", form::fixed20},
    {"stateRoot", form::fixed32},
    {"transactionsRoot", form::fixed32},
    {"receiptsRoot", form::fixed32},
    {"logsBloom", form::fixed256},
    {"difficulty", form::number},
    {"number", form::number},
    {"gasLimit", form::number},
    {"gasUsed", form::number},
    {"timestamp", form::number},
    {"extraData", form::bytes},
    {"mixHash", form::fixed32},
    {"nonce", form::fixed8},
    {"baseFeePerGas", form::number},
    {"withdrawalsRoot", form::fixed32},
    {"blobGasUsed", form::number},
    {"excessBlobGas", form::number},
    {"parentBeaconBlockRoot", form::fixed32},
    {"requestsHash", form::fixed32},
    {"blockAccessListHash", form::fixed32},
    {"slotNumber", form::number},
    {"balHash", form::fixed32},       // Besu's name
    {"requestsRoot", form::fixed32},  // op-geth's name in 2024
    {"author", form::fixed20},        // OpenEthereum's name, beside or instead of `miner`
    {"step", form::number},           // AuRa (OpenEthereum, Nethermind), a JSON number
    {"signature", form::bytes},
    {"auraStep", form::number},  // AuRa (Erigon), with a zero mixHash and nonce beside it
    {"auraSeal", form::bytes},
    {"hash", form::fixed32},
    {"transactions"},
    {"withdrawals"},
    {"l1BlockNumber"},  // Arbitrum Nitro: parts of mixHash and extraData
    {"sendCount"},
    {"sendRoot", form::fixed32},
    {"milliTimestamp"},  // BSC: timestamp and mixHash
    {"size"},
    {"uncles"},
    {"totalDifficulty"},
};
static_assert(std::size(header_specs) <= known_fields::fields_max);

constexpr std::size_t seal_bytes = 65;

/// Which field stands at this place of the header's tail.
std::size_t by_any_name(const known_fields& block, std::size_t field) {
  if (field == h_access_list_hash && !block.has(field)) return h_bal_hash;
  if (field == h_requests_hash && !block.has(field)) return h_requests_root;
  return field;
}

/// Proof of authority as Gnosis had it before the merge: step and signature instead of mixHash and
/// nonce.
bool append_aura_seal(byte_vector& out, const known_fields& block, obstacle& stop) {
  const bool is_erigon = block.has(h_aura_seal);
  const auto before = out.size();
  if (!block.append(out, is_erigon ? h_aura_step : h_step, stop)) return false;
  const auto seal = out.size();
  if (!block.append(out, is_erigon ? h_aura_seal : h_signature, stop)) return false;
  // Two bytes of prefix for a string of over 55 bytes.
  return (out.size() - seal == seal_bytes + 2 && seal > before) ||
         stop.broken(block.name(is_erigon ? h_aura_seal : h_signature), "not 65 bytes of hex");
}

bool append_seal(byte_vector& out, const known_fields& block, obstacle& stop) {
  if (block.has(h_signature) || block.has(h_aura_seal)) return append_aura_seal(out, block, stop);
  return block.append(out, h_mix_hash, stop) && block.append(out, h_nonce, stop);
}

/// Fields that are absent at the end are not in the header; one between present ones is empty.
bool append_tail(byte_vector& out, const known_fields& block, obstacle& stop) {
  std::size_t end = h_base_fee;
  for (std::size_t i = h_base_fee; i < h_tail_end; ++i)
    if (block.has(by_any_name(block, i))) end = i + 1;
  for (std::size_t i = h_base_fee; i < end; ++i)
    if (!block.append_or_empty(out, by_any_name(block, i), stop)) return false;
  return true;
}

}  // namespace

known_fields block_fields() { return known_fields{header_specs}; }

bool hash_header(const known_fields& block, hash32& out, obstacle& stop) {
  byte_vector bytes;
  bytes.reserve(1024);
  rlp::open_list list{bytes};
  for (std::size_t i = h_parent_hash; i <= h_extra_data; ++i) {
    const bool is_author = i == h_miner && !block.has(h_miner);
    if (!block.append(bytes, is_author ? h_author : i, stop)) return false;
  }
  if (!append_seal(bytes, block, stop) || !append_tail(bytes, block, stop)) return false;
  list.close();
  out = keccak256(bytes);
  return true;
}

}  // namespace eremos::verify
