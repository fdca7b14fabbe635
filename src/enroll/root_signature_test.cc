// What an authority that was broken into might ask the root's key to sign.
#include "enroll/root_signature.h"

#include <gtest/gtest.h>

#include "x509/certificate_template.h"
#include "x509/testing/shell.h"

namespace symbolon::enroll {
namespace {

using x509::testing::must;

// A root of the openssl command line.
class RootSignature : public testing::Test {
 protected:
  RootSignature() : root_(make_root()), now_(root_.validity().not_before + kDay) {
    content_.serial = *x509::SerialNumber::parse("1001a2b3c4d5e6f708");
    content_.issuer = root_.subject();
    content_.subject = *x509::DistinguishedName::parse("CN=Example Corp Issuing CA 2,O=Example Corp");
    content_.validity = {now_ - kMinute * 5, now_ + api::kIssuerLifetime};
    content_.ca = true;
    content_.path_length = 0;
    content_.key_usage = x509::key_cert_sign | x509::crl_sign;
    content_.authority_key_identifier = *root_.subject_key_identifier();
  }

  x509::Certificate make_root() {
    must(fmt::format(
        "cd {} && printf '[req]\\ndistinguished_name=n\\n[n]\\n[x]\\nbasicConstraints=critical,CA:TRUE\\n"
        "keyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n' >c && : >index && openssl req -new "
        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out r.csr -config c -subj "
        "'/O=Example Corp/CN=Example Corp Root CA' && openssl x509 -req -in r.csr -signkey root.key -extfile c "
        "-extensions x -days 20000 -out root.crt",
        folder_.path().string()));
    return x509::Certificate::from_pem(folder_.get("root.crt"))->front();
  }

  // What the holder of the root's key says to `content_`, if it was asked for `wish`.
  Result<std::string> sign(const api::NewIssuerRequest& wish = {}) {
    auto key = *crypto::PrivateKey::from_pem(Secret(folder_.get("root.key")), {});
    const auto algorithm = to_bytes((*crypto::make_absent_signer(key.public_key()))->algorithm_identifier());
    const Bytes tbs = *x509::encode_tbs(content_, algorithm);
    const api::NewIssuerAnswer answer{.serial = content_.serial.hex(),
                                      .name = "issuing-2",
                                      .subject = content_.subject.text(),
                                      .not_after = content_.validity.not_after,
                                      .sign_before = now_ + kHour,
                                      .root = root_.pem(),
                                      .to_be_signed = to_base64(tbs)};
    return sign_issuer({wish, answer}, root_, std::move(key), now_);
  }
  bool refused(const api::NewIssuerRequest& wish = {}) {
    const auto answer = sign(wish);
    return !answer && answer.error().code == Code::bad_request;
  }

  x509::testing::Folder folder_;
  x509::Certificate root_;
  UnixSeconds now_;
  x509::CertificateTemplate content_{.serial = {},
                                     .issuer = {},
                                     .subject = {},
                                     .validity = {},
                                     .public_key = crypto::PrivateKey::generate(crypto::KeyType::p256)->public_key()};
};

TEST_F(RootSignature, IsMadeOverWhatWasAskedFor) {
  auto answer = sign();
  ASSERT_TRUE(answer) << answer.error().text();
  content_.name_constraints = *x509::NameConstraints::parse({"dns:example.com", "10.0.0.0/8"}, {"email:example.org"});
  content_.validity.not_after = now_ + kDay * 400;
  answer =
      sign({.lifetime = kDay * 400, .permit = {"dns:example.com", "10.0.0.0/8"}, .exclude = {"email:example.org"}});
  EXPECT_TRUE(answer) << answer.error().text();
}

TEST_F(RootSignature, IsNotMadeOverOtherNameConstraints) {
  EXPECT_TRUE(refused({.permit = {"dns:example.com"}})) << "none";
  content_.name_constraints = *x509::NameConstraints::parse({"dns:example.com", "dns:example.org"}, {});
  EXPECT_TRUE(refused({.permit = {"dns:example.com"}})) << "one more";
  EXPECT_TRUE(refused({.permit = {"dns:example.com"}, .exclude = {"dns:example.org"}})) << "permitted, not excluded";
  EXPECT_TRUE(refused()) << "some, where none were asked for";
}

TEST_F(RootSignature, IsNotMadeForLonger) {
  EXPECT_TRUE(refused({.lifetime = api::kIssuerLifetime - kDay}));
  content_.validity.not_after = now_ + api::kIssuerLifetime + kAuthorityClockAhead;
  EXPECT_TRUE(sign());
  content_.validity.not_after = content_.validity.not_after + Seconds{1};
  EXPECT_TRUE(refused());
}

TEST_F(RootSignature, IsNotMadeForAnotherTypeOfKey) {
  EXPECT_TRUE(refused({.key_type = "p384"}));
  content_.public_key = crypto::PrivateKey::generate(crypto::KeyType::rsa2048)->public_key();
  EXPECT_TRUE(refused()) << "the root's type is p256";
  EXPECT_TRUE(sign({.key_type = "rsa2048"}));
}

TEST_F(RootSignature, IsNotMadeForAnotherOrganization) {
  content_.subject = *x509::DistinguishedName::parse("CN=Example Corp Issuing CA 2,O=Another Corp");
  EXPECT_TRUE(refused());
  content_.subject = *x509::DistinguishedName::parse("CN=Example Corp Issuing CA 2");
  EXPECT_TRUE(refused());
  content_.subject = *x509::DistinguishedName::parse("CN=x,O=Example Corp,O=Another Corp");
  EXPECT_TRUE(refused());
}

TEST_F(RootSignature, IsNotMadeForARootThatItsKeyDidNotSign) {
  auto der = to_bytes(root_.der());
  der.back() ^= 1;
  root_ = *x509::Certificate::from_der(der);
  EXPECT_TRUE(refused());
}

}  // namespace
}  // namespace symbolon::enroll
