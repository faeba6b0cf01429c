// The program: from a command line to an exit code. Called once per process, by main.
#pragma once

namespace eremos {

/// Exit codes: 0 ok, 1 failure, 2 usage, 78 configuration; 130 and 143 after a second signal.
int node_main(int argc, const char* const* argv);

}  // namespace eremos
