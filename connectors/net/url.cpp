#include "connectors/net/url.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace eremos {
namespace {

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "ws" || scheme == "http") return 80;
  if (scheme == "wss" || scheme == "https") return 443;
  if (scheme == "smtp") return 587;
  if (scheme == "smtps") return 465;
  return 0;
}

bool is_mail(std::string_view scheme) { return scheme == "smtp" || scheme == "smtps"; }

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host(std::string_view text, bool bracketed) {
  if (bracketed) {
    return text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
           text.find(':') != std::string_view::npos;
  }
  return !text.empty() && text.size() <= 253 &&  // RFC 1035 §2.3.4
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

bool read_port(std::string_view text, std::uint16_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out != 0;
}

failure bad(bool mail, std::string_view why) {
  return {
      errc::bad_option,
      fmt::format("not {} URL: {}", mail ? "an smtp or smtps" : "a ws, wss, http or https", why)};
}

/// "host", "host:port", "[v6]" or "[v6]:port".
bool read_authority(std::string_view text, url& out) {
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string_view::npos) return false;
  out.host = text.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  auto rest = host_end == std::string_view::npos ? std::string_view{} : text.substr(host_end);
  if (bracketed) rest.remove_prefix(1);
  out.port = default_port(out.scheme);
  if (!rest.empty() && (rest.front() != ':' || !read_port(rest.substr(1), out.port))) return false;
  return is_host(out.host, bracketed);
}

result<url> parse(std::string_view text, bool mail) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad(mail, "no scheme");
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable) return bad(mail, "it holds a space or a character that must be written as %XX");
  url out;
  out.scheme = text.substr(0, scheme_end);
  std::transform(out.scheme.begin(), out.scheme.end(), out.scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (default_port(out.scheme) == 0 || is_mail(out.scheme) != mail)
    return bad(mail, "unknown scheme");
  auto rest = text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto target_at = rest.find_first_of("/?");
  auto authority = rest.substr(0, target_at);
  if (target_at != std::string_view::npos) out.target = rest.substr(target_at);
  if (!out.target.starts_with('/')) out.target.insert(0, 1, '/');
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    out.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (out.target.find('\\') != std::string::npos || !read_authority(authority, out)) {
    return bad(mail, "bad host or port");
  }
  return out;
}

}  // namespace

std::string url::authority() const {
  auto text = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  if (port != default_port(scheme)) text += fmt::format(":{}", port);
  return text;
}

result<url> parse_url(std::string_view text) { return parse(text, false); }

result<url> parse_mail_url(std::string_view text) { return parse(text, true); }

std::string redacted(std::string_view text) {
  auto parsed = parse_url(text);
  if (!parsed) parsed = parse_mail_url(text);
  if (!parsed) return "(not a URL)";
  return fmt::format("{}://{}/…", parsed->scheme, parsed->authority());
}

}  // namespace eremos
