// A recording of a made-up mainnet for benches: consecutive blocks of the seeded mock, full ones,
// with what waited before each and with all receipts. Any thread.
#pragma once
#include <cstdint>
#include <filesystem>

#include "messages/error.hpp"

namespace eremos::bench {

inline constexpr std::uint64_t recording_seed = 1;

struct recording_files {
  std::filesystem::path text;    ///< .jsonl
  std::filesystem::path packed;  ///< the same, .jsonl.gz
  std::uint64_t text_bytes = 0;
};

/// Writes both below a folder, unless they are there. Errors: file_unwritable.
result<recording_files> make_recording(const std::filesystem::path& folder,
                                       std::uint64_t megabytes);

/// Seconds that zlib alone takes to inflate a file. Errors: file_unreadable.
result<double> inflate_seconds(const std::filesystem::path& packed);

}  // namespace eremos::bench
