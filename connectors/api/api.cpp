#include "connectors/api/api.hpp"

#include <caf/all.hpp>

#include "connectors/api/api_app.hpp"

namespace eremos {

result<running_api> running_api::begin(caf::actor_system& system, net_in_door door, api_plan plan) {
  plan.context.listens_in_tls = !plan.net_in.tls_certificate.empty();
  plan.context.store_path = plan.store_path;
  const auto context = std::make_shared<const api_context>(std::move(plan.context));
  running_api out;
  out.feed_ = plan.feed;
  const auto reader = spawn_reader(system, plan.store_path, context);
  out.reader_ = caf::actor_cast<caf::actor>(reader);
  out.desk_ = spawn_desk(system, plan.backend, plan.feed, context);
  caf::anon_send(plan.feed, feed_start{plan.backend});
  const api_parts parts{plan.feed, reader, out.desk_, context};
  auto net_in =
      spawn_net_in(system, std::move(door), std::move(plan.net_in),
                   [parts](const net_in_counts& counts) { return make_api_app(parts, counts); });
  if (!net_in) {
    out.end();
    return net_in.error();
  }
  out.net_in_ = std::move(*net_in);
  return out;
}

void running_api::drain() const { caf::anon_send(desk_, begin_drain{}); }

void running_api::end() {
  for (const auto& who :
       {net_in_, reader_, caf::actor_cast<caf::actor>(desk_), caf::actor_cast<caf::actor>(feed_)})
    if (who) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  *this = {};
}

}  // namespace eremos
