// The root's key signs a CRL of its own, and nothing else that an authority may ask for.
#include "enroll/crl_signature.h"

#include <gtest/gtest.h>

#include "revocation/crl_reader.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::enroll {
namespace {

using x509::testing::Folder;
using x509::testing::kNow;
using x509::testing::must;

class CrlSignature : public ::testing::Test {
 protected:
  CrlSignature() {
    must(fmt::format(
        "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out "
        "ca.crt -days 36500 -subj '/O=Example Corp/CN=Root CA' -addext keyUsage=critical,keyCertSign,cRLSign",
        folder_.path().string()));
    root_.emplace(x509::Certificate::from_pem(folder_.get("ca.crt"), "ca.crt").value().front());
  }
  crypto::PrivateKey key() const { return crypto::PrivateKey::from_pem(Secret(folder_.get("ca.key")), {}).value(); }
  static api::NewCrlAnswer honest() {
    return {.issuer = "root",
            .number = kNow.count,
            .this_update = kNow - kMinute,
            .next_update = kNow - kMinute + kDay * 30,
            .entries = {{"0a1b", api::RevocationReason::ca_compromise, kNow - kDay}, {"0c", {}, kNow - kHour}},
            .sign_before = kNow + kHour};
  }
  Code code(const api::NewCrlAnswer& answer) const {
    const auto crl = sign_crl(answer, kDay * 30, *root_, key(), kNow);
    return crl ? Code::usage : crl.error().code;
  }

  Folder folder_;
  std::optional<x509::Certificate> root_;
};

TEST_F(CrlSignature, OpensslAndOurReaderTakeIt) {
  const auto crl = sign_crl(honest(), kDay * 30, *root_, key(), kNow);
  ASSERT_TRUE(crl) << crl.error().text();
  const auto read = revocation::read_crl(crl->der, {*root_}, kNow);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(read->entries.find(x509::SerialNumber::parse("0a1b").value()));
  EXPECT_EQ(read->entries.size(), 2U);
  const std::string text =
      must("openssl crl -noout -text -inform DER -in " + folder_.put("crl.der", std::string(as_text(crl->der))));
  EXPECT_NE(text.find("CA Compromise"), std::string::npos) << text;
  EXPECT_EQ(crl->signature.number, kNow.count);
}

TEST_F(CrlSignature, WhatAnAuthorityOfItsOwnMindAsksForIsRefused) {
  const auto changed = [](const auto& change) {
    auto answer = honest();
    change(answer);
    return answer;
  };
  EXPECT_EQ(code(honest()), Code::usage);
  EXPECT_EQ(code(changed([](auto& a) { a.next_update = a.next_update + kDay; })), Code::bad_request);
  EXPECT_EQ(code(changed([](auto& a) { a.next_update = a.this_update; })), Code::bad_request);
  EXPECT_EQ(code(changed([](auto& a) { a.this_update = kNow + kDay; })), Code::bad_request);
  EXPECT_EQ(code(changed([](auto& a) { a.this_update = kNow - kDay; })), Code::bad_request);
  EXPECT_EQ(code(changed([](auto& a) { a.number = 0; })), Code::bad_request);
  EXPECT_EQ(code(changed([](auto& a) { a.number = kNow.count * 2; })), Code::bad_request) << "none could follow it";
  EXPECT_EQ(code(changed([](auto& a) { a.entries[1].serial = "0a1b"; })), Code::bad_request);
  EXPECT_EQ(code(changed([](auto& a) { a.entries[1].reason = api::RevocationReason::remove_from_crl; })),
            Code::bad_request);
  EXPECT_NE(code(changed([](auto& a) { a.entries[1].serial = "no serial"; })), Code::usage);
}

TEST_F(CrlSignature, AnotherKeySignsNothing) {
  auto other = crypto::PrivateKey::generate(crypto::KeyType::p256).value();
  const auto crl = sign_crl(honest(), kDay * 30, *root_, std::move(other), kNow);
  ASSERT_FALSE(crl);
  EXPECT_EQ(crl.error().code, Code::key_mismatch);
}

}  // namespace
}  // namespace symbolon::enroll
