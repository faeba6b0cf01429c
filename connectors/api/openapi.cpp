#include "connectors/api/openapi.hpp"

#include <map>

#include <fmt/format.h>

#include "connectors/api/problem.hpp"
#include "connectors/api/route.hpp"
#include "runtime/json_object.hpp"

namespace eremos {
namespace {

std::string schema_of(const api_parameter& p) {
  json_object out;
  switch (p.kind) {
    case parameter_kind::count:
      out.text("type", "integer").count("minimum", p.min).count("maximum", p.max);
      break;
    case parameter_kind::share:
      out.text("type", "number").count("minimum", 0).count("maximum", 1);
      break;
    case parameter_kind::word:
      out.text("type", "string").raw("enum", json_list(p.words, [](std::string_view w) {
                                       return json_quoted(w);
                                     }));
      break;
    case parameter_kind::id_of_signal:
      out.text("type", "string").text("pattern", "^[0-9a-fA-F]{32}$");
      break;
    default:
      out.text("type", "string").count("maxLength", text_bytes_max);
      break;
  }
  if (!p.repeated) return out.done();
  return json_object{}
      .text("type", "array")
      .raw("items", out.done())
      .count("maxItems", repeats_max)
      .done();
}

std::string parameter_json(const api_route& route, const api_parameter& p) {
  const bool in_path = p.in_path(route.path);
  return json_object{}
      .text("name", p.name)
      .text("in", in_path ? "path" : "query")
      .flag("required", in_path)
      .text("description", p.sentence)
      .raw("schema", schema_of(p))
      .done();
}

std::string reference(std::string_view schema) {
  return json_object{}.text("$ref", fmt::format("#/components/schemas/{}", schema)).done();
}

std::string content(std::string_view answer) {
  const bool media = answer.find('/') != std::string_view::npos;
  return json_object{}
      .raw(media ? answer : std::string_view{"application/json"},
           json_object{}.raw("schema", media ? R"({"type":"string"})" : reference(answer)).done())
      .done();
}

std::string responses_json(const api_route& route) {
  const auto problems =
      json_object{}
          .raw("application/problem+json", json_object{}.raw("schema", reference("problem")).done())
          .done();
  return json_object{}
      .raw(std::to_string(route.status), json_object{}
                                             .text("description", reason_phrase(route.status))
                                             .raw("content", content(route.answer))
                                             .done())
      .raw("default", json_object{}
                          .text("description", "What went wrong (RFC 9457)")
                          .raw("content", problems)
                          .done())
      .done();
}

std::string operation_json(const api_route& route) {
  json_object out;
  out.text("summary", route.sentence)
      .raw("tags", fmt::format("[{}]", json_quoted(route.tag)))
      .raw("parameters",
           json_list(route.parameters, [&](const auto& p) { return parameter_json(route, p); }));
  if (!route.body.empty())
    out.raw("requestBody",
            json_object{}.flag("required", true).raw("content", content(route.body)).done());
  out.raw("responses", responses_json(route));
  // Where tokens are configured; without any, nobody needs one.
  out.raw("security", route.scope == api_scope::open ? "[]" : R"([{"bearer":[]},{}])");
  return out.done();
}

std::string lowered(std::string_view method) {
  std::string out{method};
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

web_reply description(const api_call&, const api_context& context) {
  return json_reply(openapi_text(context.version));
}

const std::vector<api_route> routes = {{"GET",
                                        "/openapi.json",
                                        "node",
                                        "This description",
                                        {},
                                        "",
                                        "openapi",
                                        &description,
                                        api_scope::open}};

}  // namespace
EREMOS_API_ROUTES(routes)

std::string openapi_text(std::string_view version) {
  std::map<std::string_view, json_object> by_path;
  for (const auto& route : api_routes())
    by_path[route.path].raw(lowered(route.method), operation_json(route));
  json_object paths;
  for (auto& [path, methods] : by_path) paths.raw(path, methods.done());
  json_object schemas;
  for (const auto& s : api_schemas()) schemas.raw(s.name, s.json);
  const auto bearer =
      json_object{}
          .raw("bearer", json_object{}.text("type", "http").text("scheme", "bearer").done())
          .done();
  return json_object{}
      .text("openapi", "3.1.0")
      .raw("info", json_object{}
                       .text("title", "Eremos")
                       .text("version", version)
                       .text("summary", "What a node's agents conclude, and how it is")
                       .done())
      .raw("paths", paths.done())
      .raw("components",
           json_object{}.raw("schemas", schemas.done()).raw("securitySchemes", bearer).done())
      .done();
}

}  // namespace eremos
