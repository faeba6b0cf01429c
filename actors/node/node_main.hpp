// The program: from a command line to an exit code. Called once per process, by main.
#pragma once

namespace eremos {

/// Exit codes: 0 ok, 1 failure, 2 usage, 78 configuration; 130 and 143 after a second signal.
/// `before_run` is called before a node runs, which may be for days; not before other commands.
int node_main(int argc, const char* const* argv, void (*before_run)() = [] {});

}  // namespace eremos
