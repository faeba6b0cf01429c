// Answers of the API: JSON, text, and problem details (RFC 9457) for whatever goes wrong.
// Any thread.
#pragma once
#include <string>
#include <string_view>

#include "connectors/net/http_message.hpp"
#include "messages/error.hpp"

namespace eremos {

web_reply json_reply(std::string body, int status = 200);
web_reply text_reply(std::string body, int status = 200);
/// `detail` is a sentence for a person; it may quote the request, cut and escaped.
web_reply problem(int status, std::string_view detail);
/// Of an operating error: 400 for what the client got wrong, 503 for what may pass, else 500
/// without the message, which may say more than a stranger should hear.
web_reply problem_of(const failure& why);
/// Not to be kept by anybody on the way.
web_reply not_stored(web_reply reply);

}  // namespace eremos
