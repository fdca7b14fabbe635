#include "x509/trust_bundle.h"

#include <gtest/gtest.h>

#include "x509/testing/forge.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;

constexpr std::string_view kExpired = R"("not_before": 1000000000, "not_after": 1100000000)";

Code refusal(std::vector<Certificate> anchors) {
  const auto bundle = TrustBundle::make(std::move(anchors), kNow, "ca.pem");
  if (bundle) return Code::internal;
  EXPECT_EQ(bundle.error().where, "ca.pem");
  return bundle.error().code;
}

TEST(TrustBundle, RefusesAnEmptyFile) {
  EXPECT_EQ(refusal({}), Code::trust_empty);
  EXPECT_EQ(TrustBundle::from_file_content("", kNow, "ca.pem").error().code, Code::trust_empty);
  EXPECT_EQ(TrustBundle::from_file_content("# no certificate\n", kNow, "ca.pem").error().code,
            Code::certificate_malformed);
}

TEST(TrustBundle, RefusesWhenAllHaveExpiredAndWarnsWhenSomeHave) {
  const Certificate old = forge().certificate("t-old", "Old", "", Forge::with(Forge::kCa, kExpired));
  EXPECT_EQ(refusal({old}), Code::ca_expired);
  const auto both = TrustBundle::make({old, forge().ca("t-good", "Good")}, kNow, "ca.pem");
  ASSERT_TRUE(both);
  ASSERT_EQ(both->warnings().size(), 1U);
  EXPECT_EQ(both->warnings()[0].code, Code::ca_expired);
  EXPECT_EQ(both->warnings()[0].index, 0U);
}

TEST(TrustBundle, RefusesWhatCannotBeRead) {
  const Certificate negative =
      forge().certificate("t-negative", "Negative", "", Forge::with(Forge::kCa, R"("edit": "negative_serial")"));
  EXPECT_EQ(refusal({negative, forge().ca("t-good2", "Good")}), Code::trust_unusable);
}

TEST(TrustBundle, RefusesWhenNoKeyIsStrongEnough) {
  EXPECT_EQ(refusal({forge().certificate("t-weak", "Weak", "", Forge::with(Forge::kCa, R"("key": "rsa1024")"))}),
            Code::trust_unusable);
}

TEST(TrustBundle, WarnsOfACertificateThatIsNoCa) {
  const auto bundle = TrustBundle::make({forge().certificate("t-leaf", "leaf", "", Forge::kClient)}, kNow, "ca.pem");
  ASSERT_TRUE(bundle);
  ASSERT_EQ(bundle->warnings().size(), 1U);
  EXPECT_EQ(bundle->warnings()[0].code, Code::client_certificate_issuer_not_ca);
}

TEST(TrustBundle, DropsDuplicatesAndNamesEachSubjectOnce) {
  const Certificate a = forge().ca("t-a", "Same");
  const Certificate b = forge().ca("t-b", "Same");
  const auto bundle = TrustBundle::make({a, b, a}, kNow, "ca.pem");
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->anchors().size(), 2U);
  EXPECT_EQ(bundle->ca_names(), std::vector{a.subject()});
  EXPECT_EQ(bundle->with_subject(a.subject()), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(bundle->contains(b));
  EXPECT_EQ(bundle->identity(), TrustBundle::make({b, a}, kNow, "other.pem")->identity());
  EXPECT_NE(bundle->identity(), TrustBundle::make({b}, kNow, "ca.pem")->identity());
}

TEST(TrustBundle, CountsTheOctetsThatTheListOfNamesTakes) {
  const Certificate one = forge().ca("t-one", "One");
  const Certificate two = forge().ca("t-two", "Two");
  const auto bundle = TrustBundle::make({one, two, one}, kNow, "ca.pem");
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->ca_name_octets(), one.subject().der().size() + two.subject().der().size() + 4);
}

}  // namespace
}  // namespace symbolon::x509
