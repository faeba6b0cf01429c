// An actor with lanes that writes down what it handled, and gates that make the order of arrival
// certain: while an actor stands at a gate, the test sends all it wants. No test waits for time.
#pragma once
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "messages/lane.hpp"
#include "runtime/lane_mailbox.hpp"
#include "runtime/scheduler_settings.hpp"

namespace lane_tests {

using namespace eremos;

/// Where an actor waits until the test lets it go on.
class gate {
 public:
  /// Called by the actor.
  void pass() {
    entered_.set_value();
    opened_.get_future().wait();
  }
  /// Called by the test.
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> opened_;
};

enum class deed : std::uint8_t { none, quit, fail };

struct load {
  std::uint32_t number = 0;
  std::uint32_t events = 1;
  std::uint32_t producer = 0;
  deed then = deed::none;
  std::shared_ptr<gate> at = nullptr;
  std::shared_ptr<int> token = nullptr;  ///< counts the copies of this message that exist

  std::size_t event_count() const noexcept { return events; }
};
template <class Inspector>
auto inspect(Inspector& f, load& x) {
  return f(x.number, x.events, x.producer);
}

/// Says no lane, so it is medium.
struct question {
  std::uint32_t number = 0;
  deed then = deed::none;
};
template <class Inspector>
auto inspect(Inspector& f, question& x) {
  return f(x.number);
}

/// Known to no behaviour.
struct stranger {
  std::uint32_t number = 0;
};
template <class Inspector>
auto inspect(Inspector& f, stranger& x) {
  return f(x.number);
}

struct entry {
  lane on = lane::control;
  std::uint32_t number = 0;
  std::uint32_t events = 1;
  std::uint32_t producer = 0;
  friend bool operator==(const entry&, const entry&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const entry& x) {
  return out << to_string(x.on) << ' ' << x.number << " (" << x.events << ')';
}

/// What the probe handled, in order. Read by the test only after `complete()`.
class journal {
 public:
  explicit journal(std::size_t wanted) : wanted_(wanted) {}
  void note(entry x) {
    seen_.push_back(x);
    if (seen_.size() == wanted_) done_.set_value();
  }
  /// False: fewer than wanted came, which is a hang.
  bool complete() {
    return done_.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready;
  }
  const std::vector<entry>& seen() const { return seen_; }

 private:
  std::size_t wanted_;
  std::vector<entry> seen_;
  std::promise<void> done_;
};

template <lane L>
using load_on = on_lane<L, load>;

using probe_actor =
    caf::typed_actor<caf::reacts_to<load_on<lane::control>>,
                     caf::reacts_to<load_on<lane::critical>>, caf::reacts_to<load_on<lane::high>>,
                     caf::reacts_to<load_on<lane::medium>>, caf::reacts_to<load_on<lane::low>>,
                     caf::reacts_to<load_on<lane::block>>,
                     caf::replies_to<question>::with<std::uint32_t>>;

class probe : public lane_actor<probe_actor> {
 public:
  using super = lane_actor<probe_actor>;
  probe(caf::actor_config& config, std::shared_ptr<journal> notes)
      : super(config), notes_(std::move(notes)) {}

 private:
  template <lane L>
  auto handler() {
    return [this](const load_on<L>& x) { handle(L, x.payload); };
  }

 protected:
  behavior_type make_behavior() override {
    return {handler<lane::control>(),
            handler<lane::critical>(),
            handler<lane::high>(),
            handler<lane::medium>(),
            handler<lane::low>(),
            handler<lane::block>(),
            [this](const question& x) { return answer(x); }};
  }
  virtual void on_load(lane, const load&) {}

 private:
  void handle(lane on, const load& x) {
    if (x.at) x.at->pass();
    on_load(on, x);
    if (notes_) notes_->note({on, x.number, x.events, x.producer});
    act(x.then);
  }
  std::uint32_t answer(const question& x) {
    act(x.then);
    return x.number;
  }
  void act(deed what) {
    if (what == deed::quit) quit(caf::exit_reason::user_shutdown);
    if (what == deed::fail) throw std::runtime_error("as the test wants");
  }

  std::shared_ptr<journal> notes_;
};

template <class Handle>
void send_on(const Handle& to, lane on, load x) {
  switch (on) {
    case lane::control:
      return caf::anon_send(to, load_on<lane::control>{std::move(x)});
    case lane::critical:
      return caf::anon_send(to, load_on<lane::critical>{std::move(x)});
    case lane::high:
      return caf::anon_send(to, load_on<lane::high>{std::move(x)});
    case lane::medium:
      return caf::anon_send(to, load_on<lane::medium>{std::move(x)});
    case lane::low:
      return caf::anon_send(to, load_on<lane::low>{std::move(x)});
    case lane::block:
      return caf::anon_send(to, load_on<lane::block>{std::move(x)});
  }
}

/// Makes the actor stand at a gate. What is sent before `open` waits together.
template <class Handle>
std::shared_ptr<gate> hold(const Handle& who, lane on = lane::control, load x = {}) {
  auto at = std::make_shared<gate>();
  x.at = at;
  send_on(who, on, std::move(x));
  at->wait_until_entered();
  return at;
}

struct node {
  explicit node(std::size_t workers = 1) : config(settings(workers)), system(config) {}

  struct settings : caf::actor_system_config {
    explicit settings(std::size_t workers) {
      set("logger.verbosity", caf::atom("quiet"));
      apply_scheduler_settings(*this, workers);
      add_message_type<stranger>("stranger");
    }
  };
  settings config;
  caf::actor_system system;
};

template <class Actor, class... Args>
auto spawn(node& in, bool detached, Args&&... args) {
  return detached ? in.system.spawn<Actor, caf::detached>(std::forward<Args>(args)...)
                  : in.system.spawn<Actor>(std::forward<Args>(args)...);
}

}  // namespace lane_tests
