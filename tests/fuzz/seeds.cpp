#include "tests/fuzz/seeds.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "connectors/ethereum/json_parser.hpp"
#include "connectors/replay/recorded_line.hpp"
#include "runtime/journal/line_reader.hpp"

namespace eremos::fuzz {
namespace {

namespace fs = std::filesystem;

using texts = std::vector<std::string>;

/// Below the shared data, in the order of their names; none where it is not there.
std::vector<fs::path> files_below(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> out;
  std::error_code none;
  for (fs::recursive_directory_iterator at{folder, none}, end; !none && at != end;
       at.increment(none))
    if (at->is_regular_file(none) && at->path().filename().string().ends_with(ending))
      out.push_back(at->path());
  std::sort(out.begin(), out.end());
  return out;
}

bool is_full(const texts& out) { return out.size() >= seeds_max; }

void add(texts& out, std::string text) {
  if (!is_full(out) && text.size() <= seed_bytes_max) out.push_back(std::move(text));
}

std::string read_whole(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Every so-manieth line of a file, packed or not, so that all of it is represented.
template <class Use>
void each_line(const fs::path& path, std::uint64_t step, Use&& use) {
  auto reader = line_reader::open(path);
  if (!reader) return;
  while (const auto line = reader->next())
    if (line->number % step == 0) use(line->text);
}

std::string framed(std::string_view result) {
  return R"({"jsonrpc":"2.0","id":7,"result":)" + std::string{result} + "}";
}

/// The lists called `name` inside a text, without looking at it closely.
template <class Use>
void each_list(std::string_view text, std::string_view name, Use&& use) {
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto begin = text.find('[', at);
    if (begin == std::string_view::npos) return;
    int depth = 0;
    for (auto end = begin; end < text.size(); ++end) {
      if (text[end] == '[') ++depth;
      if (text[end] == ']' && --depth == 0) {
        use(text.substr(begin, end - begin + 1));
        break;
      }
    }
  }
}

/// Of every recording, what a target reads.
void add_recorded(texts& out, std::string_view target) {
  const fs::path folder = fs::path{EREMOS_SHARED_DATA} / "recordings";
  json_parser parser;
  for (const auto& path : files_below(folder, ".jsonl.gz")) {
    const auto begin = out.size();
    each_line(path, 1, [&](std::string_view text) {
      if (out.size() - begin >= seeds_max / 6) return;
      if (target == "recording") return add(out, std::string{text});
      const auto line = parse_recorded_line(parser, text);
      if (!line || line->result.empty()) return;
      const std::string result{line->result};
      const bool is_block = line->method == "eth_getBlockByNumber";
      if (target == "json_rpc") return add(out, framed(result));
      if (target == "block" && is_block) return add(out, result);
      if (target == "receipts" && !is_block) return add(out, result);
      if (target == "logs" && !is_block)
        each_list(result, "\"logs\"", [&](std::string_view list) { add(out, std::string{list}); });
      if (target == "transaction" && is_block)
        each_list(result, "\"transactions\"", [&](std::string_view list) {
          const auto first = list.find('{');
          const auto last = list.find("},{", first);
          if (first != std::string_view::npos)
            add(out, std::string{list.substr(first, last == std::string_view::npos
                                                        ? list.size() - 1 - first
                                                        : last + 1 - first)});
        });
    });
  }
}

void add_frames(texts& out) {
  const fs::path data{EREMOS_SHARED_DATA};
  for (const auto& path : files_below(data / "jsonrpc/provider-errors", ".jsonl"))
    each_line(path, 1, [&](std::string_view line) {
      if (out.size() < seeds_max / 3) add(out, std::string{line});
    });
  for (const auto& path : files_below(data / "json-stress/JSONTestSuite/test_parsing", ".json"))
    if (out.size() < seeds_max * 2 / 3) add(out, read_whole(path));
}

void add_configurations(texts& out, std::string_view ending) {
  for (const auto& path : files_below(fs::path{EREMOS_SOURCE_DIR} / "examples", ending))
    add(out, read_whole(path));
}

void add_declarations(texts& out) {
  each_line(fs::path{EREMOS_SHARED_DATA} / "vectors/topic0.tsv.gz", 71, [&](std::string_view line) {
    const auto mark = line.rfind('\t');
    if (mark != std::string_view::npos)
      add(out, std::string{line.substr(mark + 1)} + "\n\x02" + std::string(192, '\0'));
  });
}

/// What is there without any shared data.
texts always(std::string_view target) {
  if (target == "json_rpc")
    return {
        R"({"jsonrpc":"2.0","id":1,"result":"0x1"})",
        R"([{"id":"2","error":{"code":-32005,"message":"rate limit exceeded"}},{"id":3,"result":null}])",
        R"({"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":{}}})"};
  if (target == "rlp" || target == "trie")
    return {std::string{"\x02\x01\x7f", 3}, std::string(300, '\x05'), std::string(4'000, '\xff'),
            std::string(140, '\0')};
  if (target == "abi")
    return {"Transfer(address indexed from, address indexed to, uint256 value)\n\x03" +
                std::string(128, '\x01'),
            "event Batch((uint8,string)[2][] a, bytes indexed b) anonymous;\n" +
                std::string(256, '\0')};
  if (target == "rule")
    return {"transaction\nvalue > 1.5 ether\nvalue < 5 ether\nfrom.label = cex\n",
            "contract_event\nsignature = Transfer(address,address,uint256)\nargs.value >= 10\n",
            "signal\nconfidence >= 0.9\nseverity != low\n",
            "mempool\nto = 0x0\n",
            "block\nnumber = 1\n",
            "wallet_activity\nsubject != 0x1\n",
            "memory\nkey = a\n",
            "message\ntopic = alert\n"};
  if (target == "config")
    return {
        "[node]\nworkers = 2\nlog = \"${SET}\"\n",
        "[[chains.ethereum.providers]]\nkind = \"mock\"\n[rules.big]\nwhen.type = \"transaction\"\n"
        "when.where = [\"value > 10 ether\"]\nthen.signal = \"big\"\n"};
  return {"null", "[]", "{}"};
}

}  // namespace

std::vector<std::string> seeds_of(std::string_view target) {
  auto out = always(target);
  if (target == "json_rpc") add_frames(out);
  if (target == "abi") add_declarations(out);
  if (target == "config") add_configurations(out, ".toml");
  add_recorded(out, target);
  return out;
}

}  // namespace eremos::fuzz
