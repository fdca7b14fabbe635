#include "authority/crl_server.h"

#include <gtest/gtest.h>

namespace symbolon::authority {
namespace {

using http::Headers;

std::shared_ptr<const Crl> crl() {
  return std::make_shared<const Crl>(Crl{.issuer = "issuing",
                                         .der = "der",
                                         .number = 1'800'000'001,
                                         .this_update = UnixSeconds{1'800'000'000},
                                         .next_update = UnixSeconds{1'800'604'800},
                                         .entries = 1,
                                         .revocations = 1});
}

int status(const Headers& asked) { return answer_with(crl(), asked).status; }

constexpr const char* kDate = "Fri, 15 Jan 2027 08:00:00 GMT";

TEST(CrlServer, AnswersTheCrlItselfWithoutACopy) {
  const auto one = crl();
  const auto answer = answer_with(one, {});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.shared.get(), &one->der);
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/pkix-crl");
  EXPECT_EQ(answer.headers.find("ETag"), "\"1800000001\"");
  EXPECT_EQ(answer.headers.find("Last-Modified"), kDate);
  EXPECT_EQ(answer.headers.find("Cache-Control"), "public, max-age=30, must-revalidate");
}

TEST(CrlServer, WhoHasItIsToldSo) {
  for (const char* const tags :
       {"\"1800000001\"", "W/\"1800000001\"", "*", "\"1\",\"1800000001\"", "\"1\" , W/\"1800000001\" "}) {
    EXPECT_EQ(status({{"If-None-Match", tags}}), 304) << tags;
  }
  EXPECT_EQ(status({{"If-Modified-Since", kDate}}), 304);
}

TEST(CrlServer, WhoHasAnotherGetsIt) {
  for (const char* const tags : {"\"1\"", "1800000001", "", ",", "\"1800000001"}) {
    EXPECT_EQ(status({{"If-None-Match", tags}}), 200) << tags;
  }
  EXPECT_EQ(status({{"If-Modified-Since", "Fri, 15 Jan 2027 08:00:01 GMT"}}), 200);
  // RFC 9110 §13.1.3: the date does not count beside tags.
  EXPECT_EQ(status({{"If-None-Match", "\"1\""}, {"If-Modified-Since", kDate}}), 200);
}

}  // namespace
}  // namespace symbolon::authority
