// What `--help` says beside the options: a sentence and examples per command. Any thread.
#pragma once
#include <string_view>
#include <vector>

namespace eremos {

struct command_help {
  std::string_view name;
  std::string_view sentence;
  std::string_view examples;  ///< lines, each with its end
};

/// In the order in which help shows them.
const std::vector<command_help>& command_helps();
/// Precondition: there is a command of that name.
const command_help& help_of(std::string_view name);
/// Exit codes and where things are; below the list of commands.
std::string_view general_help();

}  // namespace eremos
