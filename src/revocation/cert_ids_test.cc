#include "revocation/cert_ids.h"

#include <gtest/gtest.h>

#include "revocation/testing/ocsp_peer.h"

namespace symbolon::revocation {
namespace {

using namespace testing;

TEST(CertIds, AreThoseOfOpenssl) {
  const Certificate rsa = forge().certificate("ids-rsa", "OCSP CA", "", Forge::with(Forge::kCa, R"("key": "rsa2048")"));
  const Certificate ed = forge().certificate("ids-ed", "OCSP CA", "", Forge::with(Forge::kCa, R"("key": "ed25519")"));
  for (const Certificate& issuer : {pki().ca, pki().other, rsa, ed}) {
    const CertIds ids(issuer);
    const auto theirs = [&](const EVP_MD* digest) {
      return encoded<i2d_OCSP_CERTID>(id_of(pki().leaf, issuer, digest).get());
    };
    EXPECT_EQ(ids.of(CertIdHash::sha1, pki().leaf.serial()), theirs(EVP_sha1()));
    EXPECT_EQ(ids.of(CertIdHash::sha256, pki().leaf.serial()), theirs(EVP_sha256()));
  }
}

TEST(CertIds, HoldSerialsOfAllLengths) {
  const CertIds ids(pki().ca);
  for (const std::string_view hex : {"00", "7f", "80", "ff00", "ffffffffffffffffffffffffffffffffffffffff"}) {
    const auto serial = x509::SerialNumber::parse(hex).value();
    const Bytes der = ids.of(CertIdHash::sha256, serial);
    const unsigned char* at = der.data();
    const Id id(d2i_OCSP_CERTID(nullptr, &at, static_cast<long>(der.size())));
    ASSERT_TRUE(id) << hex;
    EXPECT_EQ(encoded<i2d_OCSP_CERTID>(id.get()), der);
    ASN1_INTEGER* number = nullptr;
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &number, id.get());
    const crypto::Handle<BIGNUM, BN_free> value(ASN1_INTEGER_to_BN(number, nullptr));
    const crypto::Handle<BIGNUM, BN_free> expected([&] {
      const ByteView octets = serial.magnitude();
      return BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr);
    }());
    EXPECT_EQ(BN_cmp(value.get(), expected.get()), 0) << hex;
  }
}

}  // namespace
}  // namespace symbolon::revocation
