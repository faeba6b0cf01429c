#include "connectors/api/problem.hpp"

#include <utility>

#include <fmt/format.h>

#include "messages/signal.hpp"
#include "runtime/printable.hpp"

namespace eremos {

web_reply json_reply(std::string body, int code) {
  body += '\n';
  web_reply out;
  out.status = code;
  out.body = std::move(body);
  // To be asked about each time; the ETag says whether it has changed.
  out.headers = {{"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}};
  return out;
}

web_reply text_reply(std::string body, int code) {
  auto out = not_stored(json_reply({}, code));
  out.type = "text/plain; charset=utf-8";
  out.body = std::move(body);
  return out;
}

web_reply problem(int code, std::string_view detail) {
  auto out = not_stored(
      json_reply(fmt::format(R"({{"type":"about:blank","title":{},"status":{},"detail":{}}})",
                             json_quoted(reason_phrase(code)), code, json_quoted(detail)),
                 code));
  out.type = "application/problem+json";
  return out;
}

web_reply problem_of(const failure& why) {
  switch (why.code) {
    case errc::malformed_hex:
    case errc::malformed_checksum:
    case errc::malformed_number:
    case errc::malformed_json:
    case errc::malformed_shape:
    case errc::bad_option:
    case errc::bad_usage:
      return problem(400, printable(why.message));
    case errc::unknown_agent:
    case errc::block_not_found:
      return problem(404, printable(why.message));
    case errc::store_full:
    case errc::shutting_down:
      return problem(503, "this cannot be done now; try again later");
    default:
      return problem(500, "the node could not read its store; its log says more");
  }
}

web_reply not_stored(web_reply reply) {
  for (auto& [name, value] : reply.headers)
    if (name == "Cache-Control") value = "no-store";
  return reply;
}

}  // namespace eremos
