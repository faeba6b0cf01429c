#include "connectors/net/http_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <functional>

#include <fmt/format.h>

namespace eremos {
namespace {

/// RFC 9110 §5.6.2.
bool is_token_char(char c) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}
/// Visible characters, blanks, tabs and bytes above ASCII (RFC 9110 §5.5).
bool is_value_char(char c) noexcept {
  const auto u = static_cast<unsigned char>(c);
  return u == '\t' || (u >= 0x20 && u != 0x7F);
}
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string lowered(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}
std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Whether a comma-separated list holds the word (lower case).
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (lowered(trimmed(list.substr(0, comma))) == word) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

maybe<head_refused> read_request_line(std::string_view line, const http_limits& limits,
                                      web_request& out) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return head_refused{400, "the request line is not METHOD TARGET HTTP/1.1"};
  const auto version = line.substr(last + 1);
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  if (!version.starts_with("HTTP/") || version.size() != 8 || version[6] != '.')
    return head_refused{400, "the request line does not end in a version"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return head_refused{505, "this server speaks HTTP/1.1"};
  out.http_1_0 = version == "HTTP/1.0";
  if (!is_token(method) || method.size() > 16) return head_refused{400, "the method is no token"};
  out.method = method;
  if (target.size() > limits.target_bytes_max)
    return head_refused{414, fmt::format("a target has at most {} bytes", limits.target_bytes_max)};
  if (!target.starts_with('/')) return head_refused{400, "the target does not begin with /"};
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  if (std::any_of(target.begin(), target.end(), bad) || target.find('#') != std::string_view::npos)
    return head_refused{400, "the target holds characters that belong escaped"};
  const auto mark = std::min(target.find('?'), target.size());
  auto path = url_decoded(target.substr(0, mark), false);
  if (!path) return head_refused{400, "the path is not UTF-8 with whole escapes"};
  out.path = std::move(*path);
  auto query = target.substr(std::min(mark + 1, target.size()));
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    auto name = url_decoded(part.substr(0, equals), true);
    auto value = url_decoded(part.substr(std::min(equals + 1, part.size())), true);
    if (!name || !value) return head_refused{400, "the query is not UTF-8 with whole escapes"};
    out.query.emplace_back(std::move(*name), std::move(*value));
  }
  return std::nullopt;
}

maybe<head_refused> read_header(std::string_view line, web_request& out) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, std::min(colon, line.size()));
  // A line that begins with a blank would go on with the one before; "Name :" is read differently
  // by different servers (RFC 9112 §5.1, §5.2).
  if (colon == std::string_view::npos || !is_token(name))
    return head_refused{400, "a header line is not NAME: VALUE"};
  const auto value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char))
    return head_refused{400, "a header holds control characters"};
  out.headers.emplace_back(lowered(name), std::string{value});
  return std::nullopt;
}

/// How much body follows, and what becomes of the connection after it.
maybe<head_refused> read_framing(web_request& out) {
  const auto count = [&](std::string_view name) {
    return std::count_if(out.headers.begin(), out.headers.end(),
                         [&](const auto& h) { return h.first == name; });
  };
  // RFC 9112 §6.1: both is how requests are smuggled.
  const bool coded = out.has_header("transfer-encoding");
  if (coded && out.has_header("content-length"))
    return head_refused{400, "Content-Length and Transfer-Encoding exclude each other"};
  if (coded) return head_refused{501, "Transfer-Encoding is not read here; send Content-Length"};
  if (count("content-length") > 1) return head_refused{400, "more than one Content-Length"};
  if (const auto text = out.header("content-length"); out.has_header("content-length")) {
    const auto* end = text.data() + text.size();
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || std::from_chars(text.data(), end, out.body_bytes).ec != std::errc{})
      return head_refused{400, "Content-Length is not a number"};
  }
  if (count("host") > 1 || (count("host") == 0 && !out.http_1_0))
    return head_refused{400, "a request has one Host"};
  const auto connection = out.header("connection");
  out.keep_alive = out.http_1_0 ? false : !lists(connection, "close");
  return std::nullopt;
}

}  // namespace

std::string_view web_request::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

bool web_request::has_header(std::string_view name) const noexcept {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& h) { return h.first == name; });
}

head_outcome read_head(std::string_view bytes, const http_limits& limits) {
  const auto end = bytes.find("\r\n\r\n");
  const auto head = bytes.substr(0, std::min(end, bytes.size()));
  if (head.size() > limits.head_bytes_max) {
    const auto first_line = head.find("\r\n");
    if (first_line == std::string_view::npos || first_line > limits.head_bytes_max)
      return head_refused{414,
                          fmt::format("a target has at most {} bytes", limits.target_bytes_max)};
    return head_refused{431, fmt::format("headers have at most {} bytes", limits.head_bytes_max)};
  }
  if (end == std::string_view::npos) {
    // A line that ends in LF alone would never end for us.
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1))
      if (at == 0 || head[at - 1] != '\r') return head_refused{400, "lines end in CR LF"};
    return head_incomplete{};
  }
  head_read out;
  out.bytes = end + 4;
  std::size_t lines = 0;
  for (std::size_t at = 0; at <= head.size(); ++lines) {
    const auto next = std::min(head.find("\r\n", at), head.size());
    const auto line = head.substr(at, next - at);
    at = next + 2;
    if (line.find('\n') != std::string_view::npos || line.find('\r') != std::string_view::npos)
      return head_refused{400, "lines end in CR LF"};
    if (lines > limits.headers_max)
      return head_refused{431, fmt::format("a request has at most {} headers", limits.headers_max)};
    auto refused =
        lines == 0 ? read_request_line(line, limits, out.request) : read_header(line, out.request);
    if (refused) return std::move(*refused);
  }
  if (auto refused = read_framing(out.request)) return std::move(*refused);
  return out;
}

maybe<std::string> url_decoded(std::string_view text, bool in_query) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && in_query) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (out.find('\0') != std::string::npos || !is_utf8(out)) return std::nullopt;
  return out;
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t more = c < 0x80                ? 0
                             : c >= 0xC2 && c < 0xE0 ? 1
                             : c >= 0xE0 && c < 0xF0 ? 2
                             : c >= 0xF0 && c < 0xF5 ? 3
                                                     : 4;
    if (more == 4 || i + more >= text.size()) return false;
    std::uint32_t point = more == 0 ? c : c & (0x3Fu >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3Fu);
    }
    // Too long a form, a surrogate, beyond Unicode (RFC 3629 §3).
    if ((more == 2 && point < 0x800) || (more == 3 && (point < 0x10000 || point > 0x10FFFF)) ||
        (point >= 0xD800 && point <= 0xDFFF))
      return false;
    i += more + 1;
  }
  return true;
}

std::string_view reason_phrase(int status) noexcept {
  struct entry {
    int status;
    std::string_view phrase;
  };
  constexpr std::array<entry, 24> all = {{{101, "Switching Protocols"},
                                          {200, "OK"},
                                          {201, "Created"},
                                          {202, "Accepted"},
                                          {204, "No Content"},
                                          {304, "Not Modified"},
                                          {400, "Bad Request"},
                                          {401, "Unauthorized"},
                                          {403, "Forbidden"},
                                          {404, "Not Found"},
                                          {408, "Request Timeout"},
                                          {405, "Method Not Allowed"},
                                          {409, "Conflict"},
                                          {411, "Length Required"},
                                          {413, "Content Too Large"},
                                          {414, "URI Too Long"},
                                          {415, "Unsupported Media Type"},
                                          {421, "Misdirected Request"},
                                          {429, "Too Many Requests"},
                                          {431, "Request Header Fields Too Large"},
                                          {500, "Internal Server Error"},
                                          {501, "Not Implemented"},
                                          {503, "Service Unavailable"},
                                          {505, "HTTP Version Not Supported"}}};
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.status == status; });
  return at == all.end() ? "Status" : at->phrase;
}

std::string to_bytes(const web_reply& reply, bool keep_alive, bool head_only) {
  std::string out;
  out.reserve(256 + (head_only ? 0 : reply.body.size()));
  auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\n", reply.status, reason_phrase(reply.status));
  const bool bare = reply.status == 204 || reply.status == 304;
  if (!bare)
    fmt::format_to(to, "Content-Type: {}\r\nContent-Length: {}\r\n", reply.type, reply.body.size());
  for (const auto& [name, value] : reply.headers) fmt::format_to(to, "{}: {}\r\n", name, value);
  if (!keep_alive) out += "Connection: close\r\n";
  out += "\r\n";
  if (!bare && !head_only) out += reply.body;
  return out;
}

std::string etag_of(std::string_view body) {
  return fmt::format("\"{:016x}\"", std::hash<std::string_view>{}(body));
}

bool names_tag(std::string_view list, std::string_view tag) {
  return list == "*" || list.find(tag) != std::string_view::npos;
}

}  // namespace eremos
