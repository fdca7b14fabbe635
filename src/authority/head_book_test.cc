#include "authority/head_book.h"

#include <gtest/gtest.h>

#include "authority/signer_beside.h"
#include "authority/testing.h"
#include "ledger/sql.h"
#include "ledger/sqlite_ledger.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using revocation::HeadKind;

// A signer process beside a ledger that others write to.
class HeadBookTest : public ::testing::Test {
 protected:
  HeadBookTest() {
    home_.authority.reset();
    open();
    const auto issuers = ledger_->issuers().value();
    for (const ledger::Issuer& issuer : issuers) {
      if (issuer.name == kIssuingName) issuer_ = issuer.id;
    }
  }
  void open() {
    auto opened = ledger::SqliteLedger::open(path_, {.clock = &home_.clock});
    ASSERT_TRUE(opened) << opened.error().text();
    ledger_ = std::move(*opened);
  }
  void revoke(std::string_view serial) {
    const auto done = ledger_->revoke({.issuer = issuer_,
                                       .serial = x509::SerialNumber::parse(serial).value(),
                                       .reason = ledger::RevocationReason::superseded,
                                       .invalid_since = kNow - kHour,
                                       .actor = "test",
                                       .unknown_serial = ledger::UnknownSerial::accept});
    ASSERT_TRUE(done) << done.error().text();
  }
  revocation::SignedHead sign(HeadKind kind) {
    auto head = signer_.client()->sign_head(kind);
    EXPECT_TRUE(head) << head.error().text();
    if (!head) return {};
    EXPECT_TRUE(revocation::check_signature(*head, key()));
    EXPECT_EQ(head->head.time, kNow);
    return *std::move(head);
  }
  crypto::PublicKey key() { return revocation::head_key(signer_.client()->head_key()).value(); }
  // By other means than ours.
  void tamper(std::string_view statement) {
    ledger_.reset();
    auto connection = ledger::sql::Connection::open(path_, ledger::sql::Access::write);
    ASSERT_TRUE(connection);
    const Status done = connection->execute(statement);
    ASSERT_TRUE(done) << done.error().text();
  }

  Home home_;
  const Path path_ = home_.folder.path() / "state" / "ledger.db";
  std::unique_ptr<ledger::Ledger> ledger_;
  ledger::IssuerId issuer_;
  SignerBeside signer_{home_};
};

TEST_F(HeadBookTest, TheSignerSignsWhatTheLedgerHolds) {
  FeedHistory history(*ledger_);
  for (int i = 0; i < 3; ++i) {
    const auto audit = sign(HeadKind::audit).head;
    const auto newest = ledger_->audit_head().value();
    EXPECT_EQ(audit.count, newest.sequence);
    EXPECT_EQ(audit.hash, newest.hash);
    const auto feed = sign(HeadKind::feed).head;
    EXPECT_EQ(feed.count, static_cast<std::uint64_t>(i));
    EXPECT_EQ(history.newest().value(), (revocation::FeedPoint{feed.count, feed.hash}));
    revoke(fmt::format("0a{:02x}", i));
  }
}

TEST_F(HeadBookTest, OpenSslVerifiesIt) {
  revoke("0a");
  for (const HeadKind kind : {HeadKind::audit, HeadKind::feed}) {
    const auto head = sign(kind);
    const auto text = home_.folder.put("signed", revocation::signed_text(head.head));
    const auto signature = home_.folder.put("signature", std::string(as_text(head.signature)));
    const std::string verify = fmt::format("openssl dgst -sha256 -verify {} -signature {} {}",
                                           (home_.folder.path() / "state" / "heads.pub").string(), signature, text);
    EXPECT_EQ(must(verify), "Verified OK\n");
    must(fmt::format("echo >>{}", text));
    EXPECT_NE(run(verify).status, 0);
  }
}

TEST_F(HeadBookTest, NoHeadFollowsThatDoesNotContinueTheOneBefore) {
  revoke("0a");
  revoke("0b");
  sign(HeadKind::audit);
  sign(HeadKind::feed);
  const auto refused = [&](HeadKind kind) {
    const auto head = signer_.client()->sign_head(kind);
    return !head && head.error().code == Code::audit_head_mismatch;
  };
  tamper(
      "DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit); "
      "DELETE FROM revocations WHERE sequence = 2");
  EXPECT_TRUE(refused(HeadKind::audit)) << "cut off";
  EXPECT_TRUE(refused(HeadKind::feed));
  open();
  revoke("0c");
  revoke("0d");
  EXPECT_TRUE(refused(HeadKind::audit)) << "gone on with otherwise";
  EXPECT_TRUE(refused(HeadKind::feed));
  signer_.start_anew();
  EXPECT_TRUE(signer_.client()->sign_head(HeadKind::feed)) << "what one of before signed, this one does not know";
}

TEST_F(HeadBookTest, EntriesThatDoNotFitTheOnesBeforeThemAreNotSigned) {
  sign(HeadKind::audit);
  revoke("0a");
  tamper("UPDATE audit SET actor = 'mallory' WHERE sequence = (SELECT max(sequence) FROM audit)");
  const auto head = signer_.client()->sign_head(HeadKind::audit);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Code::audit_head_mismatch);
}

TEST_F(HeadBookTest, WithoutItsKeyTheSignerSignsCertificatesAllTheSame) {
  std::filesystem::remove(home_.folder.path() / "state" / "heads.key");
  signer_.start_anew();
  const auto head = signer_.client()->sign_head(HeadKind::audit);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Code::file_missing);
  ledger_.reset();
  home_.open_with({.keys = keys_behind(signer_.client()), .head_signer = head_signer_behind(signer_.client())});
  ASSERT_TRUE(home_.authority);
  EXPECT_TRUE(home_.issue("client", {"alice"}));
}

}  // namespace
}  // namespace symbolon::authority
