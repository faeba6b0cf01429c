// The API of a running node: NET-IN with what it asks, begun and ended together. NODE makes FEED
// before STORE, which tells it what happens, and the rest once its parts are there.
#pragma once
#include <memory>
#include <string>

#include <caf/actor_system.hpp>

#include "connectors/api/desk.hpp"
#include "connectors/api/feed.hpp"

namespace eremos {

struct api_plan {
  std::string store_path;
  feed_actor feed;
  api_backend backend;
  api_context context;
  net_in_config net_in;
};

class running_api {
 public:
  /// Errors: bad_config (certificate).
  static result<running_api> begin(caf::actor_system& system, net_in_door door, api_plan plan);

  /// Not ready from now on; asked all the same.
  void drain() const;
  /// Streams are told that the node ends.
  void end();

 private:
  caf::actor net_in_;
  caf::actor reader_;
  desk_actor desk_;
  feed_actor feed_;
};

}  // namespace eremos
