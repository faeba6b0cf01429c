// One reusable JSON parser and the padded buffer it reads from, so that decoding allocates only
// what it returns. Decodes nothing itself. Owned by one actor; never shared between threads.
#pragma once
#include <cstddef>
#include <memory>
#include <string_view>

namespace eremos {

class json_parser {
 public:
  json_parser();
  ~json_parser();
  json_parser(json_parser&&) noexcept;
  json_parser& operator=(json_parser&&) noexcept;

  /// Hides simdjson from everyone but the decoders (connectors/ethereum/json_access.hpp).
  struct internals;
  internals& access() noexcept { return *internals_; }

 private:
  std::unique_ptr<internals> internals_;
};

/// Strict parse of the whole text. What On-Demand accepted without reading is not trusted; this is.
bool is_json(json_parser& parser, std::string_view text);

}  // namespace eremos
