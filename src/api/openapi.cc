#include "api/openapi.h"

#include <algorithm>

#include "api/endpoints.h"
#include "api/feed_block.h"
#include "api/members.h"
#include "api/schema.h"

namespace symbolon::api {

#define WIRE_OBJECT(T)                           \
  template <>                                    \
  struct WireName<T> {                           \
    static constexpr std::string_view text = #T; \
  };
#define WIRE_PART(T) WIRE_OBJECT(T)
#include "api/wire_objects.inc"
#undef WIRE_PART
#undef WIRE_OBJECT

namespace {

namespace json = boost::json;

template <typename T>
json::object described() {
  Describer describer;
  const T object{};
  members(describer, object);
  return describer.take();
}

// RFC 9457, with the members of ours (http/problem.h).
json::object problem_schema() {
  const json::object text{{"type", "string"}};
  json::object properties;
  for (const char* const name : {"type", "title", "detail", "where", "remedy"}) properties[name] = text;
  properties["status"] = schema_of_integer({.least = 400, .most = 599});
  properties["code"] = text;
  properties["code"].get_object()["description"] = "a row of docs/rejections.md; a newer authority may know more";
  json::object out{{"type", "object"}};
  out["properties"] = std::move(properties);
  out["required"] = json::array{"type", "title", "status", "detail", "code", "remedy"};
  out["additionalProperties"] = false;
  return out;
}

json::object schemas() {
  json::object out;
#define WIRE_OBJECT(T) out[std::string(WireName<T>::text)] = described<T>();
#define WIRE_PART(T) WIRE_OBJECT(T)
#include "api/wire_objects.inc"
#undef WIRE_PART
#undef WIRE_OBJECT
  out["Problem"] = problem_schema();
  return out;
}

json::object parameter(std::string_view name, std::string_view in, json::object schema, std::string_view words) {
  json::object out;
  out["name"] = std::string(name);
  out["in"] = std::string(in);
  out["required"] = in == "path";
  out["description"] = std::string(words);
  out["schema"] = std::move(schema);
  return out;
}

json::array parameters_of(const Endpoint& endpoint) {
  const json::object text{{"type", "string"}};
  json::array out;
  for (std::size_t open = endpoint.path.find('{'); open != std::string_view::npos;) {
    const std::size_t close = endpoint.path.find('}', open);
    out.emplace_back(parameter(endpoint.path.substr(open + 1, close - open - 1), "path", text,
                               "one path segment, percent-encoded; see docs/api.md"));
    open = endpoint.path.find('{', close);
  }
  if (endpoint.name == "list") {
    out.emplace_back(parameter("query", "query", text, "as `symbolon list` takes it"));
    out.emplace_back(parameter("after", "query", text, "`next` of the page before"));
    out.emplace_back(parameter("limit", "query", schema_of_integer({.least = 1, .most = ListQuery::kMostPerPage}),
                               "how many at most; absent: 50"));
  }
  if (endpoint.name == "feed") {
    out.emplace_back(parameter("gateway", "query", text, "who asks; with a certificate that names it"));
    out.emplace_back(parameter("process", "query", text, "which of its processes; absent: the only one"));
    out.emplace_back(parameter("version", "query", text, "of its software"));
    out.emplace_back(parameter("after", "query", schema_of_integer({.least = 0}), "enforced already; absent: nothing"));
    out.emplace_back(parameter("digest", "query", text, "that came with `after`; absent: `after` is 0"));
    out.emplace_back(parameter(
        "head", "query", schema_of_integer({.least = 0}),
        "`count` of the newest signed head of the feed that it holds, 0 for none: a newer one ends the wait"));
    out.emplace_back(parameter("wait", "query", schema_of_integer({.least = 0, .most = FeedQuery::kLongestWait}),
                               "milliseconds that the answer may wait for something new"));
  }
  if (endpoint.name == "own_records") {
    out.emplace_back(parameter("id", "query", text, "that of this id alone; absent: the newest"));
  }
  if (endpoint.name == "issue") {
    out.emplace_back(parameter("Idempotency-Key", "header", text,
                               "the same request under the same key has the same answer, however often it comes"));
  }
  return out;
}

json::object content(const char* type, json::object schema) {
  json::object media;
  media["schema"] = std::move(schema);
  json::object out;
  out[type] = std::move(media);
  return out;
}

// One line of a long call: an object with one member.
json::object line_of(const char* member, std::string_view schema) {
  json::object properties;
  properties[member] = reference_to(schema);
  json::object out{{"type", "object"}};
  out["properties"] = std::move(properties);
  out["required"] = json::array{member};
  out["additionalProperties"] = false;
  return out;
}

json::object answer_of(const Endpoint& endpoint) {
  json::object out;
  out["description"] = std::string(endpoint.summary);
  switch (endpoint.form) {
    case AnswerForm::object: out["content"] = content("application/json", reference_to(endpoint.answer)); break;
    case AnswerForm::object_or_packed:
      out["content"] = content("application/json", reference_to(endpoint.answer));
      out["content"].get_object()[kFeedMedia] = json::object{{"schema", {{"type", "string"}}}};
      break;
    case AnswerForm::document: out["content"] = content("application/json", {{"type", "object"}}); break;
    case AnswerForm::crl: out["content"] = content("application/pkix-crl", {{"type", "string"}}); break;
    case AnswerForm::lines: {
      json::object text{{"type", "string"}};
      text["description"] = "lines, each as x-line says; the last one has `result` or `problem`";
      out["content"] = content("application/x-ndjson", std::move(text));
      json::array lines;
      lines.emplace_back(line_of("progress", "Progress"));
      lines.emplace_back(line_of("result", endpoint.answer));
      lines.emplace_back(line_of("problem", "Problem"));
      out["x-line"] = json::object();
      out["x-line"].get_object()["oneOf"] = std::move(lines);
      break;
    }
  }
  return out;
}

json::object failure() {
  json::object out{{"description", "what failed, and why"}};
  out["content"] = content("application/problem+json", reference_to("Problem"));
  return out;
}

json::object operation_of(const Endpoint& endpoint) {
  json::object out;
  out["operationId"] = std::string(endpoint.name);
  out["summary"] = std::string(endpoint.summary);
  const std::string_view reach = endpoint.reach == Reach::local ? " Over local sockets only." : "";
  out["description"] = fmt::format("Role: {}.{}", endpoint.needs(), reach);
  json::array roles;
  if (endpoint.admins == Admins::may) roles.emplace_back(std::string(name(Role::admin)));
  for (const Role role : endpoint.roles.list()) {
    if (role != Role::admin) roles.emplace_back(std::string(name(role)));
  }
  out["x-roles"] = std::move(roles);
  if (json::array parameters = parameters_of(endpoint); !parameters.empty()) out["parameters"] = std::move(parameters);
  if (!endpoint.request.empty()) {
    json::object body;
    body["required"] = true;
    body["content"] = content("application/json", reference_to(endpoint.request));
    out["requestBody"] = std::move(body);
  }
  json::object responses;
  responses[std::to_string(endpoint.status)] = answer_of(endpoint);
  responses["default"] = failure();
  out["responses"] = std::move(responses);
  return out;
}

json::object paths() {
  json::object out;
  for (const Endpoint& endpoint : endpoints()) {
    std::string method(endpoint.method);
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    json::value& path = out[std::string(endpoint.path)];
    if (!path.is_object()) path.emplace_object();
    path.get_object()[method] = operation_of(endpoint);
  }
  return out;
}

json::object document() {
  json::object info{{"title", "symbolon: the authority's API"}, {"version", SYMBOLON_VERSION}};
  info["description"] = "Made by `./dev docs` from the tables that serve the API; docs/api.md explains it.";
  json::object server{{"url", "https://ca.example.internal:8440"}};
  json::object needed;
  needed["certificate"] = json::array();
  json::object scheme{{"type", "mutualTLS"}};
  json::object components;
  components["schemas"] = schemas();
  components["securitySchemes"] = json::object();
  components["securitySchemes"].get_object()["certificate"] = std::move(scheme);
  json::object out{{"openapi", "3.1.0"}};
  out["info"] = std::move(info);
  out["servers"] = json::array();
  out["servers"].get_array().emplace_back(std::move(server));
  out["security"] = json::array();
  out["security"].get_array().emplace_back(std::move(needed));
  out["paths"] = paths();
  out["components"] = std::move(components);
  return out;
}

// A member or item a line.
void write(std::string& out, const json::value& value, std::size_t depth) {
  const std::string inner((depth + 1) * 2, ' ');
  const std::string outer(depth * 2, ' ');
  const auto* const object = value.if_object();
  const auto* const array = value.if_array();
  const bool flat =
      (object == nullptr && array == nullptr) || (object != nullptr && object->empty()) ||
      (array != nullptr && std::ranges::none_of(*array, [](const json::value& item) { return item.is_object(); }));
  if (flat) {
    out += json::serialize(value);
    return;
  }
  out += object != nullptr ? "{" : "[";
  std::string_view separator = "\n";
  if (object != nullptr) {
    for (const auto& member : *object) {
      out += separator;
      out += inner + json::serialize(json::string(member.key())) + ": ";
      write(out, member.value(), depth + 1);
      separator = ",\n";
    }
  } else {
    for (const json::value& item : *array) {
      out += separator;
      out += inner;
      write(out, item, depth + 1);
      separator = ",\n";
    }
  }
  out += "\n" + outer + (object != nullptr ? "}" : "]");
}

}  // namespace

const std::string& openapi_document() {
  static const std::string text = [] {
    std::string out;
    write(out, document(), 0);
    return out + "\n";
  }();
  return text;
}

}  // namespace symbolon::api
