// READER's pages: what nobody changed is answered from memory, what anybody changed is read again.
#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/api/reader.hpp"
#include "messages/keccak.hpp"
#include "runtime/storage/data_folder.hpp"
#include "runtime/storage/sqlite_store.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

block_result block_with_signal(block_number number, std::size_t padding) {
  block_result b;
  b.commit = number;
  b.block = {1, number, keccak256(std::to_string(number))};
  b.parent_hash = keccak256(std::to_string(number - 1));
  b.events = event_list{};
  signal s;
  s.type = "flood";
  s.agent = "tester";
  s.subject = std::to_string(number);
  s.id = make_signal_id(s.agent, s.type, 1, s.subject, event_id{.block = {}, .subject = {}});
  s.block = b.block;
  s.blocks = {b.block};
  s.event_time = static_cast<time_ms>(number) * 1'000;
  s.details.set("padding", std::string(padding, 'x'));
  b.signals.push_back(std::move(s));
  return b;
}

struct known_types : caf::actor_system_config {
  known_types() { eremos::add_message_types(*this); }
};

struct reader_fixture {
  reader_fixture() : folder(*data_folder::temporary()), store(*open()), system(config) {
    write(1);
    reader = spawn_reader(system, folder.store_path(), std::make_shared<const api_context>());
  }
  ~reader_fixture() { caf::anon_send_exit(reader, caf::exit_reason::user_shutdown); }

  result<std::unique_ptr<eremos::store>> open() const {
    return open_sqlite_store(folder.store_path(), {.durable = false});
  }
  void write(block_number number, std::size_t padding = 0) {
    REQUIRE(store->begin());
    REQUIRE(store->write(block_with_signal(number, padding)));
    REQUIRE(store->commit());
  }
  web_reply ask(text_pairs query) {
    const auto match = find_route("GET", "/api/v1/signals");
    web_request request;
    request.query = std::move(query);
    auto call = make_call(*match.route, {}, request, api_context{});
    REQUIRE(call);
    caf::scoped_actor self{system};
    self->send(reader, store_work{7, caf::actor_cast<caf::actor>(self->address()), *call});
    web_reply out;
    self->receive([&](web_answer& x) { out = std::move(x.reply); },
                  caf::after(10s) >> [] { FAIL("READER does not answer"); });
    return out;
  }

  data_folder folder;
  std::unique_ptr<eremos::store> store;
  known_types config;
  caf::actor_system system;
  reader_actor reader;
};

std::string tag_of(const web_reply& reply) {
  for (const auto& [name, value] : reply.headers)
    if (name == "ETag") return value;
  return {};
}

}  // namespace

TEST_CASE("reader: a page that nobody changed comes back as it was, with its tag") {
  reader_fixture f;
  const auto first = f.ask({{"agent", "tester"}});
  const auto again = f.ask({{"agent", "tester"}});
  CHECK(first.status == 200);
  CHECK(first.body.find("\"flood\"") != std::string::npos);
  CHECK(again.body == first.body);
  CHECK(tag_of(first) == etag_of(first.body));
  CHECK(tag_of(again) == tag_of(first));
}

TEST_CASE("reader: a page is read again once the store has changed") {
  reader_fixture f;
  const auto before = f.ask({{"agent", "tester"}});
  f.write(2);
  const auto after = f.ask({{"agent", "tester"}});
  CHECK(after.body != before.body);
  CHECK(after.body.find("\"subject\":\"2\"") != std::string::npos);
  CHECK(tag_of(after) != tag_of(before));
}

TEST_CASE("reader: other questions have other answers") {
  reader_fixture f;
  f.write(2);
  const auto all = f.ask({});
  CHECK(f.ask({{"limit", "1"}}).body != all.body);
  CHECK(f.ask({{"agent", "nobody"}}).body.find("flood") == std::string::npos);
  // A name and a value are told apart from another name and value of the same letters.
  CHECK(f.ask({{"agent", "tester"}, {"type", "flood"}}).body !=
        f.ask({{"agent", "flood"}, {"type", "tester"}}).body);
  CHECK(f.ask({}).body == all.body);
}

TEST_CASE("reader: what does not fit into its memory is answered all the same") {
  reader_fixture f;
  f.write(2, kept_answer_bytes_max / 8);
  const auto body = f.ask({}).body;
  for (int since = 0; since < 20; ++since)
    CHECK(f.ask({{"since", std::to_string(since)}}).body == body);
  CHECK(f.ask({}).body == body);
}
