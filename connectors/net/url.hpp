// Addresses of providers: ws, wss, http and https. Opens nothing. Keys of providers live in the
// path and in the user part, so only `redacted` text may be shown. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "messages/error.hpp"

namespace eremos {

struct url {
  std::string scheme;  ///< lower case
  std::string host;    ///< name or IP; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;    ///< path and query, begins with '/'; never a fragment
  std::string userinfo;  ///< "user:password" as written; empty if none

  bool secure() const noexcept { return scheme == "wss" || scheme == "https"; }
  bool websocket() const noexcept { return scheme == "ws" || scheme == "wss"; }
  /// As the Host header has it: the port only where it is not the scheme's own.
  std::string authority() const;

  friend bool operator==(const url&, const url&) = default;
};

/// Refuses what curl and libwebsockets might read differently from each other (spaces, control
/// characters, other schemes, a host with odd characters). Errors: bad_option, never with the path.
result<url> parse_url(std::string_view text);

/// The same of smtp and smtps, which are no address of a provider; ports are those of submission
/// (RFC 8314). Errors: bad_option.
result<url> parse_mail_url(std::string_view text);

/// Scheme, host and port: "wss://eth.example.org/…". For text that is no URL: "(not a URL)".
std::string redacted(std::string_view text);

}  // namespace eremos
