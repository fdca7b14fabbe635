#include "revocation/cert_id_matcher.h"

#include <gtest/gtest.h>

#include "revocation/testing/ocsp_peer.h"

namespace symbolon::revocation {
namespace {

using namespace testing;

// What OpenSSL asks about a leaf of that issuer.
std::optional<std::size_t> find(const CertIdMatcher& matcher, const Certificate& issuer, const EVP_MD* digest) {
  const Request request(OCSP_REQUEST_new());
  OCSP_request_add0_id(request.get(), id_of(pki().leaf, issuer, digest).release());
  const Bytes octets = octets_of(request);
  return matcher.find(parse_ocsp_request(octets).value().requests.front());
}

TEST(CertIdMatcher, FindsTheIssuerByNameAndKeyAsOpensslHashesThem) {
  const Certificate rsa =
      forge().certificate("ocsp-rsa", "OCSP CA", "", Forge::with(Forge::kCa, R"("key": "rsa2048")"));
  const Certificate ed = forge().certificate("ocsp-ed", "OCSP CA", "", Forge::with(Forge::kCa, R"("key": "ed25519")"));
  const std::vector<Certificate> issuers{pki().ca, pki().other, rsa, ed};
  const CertIdMatcher matcher(issuers);
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    EXPECT_EQ(find(matcher, issuers[i], EVP_sha1()), i);
    EXPECT_EQ(find(matcher, issuers[i], EVP_sha256()), i);
    EXPECT_EQ(find(matcher, issuers[i], EVP_sha384()), std::nullopt);
    EXPECT_EQ(find(matcher, issuers[i], EVP_md5()), std::nullopt);
  }
  const CertIdMatcher fewer({pki().other});
  EXPECT_EQ(find(fewer, pki().ca, EVP_sha1()), std::nullopt);
  EXPECT_EQ(find(CertIdMatcher({}), pki().ca, EVP_sha256()), std::nullopt);
}

TEST(CertIdMatcher, ARenewedIssuerIsTheSame) {
  const Certificate renewed =
      forge().certificate("ocsp-renewed", "OCSP CA", "", Forge::with(Forge::kCa, R"("key_of": "ocsp-ca")"));
  ASSERT_NE(renewed, pki().ca);
  EXPECT_EQ(find(CertIdMatcher({pki().other, pki().ca, renewed}), renewed, EVP_sha256()), 1U);
}

TEST(CertIdMatcher, HashesOfAnotherLengthMatchNobody) {
  const CertIdMatcher matcher({pki().ca});
  const Bytes octets = octets_of(request_for({}));
  CertId id = parse_ocsp_request(octets).value().requests.front();
  ASSERT_TRUE(matcher.find(id));
  // The same 40 octets, cut elsewhere.
  Bytes both = to_bytes(id.issuer_name_hash);
  both.insert(both.end(), id.issuer_key_hash.begin(), id.issuer_key_hash.end());
  id.issuer_name_hash = ByteView(both).first(19);
  id.issuer_key_hash = ByteView(both).subspan(19);
  EXPECT_FALSE(matcher.find(id));
  id.issuer_name_hash = {};
  id.issuer_key_hash = {};
  EXPECT_FALSE(matcher.find(id));
}

}  // namespace
}  // namespace symbolon::revocation
