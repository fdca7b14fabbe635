#include "check/verify_batch.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "x509/pem.h"
#include "x509/testing/forge.h"

namespace symbolon::check {
namespace {

namespace json = boost::json;
using x509::testing::forge;
using x509::testing::Forge;
using x509::testing::kNow;

struct Pki {
  x509::Certificate root = forge().ca("vb-root", "VB Root");
  x509::Certificate issuing = forge().ca("vb-ca", "VB CA", "vb-root");
  x509::Certificate alice = forge().certificate(
      "vb-alice", "alice", "vb-ca", Forge::with(Forge::kClient, R"("serial": "0a1b2c", "names": ["dns:a.example"])"));
};
const Pki& pki() {
  static const Pki pki;
  return pki;
}

json::object case_of_alice() {
  return {{"id", 7},
          {"leaf", pki().alice.pem()},
          {"intermediates", json::array{pki().issuing.pem()}},
          {"trust", pki().root.pem()},
          {"time", kNow.count}};
}

json::object verdict(const json::object& one) {
  const auto answer = verify_case(json::serialize(one), kNow);
  if (!answer) {
    ADD_FAILURE() << answer.error().text();
    return {};
  }
  return json::parse(*answer).as_object();
}

std::string place_of_mistake(const json::object& one) {
  const auto answer = verify_case(json::serialize(one), kNow);
  if (answer) return "no mistake";
  EXPECT_EQ(answer.error().code, Code::bad_request);
  return answer.error().where;
}

std::string crl(std::string_view issuer, std::string_view more) {
  static_cast<void>(pki());
  return x509::encode_pem(
      "X509 CRL",
      forge().make(fmt::format(R"({{"crl": true, "issuer": "{}", "this_update": {}, "next_update": {}, {}}})", issuer,
                               kNow.count - 60, kNow.count + 60, more)));
}

TEST(VerifyBatch, AMemberThatStandsTwiceIsRefused) {
  // Parsers disagree about which of two counts: nobody may be shown one time and be judged at the other.
  const std::string once = json::serialize(case_of_alice());
  ASSERT_TRUE(verify_case(once, kNow));
  const std::string twice = once.substr(0, once.size() - 1) + R"(,"time":0})";
  const auto answer = verify_case(twice, kNow);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::bad_request);
  EXPECT_NE(answer.error().words.find("'time'"), std::string::npos) << answer.error().words;
}

TEST(VerifyBatch, SaysValidWithThePath) {
  const json::object answer = verdict(case_of_alice());
  EXPECT_EQ(answer.at("valid"), true);
  EXPECT_EQ(answer.at("id"), 7);
  EXPECT_EQ(answer.at("path").as_array().size(), 3U);
  EXPECT_EQ(answer.at("path").at(0).at("serial"), "0a1b2c");
  EXPECT_FALSE(answer.contains("code"));
}

TEST(VerifyBatch, SaysCodeIndexAndRule) {
  json::object one = case_of_alice();
  one["time"] = "2040-01-01";
  const json::object answer = verdict(one);
  EXPECT_EQ(answer.at("valid"), false);
  EXPECT_EQ(answer.at("code"), "client_certificate_issuer_expired");
  EXPECT_EQ(answer.at("index"), 2);
  EXPECT_EQ(answer.at("rule"), "RFC 5280 §6.1.3 (a)(2)");
}

TEST(VerifyBatch, HoldsEveryOption) {
  const auto code_with = [](const char* key, json::value value) {
    json::object one = case_of_alice();
    one[key] = std::move(value);
    const json::object answer = verdict(one);
    return answer.at("valid").as_bool() ? std::string("valid") : std::string(answer.at("code").as_string());
  };
  EXPECT_EQ(code_with("purpose", "server"), "server_certificate_wrong_extended_key_usage");
  EXPECT_EQ(code_with("names", json::array{"b.example", "a.example"}), "valid");
  EXPECT_EQ(code_with("names", "b.example"), "client_certificate_name_mismatch");
  EXPECT_EQ(code_with("eku", "emailProtection"), "client_certificate_wrong_extended_key_usage");
  EXPECT_EQ(code_with("eku", json::array{"1.3.6.1.5.5.7.3.2"}), "valid");
  EXPECT_EQ(code_with("depth", 0), "client_certificate_depth_exceeded");
  EXPECT_EQ(code_with("depth", 1), "valid");
  EXPECT_EQ(code_with("path_check", "strict"), "valid");
  EXPECT_EQ(code_with("revocation", "every"), "client_certificate_revocation_unknown");
  EXPECT_EQ(code_with("trust", json::array{}), "trust_empty");
}

TEST(VerifyBatch, TakesCrlsOfEveryIssuer) {
  json::object one = case_of_alice();
  one["revocation"] = "every";
  one["crls"] = crl("vb-root", R"("number": 1)") + crl("vb-ca", R"("number": 1)");
  EXPECT_EQ(verdict(one).at("valid"), true);
  one["crls"] = json::array{crl("vb-root", R"("number": 1)"),
                            crl("vb-ca", R"("revoked": [{"serial": "0a1b2c", "at": 1700000000}])")};
  EXPECT_EQ(verdict(one).at("code"), "client_certificate_revoked");
  one["crls"] = crl("vb-ca", R"("revoked": [])");
  one["revocation"] = "listed";
  EXPECT_EQ(verdict(one).at("valid"), true);
  one["path_check"] = "strict";  // RFC 5280 §5.2.3 demands a cRLNumber
  EXPECT_EQ(verdict(one).at("code"), "crl_malformed");
  one["crls"] = crl("vb-ca", R"("signed_by": "vb-root")");
  EXPECT_EQ(verdict(one).at("code"), "crl_bad_signature");
  EXPECT_FALSE(verdict(one).contains("index"));
}

TEST(VerifyBatch, ACertificateThatCannotBeReadIsAVerdict) {
  const std::string broken = x509::encode_pem("CERTIFICATE", Bytes{0x30, 0x00});
  json::object one = case_of_alice();
  one["leaf"] = broken;
  EXPECT_EQ(verdict(one).at("code"), "client_certificate_malformed");
  EXPECT_EQ(verdict(one).at("index"), 0);
  one = case_of_alice();
  one["trust"] = broken;
  EXPECT_EQ(verdict(one).at("code"), "trust_unusable");
}

TEST(VerifyBatch, NamesTheKeyThatIsWrong) {
  EXPECT_EQ(verify_case("{", kNow).error().code, Code::bad_request);
  EXPECT_EQ(verify_case("[]", kNow).error().code, Code::bad_request);
  const auto mistake_with = [](const char* key, json::value value) {
    json::object one = case_of_alice();
    one[key] = std::move(value);
    return place_of_mistake(one);
  };
  EXPECT_EQ(mistake_with("verfy", true), "verfy");
  EXPECT_EQ(mistake_with("leaf", 1), "leaf");
  EXPECT_EQ(mistake_with("leaf", ""), "leaf");
  EXPECT_EQ(mistake_with("trust", json::array{1}), "trust");
  EXPECT_EQ(mistake_with("time", "yesterday"), "time");
  EXPECT_EQ(mistake_with("purpose", "both"), "purpose");
  EXPECT_EQ(mistake_with("names", "dns:a..b"), "names");
  EXPECT_EQ(mistake_with("eku", "client"), "eku");
  EXPECT_EQ(mistake_with("depth", 10), "depth");
  json::object one = case_of_alice();
  one.erase("leaf");
  EXPECT_EQ(place_of_mistake(one), "leaf");
}

TEST(VerifyBatch, GivesALineForEveryLine) {
  EXPECT_EQ(json::parse(verify_line("nonsense", kNow)).at("error").at("code"), "bad_request");
  EXPECT_EQ(json::parse(verify_line(json::serialize(case_of_alice()), kNow)).at("valid"), true);
}

TEST(VerifyReport, TellsAPersonWhatIsWrong) {
  VerifyRequest request{.trust = {pki().root}, .chain = {pki().alice, pki().issuing}, .at = kNow, .depth = 0};
  const std::string words = verify(request).text();
  EXPECT_NE(words.find("client_certificate_depth_exceeded"), std::string::npos);
  EXPECT_NE(words.find("remedy: "), std::string::npos);
  request.depth = 1;
  EXPECT_TRUE(verify(request).text().starts_with("valid until "));
}

}  // namespace
}  // namespace symbolon::check
