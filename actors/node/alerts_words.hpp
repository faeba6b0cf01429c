// What follows `eremos-node alerts`: an action, its target, and which options go with it. Pure.
// Any thread.
#pragma once
#include <string>
#include <vector>

#include "actors/node/options.hpp"

namespace eremos {

/// `given`: the names of options that were used. Errors: bad_usage.
result<alerts_command> parse_alerts_words(const std::vector<std::string>& words,
                                          const std::vector<std::string>& given,
                                          alerts_command with_options);

}  // namespace eremos
