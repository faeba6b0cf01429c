// A person's files of labels: CSV, JSON, and what is wrong with them.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "connectors/labels/label_file.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

std::string wrong(std::string_view json) {
  const auto rows = parse_label_json(json, "l.json");
  REQUIRE_FALSE(rows);
  return rows.error().message;
}

}  // namespace

TEST_CASE("label file: JSON is a list of rows, or has one under labels") {
  const auto rows = parse_label_json(
      R"([{"address":"0x00000000000000000000000000000000000000aa","kind":"cex","name":"Börse",
           "flagged":false,"watched":true,"source":"mine"},
          {"chain":137,"address":"0x00000000000000000000000000000000000000bb","kind":"token",
           "name":"T","decimals":6}])",
      "l.json");
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].name == "Börse");
  CHECK((*rows)[0].chain == 0);
  CHECK((*rows)[0].watched);
  CHECK((*rows)[1].chain == 137);
  CHECK((*rows)[1].decimals == 6);
  CHECK_FALSE((*rows)[1].watched);
  CHECK(parse_label_json(R"({"labels":[]})", "l.json")->empty());
}

TEST_CASE("label file: what is wrong is told with its place") {
  CHECK(wrong("[") == "l.json: not JSON");
  CHECK(wrong("3").find("l.json: ") == 0);
  CHECK(wrong(R"([{"kind":"cex","name":"A"}])").find("[0].address: missing") != std::string::npos);
  CHECK(wrong(R"([{"address":"0xAa","kind":"cex","name":"A"}])").find("[0].address") !=
        std::string::npos);
  constexpr auto row = R"([{"address":"0x00000000000000000000000000000000000000aa","kind":"cex",)";
  CHECK(wrong(std::string{row} + R"("name":""}])").find("name: missing") != std::string::npos);
  CHECK(wrong(std::string{row} + R"("nmae":"A"}])").find("nmae: unknown key") != std::string::npos);
  CHECK(wrong(std::string{row} + R"("name":"A","decimals":256}])").find("more than 255") !=
        std::string::npos);
  // What an escape stands for is judged, not that it is one.
  CHECK(parse_label_json(std::string{row} + R"("name":"\u0041\\\"\/"}])", "l.json")->at(0).name ==
        "A\\\"/");
  for (const auto* name : {R"(\n)", R"(\u001b[2J)", R"(B\u202eA)", R"(\u2066A)", "B\u202eA"})
    CHECK(wrong(fmt::format(R"({}"name":"{}"}}])", row, name)).find("direction marks") !=
          std::string::npos);
  CHECK(wrong(fmt::format(R"({}"name":"{}"}}])", row, std::string(257, 'A'))).find("256 bytes") !=
        std::string::npos);
}

TEST_CASE("label file: CSV and JSON by the name's end, the file's name as source") {
  const auto folder = std::filesystem::temp_directory_path() / "eremos-label-file-test";
  std::filesystem::create_directories(folder);
  const auto csv = folder / "a.csv", json = folder / "b.json";
  std::ofstream{csv}
      << "# mine\n1,cex,Exchange,0x00000000000000000000000000000000000000aa,-,watched,\n";
  std::ofstream{json}
      << R"([{"address":"0x00000000000000000000000000000000000000bb","kind":"dex","name":"D"}])";
  const auto rows = read_label_files({csv, json});
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].source == "a.csv");
  CHECK((*rows)[1].source == "b.json");
  for (const auto* line : {"1,cex,Exchange,0xAA,-,watched,\n",
                           "1,cex,B\x1b[2J,0x00000000000000000000000000000000000000aa,-,-,\n"}) {
    std::ofstream{csv} << line;
    CHECK(read_label_files({csv}).error().message.find("a.csv:1:") != std::string::npos);
  }
  CHECK(read_label_files({folder / "none.csv"}).error().code == errc::file_unreadable);
  std::filesystem::remove_all(folder);
}
