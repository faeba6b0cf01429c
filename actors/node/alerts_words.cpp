#include "actors/node/alerts_words.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

struct action_words {
  alerts_action action;
  std::string_view words;
  std::string_view target;   ///< what it needs behind it; empty: nothing
  std::string_view options;  ///< that go with it, each between spaces
};
constexpr std::array actions = {
    action_words{alerts_action::test, "test", "a ROUTE", " "},
    action_words{alerts_action::list, "list", "", " --state --sink --route "},
    action_words{alerts_action::dead, "dead", "", " --sink --route "},
    action_words{alerts_action::resend, "resend", "the ID of a delivery", " "},
    action_words{alerts_action::silence_add, "silence add", "",
                 " --route --type --agent --subject --for --comment "},
    action_words{alerts_action::silence_list, "silence list", "", " "},
    action_words{alerts_action::silence_remove, "silence remove", "the ID of a silence", " "},
};

failure bad(std::string why) { return {errc::bad_usage, "alerts: " + std::move(why)}; }

}  // namespace

result<alerts_command> parse_alerts_words(const std::vector<std::string>& words,
                                          const std::vector<std::string>& given,
                                          alerts_command out) {
  const std::size_t length = !words.empty() && words.front() == "silence" ? 2 : 1;
  const auto said = fmt::format(
      "{}",
      fmt::join(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(std::min(length, words.size())), " "));
  const auto at = std::find_if(actions.begin(), actions.end(),
                               [&](const auto& action) { return action.words == said; });
  if (at == actions.end()) {
    std::vector<std::string> known;
    for (const auto& action : actions) known.emplace_back(action.words);
    const auto guess = nearest(said, known);
    return bad(fmt::format("\"{}\" is not one of {}{}", said, fmt::join(known, ", "),
                           guess.empty() ? "" : fmt::format("; did you mean \"{}\"?", guess)));
  }
  const std::size_t wanted = length + (at->target.empty() ? 0 : 1);
  if (words.size() < wanted) return bad(fmt::format("{} needs {}", said, at->target));
  if (words.size() > wanted) return bad(fmt::format("unexpected argument \"{}\"", words[wanted]));
  for (const auto& option : given)
    if (at->options.find(" " + option + " ") == std::string_view::npos)
      return bad(fmt::format("{} does not go with {}", option, said));
  out.action = at->action;
  if (!at->target.empty()) out.target = words.back();
  if (out.action == alerts_action::test && !out.common.config)
    return bad("test needs --config FILE");
  if (out.action == alerts_action::silence_add) {
    if (!out.lasts || *out.lasts <= 0) return bad("silence add needs --for TIME, like 2h");
    if (!out.route && !out.type && !out.agent && !out.subject)
      return bad("silence add needs at least one of --route, --type, --agent and --subject");
  }
  return out;
}

}  // namespace eremos
