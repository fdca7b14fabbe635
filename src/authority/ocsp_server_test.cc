// OCSP over HTTP: both methods, what caches are told, and what stands beside it.
#include "authority/ocsp_server.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "authority/ocsp_fixture.h"
#include "http/server_fixture.h"
#include "http/target.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using http::Headers;
using http::Request;
using http::Response;

class OcspServerTest : public OcspHome, public ::testing::Test {
 protected:
  ~OcspServerTest() override { context_.finish(); }

  Response answer(Request request, const std::string& path = "/ocsp") {
    auto rest = [](Request other, const http::Caller&) -> net::Task<Response> {
      co_return http::make_response(200, "text/plain", "rest " + other.target);
    };
    const http::Handler handler = ocsp_handler(*responder, *pool_, path, rest);
    const http::Caller caller;
    auto task = handler(std::move(request), caller);
    return boost::asio::co_spawn(context_.get(), std::move(task), boost::asio::use_future).get();
  }
  Response post(const Bytes& asked, const std::string& target = "/ocsp", const std::string& path = "/ocsp",
                const std::string& type = "application/ocsp-request") {
    return answer(
        {.method = "POST", .target = target, .headers = {{"Content-Type", type}}, .body = std::string(as_text(asked))},
        path);
  }
  Response get(const std::string& target, const std::string& path = "/ocsp", Headers headers = {}) {
    return answer({.method = "GET", .target = target, .headers = std::move(headers), .body = {}}, path);
  }
  static std::string body(const Response& response) { return response.shared ? *response.shared : response.body; }
  static std::string field(const Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or("none"));
  }
  static std::string error(OcspError error) { return std::string(as_text(revocation::ocsp_error(error))); }
  std::vector<int> statuses(const Response& response) const {
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(field(response, "Content-Type"), "application/ocsp-response");
    return read(as_bytes(body(response))).statuses;
  }

  std::unique_ptr<OcspPool> pool_ = ocsp_pool(*responder, {.threads = 2, .waiting = 16, .together = 4});
  http::RunningContext context_;
};

const std::vector<int> kGood{V_OCSP_CERTSTATUS_GOOD};

TEST_F(OcspServerTest, AnswersBothMethodsAlike) {
  const Bytes asked = ask({issue()});
  const auto posted = post(asked);
  EXPECT_EQ(statuses(posted), kGood);
  for (const std::string& target :
       {"/ocsp/" + to_base64(asked), "/ocsp//" + to_base64(asked), "/ocsp/" + http::percent_encode(to_base64(asked))}) {
    EXPECT_EQ(body(get(target)), body(posted)) << target;
  }
  EXPECT_EQ(body(post(asked, "/ocsp/")), body(posted));
  EXPECT_EQ(body(post(asked, "/ocsp", "/ocsp", "Application/OCSP-Request; x=y")), body(posted));
  EXPECT_EQ(signer->count(), 1);
}

// Some of these hold '/' and '//', which no part of the way may take for segments.
TEST_F(OcspServerTest, SlashesInBase64StayThere) {
  int with_slash = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string text = to_base64(ask({issue()}));
    with_slash += text.find('/') == std::string::npos ? 0 : 1;
    EXPECT_EQ(statuses(get("/" + text, "/")), kGood) << text;
  }
  EXPECT_GT(with_slash, 0);
}

TEST_F(OcspServerTest, WithoutAPathItStandsAtTheRootBesideTheRest) {
  const Bytes asked = ask({issue()});
  EXPECT_EQ(statuses(post(asked, "/", "/")), kGood);
  EXPECT_EQ(statuses(get("/" + to_base64(asked), "/")), kGood);
  for (const std::string path : {"/", "/ocsp"}) EXPECT_EQ(body(get("/issuing.crl", path)), "rest /issuing.crl");
  for (const std::string target : {"/", "/ocsp2", "/ocs", "/x/ocsp"}) EXPECT_EQ(body(get(target)), "rest " + target);
}

TEST_F(OcspServerTest, TellsCachesWhatRfc5019Wants) {
  const std::string target = "/ocsp/" + to_base64(ask({issue()}));
  const auto first = get(target);
  EXPECT_EQ(field(first, "Last-Modified"), "Fri, 15 Jan 2027 07:59:00 GMT");
  EXPECT_EQ(field(first, "Expires"), "Fri, 15 Jan 2027 11:59:00 GMT");
  EXPECT_EQ(field(first, "Cache-Control"), "max-age=30, public, no-transform, must-revalidate");
  EXPECT_EQ(field(first, "ETag"), fmt::format("\"{}\"", to_hex(crypto::sha256(as_bytes(body(first))))));
  const auto again = get(target, "/ocsp", {{"If-None-Match", field(first, "ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(body(again), "");
  EXPECT_EQ(field(again, "ETag"), field(first, "ETag"));
  // "Good" and "revoked" may be of one second.
  EXPECT_EQ(get(target, "/ocsp", {{"If-Modified-Since", field(first, "Last-Modified")}}).status, 200);
  EXPECT_EQ(get(target, "/ocsp", {{"If-None-Match", "\"x\""}}).status, 200);
}

TEST_F(OcspServerTest, ARevocationEndsWhatACacheHas) {
  const SerialNumber serial = issue();
  const std::string target = "/ocsp/" + to_base64(ask({serial}));
  const Headers condition{{"If-None-Match", field(get(target), "ETag")}};
  EXPECT_EQ(get(target, "/ocsp", condition).status, 304);
  revoke(serial);
  EXPECT_EQ(statuses(get(target, "/ocsp", condition)), std::vector<int>{V_OCSP_CERTSTATUS_REVOKED});
}

TEST_F(OcspServerTest, WhatIsForOneAskerAloneIsNotKept) {
  const auto answered = post(ask({issue()}, {EVP_sha1(), Bytes(16, 3)}));
  EXPECT_EQ(statuses(answered), kGood);
  EXPECT_EQ(field(answered, "Cache-Control"), "no-store");
  EXPECT_EQ(field(answered, "ETag"), "none");
}

TEST_F(OcspServerTest, ErrorsOfOcspAreNoErrorsOfHttp) {
  for (const auto& answered :
       {post(Bytes()), post(Bytes{0x30, 0x00}), get("/ocsp/MA"), get("/ocsp/*"), get("/ocsp/favicon")}) {
    EXPECT_EQ(answered.status, 200);
    EXPECT_EQ(body(answered), error(OcspError::malformed_request));
    EXPECT_EQ(field(answered, "Content-Type"), "application/ocsp-response");
    EXPECT_EQ(field(answered, "Cache-Control"), "no-store");
  }
  const auto foreign = ask_of(revocation::testing::pki().ca, {issue()}, {EVP_sha1(), {}});
  EXPECT_EQ(body(post(foreign)), error(OcspError::unauthorized));
  signer->failing = Error{Code::signer_unreachable, "gone"};
  EXPECT_EQ(body(post(ask({issue()}))), error(OcspError::try_later));
}

TEST_F(OcspServerTest, OtherMethodsAndTypesAreRefused) {
  const Bytes asked = ask({issue()});
  const auto wrong = post(asked, "/ocsp", "/ocsp", "application/x-www-form-urlencoded");
  EXPECT_EQ(wrong.status, 415);
  EXPECT_EQ(field(wrong, "Accept"), "application/ocsp-request");
  EXPECT_EQ(answer({.method = "POST", .target = "/ocsp", .headers = {}, .body = "x"}).status, 415);
  EXPECT_EQ(get("/ocsp").status, 400);
  EXPECT_EQ(get("/ocsp/").status, 400);
  const auto put = answer({.method = "PUT", .target = "/ocsp", .headers = {}, .body = {}});
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(field(put, "Allow"), "GET, HEAD, POST");
  EXPECT_EQ(post(asked, "/ocsp/x").status, 405);
}

TEST_F(OcspServerTest, MoreThanThePoolTakesIsToldToComeBack) {
  const Bytes asked = ask({issue()});
  const auto full = ocsp_pool(*responder, {.threads = 1, .waiting = 0, .together = 1});
  const http::Handler handler = ocsp_handler(*responder, *full, "/", nothing_here());
  const http::Caller caller;
  auto task = handler({.method = "GET", .target = "/" + to_base64(asked), .headers = {}, .body = {}}, caller);
  EXPECT_EQ(body(boost::asio::co_spawn(context_.get(), std::move(task), boost::asio::use_future).get()),
            error(OcspError::try_later));
}

}  // namespace
}  // namespace symbolon::authority
