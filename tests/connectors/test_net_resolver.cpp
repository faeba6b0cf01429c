#include <optional>

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/net/resolver.hpp"
#include "tests/connectors/hanging_names.hpp"
#include "tests/support/mailbox_probe.hpp"

using namespace eremos;
using namespace eremos::test;

TEST_CASE("RESOLVER: a name that hangs delays no other name, and is looked up once at a time") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto resolver = spawn_resolver(system);
  {
    const hanging_names hang;
    const auto before = hanging_lookups();
    for (std::uint64_t token = 1; token <= 3; ++token)
      self->send(resolver, resolve_host{token, "a.hangs.test"});
    self->send(resolver, resolve_host{4, "127.0.0.1"});
    const auto first = expect<host_resolved>(self);
    CHECK(first.token == 4);
    CHECK(first.addresses == std::vector<std::string>{"127.0.0.1"});
    self->send(resolver, resolve_host{5, "::1"});
    CHECK(expect<host_resolved>(self).addresses == std::vector<std::string>{"::1"});
    CHECK(hanging_lookups() - before <= 1);
  }
  for (std::uint64_t token = 1; token <= 3; ++token) {
    const auto late = expect<host_resolved>(self);
    CHECK(late.token == token);
    CHECK(late.addresses.empty());
    CHECK(!late.error.empty());
  }
  stop(self, resolver);
}

TEST_CASE("RESOLVER: more names than it has places wait for one, and none is lost") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto resolver = spawn_resolver(system);
  std::optional<hanging_names> hang{std::in_place};
  for (std::uint64_t token = 0; token < resolving_max; ++token)
    self->send(resolver, resolve_host{token, std::to_string(token) + ".hangs.test"});
  self->send(resolver, resolve_host{99, "127.0.0.1"});
  CHECK(expect_none<host_resolved>(self, std::chrono::milliseconds{50}));
  hang.reset();
  bool other_came = false;
  for (std::size_t i = 0; i <= resolving_max; ++i)
    other_came |= expect<host_resolved>(self).addresses.size() == 1;
  CHECK(other_came);
  stop(self, resolver);
}

TEST_CASE("RESOLVER: it ends while names hang, and the system with it") {
  const hanging_names hang;  // outlives the system: waiting for the name would never end
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto resolver = spawn_resolver(system);
  self->send(resolver, resolve_host{1, "b.hangs.test"});
  self->send(resolver, resolve_host{2, "127.0.0.1"});
  CHECK(expect<host_resolved>(self).token == 2);
  stop(self, resolver);
}
