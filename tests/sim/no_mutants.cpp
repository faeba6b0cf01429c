// eremos-sim as it is: without mistakes. eremos-sim-mutants has mutants.cpp instead.
#include "tests/sim/mutant.hpp"

namespace eremos::sim {

std::string set_mutant(int number) {
  if (number == 0) return {};
  return "this program has no mutants: build and run eremos-sim-mutants";
}

}  // namespace eremos::sim
