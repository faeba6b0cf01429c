// The benches by name. Each prints one JSON object on stdout, its talk on stderr, and returns the
// program's exit code.
#pragma once
#include <string_view>
#include <vector>

namespace eremos::bench {

/// What follows the bench's name on the command line.
using arguments = std::vector<std::string_view>;

int alerts(const arguments& given);
int api(const arguments& given);
int backfill(const arguments& given);
int detectors(const arguments& given);
int idle(const arguments& given);
int latency(const arguments& given);
int pipeline(const arguments& given);
int decode(const arguments& given);
int replay(const arguments& given);
int live(const arguments& given);
int routing(const arguments& given);
int stream(const arguments& given);
int verify(const arguments& given);

}  // namespace eremos::bench
