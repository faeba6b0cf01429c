#include "connectors/api/process_facts.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace eremos {

process_facts read_process_facts() {
  process_facts out;
  std::ifstream stat{"/proc/self/stat"};
  std::string text;
  std::getline(stat, text);
  // The name, in parentheses, may hold anything; the numbers come after it.
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return out;
  const auto numbers = text.substr(after_name + 2);
  std::size_t at = 0;
  for (int field = 3; at < numbers.size(); ++field) {
    const auto end = std::min(numbers.find(' ', at), numbers.size());
    const auto value = field == 3 ? 0 : std::strtoull(numbers.c_str() + at, nullptr, 10);
    if (field == 14 || field == 15)  // utime, stime
      out.cpu_seconds += static_cast<double>(value) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    if (field == 20) out.threads = value;
    if (field == 23) out.virtual_bytes = value;
    if (field == 24)
      out.resident_bytes = value * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    at = end + 1;
  }
  std::error_code none;
  for (auto it = std::filesystem::directory_iterator{"/proc/self/fd", none};
       !none && it != std::filesystem::directory_iterator{}; it.increment(none))
    ++out.open_files;
  return out;
}

}  // namespace eremos
