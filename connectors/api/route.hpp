// The table of what the API answers: each route with its parameters, its words and its handler.
// Dispatch, checks of parameters and the OpenAPI document all read this one table, so they cannot
// disagree. A new group of routes is one file that ends in one EREMOS_API_ROUTES line. The table is
// filled before main and only read afterwards.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/api/backend.hpp"
#include "connectors/api/context.hpp"
#include "connectors/net/http_message.hpp"
#include "messages/protocols.hpp"
#include "runtime/storage/store_pages.hpp"

namespace eremos {

class event_ring;

/// What a parameter's text must be.
enum class parameter_kind : std::uint8_t {
  text,          ///< at most text_bytes_max bytes
  word,          ///< one of `words`
  count,         ///< a whole number from `min` to `max`
  share,         ///< a number from 0 to 1
  moment,        ///< RFC 3339, or milliseconds since 1970
  chain,         ///< a name or an id
  subject,       ///< text; hex in any case
  id_of_signal,  ///< 32 hex digits
  cursor         ///< what an earlier answer gave as `next` or `cursor`
};

struct api_parameter {
  std::string_view name;
  parameter_kind kind = parameter_kind::text;
  std::string_view sentence;
  std::vector<std::string_view> words;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  bool repeated = false;  ///< may be given several times

  bool in_path(std::string_view path) const;
};

/// Who may call it.
enum class api_scope : std::uint8_t {
  open,   ///< anybody: probes, the description, the page
  read,   ///< a token of any scope, where there are tokens
  write,  ///< a token that may write, where there are tokens
};

/// A request that fits a route: its parameters are what they should be.
struct api_call {
  std::uint32_t route = 0;  ///< index in api_routes()
  text_pairs arguments;     ///< of path and query
  std::string body;
  std::string who;  ///< name of the token; empty: nobody in particular

  /// The first of that name; none: not given.
  maybe<std::string> text(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  // Precondition: of that kind.
  maybe<std::uint64_t> count(std::string_view name) const;
  maybe<double> share(std::string_view name) const;
  maybe<time_ms> moment(std::string_view name) const;
  /// limit_default where nothing is said.
  std::size_t limit() const;
};
template <class Inspector>
auto inspect(Inspector& f, api_call& x) {
  return f(x.route, x.arguments, x.body, x.who);
}

// Where a route is answered: on NET-IN's thread from what it has at hand, …
using now_handler = web_reply (*)(const api_call&, const api_context&);
/// … on READER's thread from the store, …
using store_handler = web_reply (*)(const api_call&, const api_context&, store_pages&);
/// … from a report of the node that is at most report_age_max old, …
using node_handler = web_reply (*)(const api_call&, const api_context&, const node_state&);
/// … from the newest events, which FEED keeps, …
using feed_handler = web_reply (*)(const api_call&, const event_ring&);
/// … by asking a part of the node to do something, …
using order_handler = result<node_order> (*)(const api_call&, const api_context&);
/// … or by a stream of what happens from now on.
struct live_stream {};
using api_handler = std::variant<now_handler, store_handler, node_handler, feed_handler,
                                 order_handler, live_stream>;

struct api_route {
  std::string_view method;
  std::string_view path;  ///< "/api/v1/signals/{id}"
  std::string_view tag;   ///< groups routes for people
  std::string_view sentence;
  std::vector<api_parameter> parameters;
  std::string_view body;    ///< schema of what is sent; empty: nothing is
  std::string_view answer;  ///< schema of what is answered, or a media type
  api_handler handler;
  api_scope scope = api_scope::read;
  int status = 200;  ///< when all goes well
};

/// All routes, sorted by path and method.
const std::vector<api_route>& api_routes();
bool register_api_routes(std::vector<api_route> routes);

#define EREMOS_API_ROUTES(routes)                                   \
  [[maybe_unused]] static const bool eremos_api_routes_registered = \
      ::eremos::register_api_routes(routes);

/// Of a page that a client asks for without a limit, and at most.
inline constexpr std::size_t limit_default = 50;
inline constexpr std::size_t limit_max = 500;
/// Of one parameter.
inline constexpr std::size_t text_bytes_max = 512;
/// Tags and the like in one request.
inline constexpr std::size_t repeats_max = 16;

/// Parameters that many routes share.
api_parameter limit_parameter();
api_parameter cursor_parameter();
api_parameter chain_parameter();

/// The route of a path, whatever the method: what is allowed there, and the place in the table
/// (none where the method is another).
struct route_match {
  maybe<std::uint32_t> route;
  std::vector<std::string> methods;  ///< empty: nothing is at that path
  text_pairs path_arguments;
};
route_match find_route(std::string_view method, std::string_view path);

/// Everything of a request that the route's parameters must be. Errors: bad_usage, with the name.
result<api_call> make_call(std::uint32_t route, const text_pairs& path_arguments,
                           const web_request& request, const api_context& context);

}  // namespace eremos
