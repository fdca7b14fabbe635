#include "config/schema.h"

#include <boost/json.hpp>

namespace symbolon::config {
namespace {

namespace json = boost::json;

json::object schema_of(const Description& value);

json::object text_schema(const Description& value) {
  // Unquoted, a number or `true` is text here too; only YAML's readers elsewhere take it for something else.
  json::object out{{"type", json::array{"string", "number", "boolean"}}};
  if (!value.pattern.empty()) out["pattern"] = value.pattern;
  if (!value.pattern.empty() && value.pattern != kAnyText) out["type"] = "string";
  return out;
}

json::value default_of(const KeyDescription& key) {
  const Description::Kind kind = key.value->kind;
  const bool quoted = key.default_text.starts_with('"');
  if (kind == Description::Kind::integer || kind == Description::Kind::boolean || quoted) {
    boost::system::error_code problem;
    return json::parse(key.default_text, problem);
  }
  if (kind == Description::Kind::text || kind == Description::Kind::choice) return json::string(key.default_text);
  return nullptr;
}

json::object table_schema(const Description& table) {
  json::object properties;
  json::array required;
  for (const KeyDescription& key : table.keys) {
    json::object property = schema_of(*key.value);
    property["description"] = key.help.text;
    if (!key.default_text.empty()) {
      json::value fallback = default_of(key);
      if (!fallback.is_null()) property["default"] = std::move(fallback);
    }
    properties[key.name] = std::move(property);
    if (key.required) required.emplace_back(key.name);
  }
  json::object out{{"type", "object"}};
  if (!table.help.empty()) out["description"] = table.help;
  out["properties"] = std::move(properties);
  if (!required.empty()) out["required"] = std::move(required);
  out["additionalProperties"] = false;
  return out;
}

json::object schema_of(const Description& value) {
  using Kind = Description::Kind;
  switch (value.kind) {
    case Kind::text: return text_schema(value);
    case Kind::integer: return {{"type", "integer"}, {"minimum", *value.least}, {"maximum", *value.most}};
    case Kind::boolean: return {{"type", "boolean"}};
    case Kind::choice: return {{"enum", json::array(value.choices.begin(), value.choices.end())}};
    case Kind::list:
      return {{"type", "array"},
              {"items", schema_of(*value.parts[0])},
              {"minItems", *value.least},
              {"maxItems", *value.most}};
    case Kind::map:
      return {{"type", "object"},
              {"propertyNames", {{"pattern", "^[A-Za-z0-9._-]{1,64}$"}}},
              {"additionalProperties", schema_of(*value.parts[0])}};
    case Kind::table: return table_schema(value);
    case Kind::either: break;
  }
  json::array parts;
  for (const DescriptionPtr& part : value.parts) parts.push_back(schema_of(*part));
  return {{"anyOf", std::move(parts)}};
}

// Indented by two blanks, so that a changed key is a changed line.
void write(const json::value& value, const std::string& indent, std::string& out) {
  const std::string inner = indent + "  ";
  std::string separator = "\n";
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      out += separator + inner + json::serialize(json::string(key)) + ": ";
      write(member, inner, out);
      separator = ",\n";
    }
    out += "\n" + indent + "}";
  } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    for (const json::value& item : *array) {
      out += separator + inner;
      write(item, inner, out);
      separator = ",\n";
    }
    out += "\n" + indent + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string schema(const Description& root, const std::string& title) {
  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  for (auto& [key, member] : table_schema(root)) out[key] = member;
  std::string text;
  write(out, "", text);
  return text + '\n';
}

}  // namespace symbolon::config
