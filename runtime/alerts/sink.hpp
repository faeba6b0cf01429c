// What every sink looks like to OUTBOX: an actor that delivers one alert at a time to somebody
// outside and says how that went. Decides no retry: OUTBOX does.
#pragma once
#include <cstdint>
#include <string>

#include <caf/typed_actor.hpp>

#include "messages/units.hpp"

namespace eremos {

struct alert_delivery {
  std::string key;   ///< the same on every try, for ever
  std::string kind;  ///< alert_text.hpp
  std::string route;
  std::string payload;  ///< JSON, the same on every try
  std::string fields;   ///< for templates: a JSON object a line, one of each alert
  time_ms now = 0;      ///< wall clock of this try
};
template <class Inspector>
auto inspect(Inspector& f, alert_delivery& x) {
  return f(x.key, x.kind, x.route, x.payload, x.fields, x.now);
}

enum class delivery_state : std::uint8_t {
  delivered,
  failed,  ///< worth another try
  refused  ///< for good: no try will help
};
struct delivery_outcome {
  delivery_state state = delivery_state::delivered;
  std::string what;                ///< of a failure, for people; never a secret
  duration_ms retry_after_ms = 0;  ///< what the receiver asked for; 0: nothing
};
template <class Inspector>
auto inspect(Inspector& f, delivery_outcome& x) {
  return f(x.state, x.what, x.retry_after_ms);
}

using sink_actor = caf::typed_actor<
    /// Answered once, in the end, whatever happens.
    caf::replies_to<alert_delivery>::with<delivery_outcome>>;

}  // namespace eremos
