// The harness must refuse this: it names no error.
int* f() { return 1; }
