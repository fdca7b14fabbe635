#include "base/codes.h"

#include <gtest/gtest.h>

#include <set>

namespace symbolon {
namespace {

TEST(CodeTable, RowsStandInTheOrderOfTheEnumAndAreFoundByName) {
  std::size_t index = 0;
  for (const CodeRow& entry : code_table()) {
    EXPECT_EQ(static_cast<std::size_t>(entry.code), index++);
    EXPECT_EQ(&row(entry.code), &entry);
    EXPECT_EQ(code_from_name(entry.name), entry.code);
  }
  EXPECT_EQ(code_from_name("no_such_code"), std::nullopt);
}

TEST(CodeTable, EveryRowTellsWhatIsTheCaseAndWhatMendsIt) {
  std::set<std::string_view> names;
  for (const CodeRow& entry : code_table()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.sentence.empty()) << entry.name;
    EXPECT_FALSE(entry.remedy.empty()) << entry.name;
    EXPECT_FALSE(entry.sentence.ends_with('.')) << entry.name;
    EXPECT_TRUE(entry.http_status >= 200 && entry.http_status < 600) << entry.name;
    EXPECT_TRUE(entry.exit_code >= 0 && entry.exit_code < 128) << entry.name;
  }
}

// RFC 8446 §6.2; libssl cannot send access_denied (49) from a verify callback.
TEST(CodeTable, NoRowPromisesAnAlertThatCannotBeSent) {
  for (const CodeRow& entry : code_table()) {
    EXPECT_NE(entry.tls_alert, 49) << entry.name;
    if (entry.tls_alert == 0) continue;
    EXPECT_NE(alert_name(entry.tls_alert), "unknown alert") << entry.name;
  }
}

TEST(CodeTable, ExpiryIsToldOnlyForTheClientsOwnExpiry) {
  for (const CodeRow& entry : code_table()) {
    const bool expired = entry.name == "client_certificate_expired" || entry.name == "server_certificate_expired";
    EXPECT_EQ(entry.tls_alert == 45, expired) << entry.name;
  }
}

TEST(CertificateProblems, HaveARowForEachRole) {
  EXPECT_EQ(certificate_code(PeerRole::client, CertificateProblem::revoked), Code::client_certificate_revoked);
  EXPECT_EQ(certificate_code(PeerRole::server, CertificateProblem::revoked), Code::server_certificate_revoked);
  EXPECT_EQ(row(Code::client_certificate_revoked).tls_alert, 44);
}

}  // namespace
}  // namespace symbolon
