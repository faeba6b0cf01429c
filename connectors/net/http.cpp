#include "connectors/net/http.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/net/loop_actor.hpp"
#include "connectors/net/url.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

using steady = std::chrono::steady_clock;

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
  std::unique_ptr<curl_slist, slist_free> headers;
  easy_handle easy;
  bool too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<transfer*>(user);
  const auto bytes = size * count;
  if (t.reply.body.size() + bytes > t.request.body_bytes_max) {
    t.too_large = true;
    return 0;  // tells curl to give up
  }
  t.reply.body.append(data, bytes);
  return bytes;
}

/// Idle easy handles are kept, so that a request costs no set-up; connections live in the multi.
class http_server final : public loop_actor {
 public:
  explicit http_server(caf::actor_config& cfg) : loop_actor(cfg) {}

  const char* name() const override { return "http"; }

  void act() override {
    multi_ = ::curl_multi_init();
    ::curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(http_active_max));
    while (handle_mail([this](http_request& request) { return accept(std::move(request)); })) {
      start_waiting();
      int running = 0;
      ::curl_multi_perform(multi_, &running);
      take_results();
      curl_waitfd wake{wake_fd(), CURL_WAIT_POLLIN, 0};
      // Whoever waits for a free place is started by a result, and a result ends the poll.
      ::curl_multi_poll(multi_, &wake, 1, 60'000, nullptr);
    }
    give_up();
    ::curl_multi_cleanup(multi_);
  }

 private:
  caf::response_promise accept(http_request request) {
    auto promise = make_response_promise();
    const auto parsed = parse_url(request.url);
    if (!parsed || parsed->websocket()) {
      promise.deliver(
          to_caf(parsed ? failure{errc::bad_option, "not an http or https URL"} : parsed.error()));
      return promise;
    }
    if (waiting_.size() >= http_waiting_max) {
      promise.deliver(to_caf({errc::rate_limited, "too many HTTP requests wait in this node"}));
      return promise;
    }
    auto t = std::make_unique<transfer>();
    t->deadline = steady::now() + std::chrono::milliseconds{request.timeout_ms};
    t->request = std::move(request);
    t->promise = promise;
    waiting_.push_back(std::move(t));
    return promise;
  }

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
    ::curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Else the end of a request whose name hangs would wait for getaddrinfo, and with it every
    // other request and the exit of the node.
    ::curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    ::curl_easy_setopt(easy, CURLOPT_USERAGENT, "eremos");
    ::curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    ::curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    ::curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                       static_cast<long>(std::min(left, http_connect_max).count()));
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
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
    if (t.too_large) {
      t.promise.deliver(
          to_caf({errc::provider_refused, fmt::format("{}: the answer is larger than {} bytes",
                                                      where, t.request.body_bytes_max)}));
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
      t.promise.deliver(to_caf({errc::provider_timeout, where + ": no answer in time"}));
    } else if (code != CURLE_OK) {
      t.promise.deliver(to_caf(
          {errc::provider_unreachable, fmt::format("{}: {}", where, ::curl_easy_strerror(code))}));
    } else {
      long status = 0;
      ::curl_easy_getinfo(t.easy.get(), CURLINFO_RESPONSE_CODE, &status);
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
    active_.clear();
    waiting_.clear();
    idle_.clear();
  }

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
