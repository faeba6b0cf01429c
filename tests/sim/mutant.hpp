// Which of the mistakes of mutants.txt is built in at the moment. Set once, before anything runs.
#pragma once
#include <string>

namespace eremos::sim {

/// 0: none. Returns why it cannot be, or nothing.
std::string set_mutant(int number);

}  // namespace eremos::sim
