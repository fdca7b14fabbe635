// The certificates of OCSP responders over the years of a CA.
#include "authority/responder_certificates.h"

#include <gtest/gtest.h>

#include "authority/ocsp_fixture.h"

namespace symbolon::authority {
namespace {

using namespace testing;

class ResponderCertificatesTest : public OcspHome, public ::testing::Test {
 protected:
  ResponderCertificates certificates(Seconds next_update = kUsualOcsp) {
    return {*issuance, *signer, home.clock, next_update};
  }
  static std::string words(const std::vector<Error>& errors) {
    return errors.size() == 1 ? errors.front().text() : fmt::format("{} errors", errors.size());
  }
};

TEST_F(ResponderCertificatesTest, AreOfTheProfileAndInTheLedger) {
  auto all = certificates();
  const auto one = all.of(issuing());
  ASSERT_TRUE(one) << one.error().text();
  const auto certificate = x509::Certificate::from_der((*one)->der).value();
  EXPECT_EQ(certificate.subject().values("CN"), std::vector<std::string>{"OCSP responder of issuing"});
  EXPECT_EQ(certificate.extended_key_usage(), std::vector<std::string>{std::string(x509::eku::kOcspSigning)});
  EXPECT_EQ(certificate.validity().not_after, kNow + kDay * 7);
  const auto record = state->ledger->certificate(issuing().id, certificate.serial());
  ASSERT_TRUE(record) << record.error().text();
  EXPECT_EQ(record->profile, "ocsp");
  EXPECT_EQ(all.of(issuing()).value(), *one);
}

TEST_F(ResponderCertificatesTest, AreRenewedAfterTwoThirdsOfTheirLife) {
  auto all = certificates();
  const auto first = all.of(issuing()).value();
  pass(Seconds{kDay.count * 14 / 3} - kMinute * 10);
  EXPECT_EQ(all.of(issuing()).value(), first);
  pass(kMinute * 10);
  const auto second = all.of(issuing()).value();
  EXPECT_NE(second, first);
  EXPECT_EQ(second->validity.not_after, home.clock.now() + kDay * 7);
}

TEST_F(ResponderCertificatesTest, LastAsLongAsTheLongestAnswer) {
  auto all = certificates(kLongestOcsp);
  const auto first = all.of(issuing()).value();
  EXPECT_EQ(first->validity.not_after, kNow + kDay * 90);
  pass(kDay * 60 - kMinute);
  const auto now = all.of(issuing()).value();
  EXPECT_GE(now->validity.not_after - home.clock.now(), kLongestOcsp);
}

TEST_F(ResponderCertificatesTest, EndWithTheirCaAndAreNotRenewedForNothing) {
  auto all = certificates();
  const UnixSeconds end = issuing().certificate.validity().not_after;
  home.clock.set(end - kDay * 2);
  const auto last = all.of(issuing()).value();
  EXPECT_EQ(last->validity.not_after, end);
  home.clock.set(end - kMinute);
  EXPECT_EQ(all.of(issuing()).value(), last);
  home.clock.set(end + Seconds{1});
  EXPECT_EQ(code_of(all.of(issuing())), Code::ca_expired);
  EXPECT_TRUE(all.failures().empty()) << words(all.failures());
}

TEST_F(ResponderCertificatesTest, OfARevokedCaServeToTheirEnd) {
  auto all = certificates();
  const auto last = all.of(issuing()).value();
  ASSERT_TRUE(state->ledger->revoke({.issuer = {1}, .serial = issuing().certificate.serial()}));
  pass(kDay * 6);
  EXPECT_EQ(all.of(issuing()).value(), last);
  pass(kDay + Seconds{1});
  EXPECT_EQ(code_of(all.of(issuing())), Code::ca_revoked);
  EXPECT_TRUE(all.failures().empty()) << words(all.failures());
  EXPECT_EQ(error_of(ask({SerialNumber::parse("0a1b").value()})), OcspError::unauthorized);
}

TEST_F(ResponderCertificatesTest, AnotherKeyGetsAnother) {
  auto all = certificates();
  const auto first = all.of(issuing()).value();
  signer->start_anew();
  EXPECT_EQ(all.of(issuing()).value(), first) << "nobody told";
  all.forget(issuing().id, first);
  const auto second = all.of(issuing()).value();
  EXPECT_FALSE(second->key.spki_sha256() == first->key.spki_sha256());
  all.forget(issuing().id, first);
  EXPECT_EQ(all.of(issuing()).value(), second) << "somebody else told before";
}

TEST_F(ResponderCertificatesTest, AFailureIsKnownAndTheOlderOneGoesOn) {
  auto all = certificates();
  const auto first = all.of(issuing()).value();
  pass(kDay * 6);
  signer->failing = Error{Code::signer_unreachable, "gone"};
  EXPECT_EQ(all.of(issuing()).value(), first);
  EXPECT_EQ(all.failures().front().code, Code::ocsp_responder_missing);
  EXPECT_EQ(words(all.failures()), "the CA 'issuing': gone");
  pass(kDay * 2);
  EXPECT_EQ(code_of(all.of(issuing())), Code::signer_unreachable);
}

TEST_F(ResponderCertificatesTest, AFailureIsOverWhenOneIsIssued) {
  auto all = certificates();
  signer->failing = Error{Code::signer_unreachable, "gone"};
  EXPECT_EQ(code_of(all.of(issuing())), Code::signer_unreachable);
  signer->failing.reset();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!all.of(issuing()) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(all.failures().empty()) << words(all.failures());
}

}  // namespace
}  // namespace symbolon::authority
