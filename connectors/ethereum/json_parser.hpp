// One reusable JSON parser and the buffers it reads from, so that decoding allocates only what it
// returns, and texts that bring their tokens along. Decodes nothing itself. Owned by one actor;
// never shared between threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace eremos {

class json_tokens;

/// JSON text. Part of a text that was proven already it knows where its tokens are, so that what
/// decodes it need not look for them again; then it lives no longer than those.
class json_text : public std::string_view {
 public:
  json_text() = default;
  json_text(std::string_view text) : std::string_view(text) {}
  json_text(const char* text) : std::string_view(text) {}
  json_text(const std::string& text) : std::string_view(text) {}
  json_text(std::string_view text, const json_tokens* tokens, std::uint32_t first_token)
      : std::string_view(text), tokens_(tokens), first_token_(first_token) {}

  const json_tokens* tokens() const noexcept { return tokens_; }  ///< null: to be found
  std::uint32_t first_token() const noexcept { return first_token_; }

 private:
  const json_tokens* tokens_ = nullptr;
  std::uint32_t first_token_ = 0;
};

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

/// Strict parse of the whole text, by simdjson alone; it also refuses whole numbers over 64 bits.
bool is_json(json_parser& parser, std::string_view text);

}  // namespace eremos
