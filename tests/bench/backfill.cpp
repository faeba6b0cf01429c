// A chain's past from a provider on the loopback: `eremos-node run` as a user runs it, every agent
// and rule on, from an empty data folder until the last block is stored.
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "runtime/storage/sqlite.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/node_process.hpp"
#include "tests/bench/verified_chain.hpp"
#include "tests/support/fake_server.hpp"

namespace eremos::bench {
namespace {

struct options {
  dense_shape shape{.blocks = 401};
  std::vector<std::string> levels = {"logs", "full"};
  std::size_t workers = 0;
  std::filesystem::path node = node_process::beside_this_program();
};

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc{} && end == text.data() + text.size();
}

bool read_options(const arguments& given, options& out) {
  for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
    const auto value = given[i + 1];
    std::uint64_t number = 0;
    if (given[i] == "--blocks" && read_number(value, number) && number > 0)
      out.shape.blocks = number + 1;
    else if (given[i] == "--verify" && (value == "links" || value == "logs" || value == "full"))
      out.levels = {std::string{value}};
    else if (given[i] == "--workers" && read_number(value, number))
      out.workers = number;
    else if (given[i] == "--node")
      out.node = value;
    else
      return false;
  }
  return given.size() % 2 == 0;
}

/// A provider that has every answer ready as text.
class ready_provider {
 public:
  explicit ready_provider(const std::vector<dense_block>& chain) : chain_(chain) {
    for (std::size_t i = 0; i < chain.size(); ++i) by_hash_.emplace(chain[i].hash, i);
    server_.on_http = [this](const std::string&, const std::string& body) {
      return std::optional{test::fake_server::http_answer{200, answer(body), {}}};
    };
    server_.serve();
  }

  std::string url() const { return server_.http(); }
  /// When the first block was asked for; 0: not yet. Monotonic.
  std::int64_t began_ns() const noexcept { return began_ns_; }
  /// Of its thread, up to its last answer.
  double cpu_seconds() const noexcept { return static_cast<double>(cpu_ns_) / 1e9; }
  std::uint64_t calls() const noexcept { return calls_; }

 private:
  static std::string_view between(std::string_view text, std::string_view open, char close) {
    const auto at = text.find(open);
    if (at == std::string_view::npos) return {};
    const auto rest = text.substr(at + open.size());
    return rest.substr(0, rest.find(close));
  }

  const dense_block* named(std::string_view what) const {
    if (what == "latest") return &chain_.back();
    if (what == "safe" || what == "finalized") return &chain_[chain_.size() - 1];
    if (const auto at = by_hash_.find(std::string{what}); at != by_hash_.end())
      return &chain_[at->second];
    std::uint64_t number = 0;
    if (what.starts_with("0x"))
      std::from_chars(what.data() + 2, what.data() + what.size(), number, 16);
    return number < chain_.size() ? &chain_[number] : nullptr;
  }

  std::string answer(std::string_view call) {
    ++calls_;
    const auto method = between(call, R"("method":")", '"');
    const auto* block = named(between(call, R"("params":[")", '"'));
    const auto head = fmt::format(R"({{"jsonrpc":"2.0","id":{},)", between(call, R"("id":)", ','));
    const auto result = [&](std::string_view text) {
      std::string out;
      out.reserve(head.size() + text.size() + 16);
      out.append(head).append(R"("result":)").append(text).append("}");
      note_time();
      return out;
    };
    if (method == "eth_chainId") return result(R"("0x1")");
    if (method == "eth_getBlockReceipts")
      return result(block != nullptr ? block->receipts : "null");
    if (!method.starts_with("eth_getBlockBy"))
      return fmt::format(R"({}"error":{{"code":-32601,"message":"method not found"}}}})", head);
    const bool whole = call.find(",true]") != std::string_view::npos;
    if (whole && began_ns_ == 0)
      began_ns_ = std::chrono::steady_clock::now().time_since_epoch().count();
    if (block == nullptr) return result("null");
    return result(whole ? block->whole : block->header);
  }

  void note_time() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    cpu_ns_ = used.tv_sec * 1'000'000'000 + used.tv_nsec;
  }

  const std::vector<dense_block>& chain_;
  std::unordered_map<std::string, std::size_t> by_hash_;
  std::atomic<std::int64_t> began_ns_{0};
  std::atomic<std::int64_t> cpu_ns_{0};
  std::atomic<std::uint64_t> calls_{0};
  test::fake_server server_;  ///< last: its thread uses all above
};

/// Whether the store has that block.
bool has_stored(const std::filesystem::path& data, std::uint64_t number) {
  const auto path = data / "eremos.db";
  if (!std::filesystem::exists(path)) return false;
  auto db = sqlite_connection::open(path.string(), sqlite_access::read_only);
  if (!db) return false;
  auto rows =
      (*db)->query("select 1 from ledger where block_number = ?1 and status = 'canonical'", number);
  return rows.next();
}

struct filled {
  double seconds = 0;
  double cpu_seconds = 0;         ///< of the node
  double server_cpu_seconds = 0;  ///< of the provider's thread
  std::uint64_t peak_rss_bytes = 0;
};

result<filled> fill_once(const options& given, const std::vector<dense_block>& chain,
                         const std::string& level) {
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("eremos-backfill-{}", getpid());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  ready_provider provider{chain};
  const auto config = folder / "eremos.toml";
  std::ofstream{config} << fmt::format(
      "[node]\nworkers = {}\n[chains.ethereum]\nstart = 1\nverify = \"{}\"\n"
      "[[chains.ethereum.providers]]\nkind = \"generic\"\nhttp = \"{}\"\n",
      given.workers, level, provider.url());
  const auto data = folder / "data";
  auto child = node_process::start({given.node, "run", "--config", config, "--data-dir", data,
                                    "--no-api", "--log-level", "warn"});
  if (!child) return child.error();
  const auto last = chain.size() - 1;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes{10};
  while (!has_stored(data, last)) {
    if (std::chrono::steady_clock::now() > give_up)
      return {errc::provider_timeout, fmt::format("block {} is not stored after 10 minutes", last)};
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  const auto now_ns = std::chrono::steady_clock::now().time_since_epoch().count();
  filled out;
  out.seconds = static_cast<double>(now_ns - provider.began_ns()) / 1e9;
  out.cpu_seconds = child->sample().cpu_seconds;
  out.server_cpu_seconds = provider.cpu_seconds();
  child->stop();
  out.peak_rss_bytes = child->wait().peak_rss_bytes;
  std::filesystem::remove_all(folder);
  return out;
}

}  // namespace

int backfill(const arguments& given) {
  options wanted;
  if (!read_options(given, wanted)) {
    fmt::print(stderr,
               "usage: eremos-bench backfill [--blocks N] [--verify links|logs|full] "
               "[--workers N] [--node PATH]\n");
    return 2;
  }
  const auto chain = make_dense_chain(wanted.shape);
  const auto blocks = chain.size() - 1;
  const auto logs = static_cast<double>(blocks * wanted.shape.transactions * wanted.shape.logs);
  std::size_t bytes = 0;
  for (const auto& b : chain) bytes += b.whole.size() + b.receipts.size();
  fmt::print(stderr, "{} blocks of {} transactions and {} logs, {:.1f} MB of text, seed {}\n",
             blocks, wanted.shape.transactions, wanted.shape.transactions * wanted.shape.logs,
             static_cast<double>(bytes) / 1e6, wanted.shape.seed);
  std::string figures;
  for (const auto& level : wanted.levels) {
    const auto done = fill_once(wanted, chain, level);
    if (!done) {
      fmt::print(stderr, "eremos-bench: {}\n", done.error().message);
      return 1;
    }
    fmt::print(stderr,
               "{}: {:.2f} s, {:.0f} logs/s, {:.0f} blocks/s; the node took {:.2f} s of all cores, "
               "the provider {:.2f} s, peak {} MB\n",
               level, done->seconds, logs / done->seconds,
               static_cast<double>(blocks) / done->seconds, done->cpu_seconds,
               done->server_cpu_seconds, done->peak_rss_bytes / 1'000'000);
    figures += fmt::format(R"(,"{0}_logs_per_second":{1:.0f},"{0}_cpu_seconds":{2:.2f})", level,
                           logs / done->seconds, done->cpu_seconds);
  }
  fmt::print(R"({{"bench":"backfill","blocks":{},"logs":{:.0f}{}}})"
             "\n",
             blocks, logs, figures);
  return 0;
}

}  // namespace eremos::bench
