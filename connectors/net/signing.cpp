#include "connectors/net/signing.hpp"

#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace eremos {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const auto* done =
      ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
             reinterpret_cast<unsigned char*>(out.data()), &size);
  if (done == nullptr) std::abort();  // only without memory, or without SHA-256
  out.resize(size);
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP writes a zero behind it
  const auto size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes),
                                      static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

result<std::string> from_base64(std::string_view text) {
  const failure bad{errc::bad_option, "not base64 (RFC 4648, with padding)"};
  // EVP_DecodeBlock takes blanks around it, and padding anywhere.
  const auto digits = text.substr(0, text.find('='));
  const bool well_formed =
      text.size() % 4 == 0 && text.size() - digits.size() <= 2 &&
      text.find_first_not_of('=', digits.size()) == std::string_view::npos &&
      digits.find_first_not_of(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
          std::string_view::npos;
  if (!well_formed || text.size() > 65'536) return bad;
  std::string out(text.size() / 4 * 3, '\0');
  const auto size = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
                                      static_cast<int>(text.size()));
  if (size < 0) return bad;
  // EVP counts the padding as zero bytes.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

}  // namespace eremos
