#include "actors/node/allocator.hpp"
#include "actors/node/node_main.hpp"

int main(int argc, char** argv) {
  return eremos::node_main(argc, argv, eremos::limit_thread_caches);
}
