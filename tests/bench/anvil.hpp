// A real Ethereum node (Anvil, from npm) as a child process, and a driver that has it mine blocks
// of so many logs. Owned by one thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "messages/error.hpp"
#include "messages/units.hpp"
#include "tests/bench/node_process.hpp"

namespace eremos::bench {

class anvil {
 public:
  /// Where scripts/bootstrap puts the program, seen from this program's place in the build folder.
  static std::filesystem::path of_bootstrap();

  /// Starts it on a free port of loopback, mining only when told to, and deploys the contract whose
  /// calls emit logs: that is its block 1. Errors: file_unreadable (no such program),
  /// provider_unreachable, provider_refused.
  static result<std::unique_ptr<anvil>> start(const std::filesystem::path& program);
  anvil(const anvil&) = delete;
  anvil& operator=(const anvil&) = delete;
  ~anvil();

  std::string ws_url() const { return "ws://" + authority_; }
  /// Its own words: "anvil 1.7.1".
  const std::string& version() const noexcept { return version_; }
  /// One block of so many transactions of so many logs each; returns when it is mined. Errors:
  /// provider_unreachable, provider_refused.
  status mine(std::size_t transactions, std::size_t logs_each);
  block_number head() const noexcept { return head_; }
  double cpu_seconds() const { return process_.sample().cpu_seconds; }

 private:
  struct caller;  ///< HTTP, in an actor system of its own

  anvil(node_process process, std::string authority);
  /// The answer's text. Errors: provider_unreachable, provider_refused (an error in it).
  result<std::string> post(std::string body);
  status wait_until_it_answers();
  status deploy();

  node_process process_;
  std::string authority_;
  std::string version_;
  std::unique_ptr<caller> caller_;
  std::string sender_;
  std::string contract_;
  std::uint64_t nonce_ = 0;
  block_number head_ = 0;
};

}  // namespace eremos::bench
