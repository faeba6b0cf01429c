// Entry points for fuzzing: each reads any bytes whatever, and ends the process where something
// that must hold does not. Shared by libFuzzer's programs and by fuzz_replay. One thread.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace eremos::fuzz {

void json_rpc(std::string_view input);
void block(std::string_view input);
void receipts(std::string_view input);
void logs(std::string_view input);
void transaction(std::string_view input);
void rlp(std::string_view input);
void trie(std::string_view input);
void abi(std::string_view input);
void recording(std::string_view input);
void config(std::string_view input);
void rule(std::string_view input);

struct target {
  std::string_view name;
  void (*run)(std::string_view input);
};
inline constexpr target targets[] = {
    {"json_rpc", json_rpc},       {"block", block},   {"receipts", receipts}, {"logs", logs},
    {"transaction", transaction}, {"rlp", rlp},       {"trie", trie},         {"abi", abi},
    {"recording", recording},     {"config", config}, {"rule", rule}};

/// Ends the process, as a sanitizer would.
inline void must(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", claim);
  std::abort();
}

}  // namespace eremos::fuzz
