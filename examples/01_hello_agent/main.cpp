#include "actors/node/node_main.hpp"

int main(int argc, char** argv) { return eremos::node_main(argc, argv); }
