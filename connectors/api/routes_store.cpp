// What the store holds: signals, memory, correlations, messages, blocks, facts.
#include <charconv>

#include <fmt/format.h>

#include "connectors/api/problem.hpp"
#include "connectors/api/route.hpp"
#include "messages/fact_keys.hpp"
#include "runtime/json_object.hpp"
#include "runtime/printable.hpp"
#include "runtime/storage/fact_json.hpp"
#include "runtime/storage/ledger_json.hpp"

namespace eremos {
namespace {

std::string cursor_text(const row_cursor& x) { return fmt::format("{}.{}", x.time, x.seq); }

result<maybe<row_cursor>> cursor_of(const api_call& call) {
  const auto text = call.text("cursor");
  if (!text) return maybe<row_cursor>{};
  row_cursor out;
  const auto* end = text->data() + text->size();
  const auto time = std::from_chars(text->data(), end, out.time);
  if (time.ec == std::errc{} && time.ptr != end && *time.ptr == '.') {
    const auto seq = std::from_chars(time.ptr + 1, end, out.seq);
    if (seq.ec == std::errc{} && seq.ptr == end) return maybe<row_cursor>{out};
  }
  return {errc::bad_usage,
          fmt::format("cursor: \"{}\" was not given by this API", printable(text->substr(0, 80)))};
}

template <class Rows, class ToJson>
web_reply page_reply(const Rows& rows, const maybe<std::string>& next, ToJson to_json_text) {
  return json_reply(json_object{}
                        .raw("items", json_list(rows, to_json_text))
                        .raw("next", next ? json_quoted(*next) : "null")
                        .done());
}

template <class T>
web_reply page_reply(const page_of<T>& page) {
  const auto next = page.next ? maybe<std::string>{cursor_text(*page.next)} : maybe<std::string>{};
  return page_reply(page.rows, next, [](const T& x) { return to_json(x); });
}

maybe<signal_status> status_of(const api_call& call) {
  const auto text = call.text("status");
  if (!text) return std::nullopt;
  return *parse_signal_status(*text);
}

// --- signals

web_reply signals(const api_call& call, const api_context&, store_pages& store) {
  const auto cursor = cursor_of(call);
  if (!cursor) return problem_of(cursor.error());
  signal_query want{.type = call.text("type"),
                    .agent = call.text("agent"),
                    .chain = call.count("chain"),
                    .status = status_of(call),
                    .since = call.moment("since"),
                    .min_confidence = call.share("min_confidence"),
                    .subject = call.text("subject"),
                    .limit = call.limit(),
                    .until = call.moment("until"),
                    .after = *cursor};
  if (const auto level = call.text("severity")) want.min_severity = *parse_severity(*level);
  const auto page = store.signals(want);
  return page ? page_reply(*page) : problem_of(page.error());
}

result<signal> signal_of(const api_call& call, store_pages& store) {
  const auto id = parse_signal_id(*call.text("id"));
  auto found = store.find_signal(*id);
  if (!found) return found.error();
  if (!*found) return {errc::block_not_found, "no signal of that id is stored"};
  return std::move(**found);
}

web_reply one_signal(const api_call& call, const api_context&, store_pages& store) {
  const auto found = signal_of(call, store);
  return found ? json_reply(to_json(*found)) : problem_of(found.error());
}

web_reply explain(const api_call& call, const api_context&, store_pages& store) {
  const auto found = signal_of(call, store);
  if (!found) return problem_of(found.error());
  std::string sentence;
  for (const auto& type : signal_types())
    if (type.name == found->type) sentence = type.sentence;
  std::vector<std::string> evidence;
  for (const auto& id : found->evidence) {
    auto event = store.evidence(id);
    if (!event) return problem_of(event.error());
    // Events are kept for a while only; their ids stay.
    evidence.push_back(
        json_object{}.text("id", to_string(id)).raw("event", *event ? **event : "null").done());
  }
  return json_reply(json_object{}
                        .raw("signal", to_json(*found))
                        .text("sentence", sentence)
                        .raw("evidence", json_list(evidence, [](const auto& x) { return x; }))
                        .done());
}

// --- memory

result<memory_query> memory_query_of(const api_call& call) {
  const auto cursor = cursor_of(call);
  if (!cursor) return cursor.error();
  memory_query out{.agent = call.text("agent"),
                   .tags = call.all("tag"),
                   .chain = call.count("chain"),
                   .status = status_of(call),
                   .since = call.moment("since"),
                   .min_confidence = call.share("min_confidence"),
                   .subject = call.text("subject"),
                   .limit = call.limit(),
                   .until = call.moment("until"),
                   .after = *cursor};
  if (const auto type = call.text("type")) out.type = *parse_memory_type(*type);
  return out;
}

web_reply memories(const result<memory_query>& want, store_pages& store) {
  if (!want) return problem_of(want.error());
  const auto page = store.memories(*want);
  return page ? page_reply(*page) : problem_of(page.error());
}

web_reply memory(const api_call& call, const api_context&, store_pages& store) {
  return memories(memory_query_of(call), store);
}

web_reply correlations(const api_call& call, const api_context&, store_pages& store) {
  auto want = memory_query_of(call);
  if (want) want->type = memory_type::correlation;
  return memories(want, store);
}

web_reply agent_memory(const api_call& call, const api_context&, store_pages& store) {
  auto want = memory_query_of(call);
  if (want) want->agent = call.text("id");
  return memories(want, store);
}

// --- messages, blocks

/// A cursor that is one number.
result<maybe<std::uint64_t>> number_cursor(const api_call& call) {
  const auto text = call.text("cursor");
  if (!text) return maybe<std::uint64_t>{};
  if (const auto number = call.count("cursor"); number && *number <= INT64_MAX)
    return maybe<std::uint64_t>{*number};
  return {errc::bad_usage,
          fmt::format("cursor: \"{}\" was not given by this API", printable(text->substr(0, 80)))};
}

web_reply messages(const api_call& call, const api_context&, store_pages& store) {
  const auto before = number_cursor(call);
  if (!before) return problem_of(before.error());
  message_query want{.from = call.text("from"),
                     .to = call.text("to"),
                     .topic = call.text("topic"),
                     .chain = call.count("chain"),
                     .before = {},
                     .limit = call.limit() + 1};
  if (*before) want.before = static_cast<std::int64_t>(**before);
  auto rows = store.messages(want);
  if (!rows) return problem_of(rows.error());
  maybe<std::string> next;
  if (rows->size() > call.limit()) {
    rows->pop_back();
    next = std::to_string(rows->back().seq);
  }
  return page_reply(*rows, next, [](const message_row& m) { return to_json(m); });
}

/// The chain that is asked for; the only one where none is.
result<chain_id> one_chain(const api_call& call, const api_context& context) {
  if (const auto chain = call.count("chain")) return *chain;
  if (context.chains.size() == 1) return context.chains.front().second;
  return {errc::bad_usage, "chain: this node has several; say which"};
}

web_reply blocks(const api_call& call, const api_context& context, store_pages& store) {
  const auto before = number_cursor(call);
  if (!before) return problem_of(before.error());
  const auto chain = one_chain(call, context);
  if (!chain) return problem_of(chain.error());
  ledger_query want{.chain = *chain, .before = *before, .state = {}, .limit = call.limit() + 1};
  if (const auto state = call.text("integrity")) want.state = *parse_integrity_state(*state);
  auto rows = store.ledger(want);
  if (!rows) return problem_of(rows.error());
  maybe<std::string> next;
  if (rows->size() > call.limit()) {
    // Blocks of one number (on branches that were left) stay on one page.
    const auto cut = rows->back().block.number;
    while (!rows->empty() && rows->back().block.number == cut) rows->pop_back();
    if (!rows->empty()) next = std::to_string(cut + 1);
  }
  return page_reply(*rows, next, [](const ledger_row& r) { return to_json(r); });
}

web_reply facts(const api_call& call, const api_context& context, store_pages& store) {
  const auto before = number_cursor(call);
  if (!before) return problem_of(before.error());
  const auto chain = one_chain(call, context);
  if (!chain) return problem_of(chain.error());
  fact_query want{.chain = *chain, .who = {}, .before = *before, .limit = call.limit() + 1};
  if (const auto text = call.text("address")) {
    const auto id = parse_hash32(*text);
    const auto who = id ? result<address>{pool_fact_key(*id)} : parse_address(*text);
    if (!who) return problem_of({errc::bad_usage, "address: " + who.error().message});
    want.who = *who;
  }
  auto rows = store.facts(want);
  if (!rows) return problem_of(rows.error());
  maybe<std::string> next;
  if (rows->size() > call.limit()) {
    rows->pop_back();
    next = std::to_string(rows->back().what.order);
  }
  return page_reply(*rows, next, [](const fact_row& f) { return to_json(f); });
}

std::vector<api_parameter> shared_filters() {
  return {{"agent", parameter_kind::text, "Of one agent"},
          chain_parameter(),
          {"subject", parameter_kind::subject, "About one address, contract or transaction"},
          {"status",
           parameter_kind::word,
           "Of one status",
           {"provisional", "active", "retracted", "expired"}},
          {"min_confidence", parameter_kind::share, "At least this sure"},
          {"since", parameter_kind::moment, "Not before this moment of the chain"},
          {"until", parameter_kind::moment, "Not after this moment of the chain"},
          limit_parameter(),
          cursor_parameter()};
}

std::vector<api_parameter> signal_parameters() {
  auto out = shared_filters();
  out.insert(out.begin(), {"type", parameter_kind::text, "Of one type, like wallet_reactivated"});
  out.push_back({"severity",
                 parameter_kind::word,
                 "At least so severe",
                 {"info", "low", "medium", "high", "critical"}});
  return out;
}

api_parameter memory_type_parameter() {
  return {"type",
          parameter_kind::word,
          "Of one type",
          {"pattern", "anomaly", "intelligence", "correlation"}};
}

std::vector<api_parameter> memory_parameters(bool with_type, bool of_agent) {
  auto out = shared_filters();
  if (of_agent) out.front() = {"id", parameter_kind::text, "The agent"};
  if (with_type) out.push_back(memory_type_parameter());
  api_parameter tag{"tag", parameter_kind::text, "With this tag; several: with all of them"};
  tag.repeated = true;
  out.push_back(tag);
  return out;
}

api_parameter id_parameter() { return {"id", parameter_kind::id_of_signal, "The signal"}; }

const std::vector<api_route> routes = {
    {"GET", "/api/v1/signals", "signals", "What agents concluded, newest first",
     signal_parameters(), "", "signal_page", &signals},
    {"GET",
     "/api/v1/signals/{id}",
     "signals",
     "One signal, in its newest revision",
     {id_parameter()},
     "",
     "signal",
     &one_signal},
    {"GET",
     "/api/v1/signals/{id}/explain",
     "signals",
     "One signal with the events it rests on",
     {id_parameter()},
     "",
     "explanation",
     &explain},
    {"GET", "/api/v1/memory", "memory", "What agents remember together, newest first",
     memory_parameters(true, false), "", "memory_page", &memory},
    {"GET", "/api/v1/correlations", "memory", "What two or more agents say together",
     memory_parameters(false, false), "", "memory_page", &correlations},
    {"GET", "/api/v1/agents/{id}/memory", "memory", "What one agent remembers",
     memory_parameters(true, true), "", "memory_page", &agent_memory},
    {"GET",
     "/api/v1/messages",
     "messages",
     "What agents said to each other, newest first",
     {{"from", parameter_kind::text, "Of one sender"},
      {"to", parameter_kind::text, "To one agent"},
      {"topic", parameter_kind::text, "Of one topic"},
      chain_parameter(),
      limit_parameter(),
      cursor_parameter()},
     "",
     "message_page",
     &messages},
    {"GET",
     "/api/v1/blocks",
     "chains",
     "The ledger of one chain, newest first",
     {chain_parameter(),
      {"integrity",
       parameter_kind::word,
       "Only such blocks",
       {"verified", "repaired", "suspect", "unchecked"}},
      limit_parameter(),
      cursor_parameter()},
     "",
     "block_page",
     &blocks},
    {"GET",
     "/api/v1/facts",
     "chains",
     "What contracts of one chain said of themselves, newest first",
     {chain_parameter(),
      {"address", parameter_kind::subject, "Of one token or pool"},
      limit_parameter(),
      cursor_parameter()},
     "",
     "fact_page",
     &facts},
};

}  // namespace
EREMOS_API_ROUTES(routes)
}  // namespace eremos
