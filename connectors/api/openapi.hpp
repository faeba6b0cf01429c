// The description of the API (OpenAPI 3.1), made from the table of routes. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace eremos {

std::string openapi_text(std::string_view version);

/// The shapes that routes name: JSON Schema 2020-12, as JSON text.
struct api_schema {
  std::string_view name;
  std::string_view json;
};
const std::vector<api_schema>& api_schemas();

}  // namespace eremos
