#include "tests/bench/anvil.hpp"

#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/net/http.hpp"
#include "runtime/caf_error.hpp"
#include "tests/bench/loopback.hpp"

namespace eremos::bench {
namespace {

using namespace std::chrono_literals;

/// From the program's start to its first answer: 0.2 s on a quiet machine.
constexpr auto start_max = 30s;
/// Room for 100,000 logs in a block.
constexpr std::uint64_t block_gas = 1'000'000'000;
/// LOG3 with 32 bytes costs 1,756 (yellow paper, appendix G), the loop around it about 70 …
constexpr std::uint64_t gas_of_log = 2'000;
/// … and a transaction with a word of input 21,000 and a little.
constexpr std::uint64_t gas_of_transaction = 60'000;

/// Emits as many ERC-20 transfers as its one argument says: from the caller, to the addresses
/// n - 1, …, 0, of n - 1, …, 0. By hand, so that no compiler is needed:
///
///   00  PUSH1 00 CALLDATALOAD                       n
///   03  JUMPDEST DUP1 ISZERO PUSH1 3c JUMPI         until it is 0
///   09  PUSH1 01 SWAP1 SUB                          n - 1
///   0d  DUP1 PUSH1 00 MSTORE                        the log's data
///   11  DUP1 CALLER PUSH32 Transfer PUSH1 20 PUSH1 00 LOG3
///   39  PUSH1 03 JUMP
///   3c  JUMPDEST STOP
///
/// Before it stands what returns it: PUSH1 3e DUP1 PUSH1 0b PUSH1 00 CODECOPY PUSH1 00 RETURN.
constexpr std::string_view creation =
    "0x603e80600b6000396000f3"
    "600035"
    "5b8015603c57"
    "60019003"
    "80600052"
    "80337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60206000a3"
    "600356"
    "5b00";

/// What stands in quotes behind `"name":` where it first comes after `from`; empty if it does not.
std::string_view text_after(std::string_view json, std::string_view name, std::size_t from = 0) {
  const auto key = fmt::format("\"{}\":", name);
  const auto at = json.find(key, from);
  if (at == std::string_view::npos) return {};
  const auto begin = json.find('"', at + key.size());
  const auto end = begin == std::string_view::npos ? begin : json.find('"', begin + 1);
  return end == std::string_view::npos ? std::string_view{}
                                       : json.substr(begin + 1, end - begin - 1);
}

std::string rpc(std::uint64_t id, std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id, method,
                     params);
}

}  // namespace

struct anvil::caller {
  caller()
      : system{config}, http{caf::actor_cast<http_actor>(spawn_http(system))}, asking{system} {}
  ~caller() { caf::anon_send_exit(http, caf::exit_reason::user_shutdown); }

  caf::actor_system_config config;
  caf::actor_system system;
  http_actor http;
  caf::scoped_actor asking;
};

std::filesystem::path anvil::of_bootstrap() {
  // PROJECT/build/PRESET/tests/bench/eremos-bench
  auto project = std::filesystem::read_symlink("/proc/self/exe");
  for (int i = 0; i < 5; ++i) project = project.parent_path();
  // Not the script in .bin: it starts the program and would leave it behind. The folder's name ends
  // in system and processor.
  const auto packages = project / ".tools/node_modules/@foundry-rs";
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{packages, none})
    if (entry.path().filename().string().starts_with("anvil-")) return entry.path() / "bin/anvil";
  return packages / "anvil-linux-amd64/bin/anvil";
}

anvil::anvil(node_process process, std::string authority)
    : process_(std::move(process)),
      authority_(std::move(authority)),
      caller_(std::make_unique<caller>()) {}

anvil::~anvil() = default;

result<std::unique_ptr<anvil>> anvil::start(const std::filesystem::path& program) {
  if (!std::filesystem::exists(program))
    return {errc::file_unreadable,
            fmt::format("no Anvil at {}; run scripts/bootstrap, or name it with --anvil",
                        program.string())};
  const auto port = free_port();
  auto process =
      node_process::start({program, "--host", "127.0.0.1", "--port", fmt::format("{}", port),
                           "--chain-id", "1", "--no-mining", "--gas-limit",
                           fmt::format("{}", block_gas), "--balance", "1000000000", "--silent"});
  if (!process) return process.error();
  std::unique_ptr<anvil> out{new anvil{std::move(*process), fmt::format("127.0.0.1:{}", port)}};
  if (auto there = out->wait_until_it_answers(); !there) return there.error();
  if (auto deployed = out->deploy(); !deployed) return deployed.error();
  return out;
}

result<std::string> anvil::post(std::string body) {
  result<std::string> out{errc::provider_unreachable, ""};
  caller_->asking
      ->request(caller_->http, caf::infinite,
                http_request{.url = "http://" + authority_,
                             .body = std::move(body),
                             .headers = {"Content-Type: application/json"}})
      .receive([&](http_reply& reply) { out = std::move(reply.body); },
               [&](const caf::error& e) { out = from_caf(e); });
  if (out && out->find("\"error\":") != std::string::npos)
    return {errc::provider_refused, fmt::format("Anvil: {}", out->substr(0, 200))};
  return out;
}

status anvil::wait_until_it_answers() {
  const auto end = std::chrono::steady_clock::now() + start_max;
  while (true) {
    auto said = post(rpc(1, "web3_clientVersion", "[]"));
    if (said) {
      version_ = text_after(*said, "result");
      return ok;
    }
    if (std::chrono::steady_clock::now() > end)
      return {errc::provider_unreachable,
              fmt::format("Anvil does not answer at {}: {}", authority_, said.error().message)};
    std::this_thread::sleep_for(20ms);
  }
}

status anvil::deploy() {
  const auto accounts = post(rpc(1, "eth_accounts", "[]"));
  if (!accounts) return accounts.error();
  const auto first = accounts->find("0x");
  if (first == std::string::npos) return {errc::provider_refused, "Anvil has no accounts"};
  sender_ = accounts->substr(first, 42);
  const auto sent = post(rpc(1, "eth_sendTransaction",
                             fmt::format(R"([{{"from":"{}","data":"{}","nonce":"{:#x}",)"
                                         R"("gas":"{:#x}"}}])",
                                         sender_, creation, nonce_++, 200'000)));
  if (!sent) return sent.error();
  if (const auto mined = post(rpc(1, "evm_mine", "[]")); !mined) return mined.error();
  ++head_;
  const auto receipt = post(
      rpc(1, "eth_getTransactionReceipt", fmt::format(R"(["{}"])", text_after(*sent, "result"))));
  if (!receipt) return receipt.error();
  contract_ = text_after(*receipt, "contractAddress");
  if (contract_.size() != 42 || text_after(*receipt, "status") != "0x1")
    return {errc::provider_refused, fmt::format("no contract came of {}", receipt->substr(0, 200))};
  return ok;
}

status anvil::mine(std::size_t transactions, std::size_t logs_each) {
  std::string batch = "[";
  for (std::size_t i = 0; i < transactions; ++i) {
    if (i > 0) batch += ',';
    batch += rpc(i, "eth_sendTransaction",
                 fmt::format(R"([{{"from":"{}","to":"{}","data":"0x{:064x}","nonce":"{:#x}",)"
                             R"("gas":"{:#x}"}}])",
                             sender_, contract_, logs_each, nonce_++,
                             gas_of_transaction + logs_each * gas_of_log));
  }
  if (const auto sent = post(batch + "]"); !sent) return sent.error();
  if (const auto mined = post(rpc(1, "evm_mine", "[]")); !mined) return mined.error();
  ++head_;
  return ok;
}

}  // namespace eremos::bench
