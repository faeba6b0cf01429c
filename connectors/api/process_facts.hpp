// What the kernel says of this process (proc(5)). Any thread.
#pragma once
#include <cstdint>

namespace eremos {

struct process_facts {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t threads = 0;
  double cpu_seconds = 0;
};
/// Zeros where the kernel does not say.
process_facts read_process_facts();

}  // namespace eremos
