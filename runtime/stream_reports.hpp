// What STREAM says of its agents when asked: what they say of themselves, else what it knows of
// them. Used by STREAM only.
#pragma once
#include <caf/typed_response_promise.hpp>

#include "messages/protocols.hpp"
#include "runtime/stream_members.hpp"

namespace eremos {

/// Fills in `agents` and `depth` and delivers. Agents answer on their control lane; one that does
/// not within a second is shown by what STREAM knows of it.
void ask_members(stream_actor::base& self, const member_table& members, stream_report out,
                 caf::typed_response_promise<stream_report> promise);

}  // namespace eremos
