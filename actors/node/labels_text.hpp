// The labels of a running node, for people and for programs. Pure; any thread.
#pragma once
#include <string>

#include "messages/labels.hpp"

namespace eremos {

std::string labels_text(const label_set& labels);
/// One JSON object per line.
std::string labels_json(const label_set& labels);

}  // namespace eremos
