#include "connectors/api/feed.hpp"

#include <deque>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "connectors/api/event_ring.hpp"
#include "connectors/api/live_filter.hpp"
#include "connectors/api/problem.hpp"
#include "runtime/storage/event_json.hpp"
#include "runtime/storage/store_pages.hpp"

namespace eremos {
namespace {

using text_ptr = std::shared_ptr<const std::string>;

/// Changes read from the store at a time.
constexpr std::size_t read_at_once = 512;
/// Events looked through at a time for a client that catches up.
constexpr std::uint64_t events_at_once = 1'024;

struct listener {
  std::uint64_t ticket = 0;
  caf::actor net_in;
  live_filter filter;
  bool wants_events = false;  ///< asked for each event and client
  bool catching_up = true;
  live_cursor at;  ///< up to here it has been told, or need not be
  std::deque<std::pair<live_cursor, text_ptr>> queue;
  std::size_t queue_bytes = 0;
  bool in_flight = false;                ///< NET-IN has a frame of it …
  caf::actor_clock::time_point sent_at;  ///< … since then
  caf::actor_clock::time_point frame_at;
};

std::string item_text(std::string_view topic, const live_cursor& at, std::string_view json) {
  return fmt::format(R"({{"topic":"{}","cursor":"{}","item":{}}})", topic, to_string(at), json);
}

class feed final : public feed_actor::base {
 public:
  feed(caf::actor_config& cfg, feed_config config)
      : feed_actor::base(cfg), config_(std::move(config)), ring_(config_.first_event) {}

  const char* name() const override { return "feed"; }

  void on_exit() override {
    listeners_.clear();
    backend_ = nullptr;
  }

  behavior_type make_behavior() override {
    return {[this](const announcement& news) { on_news(news); },
            [this](const feed_start& s) { backend_ = s.backend; },
            [this](open_stream& o) { on_open(o); },
            [this](const stream_taken& t) { on_taken(t.stream); },
            [this](const stream_gone& g) { listeners_.erase(g.stream); },
            [this](const feed_work& w) { on_work(w); },
            [this](const send_frames&) { on_frames(); },
            [this](const tell_stats&) { on_stats(); },
            [this](const get_report&) { return report(); }};
  }

 private:
  // --- what happens

  void on_news(const announcement& news) {
    const auto now_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock().now().time_since_epoch())
            .count();
    for (const auto& events : news.events) {
      if (!events->empty() && events->back().received_ns > 0)
        counts_.stored.add_ns(now_ns - events->back().received_ns);
      const auto first = ring_.last() + 1;
      ring_.add(events);
      for (auto n = std::max(first, ring_.first()); n <= ring_.last(); ++n) tell_event(n);
    }
    tell_changes();
    send_due();
  }

  /// Whatever the store has that was not read yet.
  void tell_changes() {
    if (listeners_.empty() || !ready()) return;
    while (true) {
      const auto items = read(tail_);
      for (const auto& x : items) {
        tail_ = x.seq;
        text_ptr text;
        for (auto& [ticket, l] : listeners_) {
          if (l.catching_up) continue;
          l.at = {tail_, ring_.last()};
          if (!l.filter.takes(x)) continue;
          if (!text) text = std::make_shared<const std::string>(item_text(x.topic, l.at, x.json));
          put(l, text);
        }
      }
      if (items.size() < read_at_once) return;
    }
  }

  void tell_event(std::uint64_t number) {
    text_ptr text;
    for (auto& [ticket, l] : listeners_) {
      if (l.catching_up) continue;
      l.at.events = number;
      if (!l.wants_events || !l.filter.takes(ring_.at(number))) continue;
      if (!text) text = event_text(number, l.at);
      put(l, text);
    }
  }

  text_ptr event_text(std::uint64_t number, const live_cursor& at) const {
    return std::make_shared<const std::string>(item_text("events", at, to_json(ring_.at(number))));
  }

  std::vector<feed_item> read(std::int64_t after) {
    auto items = pages_->feed(after, read_at_once);
    if (items) return std::move(*items);
    ++counts_.failures;
    config_.log.error("feed_read", items.error().message);
    return {};
  }

  /// Opens the store; false while there is none.
  bool ready() {
    if (pages_) return true;
    auto opened = store_pages::open(config_.store_path);
    if (!opened) {
      ++counts_.failures;
      config_.log.error("feed_open", opened.error().message);
      return false;
    }
    pages_ = std::move(*opened);
    return true;
  }

  // --- who listens

  void on_open(open_stream& o) {
    const auto refuse = [&](std::uint16_t code, const std::string& why) {
      caf::anon_send(o.net_in, stream_end{o.ticket, code, why});
    };
    if (!ready()) return refuse(ws_try_later, "the store cannot be read");
    const auto bounds = pages_->bounds();
    if (!bounds) return refuse(ws_try_later, "the store cannot be read");
    listener fresh{.ticket = o.ticket, .net_in = o.net_in, .filter = filter_of(o.call)};
    // With nobody listening nothing was read.
    if (listeners_.empty()) tail_ = bounds->last;
    fresh.wants_events = fresh.filter.wants("events");
    fresh.at = {tail_, ring_.last()};
    fresh.frame_at = clock().now();
    bool gap = false;
    if (const auto text = o.call.text("cursor")) {
      const auto wanted = parse_live_cursor(*text);  // the route has checked it
      if (wanted) {
        gap = (wanted->feed + 1 < bounds->first) || wanted->feed > bounds->last ||
              (fresh.wants_events &&
               (wanted->events + 1 < ring_.first() || wanted->events > ring_.last()));
        fresh.at.feed =
            std::clamp(wanted->feed, std::max<std::int64_t>(bounds->first - 1, 0), tail_);
        fresh.at.events = std::clamp(wanted->events, ring_.first() - 1, ring_.last());
      }
    }
    auto& l = listeners_[o.ticket] = std::move(fresh);
    if (gap) {
      ++counts_.gaps;
      put(l, std::make_shared<const std::string>(item_text(
                 "gap", l.at, R"({"why":"some of what came after this cursor is kept no more"})")));
    }
    arm_stats(l);
    catch_up(l);
    send_due();
  }

  /// From the store up to what the others have been told, then from the ring: as much as fits the
  /// queue of one frame or two.
  void catch_up(listener& l) {
    while (l.catching_up && l.queue_bytes < config_.frame_bytes_max) {
      if (l.at.feed < tail_) {
        const auto items = read(l.at.feed);
        if (items.empty()) l.at.feed = tail_;
        for (const auto& x : items) {
          if (x.seq > tail_) break;
          l.at.feed = x.seq;
          if (l.filter.takes(x))
            put(l, std::make_shared<const std::string>(item_text(x.topic, l.at, x.json)));
        }
        if (!items.empty() && items.back().seq > tail_) l.at.feed = tail_;
      } else if (l.at.events < ring_.last()) {
        // The ring may have moved on meanwhile.
        if (l.at.events + 1 < ring_.first()) l.at.events = ring_.first() - 1;
        const auto until = std::min(l.at.events + events_at_once, ring_.last());
        while (l.at.events < until) {
          ++l.at.events;
          if (l.wants_events && l.filter.takes(ring_.at(l.at.events)))
            put(l, event_text(l.at.events, l.at));
        }
      } else {
        l.catching_up = false;
      }
    }
  }

  void put(listener& l, text_ptr text) {
    l.queue_bytes += text->size();
    l.queue.emplace_back(l.at, std::move(text));
  }

  void on_taken(std::uint64_t ticket) {
    const auto at = listeners_.find(ticket);
    if (at == listeners_.end()) return;
    at->second.in_flight = false;
    catch_up(at->second);
    if (send_if_due(at->second, clock().now())) arm_frames();
  }

  // --- frames

  void send_due() {
    const auto now = clock().now();
    bool waits = false;
    for (auto at = listeners_.begin(); at != listeners_.end();) {
      if (is_slow(at->second, now)) {
        ++counts_.slow;
        config_.log.warn("slow_client", "a live client took too little and was closed");
        caf::anon_send(at->second.net_in,
                       stream_end{at->first, ws_try_later, "too slow: continue at your cursor"});
        at = listeners_.erase(at);
        continue;
      }
      waits = send_if_due(at->second, now) || waits;
      ++at;
    }
    if (waits) arm_frames();
  }

  /// Much may become durable at once, after a flush of the disk: whoever takes what it is sent is
  /// not slow for that, up to a point.
  bool is_slow(const listener& l, caf::actor_clock::time_point now) const noexcept {
    const auto waits_more_than = [&](std::size_t times) {
      return l.queue.size() > times * config_.queue_items_max ||
             l.queue_bytes > times * config_.queue_bytes_max;
    };
    if (l.catching_up || !waits_more_than(1)) return false;
    return waits_more_than(config_.queue_bursts_max) ||
           (l.in_flight && now - l.sent_at >= config_.slow_after);
  }

  /// True: its frame has to wait for its time.
  bool send_if_due(listener& l, caf::actor_clock::time_point now) {
    if (l.queue.empty() || l.in_flight) return false;
    if (now < l.frame_at) return true;
    send_frame(l, now);
    return false;
  }

  void arm_frames() {
    if (std::exchange(frames_armed_, true)) return;
    delayed_send(this, config_.frame_every, send_frames{});
  }

  void on_frames() {
    frames_armed_ = false;
    send_due();
  }

  void send_frame(listener& l, caf::actor_clock::time_point now) {
    std::string frame = "[";
    live_cursor last;
    while (!l.queue.empty() && (frame.size() == 1 || frame.size() < config_.frame_bytes_max)) {
      auto& [cursor, text] = l.queue.front();
      if (frame.size() > 1) frame += ',';
      frame += *text;
      last = cursor;
      l.queue_bytes -= text->size();
      l.queue.pop_front();
      ++counts_.items;
    }
    frame += ']';
    ++counts_.frames;
    l.in_flight = true;
    l.sent_at = now;
    l.frame_at = now + config_.frame_every;
    caf::anon_send(l.net_in, stream_text{l.ticket, to_string(last), std::move(frame)});
  }

  // --- statistics, for who asked

  void arm_stats(const listener& l) {
    if (!l.filter.wants("stats") || stats_armed_ || !backend_) return;
    stats_armed_ = true;
    send(this, tell_stats{});
  }

  void on_stats() {
    stats_armed_ = false;
    const bool wanted = std::any_of(listeners_.begin(), listeners_.end(),
                                    [](const auto& x) { return x.second.filter.wants("stats"); });
    if (!wanted || !backend_) return;
    stats_armed_ = true;
    request(backend_, config_.stats_every * 5, get_node_report{})
        .then(
            [this](const node_report& r) {
              const auto json = to_json(r);
              for (auto& [ticket, l] : listeners_)
                if (l.filter.wants("stats") && !l.catching_up)
                  put(l, std::make_shared<const std::string>(item_text("stats", l.at, json)));
              send_due();
              delayed_send(this, config_.stats_every, tell_stats{});
            },
            [this](const caf::error&) { delayed_send(this, config_.stats_every, tell_stats{}); });
  }

  // --- listings

  void on_work(const feed_work& w) {
    const auto& route = api_routes()[w.call.route];
    const auto* handler = std::get_if<feed_handler>(&route.handler);
    caf::anon_send(w.net_in, web_answer{w.ticket, handler != nullptr
                                                      ? (*handler)(w.call, ring_)
                                                      : problem(500, "no handler for this route")});
  }

  feed_report report() const {
    auto out = counts_;
    out.clients = listeners_.size();
    out.events_kept = ring_.size();
    return out;
  }

  /// RFC 6455, IANA registry: Try Again Later.
  static constexpr std::uint16_t ws_try_later = 1013;

  const feed_config config_;
  api_backend backend_;
  std::unique_ptr<store_pages> pages_;
  event_ring ring_;
  std::int64_t tail_ = 0;  ///< of the feed, up to which listeners have been told
  std::map<std::uint64_t, listener> listeners_;  ///< NET-IN bounds its connections
  bool frames_armed_ = false;
  bool stats_armed_ = false;
  feed_report counts_;
};

}  // namespace

feed_actor spawn_feed(caf::actor_system& system, feed_config config) {
  if (config.detached) return system.spawn<feed, caf::detached>(std::move(config));
  return system.spawn<feed>(std::move(config));
}

}  // namespace eremos
