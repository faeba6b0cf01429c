#include "tests/bench/recording_file.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <zlib.h>

#include "connectors/mock/mock_chain.hpp"
#include "tests/bench/provider_text.hpp"

namespace eremos::bench {
namespace {

/// Raised when what is written changes, so that no older file is taken for it.
constexpr int format_version = 1;
constexpr std::uint64_t megabyte = 1'000'000;

struct close_packed {
  void operator()(gzFile_s* file) const noexcept { gzclose(file); }
};
struct close_text {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// A block's lines, in the order in which a recorder gets them.
std::string lines_of(const mock_chain& chain, block_number number) {
  std::string out;
  const auto begin = [&](std::string_view method, std::string_view params) {
    out += fmt::format(R"({{"chain_id":1,"method":"{}","params":{},"received_at":"{}","result":)",
                       method, params, to_rfc3339(chain.time_of(number)));
  };
  for (const auto& pending : chain.pending(number)) {
    begin("eth_subscription", R"(["newPendingTransactions",true])");
    append_pending(out, pending, 1);
    out += "}\n";
  }
  const auto block = chain.block(number);
  begin("eth_getBlockByNumber", fmt::format(R"(["{:#x}",true])", number));
  append_block(out, block);
  out += "}\n";
  begin("eth_getBlockReceipts", fmt::format(R"(["{}"])", to_hex(block.header.hash)));
  append_receipts(out, block);
  out += "}\n";
  return out;
}

failure unwritable(const std::filesystem::path& path) {
  return {errc::file_unwritable, fmt::format("cannot write {}", path.string())};
}

}  // namespace

result<recording_files> make_recording(const std::filesystem::path& folder,
                                       std::uint64_t megabytes) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  const auto name = fmt::format("mock-v{}-{}MB.jsonl", format_version, megabytes);
  recording_files out{folder / name, folder / (name + ".gz"), 0};
  if (std::filesystem::exists(out.text, ec) && std::filesystem::exists(out.packed, ec)) {
    out.text_bytes = std::filesystem::file_size(out.text, ec);
    return out;
  }
  // Under other names until they are whole.
  const auto text_part = folder / (name + ".part"), packed_part = folder / (name + ".gz.part");
  {
    std::unique_ptr<std::FILE, close_text> text{std::fopen(text_part.c_str(), "wb")};
    if (!text) return unwritable(text_part);
    std::unique_ptr<gzFile_s, close_packed> packed{gzopen(packed_part.c_str(), "wb6")};
    if (!packed) return unwritable(packed_part);
    const mock_chain chain{{.seed = recording_seed, .chain = 1, .dense = true}};
    for (block_number number = 1; out.text_bytes < megabytes * megabyte; ++number) {
      const auto lines = lines_of(chain, number);
      if (std::fwrite(lines.data(), 1, lines.size(), text.get()) != lines.size())
        return unwritable(text_part);
      if (gzwrite(packed.get(), lines.data(), static_cast<unsigned>(lines.size())) <= 0)
        return unwritable(packed_part);
      out.text_bytes += lines.size();
    }
  }
  std::filesystem::rename(text_part, out.text, ec);
  if (!ec) std::filesystem::rename(packed_part, out.packed, ec);
  if (ec) return unwritable(out.text);
  return out;
}

result<double> inflate_seconds(const std::filesystem::path& packed) {
  const std::unique_ptr<std::FILE, close_text> file{std::fopen(packed.c_str(), "rb")};
  z_stream stream{};
  constexpr int gzip_window_bits = 15 + 16;  // zlib.h: 16 asks for a gzip header
  if (!file || inflateInit2(&stream, gzip_window_bits) != Z_OK)
    return {errc::file_unreadable, fmt::format("cannot read {}", packed.string())};
  constexpr std::size_t chunk = 256 * 1024;
  std::vector<unsigned char> in(chunk), out(chunk);
  const auto begin = std::chrono::steady_clock::now();
  int code = Z_OK;
  while (code == Z_OK) {
    if (stream.avail_in == 0) {
      stream.next_in = in.data();
      stream.avail_in = static_cast<uInt>(std::fread(in.data(), 1, in.size(), file.get()));
    }
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    code = inflate(&stream, Z_NO_FLUSH);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  inflateEnd(&stream);
  if (code != Z_STREAM_END)
    return {errc::file_unreadable, fmt::format("{} is damaged", packed.string())};
  return took.count();
}

}  // namespace eremos::bench
