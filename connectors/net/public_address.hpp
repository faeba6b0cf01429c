// Which numeric addresses belong to the open internet. Resolves nothing. Any thread.
#pragma once
#include <string_view>

namespace eremos {

/// False for loopback, private, link-local (cloud metadata), multicast, documentation and other
/// special addresses (IANA's special-purpose registries, RFC 6890), also where IPv6 carries such an
/// IPv4 address, and for what is no address.
bool is_public_address(std::string_view numeric);

}  // namespace eremos
