// The file of `--events`: each committed event as one JSON line, once, when its block is stored;
// blocks taken back and mempool events are lines too. Knows no SQLite: STORE keeps the offset this
// file tells it, in the transaction that stores the block, and so decides what is cut after a
// crash. Owned by STORE.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// Appending goes: mark (at the begin of a transaction), append any number of times, flush, store
/// offset(), commit; or rewind to the mark. Writing to a pipe nobody reads raises SIGPIPE: the
/// program ignores that signal.
class events_file {
 public:
  /// `stored_offset` is what the store has under key(path). What follows it belongs to a
  /// transaction that never was and is cut, but for mempool lines. Without one, writing begins at
  /// the file's end. A pipe or a terminal is written to and never cut. Errors: file_unwritable.
  static result<events_file> open(const std::string& path, maybe<std::uint64_t> stored_offset);
  /// Of the offset in the store's meta; names the absolute path.
  static std::string key(const std::string& path);

  events_file(events_file&& other) noexcept;
  events_file& operator=(events_file&&) = delete;
  ~events_file();

  void mark() noexcept { mark_ = written_; }
  /// Forgets what was appended since the mark.
  status rewind();

  status append_block(const event_list& events);
  /// {"type":"reverted",…} for each.
  status append_reverted(const std::vector<block_ref>& blocks);
  status append_mempool(const event_list& events);
  /// All that was appended is in the file. Errors of this and of each append: store_full,
  /// file_unwritable.
  status write_out();
  /// … and on disk.
  status flush();
  /// Bytes in the file; without what waits to be written.
  std::uint64_t offset() const noexcept { return written_; }
  const std::string& path() const noexcept { return path_; }
  /// The reader of a pipe has left: nothing is written any more, and nothing fails for it.
  bool reader_gone() const noexcept { return reader_gone_; }

 private:
  events_file(std::string path, int fd, bool regular)
      : path_(std::move(path)), fd_(fd), regular_(regular) {}
  status cut(std::uint64_t size);
  status recover(std::uint64_t stored_offset, std::uint64_t size);
  failure error(int number) const;

  std::string path_;
  int fd_ = -1;
  bool regular_ = true;  ///< can be cut and synced
  bool reader_gone_ = false;
  std::string buffer_;  ///< at most buffer_max and one event
  std::uint64_t written_ = 0;
  std::uint64_t mark_ = 0;
};

}  // namespace eremos
