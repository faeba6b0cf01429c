#include "runtime/caf_error.hpp"

#include <fmt/format.h>
#include <caf/all.hpp>

namespace eremos {
namespace {

const caf::atom_value category = caf::atom("eremos");

failure from_system(caf::sec code) {
  switch (code) {
    case caf::sec::request_timeout:
      return {errc::provider_timeout, "no answer in time"};
    case caf::sec::request_receiver_down:
      return {errc::shutting_down, "the actor that should answer is gone"};
    default:
      return {errc::provider_unreachable, fmt::format("actor system: {}", caf::to_string(code))};
  }
}

}  // namespace

caf::error to_caf(const failure& why) {
  return caf::error{static_cast<std::uint8_t>(why.code), category, caf::make_message(why.message)};
}

failure from_caf(const caf::error& error) {
  // An error of code 0 has no category to ask for: CAF dereferences a null pointer.
  if (!error) return {errc::provider_unreachable, "actor error 0"};
  if (error.category() == category) {
    const auto& context = error.context();
    const bool has_text = context.match_elements<std::string>();
    return {static_cast<errc>(error.code()), has_text ? context.get_as<std::string>(0) : ""};
  }
  if (error.category() == caf::make_error(caf::sec::runtime_error).category()) {
    return from_system(static_cast<caf::sec>(error.code()));
  }
  return {errc::provider_unreachable, fmt::format("actor error {}", error.code())};
}

}  // namespace eremos
