#include "runtime/actor_handlers.hpp"

#include <string>
#include <string_view>

#include <caf/mailbox_element.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#include "runtime/defaults.hpp"

namespace eremos {
namespace {

caf::error runtime_error(std::string_view text) {
  return caf::make_error(caf::sec::runtime_error,
                         std::string{text.substr(0, defaults::outside_text_max)});
}

}  // namespace

caf::error error_from(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& x) {
    return runtime_error(x.what());
  } catch (...) {
    return runtime_error("an exception of an unknown type");
  }
}

void set_quiet_handlers(caf::scheduled_actor& self, std::uint64_t& unhandled) {
  self.set_exception_handler(
      [](caf::scheduled_actor*, std::exception_ptr& thrown) { return error_from(thrown); });
  self.set_default_handler(
      [&unhandled](caf::scheduled_actor* me, caf::message_view&) -> caf::result<caf::message> {
        ++unhandled;
        if (me->current_message_id().is_request()) return caf::sec::unexpected_message;
        return caf::message{};
      });
}

}  // namespace eremos
