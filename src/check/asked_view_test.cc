#include "check/asked_view.h"

#include <gtest/gtest.h>

#include "check/testing/meetings.h"

namespace symbolon::check {
namespace {

using Names = std::vector<std::string>;

TEST(SignatureFit, EcdsaNamesACurveInTls13Only) {
  const Names p256{"ecdsa_secp256r1_sha256"};
  EXPECT_EQ(fits_signature_algorithms("P-256", p256, "TLSv1.3"), Fit::yes);
  EXPECT_EQ(fits_signature_algorithms("P-384", p256, "TLSv1.3"), Fit::no);
  EXPECT_EQ(fits_signature_algorithms("P-384", p256, "TLSv1.2"), Fit::yes);
  EXPECT_EQ(fits_signature_algorithms("RSA 2048", {"rsa_pkcs1_sha256"}, "TLSv1.3"), Fit::no);
  EXPECT_EQ(fits_signature_algorithms("RSA 2048", {"rsa_pkcs1_sha256"}, "TLSv1.2"), Fit::yes);
  EXPECT_EQ(fits_signature_algorithms("RSA 2048", {"rsa_pss_rsae_sha256"}, "TLSv1.3"), Fit::yes);
  EXPECT_EQ(fits_signature_algorithms("RSA 2048", {"rsa_pss_pss_sha256"}, "TLSv1.3"), Fit::no);
  EXPECT_EQ(fits_signature_algorithms("Ed25519", p256, "TLSv1.3"), Fit::no);
  EXPECT_EQ(fits_signature_algorithms("P-256", {}, "TLSv1.3"), Fit::unknown);
  EXPECT_EQ(fits_signature_algorithms("DSA 1024", p256, "TLSv1.3"), Fit::unknown);
}

TEST(AskedView, SaysWhatFitsAndWhatWasSent) {
  Observation seen = testing::meeting();
  const AskedView asked = asked_view(seen);
  EXPECT_EQ(asked.ca_names, Names{"CN=Root"});
  ASSERT_EQ(asked.remarks.size(), 3U);
  EXPECT_EQ(asked.remarks[0].tone, Tone::good);
  EXPECT_EQ(asked.remarks[1].tone, Tone::good);
  EXPECT_EQ(asked.remarks[2].words, "sent: 2 certificates");
  seen.tls->ca_names = {seen.tls->server_chain.front().subject()};
  EXPECT_EQ(asked_view(seen).remarks[0].tone, Tone::bad);
  seen.tls->certificate_requested = false;
  EXPECT_TRUE(asked_view(seen).remarks.empty());
}

}  // namespace
}  // namespace symbolon::check
