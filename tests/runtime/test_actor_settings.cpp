#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <caf/all.hpp>

#include "runtime/actor_handlers.hpp"
#include "runtime/defaults.hpp"
#include "runtime/scheduler_settings.hpp"

using namespace eremos;

namespace {

std::string text_of(const caf::error& x) {
  std::string text;
  x.context().extract([&](const std::string& part) { text += part; });
  return text;
}

std::size_t workers_of(std::size_t asked) {
  caf::actor_system_config config;
  apply_scheduler_settings(config, asked);
  return caf::get_or(config, "scheduler.max-threads", std::size_t{0});
}

}  // namespace

TEST_CASE("SCHEDULER: one queue for as many workers as asked, and short turns") {
  caf::actor_system_config config;
  apply_scheduler_settings(config, 3);
  caf::actor_system system{config};
  CHECK(caf::get_or(config, "scheduler.policy", caf::atom("none")) == caf::atom("sharing"));
  CHECK(system.scheduler().num_workers() == 3);
  CHECK(system.scheduler().max_throughput() == defaults::max_throughput);
}

TEST_CASE("SCHEDULER: no number of workers means one per core") {
  CHECK(workers_of(0) == std::max<std::size_t>(1, std::thread::hardware_concurrency()));
  CHECK(workers_of(1) == 1);
}

TEST_CASE("HANDLERS: an exception becomes an error with its text, whatever was thrown") {
  const auto known = error_from(std::make_exception_ptr(std::runtime_error("no such block")));
  CHECK(known == caf::sec::runtime_error);
  CHECK(text_of(known) == "no such block");
  CHECK(text_of(error_from(std::make_exception_ptr(42))) == "an exception of an unknown type");
}

TEST_CASE("HANDLERS: the text of an exception is cut, since it may hold what came from outside") {
  const std::string endless(100'000, 'x');
  CHECK(text_of(error_from(std::make_exception_ptr(std::runtime_error(endless)))).size() ==
        defaults::outside_text_max);
}
