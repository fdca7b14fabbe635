#include "http/problem.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace symbolon::http {
namespace {

TEST(Problem, EveryCodeSurvivesTheTrip) {
  for (const CodeRow& row : code_table()) {
    const Error sent{row.code, "words with \"quotes\" and \n breaks", "symbolon.yaml:14:9"};
    const Response response = problem(sent);
    EXPECT_GE(response.status, 400) << row.name;
    const Error back = error_of(response);
    EXPECT_EQ(name(back.code), row.name);
    EXPECT_EQ(back.words, sent.words);
    EXPECT_EQ(back.where, sent.where);
  }
}

TEST(Problem, HasTheMembersOfRfc9457AndOurs) {
  const Response response = problem({Code::not_found, "no certificate named 'web'"});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
  const auto object = boost::json::parse(response.body).as_object();
  EXPECT_EQ(object.at("type").as_string(), "about:blank");
  EXPECT_EQ(object.at("status").as_int64(), 404);
  EXPECT_EQ(object.at("code").as_string(), "not_found");
  EXPECT_EQ(object.at("detail").as_string(), "no certificate named 'web'");
  EXPECT_FALSE(object.at("title").as_string().empty());
  EXPECT_FALSE(object.at("remedy").as_string().empty());
  EXPECT_FALSE(object.contains("where"));
}

TEST(Problem, AForeignAnswerBecomesAnErrorByItsStatus) {
  const auto code_of = [](int status, std::string_view type, std::string body) {
    return error_of(make_response(status, type, std::move(body))).code;
  };
  EXPECT_EQ(code_of(404, "text/html", "<h1>"), Code::not_found);
  EXPECT_EQ(code_of(403, kProblemJson, "{"), Code::forbidden);
  EXPECT_EQ(code_of(413, kProblemJson, "[]"), Code::too_large);
  EXPECT_EQ(code_of(503, kProblemJson, "{}"), Code::overloaded);
  EXPECT_EQ(code_of(418, kProblemJson, R"({"code":7})"), Code::bad_request);
  EXPECT_EQ(code_of(500, "text/plain", ""), Code::internal);
  EXPECT_EQ(code_of(409, kProblemJson, R"({"code":"of_the_future","status":404})"), Code::not_found);
}

}  // namespace
}  // namespace symbolon::http
