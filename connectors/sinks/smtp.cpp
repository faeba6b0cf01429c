// The sink "smtp": a mail for each delivery (RFC 5321, RFC 5322). The Message-ID is made of the
// key, so mailboxes know a mail that came twice.
#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "connectors/net/public_address.hpp"
#include "connectors/net/signing.hpp"
#include "connectors/net/url.hpp"
#include "connectors/sinks/http_sink.hpp"
#include "runtime/alerts/alert_text.hpp"

namespace eremos {
namespace {

constexpr std::size_t receivers_max = 32;
/// What a list of mails shows.
constexpr std::size_t subject_bytes_max = 150;
/// RFC 2047 §2: an encoded word has at most 75 characters, 63 of them base64 here: 45 bytes.
constexpr std::size_t word_bytes_max = 45;
/// RFC 2045 §6.8: base64 lines of at most 76 characters.
constexpr std::size_t line_bytes = 57;

struct smtp_options {
  http_sink_options http;
  mail_envelope envelope;
  std::string text;
};

/// As an envelope and a header take it: one '@', no space, nothing that ends an address.
bool is_mailbox(const std::string& text) {
  return text.size() <= 254 && std::count(text.begin(), text.end(), '@') == 1 &&
         text.front() != '@' && text.back() != '@' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f &&
                  std::string_view{"<>()[],;:\\\""}.find(c) == std::string_view::npos;
         });
}

void read_server(option_reader& read, smtp_options& out) {
  out.http.url = read.text("url", "");
  const auto parsed = parse_mail_url(out.http.url);
  if (!parsed)
    read.refuse("url", "url: want smtp://HOST:PORT or smtps://HOST:PORT");
  else if (!out.http.allow_private &&
           parsed->host.find_first_not_of("0123456789.:") == std::string::npos &&
           !is_public_address(parsed->host))
    read.refuse("url", fmt::format("url: {} is a private, loopback or otherwise special address; "
                                   "allow_private = true lets alerts go there",
                                   parsed->host));
  else
    // curl has other ports in mind where none is written.
    out.http.url = fmt::format(
        "{}://{}:{}/", parsed->scheme,
        parsed->host.find(':') == std::string::npos ? parsed->host : "[" + parsed->host + "]",
        parsed->port);
}

result<smtp_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  smtp_options out;
  read_http_limits(read, out.http);
  read_server(read, out);
  out.envelope.from = read.text("from", "");
  if (!is_mailbox(out.envelope.from)) read.refuse("from", "from: want name@domain");
  out.envelope.to = read.texts("to");
  if (out.envelope.to.empty() || out.envelope.to.size() > receivers_max)
    read.refuse("to", fmt::format("to: want 1 to {} of name@domain", receivers_max));
  for (std::size_t i = 0; i < out.envelope.to.size(); ++i)
    if (!is_mailbox(out.envelope.to[i])) read.refuse("to", "to: want name@domain", i);
  const auto user = read.text("user", "");
  if (!user.empty())
    out.envelope.user = fmt::format("{}:{}", user, read_secret(read, "password", section));
  out.envelope.start_tls = read.flag("start_tls", true);
  out.text = read_template(read);
  if (auto bad = read.finish()) return *bad;
  return out;
}

status check(const alert_sink_section& section) {
  const auto options = read_options(section);
  return options ? status{ok} : status{options.error()};
}

/// A header's text in words that any mailbox reads, each of whole characters (RFC 2047 §5).
std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto end = std::min(word_bytes_max, text.size());
    while (end < text.size() && end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;
    out +=
        fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", to_base64(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return out;
}

std::string encoded_lines(std::string_view text) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(line_bytes, text.size())))
    out += to_base64(text.substr(0, line_bytes)) + "\r\n";
  return out;
}

std::string mail_of(const smtp_options& o, const alert_delivery& x) {
  const auto text = alert_lines(o.text, x.fields);
  const auto subject = cut_text(text.substr(0, text.find('\n')), subject_bytes_max);
  return fmt::format(
      "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\nFrom: <{}>\r\nTo: <{}>\r\nMessage-ID: <{}@{}>\r\n"
      "Subject: {}\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
      fmt::gmtime(static_cast<std::time_t>(x.now / second_ms)), o.envelope.from,
      fmt::join(o.envelope.to, ">, <"), x.key,
      std::string_view{o.envelope.from}.substr(o.envelope.from.find('@') + 1),
      encoded_words(subject), encoded_lines(text + "\n\n" + x.payload + "\n"));
}

sink_actor make(caf::actor_system& system, const alert_sink_section& section,
                const sink_services& services) {
  auto options = read_options(section);
  return spawn_http_sink(system, services,
                         [o = std::move(*options)](const alert_delivery& x) -> maybe<http_request> {
                           auto out = o.http.post(mail_of(o, x));
                           out.mail = o.envelope;
                           return out;
                         });
}

}  // namespace

const sink_kind smtp_sink = {"smtp", "a mail", true, &check, &make};

}  // namespace eremos
