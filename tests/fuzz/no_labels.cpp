// In place of the labels that a program embeds (cmake/EmbedFile.cmake): what is fuzzed reads files
// of labels and never the built-in ones. Preset fuzz alone.
#include <string_view>

namespace eremos::embedded {
extern const std::string_view labels_csv;
const std::string_view labels_csv;
}  // namespace eremos::embedded
