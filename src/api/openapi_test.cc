#include "api/openapi.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/endpoints.h"

namespace symbolon::api {
namespace {

namespace json = boost::json;

// Every "$ref" of the document.
void references(const json::value& value, std::vector<std::string>& out) {
  if (const auto* array = value.if_array()) {
    for (const json::value& item : *array) references(item, out);
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      if (member.key() == "$ref") out.emplace_back(member.value().as_string());
      references(member.value(), out);
    }
  }
}

TEST(OpenApi, DescribesEveryCallOfTheTableAndNoOther) {
  const json::value document = json::parse(openapi_document());
  const json::object& paths = document.at("paths").as_object();
  std::size_t operations = 0;
  for (const auto& path : paths) operations += path.value().as_object().size();
  EXPECT_EQ(operations, endpoints().size());
  for (const Endpoint& endpoint : endpoints()) {
    const std::string path(endpoint.path);
    ASSERT_TRUE(paths.contains(path)) << path;
    const auto& operation = paths.at(path).as_object().at(endpoint.method == "GET" ? "get" : "post").as_object();
    EXPECT_EQ(operation.at("operationId").as_string(), std::string(endpoint.name));
    EXPECT_TRUE(operation.at("responses").as_object().contains(std::to_string(endpoint.status)));
    EXPECT_EQ(operation.contains("requestBody"), !endpoint.request.empty());
  }
}

TEST(OpenApi, RefersOnlyToWhatItHolds) {
  const json::value document = json::parse(openapi_document());
  std::vector<std::string> all;
  references(document, all);
  EXPECT_GT(all.size(), 20U);
  constexpr std::string_view kPlace = "#/components/schemas/";
  const json::object& schemas = document.at("components").at("schemas").as_object();
  for (const std::string& reference : all) {
    ASSERT_TRUE(reference.starts_with(kPlace)) << reference;
    EXPECT_TRUE(schemas.contains(reference.substr(kPlace.size()))) << reference;
  }
}

TEST(OpenApi, SaysTheBoundsThatReadingHolds) {
  const json::value document = json::parse(openapi_document());
  const json::object& request = document.at("components").at("schemas").at("IssueRequest").as_object();
  EXPECT_EQ(request.at("required"), (json::array{"profile", "csr"}));
  EXPECT_EQ(request.at("properties").at("profile").at("maxLength").as_int64(), 256);
  EXPECT_EQ(request.at("properties").at("names").at("maxItems").as_int64(), 1000);
  EXPECT_FALSE(request.at("additionalProperties").as_bool());
}

}  // namespace
}  // namespace symbolon::api
