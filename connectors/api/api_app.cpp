#include "connectors/api/api_app.hpp"

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/api/assets.hpp"
#include "connectors/api/guards.hpp"
#include "connectors/api/live_filter.hpp"
#include "connectors/api/problem.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

/// Of a WebSocket whose client offers it.
constexpr std::string_view subprotocol = "eremos";

bool is_probe(std::string_view path) noexcept {
  return path == "/livez" || path == "/readyz" || path == "/healthz";
}

bool offers(std::string_view protocols, std::string_view wanted) {
  while (!protocols.empty()) {
    auto word = protocols.substr(0, protocols.find(','));
    protocols.remove_prefix(std::min(word.size() + 1, protocols.size()));
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word == wanted) return true;
  }
  return false;
}

class api_app final : public web_app {
 public:
  api_app(api_parts parts, const net_in_counts& counts)
      : parts_(std::move(parts)),
        context_(*parts_.context),
        counts_(counts),
        audit_(context_.log.for_part("audit")),
        rate_(context_.requests_per_second) {}

  maybe<web_reply> refuse(const web_request& head, std::int64_t now_ms) override {
    if (is_probe(head.path)) return framing(head, find_route(head.method, head.path));
    if (!is_loopback(head.peer) && !rate_.take(head.peer, now_ms)) {
      auto out = problem(429, "too many requests from this address");
      out.headers.emplace_back("Retry-After", "1");
      return out;
    }
    if (!host_allowed(head.header("host"), context_))
      return problem(421, "this node does not answer under that name; see api.hosts");
    const auto match = find_route(head.method, head.path);
    const auto* file = find_asset(head.path);
    if (match.methods.empty() && file == nullptr)
      return problem(404, "there is nothing at this path");
    if (head.has_header("origin") &&
        !origin_allowed(head.header("origin"), head.header("host"), context_))
      return problem(403, "pages of that origin may not ask; see api.origins");
    if (head.method == "OPTIONS" && head.has_header("origin")) return preflight(match);
    if (file != nullptr && match.methods.empty()) return file_framing(head);
    if (auto out = framing(head, match)) return out;
    return authorise(head, api_routes()[*match.route].scope);
  }

  web_outcome answer(web_request request, std::uint64_t ticket, const caf::actor& net_in) override {
    const auto match = find_route(request.method, request.path);
    if (!match.route) return file_reply(request);
    const auto& route = api_routes()[*match.route];
    auto call = make_call(*match.route, match.path_arguments, request, context_);
    if (!call) return problem(400, call.error().message);
    call->body = std::move(request.body);
    if (!context_.tokens.empty())
      if (const auto* token = find_token(bearer_of(request), context_)) call->who = token->name;
    if (route.scope == api_scope::write) audit(request, *call);
    return std::visit(
        [&](const auto& handler) { return hand_over(handler, *call, request, ticket, net_in); },
        route.handler);
  }

  text_pairs headers_for(const web_request& head) override {
    if (context_.origins.empty()) return {};
    const auto origin = head.header("origin");
    if (origin.empty() || !origin_allowed(origin, head.header("host"), context_))
      return {{"Vary", "Origin"}};
    return {{"Vary", "Origin"}, {"Access-Control-Allow-Origin", std::string{origin}}};
  }

  web_reply malformed(int status, std::string_view why) override { return problem(status, why); }

 private:
  static maybe<web_reply> framing(const web_request& head, const route_match& match) {
    if (!match.route) {
      auto out = problem(405, fmt::format("this path takes {}", fmt::join(match.methods, ", ")));
      out.headers.emplace_back("Allow", fmt::format("{}", fmt::join(match.methods, ", ")));
      return out;
    }
    const auto& route = api_routes()[*match.route];
    if (route.body.empty()) {
      if (head.body_bytes > 0) return problem(400, "this takes no body");
      return std::nullopt;
    }
    if (!head.has_header("content-length")) return problem(411, "a body needs a Content-Length");
    const auto type = head.header("content-type");
    if (type.substr(0, type.find(';')) != "application/json")
      return problem(415, "a body is application/json");
    return std::nullopt;
  }

  static maybe<web_reply> file_framing(const web_request& head) {
    if (head.body_bytes > 0) return problem(400, "this takes no body");
    if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
    auto out = problem(405, "this path takes GET");
    out.headers.emplace_back("Allow", "GET");
    return out;
  }

  static web_reply file_reply(const web_request& request) {
    const auto* file = find_asset(request.path);
    if (file == nullptr) return problem(404, "there is nothing at this path");
    const bool packed = offers(request.header("accept-encoding"), "gzip");
    web_reply out;
    out.type = file->type;
    if (file->type.starts_with("text/")) out.type += "; charset=utf-8";
    out.body = packed ? file->gzip : file->bytes;
    out.headers = {{"Cache-Control", "no-cache"},
                   {"Vary", "Accept-Encoding"},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"},
                   // Nothing of anybody else runs in our pages, and nobody frames them.
                   {"Content-Security-Policy",
                    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"}};
    if (packed) out.headers.emplace_back("Content-Encoding", "gzip");
    return out;
  }

  static web_reply preflight(const route_match& match) {
    web_reply out;
    out.status = 204;
    out.headers = {
        {"Access-Control-Allow-Methods", fmt::format("{}", fmt::join(match.methods, ", "))},
        {"Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID"},
        {"Access-Control-Max-Age", "600"}};
    return out;
  }

  maybe<web_reply> authorise(const web_request& head, api_scope scope) const {
    if (context_.tokens.empty() || scope == api_scope::open) return std::nullopt;
    const auto given = bearer_of(head);
    const auto* token = find_token(given, context_);
    if (token == nullptr) {
      auto out =
          problem(401, given.empty() ? "this needs a bearer token" : "this token is unknown");
      out.headers.emplace_back("WWW-Authenticate", "Bearer");
      return out;
    }
    if (scope == api_scope::write && token->scope != token_scope::write)
      return problem(403, "this token may only read");
    return std::nullopt;
  }

  void audit(const web_request& request, const api_call& call) const {
    // Without a kind, so that LOG leaves none out.
    audit_.info("", fmt::format("{} {} by {} from {}", request.method, printable(request.path),
                                call.who.empty() ? "anybody" : call.who, request.peer));
  }

  // --- to whoever answers

  web_outcome hand_over(now_handler handler, const api_call& call, const web_request&,
                        std::uint64_t, const caf::actor&) {
    return handler(call, context_);
  }
  web_outcome hand_over(store_handler, api_call& call, const web_request&, std::uint64_t ticket,
                        const caf::actor& net_in) {
    caf::anon_send(parts_.reader, store_work{ticket, net_in, std::move(call)});
    return web_later{};
  }
  web_outcome hand_over(node_handler, api_call& call, const web_request&, std::uint64_t ticket,
                        const caf::actor& net_in) {
    caf::anon_send(parts_.desk, node_work{ticket, net_in, std::move(call), counts_});
    return web_later{};
  }
  web_outcome hand_over(order_handler, api_call& call, const web_request&, std::uint64_t ticket,
                        const caf::actor& net_in) {
    caf::anon_send(parts_.desk, node_work{ticket, net_in, std::move(call), counts_});
    return web_later{};
  }
  web_outcome hand_over(feed_handler, api_call& call, const web_request&, std::uint64_t ticket,
                        const caf::actor& net_in) {
    caf::anon_send(parts_.feed, feed_work{ticket, net_in, std::move(call)});
    return web_later{};
  }
  web_outcome hand_over(live_stream, api_call& call, const web_request& request,
                        std::uint64_t ticket, const caf::actor& net_in) {
    // A browser's EventSource comes back with the id of what it had last.
    if (!call.text("cursor") && request.has_header("last-event-id"))
      call.arguments.emplace_back("cursor", request.header("last-event-id"));
    if (const auto cursor = call.text("cursor"))
      if (const auto parsed = parse_live_cursor(*cursor); !parsed)
        return problem(400, parsed.error().message);
    caf::anon_send(parts_.feed, open_stream{ticket, net_in, std::move(call)});
    const bool known = offers(request.header("sec-websocket-protocol"), subprotocol);
    return web_stream{caf::actor_cast<caf::actor>(parts_.feed),
                      known ? std::string{subprotocol} : std::string{}};
  }

  const api_parts parts_;
  const api_context& context_;
  const net_in_counts& counts_;
  const logger audit_;
  request_rate rate_;
};

}  // namespace

std::unique_ptr<web_app> make_api_app(api_parts parts, const net_in_counts& counts) {
  return std::make_unique<api_app>(std::move(parts), counts);
}

}  // namespace eremos
