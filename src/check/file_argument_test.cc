#include "check/file_argument.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::check {
namespace {

TEST(FileArgument, IsToldFromAnEndpoint) {
  for (const char* endpoint : {"web.example", "web.example:443", "[::1]:443", "::1", "unix:/run/web", "unix:web.pem",
                               "https://web.example/"}) {
    EXPECT_EQ(taken_for(endpoint, false), Taken::endpoint) << endpoint;
  }
  for (const char* file : {"web.pem", "WEB.CRT", "./web", "/etc/ssl/web", "web.p12", "a/b:443"}) {
    EXPECT_EQ(taken_for(file, false), Taken::file) << file;
  }
  EXPECT_EQ(taken_for("web.example:443", true), Taken::file);
  EXPECT_EQ(taken_for("unix:web", true), Taken::endpoint);
  EXPECT_TRUE(is_ambiguous("web.example:443", true));
  EXPECT_FALSE(is_ambiguous("web.pem", true));
  EXPECT_FALSE(is_ambiguous("./web", true));
}

TEST(FileArgument, OfBothKindsIsAnError) {
  const x509::testing::Folder folder;
  const std::string file = folder.put("a", std::string_view("a"));
  EXPECT_EQ(sort_arguments({file, file})->taken, Taken::file);
  EXPECT_EQ(sort_arguments({"web.example"})->taken, Taken::endpoint);
  EXPECT_EQ(sort_arguments({file, "web.example"}).error().code, Code::usage);
  EXPECT_EQ(sort_arguments({"a.example", "web.example"}).error().code, Code::usage);
}

}  // namespace
}  // namespace symbolon::check
