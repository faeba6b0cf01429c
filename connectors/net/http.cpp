#include "connectors/net/http.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/net/loop_actor.hpp"
#include "connectors/net/public_address.hpp"
#include "connectors/net/resolver.hpp"
#include "connectors/net/url.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

using steady = std::chrono::steady_clock;

/// Addresses of a name are used for this long, as curl would (CURLOPT_DNS_CACHE_TIMEOUT).
constexpr std::chrono::seconds name_lives{60};
/// Names remembered: each provider has one.
constexpr std::size_t names_max = 256;

bool is_address(const std::string& host) {
  in6_addr unused{};
  return ::inet_pton(AF_INET, host.c_str(), &unused) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

/// Behind a proxy it is the proxy who knows names, and curl who knows when it is used.
bool has_proxy() {
  for (const auto* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    if (const auto* value = std::getenv(name); value != nullptr && *value != '\0') return true;
  return false;
}

struct slist_free {
  void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
};
struct easy_free {
  void operator()(CURL* easy) const noexcept { ::curl_easy_cleanup(easy); }
};
using easy_handle = std::unique_ptr<CURL, easy_free>;

/// One request and all that curl points into while it is under way.
struct transfer {
  http_request request;
  http_reply reply;
  caf::response_promise promise;
  steady::time_point deadline;
  url where;
  steady::time_point resolve_by;
  std::unique_ptr<curl_slist, slist_free> addresses;  ///< for CURLOPT_RESOLVE
  std::unique_ptr<curl_slist, slist_free> headers;
  std::unique_ptr<curl_slist, slist_free> mail_to;
  std::size_t mail_sent = 0;  ///< bytes of the body
  easy_handle easy;
  bool too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<transfer*>(user);
  const auto bytes = size * count;
  if (t.reply.body.size() + bytes > t.request.body_bytes_max) {
    t.too_large = true;
    if (t.request.status_only)
      t.reply.body.append(data, t.request.body_bytes_max - t.reply.body.size());
    return 0;  // tells curl to give up
  }
  t.reply.body.append(data, bytes);
  return bytes;
}

std::size_t give_mail(char* to, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<transfer*>(user);
  const auto bytes = std::min(size * count, t.request.body.size() - t.mail_sent);
  std::copy_n(t.request.body.data() + t.mail_sent, bytes, to);
  t.mail_sent += bytes;
  return bytes;
}

/// RESOLVER finds names, because curl would take a thread for each request that waits for one that
/// hangs. Idle easy handles are kept, so that a request costs no set-up; connections live in the
/// multi.
class http_server final : public loop_actor {
 public:
  explicit http_server(caf::actor_config& cfg) : loop_actor(cfg) {}

  const char* name() const override { return "http"; }

  void act() override {
    resolver_ = spawn_resolver(system());
    multi_ = ::curl_multi_init();
    ::curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(http_active_max));
    while (handle_mail([this](http_request& request) { return accept(std::move(request)); },
                       [this](const host_resolved& x) { resolved(x); })) {
      const auto sleep = expire_names();
      start_waiting();
      int running = 0;
      ::curl_multi_perform(multi_, &running);
      take_results();
      curl_waitfd wake{wake_fd(), CURL_WAIT_POLLIN, 0};
      // Whoever waits for a free place is started by a result, and a result ends the poll.
      ::curl_multi_poll(multi_, &wake, 1, static_cast<int>(sleep.count()), nullptr);
    }
    anon_send_exit(resolver_, caf::exit_reason::user_shutdown);
    give_up();
    ::curl_multi_cleanup(multi_);
  }

 private:
  caf::response_promise accept(http_request request) {
    auto promise = make_response_promise();
    const auto parsed = request.mail ? parse_mail_url(request.url) : parse_url(request.url);
    if (!parsed || parsed->websocket()) {
      promise.deliver(
          to_caf(parsed ? failure{errc::bad_option, "not an http or https URL"} : parsed.error()));
      return promise;
    }
    if (waiting_.size() + resolving_count_ >= http_waiting_max) {
      promise.deliver(to_caf({errc::rate_limited, "too many HTTP requests wait in this node"}));
      return promise;
    }
    auto t = std::make_unique<transfer>();
    t->deadline = steady::now() + std::chrono::milliseconds{request.timeout_ms};
    t->request = std::move(request);
    t->promise = promise;
    t->where = *parsed;
    const bool numeric = is_address(parsed->host);
    if (numeric && t->request.public_only && !is_public_address(parsed->host))
      refuse_address(*t);
    else if (numeric || (behind_proxy_ && !t->request.public_only && !t->request.mail))
      waiting_.push_back(std::move(t));
    else
      find_name(std::move(t));
    return promise;
  }

  // --- names

  void find_name(std::unique_ptr<transfer> t) {
    const auto& host = t->where.host;
    if (const auto at = names_.find(host); at != names_.end()) {
      if (at->second.until > steady::now())
        return use_addresses(std::move(t), at->second.addresses);
      names_.erase(at);
    }
    t->resolve_by = std::min(t->deadline, steady::now() + http_connect_max);
    const auto [at, first] = resolving_.try_emplace(host);
    if (first) {
      at->second.token = ++last_token_;
      send(resolver_, resolve_host{at->second.token, host});
    }
    at->second.transfers.push_back(std::move(t));
    ++resolving_count_;
  }

  void resolved(const host_resolved& x) {
    const auto at = std::find_if(resolving_.begin(), resolving_.end(),
                                 [&](const auto& r) { return r.second.token == x.token; });
    if (at == resolving_.end()) return;
    auto transfers = std::move(at->second.transfers);
    resolving_count_ -= transfers.size();
    if (!x.addresses.empty()) {
      if (names_.size() >= names_max) names_.clear();
      names_[at->first] = {x.addresses, steady::now() + name_lives};
    }
    resolving_.erase(at);
    for (auto& t : transfers) {
      if (x.addresses.empty())
        t->promise.deliver(to_caf({errc::provider_unreachable,
                                   fmt::format("{}: {}", redacted(t->request.url), x.error)}));
      else
        use_addresses(std::move(t), x.addresses);
    }
  }

  static void refuse_address(transfer& t) {
    t.promise.deliver(
        to_caf({errc::bad_option,
                redacted(t.request.url) + ": a private, loopback or otherwise special address"}));
  }

  void use_addresses(std::unique_ptr<transfer> t, const std::vector<std::string>& addresses) {
    // All of them: curl may try any. It connects to these and asks for the name no more.
    if (t->request.public_only &&
        !std::all_of(addresses.begin(), addresses.end(), is_public_address))
      return refuse_address(*t);
    // '+': curl forgets it as it forgets what it finds itself.
    std::string entry = fmt::format("+{}:{}:", t->where.host, t->where.port);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const bool is_v6 = addresses[i].find(':') != std::string::npos;
      entry += (i == 0 ? "" : ",") + (is_v6 ? "[" + addresses[i] + "]" : addresses[i]);
    }
    t->addresses.reset(::curl_slist_append(nullptr, entry.c_str()));
    waiting_.push_back(std::move(t));
  }

  /// Gives up what has waited too long for a name; how long until the next must be.
  std::chrono::milliseconds expire_names() {
    const auto now = steady::now();
    auto next = now + std::chrono::minutes{1};
    for (auto& [host, r] : resolving_) {
      resolving_count_ -= std::erase_if(r.transfers, [&](const auto& t) {
        if (t->resolve_by > now) return false;
        t->promise.deliver(
            to_caf({errc::provider_timeout, redacted(t->request.url) + ": no address in time"}));
        return true;
      });
      for (const auto& t : r.transfers) next = std::min(next, t->resolve_by);
    }
    return std::chrono::ceil<std::chrono::milliseconds>(next - now);
  }

  // --- transfers

  void start_waiting() {
    while (!waiting_.empty() && active_.size() < http_active_max) {
      auto t = std::move(waiting_.front());
      waiting_.pop_front();
      const auto left = std::chrono::floor<std::chrono::milliseconds>(t->deadline - steady::now());
      if (left.count() <= 0) {
        t->promise.deliver(to_caf({errc::provider_timeout, "no free place in time"}));
        continue;
      }
      set_up(*t, left);
      auto* easy = t->easy.get();
      ::curl_multi_add_handle(multi_, easy);
      active_.emplace(easy, std::move(t));
    }
  }

  void set_up(transfer& t, std::chrono::milliseconds left) {
    if (idle_.empty()) idle_.emplace_back(::curl_easy_init());
    t.easy = std::move(idle_.back());
    idle_.pop_back();
    auto* easy = t.easy.get();
    ::curl_easy_reset(easy);
    ::curl_easy_setopt(easy, CURLOPT_URL, t.request.url.c_str());
    if (t.addresses) ::curl_easy_setopt(easy, CURLOPT_RESOLVE, t.addresses.get());
    if (t.request.public_only || t.request.mail) ::curl_easy_setopt(easy, CURLOPT_PROXY, "");
    ::curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, t.request.mail ? "smtp,smtps" : "http,https");
    ::curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Where curl still resolves (a proxy's name) the end of a request would wait for getaddrinfo,
    // and with it every other request and the exit of the node.
    ::curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    ::curl_easy_setopt(easy, CURLOPT_USERAGENT, "eremos");
    ::curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    ::curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    ::curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                       static_cast<long>(std::min(left, http_connect_max).count()));
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
    if (t.request.mail) return set_up_mail(t);
    // curl would wait a second for "100 Continue" before it sends a long body.
    t.headers.reset(::curl_slist_append(nullptr, "Expect:"));
    for (const auto& header : t.request.headers) {
      ::curl_slist_append(t.headers.get(), header.c_str());
    }
    if (!t.request.body.empty()) {
      ::curl_slist_append(t.headers.get(), "Content-Type: application/json");
      ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t.request.body.data());
      ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(t.request.body.size()));
    }
    ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t.headers.get());
  }

  static void set_up_mail(transfer& t) {
    auto* easy = t.easy.get();
    const auto& mail = *t.request.mail;
    for (const auto& to : mail.to)
      t.mail_to.reset(::curl_slist_append(t.mail_to.release(), to.c_str()));
    ::curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail.from.c_str());
    ::curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, t.mail_to.get());
    ::curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    ::curl_easy_setopt(easy, CURLOPT_READFUNCTION, &give_mail);
    ::curl_easy_setopt(easy, CURLOPT_READDATA, &t);
    if (mail.start_tls)
      ::curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    if (!mail.user.empty()) ::curl_easy_setopt(easy, CURLOPT_USERPWD, mail.user.c_str());
  }

  void take_results() {
    int left = 0;
    bool any = false;
    while (const auto* message = ::curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;
      auto node = active_.extract(message->easy_handle);
      auto& t = *node.mapped();
      ::curl_multi_remove_handle(multi_, t.easy.get());
      finish(t, code);
      idle_.push_back(std::move(t.easy));  // at most http_active_max
      any = true;
    }
    if (any) start_waiting();
  }

  static void finish(transfer& t, CURLcode code) {
    const auto where = redacted(t.request.url);
    long status = 0;
    ::curl_easy_getinfo(t.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    // From 200 on: a connection that ends after "100 Continue" has said nothing.
    const bool answered =
        code == CURLE_OK || (t.request.status_only && !t.request.mail && status >= 200);
    if (t.too_large && !answered) {
      t.promise.deliver(
          to_caf({errc::provider_refused, fmt::format("{}: the answer is larger than {} bytes",
                                                      where, t.request.body_bytes_max)}));
    } else if (!answered && code == CURLE_OPERATION_TIMEDOUT) {
      t.promise.deliver(to_caf({errc::provider_timeout, where + ": no answer in time"}));
    } else if (!answered) {
      t.promise.deliver(to_caf(
          {errc::provider_unreachable, fmt::format("{}: {}", where, ::curl_easy_strerror(code))}));
    } else {
      curl_off_t retry_after_s = 0;
      ::curl_easy_getinfo(t.easy.get(), CURLINFO_RETRY_AFTER, &retry_after_s);
      t.reply.status = static_cast<std::int32_t>(status);
      // A day at most: the multiplication must not overflow whatever a server writes.
      t.reply.retry_after_ms = 1'000 * std::clamp<curl_off_t>(retry_after_s, 0, 86'400);
      t.reply.received_ns = steady::now().time_since_epoch().count();
      t.promise.deliver(std::move(t.reply));
    }
  }

  void give_up() {
    const auto why = to_caf({errc::shutting_down, "the node stops"});
    for (auto& [easy, t] : active_) {
      ::curl_multi_remove_handle(multi_, easy);
      t->promise.deliver(why);
    }
    for (auto& t : waiting_) t->promise.deliver(why);
    for (auto& [host, r] : resolving_)
      for (auto& t : r.transfers) t->promise.deliver(why);
    resolving_.clear();
    active_.clear();
    waiting_.clear();
    idle_.clear();
  }

  struct open_name {
    std::uint64_t token = 0;
    std::vector<std::unique_ptr<transfer>> transfers;
  };
  struct known_name {
    std::vector<std::string> addresses;
    steady::time_point until;
  };

  const bool behind_proxy_ = has_proxy();
  caf::actor resolver_;
  std::uint64_t last_token_ = 0;
  std::map<std::string, open_name> resolving_;  ///< by host
  std::size_t resolving_count_ = 0;             ///< of transfers; with waiting_ at most its bound
  std::map<std::string, known_name> names_;     ///< at most names_max

  CURLM* multi_ = nullptr;
  std::map<CURL*, std::unique_ptr<transfer>> active_;  ///< at most http_active_max
  std::deque<std::unique_ptr<transfer>> waiting_;      ///< at most http_waiting_max
  std::vector<easy_handle> idle_;                      ///< at most http_active_max
};

}  // namespace

caf::actor spawn_http(caf::actor_system& system) {
  ::curl_global_init(CURL_GLOBAL_DEFAULT);  // counted by curl, before any thread uses it
  return system.spawn<http_server, caf::detached>();
}

}  // namespace eremos
