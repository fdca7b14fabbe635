#include "enroll/trust_entries.h"

#include <gtest/gtest.h>

namespace symbolon::enroll {
namespace {

TEST(TrustEntries, OnlyOurNicknamesAreTakenFromCertutilsList) {
  const auto names = nicknames_of_ours(
      "\nCertificate Nickname                                         Trust Attributes\n"
      "symbolon-example-root-0a1b2c3d                               C,,\n"
      "My symbolon-root                                             C,,\n"
      "symbolon-example-root-0a1b2c3d                               C,,\r\n"
      "symbolon-other-11111111                                      CT,,\n");
  EXPECT_EQ(names, (std::vector<std::string>{"symbolon-example-root-0a1b2c3d", "symbolon-other-11111111"}));
}

TEST(TrustEntries, OnlyOurAliasesAreTakenFromKeytoolsList) {
  const auto entries = keytool_entries_of_ours(
      "Keystore type: PKCS12\n\nAlias name: theirs\n-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n\n"
      "Alias name: symbolon-a-1\nCreation date: x\n-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n"
      "-----BEGIN CERTIFICATE-----\nignored\n-----END CERTIFICATE-----\n"
      "Alias name: symbolon-cut\n-----BEGIN CERTIFICATE-----\nQw==\n");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].alias, "symbolon-a-1");
  EXPECT_EQ(entries[0].pem, "-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n");
}

TEST(TrustEntries, NothingComesOfNothing) {
  EXPECT_TRUE(nicknames_of_ours("").empty());
  EXPECT_TRUE(keytool_entries_of_ours("Alias name: symbolon-").empty());
}

}  // namespace
}  // namespace symbolon::enroll
