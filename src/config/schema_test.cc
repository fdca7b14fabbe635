// The JSON schema against two judges: Boost.JSON (is it JSON, has it every key) and Debian's python3-jsonschema (is it
// a schema of draft 2020-12, and does it agree with the reader). The files are JSON, which is YAML too.
#include "config/schema.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "config/sample_tables.h"

namespace symbolon::config {
namespace {

std::string sample_schema() { return schema(*sample::root_table().description(), "sample"); }

TEST(Schema, IsJsonThatListsEveryKey) {
  boost::system::error_code problem;
  const boost::json::value parsed = boost::json::parse(sample_schema(), problem);
  ASSERT_FALSE(problem) << problem.message();
  EXPECT_EQ(parsed.at("$schema").as_string(), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_FALSE(parsed.at("additionalProperties").as_bool());
  const auto& route = parsed.at("properties").at("routes").at("items");
  EXPECT_EQ(route.at("required").as_array().size(), 5U);
  const auto& depth = route.at("properties").at("clients").at("properties").at("depth");
  EXPECT_EQ(depth.at("default").as_int64(), 3);
  EXPECT_EQ(depth.at("maximum").as_int64(), 9);
  EXPECT_EQ(route.at("properties").at("certificate").at("anyOf").as_array().size(), 2U);
}

constexpr std::string_view kRoute =
    R"({"name": "web", "listen": ":1", "certificate": {"from": "authority"}, "clients": {"allow": "any"}, "to": "x"})";

// The sample file with one thing put in.
std::string file(std::string_view routes, std::string_view rest = "") {
  return "{\"state\": \"var\", \"routes\": [" + std::string(routes) + "]" + std::string(rest) + "}";
}

std::string route_with(std::string_view key, std::string_view value) {
  std::string route(kRoute);
  route.pop_back();
  return route + ", \"" + std::string(key) + "\": " + std::string(value) + "}";
}

class Python {
 public:
  static bool present() { return std::system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null") == 0; }

  Python() {
    std::string pattern = (std::filesystem::temp_directory_path() / "schema.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    write("schema.json", sample_schema());
    write("judge.py",
          "import json, sys\nfrom jsonschema import Draft202012Validator as V\n"
          "s = json.load(open(sys.argv[1]))\nV.check_schema(s)\n"
          "sys.exit(0 if V(s).is_valid(json.load(open(sys.argv[2]))) else 7)\n");
  }
  ~Python() { std::filesystem::remove_all(folder_); }
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;

  bool accepts(const std::string& instance) const {
    write("instance.json", instance);
    const std::string at = folder_.string();
    const int status =
        std::system(("/usr/bin/python3 " + at + "/judge.py " + at + "/schema.json " + at + "/instance.json").c_str());
    EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7) << instance;
    return status == 0;
  }

 private:
  void write(const char* name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  Path folder_;
};

bool we_accept(const std::string& text) { return load(text, "s.yaml", sample::root_table()).errors.empty(); }

TEST(Schema, AgreesWithTheReader) {
  if (!Python::present()) GTEST_SKIP() << "python3-jsonschema is not installed";
  const Python python;
  for (
      const std::string& good :
      {file(kRoute), file(route_with("largest", R"("64KiB")")), file(""),
       file(kRoute, R"(, "profiles": {"a.b": {"lifetime": "30d"}})"),
       file(
           R"({"name": 5, "listen": true, "certificate": {"cert": "a", "key": "b"}, "clients": {"allow": "x", "verify": "optional", "depth": 0}, "to": "x"})")}) {
    EXPECT_TRUE(we_accept(good)) << good;
    EXPECT_TRUE(python.accepts(good)) << good;
  }
  for (
      const std::string& bad :
      {std::string("[]"), file("{}"), file("[]"), file("null"), file(route_with("zebra", "1")),
       file(route_with("largest", R"("64")")), file(route_with("largest", "64")),
       file(kRoute, R"(, "profiles": {"a b": {}})"), file(kRoute, R"(, "profiles": {"a": {"lifetime": 30}})"),
       file(kRoute, R"(, "profiles": {"a": {"insecure_any_name": "true"}})"), file(kRoute, R"(, "profiles": [])"),
       file(
           R"({"name": "", "listen": "1", "certificate": {"cert": "a", "key": "b"}, "clients": {"allow": "x"}, "to": "x"})"),
       file(R"({"name": "a", "listen": "1", "certificate": {"cert": "a"}, "clients": {"allow": "x"}, "to": "x"})"),
       file(
           R"({"name": "a", "listen": "1", "certificate": {"cert": "a", "key": "b"}, "clients": {"allow": "x", "depth": 10}, "to": "x"})"),
       file(
           R"({"name": "a", "listen": "1", "certificate": {"cert": "a", "key": "b"}, "clients": {"allow": "x", "depth": "2"}, "to": "x"})"),
       file(
           R"({"name": "a", "listen": "1", "certificate": {"cert": "a", "key": "b"}, "clients": {"allow": "x", "trust": []}, "to": "x"})"),
       file(
           R"({"name": "a", "listen": "1", "certificate": {"cert": "a", "key": "b"}, "clients": {"allow": "x", "verify": "none"}, "to": "x"})")}) {
    EXPECT_FALSE(we_accept(bad)) << bad;
    EXPECT_FALSE(python.accepts(bad)) << bad;
  }
}

}  // namespace
}  // namespace symbolon::config
