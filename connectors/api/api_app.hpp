// What requests mean: guards, dispatch by the table of routes, and who answers. Runs on NET-IN's
// thread and waits for nothing.
#pragma once
#include <memory>

#include "connectors/api/desk.hpp"
#include "connectors/api/feed.hpp"
#include "connectors/api/reader.hpp"

namespace eremos {

struct api_parts {
  feed_actor feed;
  reader_actor reader;
  desk_actor desk;
  std::shared_ptr<const api_context> context;
};

std::unique_ptr<web_app> make_api_app(api_parts parts, const net_in_counts& counts);

}  // namespace eremos
