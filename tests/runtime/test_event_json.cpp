// An event as JSON: every field under its name, amounts as strings, unknown as null.
#include "runtime/storage/event_json.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

blockchain_event wrapped(event_data data, event_id id) {
  blockchain_event e;
  e.id = id;
  e.source = "ethereum";
  e.data = std::move(data);
  e.rank = priority::high;
  e.score = 110;
  e.on = lane::high;
  e.number = 5;
  e.sequence = 42;
  e.event_time = 1'700'000'000'000;
  return e;
}

std::string envelope(const blockchain_event& e, const std::string& block, const std::string& data) {
  return fmt::format(
      R"({{"id":"{}","type":"{}","chain_id":1,"source":"ethereum",{},"sequence":42,)"
      R"("event_time":1700000000000,"time_estimated":false,"priority":"high","score":110,)"
      R"("lane":"high","finality":"latest","data":{{{}}}}})",
      to_string(e.id), to_string(e.type()), block, data);
}

std::string in_block_5() {
  return fmt::format(R"("block_number":5,"block_hash":"{}")", to_hex(hash_at(5)));
}

}  // namespace

TEST_CASE("event json: a block") {
  block_event b;
  b.number = 5;
  b.hash = hash_at(5);
  b.parent_hash = hash_at(4);
  b.timestamp = 1'700'000'000'000;
  b.transaction_count = 2;
  b.gas_used = 21'000;
  b.gas_limit = 30'000'000;
  b.beneficiary = wallet_at(1);
  const auto e = wrapped(b, id_of(1, b));
  CHECK(
      to_json(e) ==
      envelope(e, in_block_5(),
               fmt::format(R"("number":5,"hash":"{}","parent_hash":"{}","timestamp":1700000000000,)"
                           R"("transaction_count":2,"gas_used":21000,"gas_limit":30000000,)"
                           R"("miner":"{}","base_fee_per_gas":null)",
                           to_hex(b.hash), to_hex(b.parent_hash), to_hex(b.beneficiary))));
}

TEST_CASE("event json: a transaction with all that EIP-2930, 4844 and 7702 add") {
  transaction_event t;
  t.hash = hash_at(9);
  t.from = wallet_at(1);
  t.value = ether(1'000) * wei{1'000'000};
  t.type = 4;
  t.nonce = 7;
  t.gas_limit = 90'000;
  t.gas_price = gwei(30);
  t.max_fee_per_gas = gwei(40);
  t.input = {0xde, 0xad};
  t.access_list = {{wallet_at(2), {hash_at(1), hash_at(2)}}, {wallet_at(3), {}}};
  t.blob_versioned_hashes = {hash_at(3)};
  t.authorization_list = {{uint256{1}, wallet_at(4), 9}};
  t.number = 5;
  t.transaction_index = 3;
  t.succeeded = false;
  t.gas_used = 80'000;
  const auto e = wrapped(t, id_of(1, hash_at(5), t));
  const auto data = fmt::format(
      R"("hash":"{}","from":"{}","to":null,"value":"1000000000000000000000000000","type":4,)"
      R"("nonce":7,"gas_limit":90000,"gas_price":"30000000000","max_fee_per_gas":"40000000000",)"
      R"("max_priority_fee_per_gas":null,"max_fee_per_blob_gas":null,"input":"0xdead",)"
      R"("access_list":[{{"address":"{}","storage_keys":["{}","{}"]}},{{"address":"{}","storage_keys":[]}}],)"
      R"("blob_versioned_hashes":["{}"],"authorization_list":[{{"chain_id":"1","address":"{}","nonce":9}}],)"
      R"("block_number":5,"transaction_index":3,"status":0,"gas_used":80000,)"
      R"("effective_gas_price":null,"contract_address":null)",
      to_hex(t.hash), to_hex(t.from), to_hex(wallet_at(2)), to_hex(hash_at(1)), to_hex(hash_at(2)),
      to_hex(wallet_at(3)), to_hex(hash_at(3)), to_hex(wallet_at(4)));
  CHECK(to_json(e) == envelope(e, in_block_5(), data));
}

TEST_CASE("event json: a log, its name null where it is not known") {
  contract_event log;
  log.emitter = wallet_at(1);
  log.topics.count = 2;
  log.topics.items[0] = hash_at(1);
  log.topics.items[1] = hash_at(2);
  log.transaction_hash = hash_at(9);
  log.transaction_index = 3;
  log.log_index = 12;
  const auto rest = fmt::format(
      R"("topics":["{}","{}"],"data":"0x","transaction_hash":"{}","transaction_index":3,"log_index":12)",
      to_hex(hash_at(1)), to_hex(hash_at(2)), to_hex(hash_at(9)));
  auto e = wrapped(log, id_of(1, hash_at(5), log));
  CHECK(to_json(e) ==
        envelope(e, in_block_5(),
                 fmt::format(R"("address":"{}","event_name":null,"signature":null,{})",
                             to_hex(log.emitter), rest)));
  log.signature = event_signature{"Ping", "Ping(bytes32)", ""};
  e.data = log;
  CHECK(
      to_json(e) ==
      envelope(e, in_block_5(),
               fmt::format(R"x("address":"{}","event_name":"Ping","signature":"Ping(bytes32)",{})x",
                           to_hex(log.emitter), rest)));
}

TEST_CASE("event json: a pending transaction of which only the hash is known has no block") {
  const auto pending = pending_transaction(3);
  auto e = wrapped(pending.data, pending.id);
  CHECK(to_json(e) ==
        envelope(
            e, R"("block_number":null,"block_hash":null)",
            fmt::format(R"("pending":true,"state":"seen","full":false,"hash":"{}","provider":null)",
                        to_hex(pending.id.subject))));
}

TEST_CASE("event json: what a block did to a wallet") {
  wallet_activity_event w;
  w.account = wallet_at(1);
  w.balance_change = {true, ether(2)};
  w.transaction_count = 4;
  w.anomaly = {.score = 0.25, .value = 0.125, .burst = 0.0625, .wake = 0.5};
  w.counterparties = 3;
  w.funder = wallet_at(2);
  w.funded_by = funding_source::cex;
  const auto e = wrapped(w, id_of(1, hash_at(5), w));
  CHECK(to_json(e) ==
        envelope(e, in_block_5(),
                 fmt::format(R"("address":"{}","balance_change":"-2000000000000000000",)"
                             R"("transaction_count":4,"last_activity":0,"first_seen":0,)"
                             R"("counterparties":3,"cluster_id":null,"funder":"{}",)"
                             R"("funding_source":"cex","anomaly_score":0.25,"anomaly_value":0.125,)"
                             R"("anomaly_burst":0.0625,"anomaly_wake":0.5)",
                             to_hex(w.account), to_hex(w.funder))));
}
