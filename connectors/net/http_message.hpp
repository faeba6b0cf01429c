// HTTP/1.1 as far as a server of small answers needs it (RFC 9110, RFC 9112): reading a request's
// head, decoding its target, writing an answer. Strict: what could be read in two ways is refused.
// Moves no bytes itself. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "messages/inspect.hpp"

namespace eremos {

struct http_limits {
  /// Request line and headers: more than any browser or proxy sends.
  std::size_t head_bytes_max = 16u * 1024;
  std::size_t target_bytes_max = 8u * 1024;
  std::size_t headers_max = 100;
  /// go-ethereum's limit of its HTTP server (rpc/http.go, defaultBodyLimit).
  std::size_t body_bytes_max = 5u * 1024 * 1024;
};

using text_pairs = std::vector<std::pair<std::string, std::string>>;

struct web_request {
  std::string method;
  std::string path;    ///< decoded, begins with '/'
  text_pairs query;    ///< decoded, in order
  text_pairs headers;  ///< names in lower case
  std::string body;
  std::uint64_t body_bytes = 0;  ///< as announced by Content-Length
  std::string peer;              ///< address of the client, without its port
  bool keep_alive = true;
  bool http_1_0 = false;

  /// Value of the first header of that name (lower case); empty if there is none.
  std::string_view header(std::string_view name) const noexcept;
  bool has_header(std::string_view name) const noexcept;
};

/// The head is not complete yet.
struct head_incomplete {};
/// It never will be a request: answer with this status, then close.
struct head_refused {
  int status = 400;
  std::string why;
};
struct head_read {
  web_request request;
  std::size_t bytes = 0;  ///< of the head, with its empty line
};
using head_outcome = std::variant<head_incomplete, head_refused, head_read>;

head_outcome read_head(std::string_view bytes, const http_limits& limits = {});

/// %XX and, in a query, '+'. None: an escape is broken, or it holds a zero byte or no UTF-8.
maybe<std::string> url_decoded(std::string_view text, bool in_query);

bool is_utf8(std::string_view text) noexcept;

struct web_reply {
  int status = 200;
  std::string type = "application/json";
  text_pairs headers;
  std::string body;
  bool close = false;
};
template <class Inspector>
auto inspect(Inspector& f, web_reply& x) {
  return f(x.status, x.type, x.headers, x.body, x.close);
}

/// "Not Found".
std::string_view reason_phrase(int status) noexcept;

/// Status line, headers, body; without the body where `head_only`.
std::string to_bytes(const web_reply& reply, bool keep_alive, bool head_only);

/// By std::hash: an ETag need not withstand anybody, only differ.
std::string etag_of(std::string_view body);
/// Whether If-None-Match names the tag (RFC 9110 §13.1.2).
bool names_tag(std::string_view list, std::string_view tag);

}  // namespace eremos
