// libFuzzer's entry for the target EREMOS_FUZZ_TARGET.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& target : eremos::fuzz::targets)
    if (target.name == EREMOS_FUZZ_TARGET) target.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
