// The folder a node keeps its data in: made if it is not there, and owned by one process at a time.
// Knows nothing of what lies in it. Owned by the node.
#pragma once
#include <filesystem>
#include <string>

#include "messages/error.hpp"

namespace eremos {

/// Holds an exclusive lock (flock on `lock` in the folder) as long as it lives; the lock goes with
/// the process, however that ends.
class data_folder {
 public:
  /// Creates the folder (mode 0700) and its parents where missing. Errors: folder_locked (with the
  /// folder and the holder's process id), file_unwritable.
  static result<data_folder> open(const std::filesystem::path& path);
  /// A new folder under the system's temporary one, removed with all in it at destruction.
  static result<data_folder> temporary();

  data_folder(data_folder&& other) noexcept;
  data_folder& operator=(data_folder&& other) noexcept;
  ~data_folder();

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Of the SQLite file in it.
  std::string store_path() const { return (path_ / "eremos.db").string(); }

 private:
  data_folder(std::filesystem::path path, int lock, bool temporary)
      : path_(std::move(path)), lock_(lock), temporary_(temporary) {}
  void release() noexcept;

  std::filesystem::path path_;
  int lock_ = -1;  ///< file descriptor
  bool temporary_ = false;
};

}  // namespace eremos
