// The harness must refuse this: it compiles.
// expect: anything
int x();
