#include "watch/authority_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::watch {
namespace {

using testing::HasSubstr;

std::string exposed(const std::optional<api::StatusInfo>& status) {
  Families families;
  add_authority_metrics(families, status);
  return exposition(std::move(families).take());
}

TEST(AuthorityMetrics, SayDownAndNothingElseWithoutAnAnswer) {
  const std::string text = exposed(std::nullopt);
  EXPECT_THAT(text, HasSubstr("symbolon_authority_up 0\n"));
  EXPECT_EQ(text.find("issued"), std::string::npos);
  const x509::testing::Folder folder;
  EXPECT_FALSE(ask_authority(Path(folder.path()) / "nobody.sock"));
}

TEST(AuthorityMetrics, CountWarningsByCode) {
  api::StatusInfo status;
  status.issued = 3;
  status.ledger.octets = 4096;
  status.warnings = {{Code::intent_unfinished, "a"}, {Code::intent_unfinished, "b"}, {Code::ca_expires_soon, "c"}};
  const std::string text = exposed(status);
  EXPECT_THAT(text, HasSubstr("symbolon_authority_up 1\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_authority_certificates_issued_total 3\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_ledger_size_bytes 4096\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_authority_warnings{code=\"intent_unfinished\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_authority_warnings{code=\"ca_expires_soon\"} 1\n"));
}

TEST(AuthorityMetrics, SayWhenEachCrlEnds) {
  api::StatusInfo status;
  status.crls = {{"issuing", 7, {1}, {2}, 3, 300}, {"issuing-2", 8, {4}, {5}, 6, 300}};
  const std::string text = exposed(status);
  EXPECT_THAT(text, HasSubstr("symbolon_authority_crl_number{issuer=\"issuing\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_authority_crl_entries{issuer=\"issuing-2\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_authority_crl_made_timestamp_seconds{issuer=\"issuing\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_authority_crl_ends_timestamp_seconds{issuer=\"issuing-2\"} 5\n"));
}

}  // namespace
}  // namespace symbolon::watch
