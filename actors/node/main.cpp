#include "actors/node/allocator.hpp"
#include "actors/node/node_main.hpp"

int main(int argc, char** argv) {
  eremos::limit_thread_caches();
  return eremos::node_main(argc, argv);
}
