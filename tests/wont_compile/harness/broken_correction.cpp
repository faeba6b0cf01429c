// The harness must refuse this: the corrected form does not compile either.
// expect: invalid conversion
int* f() { return 1; }
