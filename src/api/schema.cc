#include "api/schema.h"

namespace symbolon::api {

namespace json = boost::json;

std::vector<std::string> spellings(Code) {
  std::vector<std::string> out;
  for (const CodeRow& row : code_table()) out.emplace_back(row.name);
  return out;
}

json::object reference_to(std::string_view name) {
  json::object out;
  out["$ref"] = "#/components/schemas/" + std::string(name);
  return out;
}

json::object schema_of_text(const TextBounds& bounds) {
  json::object out{{"type", "string"}};
  if (bounds.least > 0) out["minLength"] = 1;
  out["maxLength"] = bounds.most;
  if (bounds.characters == TextBounds::Characters::no_controls) out["pattern"] = "^[^\\u0000-\\u001f\\u007f]*$";
  return out;
}

json::object schema_of_integer(const IntegerBounds& bounds) {
  json::object out{{"type", "integer"}};
  out["minimum"] = bounds.least;
  if (bounds.most != std::numeric_limits<std::int64_t>::max()) out["maximum"] = bounds.most;
  return out;
}

json::object schema_of_time() { return {{"type", "string"}, {"format", "date-time"}}; }

json::object schema_of_span() {
  return {{"type", "string"}, {"pattern", "^([0-9]+[smhdwy])+$"}, {"description", "a span: 90d, 12h, 1h30m"}};
}

json::object schema_of_choice(const std::vector<std::string>& values) {
  json::object out{{"type", "string"}};
  out["enum"] = json::array(values.begin(), values.end());
  return out;
}

}  // namespace symbolon::api
