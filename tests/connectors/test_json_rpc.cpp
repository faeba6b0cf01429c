// What a frame is: by hand-written frames, by every file of JSONTestSuite, by real provider errors.
#include <random>

#include <simdjson.h>
#include <catch2/catch.hpp>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "tests/connectors/capture_files.hpp"

using namespace eremos;

namespace {

/// The only message of a frame.
rpc_frame one(frame_decoder& decoder, std::string_view text) {
  const auto& frames = decoder.decode(text);
  REQUIRE(frames.size() == 1);
  return frames.front();
}

}  // namespace

TEST_CASE("FRAME: an answer is known whatever the order of its keys") {
  frame_decoder decoder;
  for (const std::string_view text :
       {R"({"jsonrpc":"2.0","id":7,"result":{"a":[1,{"b":"]}"}]}})",
        R"({"result": {"a":[1,{"b":"]}"}]} , "id":7,"jsonrpc":"2.0"})",
        "\t{ \"id\" : \"7\" ,\n\"result\":{\"a\":[1,{\"b\":\"]}\"}]}\n}\r\n"}) {
    const auto frame = one(decoder, text);
    CHECK(frame.kind == frame_kind::response);
    CHECK(frame.id == maybe<std::uint64_t>{7});
    CHECK(frame.result == R"({"a":[1,{"b":"]}"}]})");
  }
}

TEST_CASE("FRAME: results that are scalars keep their text") {
  frame_decoder decoder;
  CHECK(one(decoder, R"({"id":1,"result":null})").result == "null");
  CHECK(one(decoder, R"({"id":1,"result": "0x1" })").result == R"("0x1")");
  CHECK(one(decoder, R"({"id":1,"result":  12.5e3 })").result == "12.5e3");
  CHECK(one(decoder, R"({"result":true,"id":1})").result == "true");
}

TEST_CASE("FRAME: ids that are no whole numbers are kept as text") {
  frame_decoder decoder;
  CHECK(one(decoder, R"({"id":1709215671619515648,"result":1})").id ==
        maybe<std::uint64_t>{1709215671619515648});
  const auto named = one(decoder, R"({"id":"abc","result":1})");
  CHECK(!named.id);
  CHECK(named.id_text == R"("abc")");
  CHECK(!one(decoder, R"({"id":-1,"result":1})").id);
  CHECK(one(decoder, R"({"id":null,"result":1})").id_text.empty());
}

TEST_CASE("FRAME: a notification is known in both key orders") {
  frame_decoder decoder;
  for (
      const std::string_view text :
      {R"({"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x9a","result":[1]}})",
       R"({"params":{"result":[1],"subscription":"0x9a"},"method":"eth_subscription","jsonrpc":"2.0"})"}) {
    const auto frame = one(decoder, text);
    CHECK(frame.kind == frame_kind::notification);
    CHECK(frame.subscription == "0x9a");
    CHECK(frame.result == "[1]");
  }
}

TEST_CASE("FRAME: errors are errors in every form that providers give them") {
  frame_decoder decoder;
  const auto plain =
      one(decoder, R"({"id":3,"error":{"code":-32005,"message":"slow","data":null}})");
  CHECK(plain.kind == frame_kind::error);
  CHECK(plain.id == maybe<std::uint64_t>{3});
  CHECK(plain.error.code == maybe<std::int64_t>{-32005});
  CHECK(plain.error.message == "slow");
  CHECK(plain.error.data.empty());
  const auto without_id =
      one(decoder, R"({"error":{"code":-32000,"message":"no","data":{"a":1}}})");
  CHECK(without_id.kind == frame_kind::error);
  CHECK(without_id.error.data == R"({"a":1})");
  CHECK(one(decoder, R"({"id":1,"error":"too many requests"})").error.message ==
        "too many requests");
  const auto nested =
      one(decoder, R"({"error":{"message":"upstream","error":{"code":-32016,"message":"over"}}})");
  CHECK(nested.error.code == maybe<std::int64_t>{-32016});
  CHECK(nested.error.message == "over");
  const auto bare = one(decoder, R"({"code":402,"event":-33000,"message":"daily limit"})");
  CHECK(bare.kind == frame_kind::error);
  CHECK(bare.error.code == maybe<std::int64_t>{402});
  CHECK(one(decoder, R"({"id":1,"result":"0x1","error":null})").kind == frame_kind::response);
  CHECK(one(decoder, R"({"id":1,"result":null,"error":{"code":1}})").kind == frame_kind::error);
}

TEST_CASE("FRAME: a batch is its messages, and each stands alone") {
  frame_decoder decoder;
  const auto& frames = decoder.decode(
      R"([{"id":1,"result":"a"}, {"error":{"code":2},"id":2} ,{"id":"3","result":[]},{"x":1}])");
  REQUIRE(frames.size() == 4);
  CHECK(frames[0].kind == frame_kind::response);
  CHECK(frames[0].result == R"("a")");
  CHECK(frames[1].kind == frame_kind::error);
  CHECK(frames[2].id == maybe<std::uint64_t>{3});
  CHECK(frames[2].result == "[]");
  CHECK(frames[3].kind == frame_kind::unknown);
}

TEST_CASE("FRAME: JSON of no known shape is unknown, not malformed") {
  frame_decoder decoder;
  for (const std::string_view text :
       {"{}", "[]", "1", "\"text\"", "null", "[1]", R"({"method":"ping","id":1})",
        R"({"method":"eth_subscription","params":[1]})", R"({"id":1})"})
    CHECK(one(decoder, text).kind == frame_kind::unknown);
}

TEST_CASE("FRAME: a result that knows its tokens decodes like its text alone") {
  const std::string hash = "0x" + std::string(64, 'a');
  const std::string log = R"({ "address" : "0x)" + std::string(40, '1') +
                          R"(", "addr\u0065ss2": {"a":[[],{}, "]"]}, "topics": [")" + hash +
                          R"(" ], "d\u0061ta":"0x0\u0030ff","transactionHash":")" + hash +
                          R"(","transactionIndex":"0x3","blockNumber":16,"logIndex":"0x2",)" +
                          R"("blockHash":")" + hash + R"(","removed": false })";
  frame_decoder decoder;
  const auto text = R"([{"id":1,"result":)" + log + R"(}, {"id":2,"result": )" + log +
                    R"( },{"id":3,"result":[)" + log + "]}]";
  const auto& frames = decoder.decode(text);
  REQUIRE(frames.size() == 3);
  json_parser parser;
  const auto alone = decode_log(parser, {.chain = 1}, log);
  REQUIRE(alone);
  CHECK(alone->number == 16);
  CHECK(alone->log.data == byte_vector{0x00, 0xff});
  for (const auto& frame : {frames[1], frames[0]}) {
    CHECK(frame.result == log);
    const auto inside = decode_log(parser, {.chain = 1}, frame.result);
    REQUIRE(inside);
    CHECK(inside->log == alone->log);
    CHECK(inside->block_hash == alone->block_hash);
  }
  CHECK(decode_log(parser, {.chain = 1}, frames[2].result).error().message == "log: not an object");
}

TEST_CASE("FRAME: a batch over the limit is unknown") {
  frame_decoder decoder;
  std::string text = "[{}";
  for (std::size_t i = 0; i < batch_frames_max; ++i) text += ",{}";
  CHECK(one(decoder, text + "]").kind == frame_kind::unknown);
}

TEST_CASE("FRAME: broken JSON is malformed wherever it is broken") {
  frame_decoder decoder;
  for (const std::string_view text :
       {"", " ", "{", R"({"id":1,"result":)", R"({"id":1,"result":[1,]})",
        R"({"id":1,"result":{"a":tru}})", R"({"id":1,"result":"a"} x)", R"({"id":01,"result":1})",
        R"({"id":1,"result":[1}})", R"({"id":1,"extra":{"a":nul},"result":1})",
        R"({"id":1,"result":"\x"})", "{\"id\":1,\"result\":\"\xff\"}", R"({"id":1 "result":1})",
        R"([{"id":1,"result":1},])", R"({"id":1,"result":1}})"}) {
    INFO(text);
    CHECK(one(decoder, text).kind == frame_kind::malformed);
  }
}

TEST_CASE("FRAME: every JSONTestSuite file is malformed or not, as the suite says") {
  const auto folder = test::shared_data("json-stress/JSONTestSuite/test_parsing");
  if (!folder) return;
  frame_decoder decoder;
  std::size_t files = 0;
  for (const auto& path : test::files_below(*folder)) {
    ++files;
    const auto text = test::read_all(path);
    const auto name = path.filename().string();
    const auto notification =
        R"({"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":)" +
        text + "}}";
    const auto answer = R"({"jsonrpc":"2.0","result":)" + text + R"(,"id":1})";
    INFO(name);
    const std::string* forms[] = {&text, &notification, &answer};
    for (const auto* form : forms) {
      const bool is_malformed = decoder.decode(*form).front().kind == frame_kind::malformed;
      if (name.starts_with("y_")) CHECK(!is_malformed);
      if (name.starts_with("n_")) CHECK(is_malformed);
    }
  }
  CHECK(files == 318);
}

TEST_CASE("FRAME: real provider errors are errors, none malformed") {
  const auto folder = test::shared_data("jsonrpc/provider-errors");
  if (!folder) return;
  frame_decoder decoder;
  simdjson::dom::parser parser;
  std::size_t errors = 0;
  for (const auto& path : test::files_below(*folder)) {
    for (const auto& line : test::read_lines(path)) {
      simdjson::dom::element row = parser.parse(line);
      std::string_view kind, body_text;
      if (row["kind"].get(kind)) kind = "error";
      std::string body;
      if (row["body_text"].get(body_text) == simdjson::SUCCESS ||
          row["body"].get(body_text) == simdjson::SUCCESS)
        body = body_text;
      else
        body = simdjson::minify(row["body"].value());
      INFO(line);
      if (body.empty()) continue;  // nothing to decode: the HTTP door's to say
      for (const auto& frame : decoder.decode(body)) {
        if (kind == "reorg_log") {
          CHECK(frame.kind == frame_kind::unknown);  // a log on its own
        } else if (kind == "pending_full_tx_frame") {
          REQUIRE(frame.kind == frame_kind::notification);
          json_parser other;
          const auto pending = decode_pending(other, {.chain = 1}, frame.result);
          REQUIRE(pending);
          CHECK(pending->full);
        } else {
          CHECK(frame.kind == frame_kind::error);
          CHECK(!frame.error.message.empty());
          ++errors;
        }
      }
    }
  }
  CHECK(errors == 18);
}

TEST_CASE("FRAME: no damage makes it accept what a strict parse refuses") {
  const std::string good =
      R"({"jsonrpc":"2.0","id":12,"result":{"a":[1,-2.5e3,true,false,null,"x\u00e9\n"],"b":{"c":{}}}})";
  frame_decoder decoder;
  simdjson::dom::parser strict;
  std::mt19937 random{20221122};
  std::size_t accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto text = good;
    const auto edits = 1 + random() % 3;
    for (unsigned i = 0; i < edits; ++i) {
      const auto at = random() % text.size();
      constexpr std::string_view letters = "{}[]\",:0129-+.eEtfn \\u\x01\xc3";
      switch (random() % 3) {
        case 0:
          text[at] = letters[random() % letters.size()];
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.insert(at, 1, letters[random() % letters.size()]);
      }
    }
    const bool is_malformed = decoder.decode(text).front().kind == frame_kind::malformed;
    const auto error = strict.parse(text).error();
    // DOM refuses whole numbers over 64 bits, which are JSON.
    const bool is_good = error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR;
    if (!is_malformed) {
      ++accepted;
      if (!is_good) {
        INFO(text);
        CHECK(is_good);
      }
    } else if (error == simdjson::SUCCESS) {
      INFO(text);
      CHECK(error != simdjson::SUCCESS);
    }
  }
  CHECK(accepted > 1000);
}
