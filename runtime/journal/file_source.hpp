// The bytes of a file, gzip (RFC 1952) or plain: told apart by their first two bytes, never by a
// name. A gzip file may have several members (a journal appends them) and may end too early.
// Owned by one actor.
#pragma once
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "messages/error.hpp"

struct z_stream_s;

namespace eremos {

/// How the bytes ended.
enum class source_end : std::uint8_t {
  open,       ///< not yet
  clean,      ///< the file's own end
  truncated,  ///< inside a gzip member, or the file could not be read on
  corrupt     ///< what follows is not gzip or fails its checksum
};

class file_source {
 public:
  /// Errors: file_unreadable.
  static result<file_source> open(const std::filesystem::path& path);

  file_source(file_source&&) noexcept;
  file_source& operator=(file_source&&) noexcept;
  ~file_source();

  /// Fills a part of `out`; 0 only at the end. What was readable before a fault is always given.
  std::size_t read(std::span<char> out);
  source_end ended() const noexcept { return end_; }
  /// Of the file as it is stored, for progress.
  std::uint64_t stored_bytes() const noexcept { return stored_bytes_; }
  std::uint64_t stored_bytes_read() const noexcept { return stored_bytes_read_; }

 private:
  struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  struct end_inflate {
    void operator()(z_stream_s* stream) const noexcept;
  };

  file_source(std::FILE* file, std::uint64_t stored_bytes);
  bool refill();
  std::size_t read_plain(std::span<char> out);
  std::size_t read_gzip(std::span<char> out);
  /// Between gzip members: false at the end of the file.
  bool begin_member();

  std::unique_ptr<std::FILE, close_file> file_;
  std::unique_ptr<z_stream_s, end_inflate> gzip_;  ///< null: plain. On the heap: zlib points back
  std::vector<unsigned char> input_;
  std::size_t input_at_ = 0;
  std::size_t input_size_ = 0;
  bool inside_member_ = false;
  source_end end_ = source_end::open;
  std::uint64_t stored_bytes_ = 0;
  std::uint64_t stored_bytes_read_ = 0;
};

}  // namespace eremos
