// A restored ledger, and the journal of the gateway beside it: nobody asks, and nothing is issued that forgets.
#include "authority/journal_beside.h"

#include "authority/feed_fixture.h"
#include "enroll/hand_back.h"

namespace symbolon::authority {
namespace {

class JournalBesideTest : public FeedTest {
 protected:
  JournalBesideTest() { alice_ = issued("alice"); }

  // alice is revoked after the backup; the gateway's journal has that, and the head that vouches for it.
  void lose_a_revocation(Home& home, const std::string& serial) {
    const Path copy = home.folder.path() / "copy.db";
    ASSERT_TRUE(home.authority->backup_ledger({.path = copy.string()}, {}));
    home.authority->keep_heads();
    {
      const Serving serving(home);
      const auto follower = enroll::RevocationFollower::follow(
          {.reach = serving.reach(), .name = "local", .journal = journal_, .wait = milliseconds(50)}, home.clock);
      ASSERT_TRUE(follower) << follower.error().text();
      ASSERT_TRUE(home.authority->revoke({.what = serial}, kTester));
      const auto end = std::chrono::steady_clock::now() + kPatience;
      const auto is_signed = [&] { return head_in_journal() && head_in_journal()->head.head.count == 1; };
      while (!is_signed() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
      ASSERT_TRUE(is_signed());
    }
    home.authority.reset();
    const Path ledger = home.folder.path() / "state" / "ledger.db";
    for (const char* const rest : {"-wal", "-shm"}) std::filesystem::remove(ledger.string() + rest);
    std::filesystem::copy_file(copy, ledger, std::filesystem::copy_options::overwrite_existing);
  }
  std::optional<enroll::KeptHead> head_in_journal() const {
    const enroll::JournalVisitor nothing{.issuer = [](const revocation::IssuerKey&) {},
                                         .entry = [](const revocation::Change&) {}};
    enroll::JournalEnd end;
    std::ignore = enroll::read_journal(journal_, nothing, end);
    return end.head;
  }
  void open_beside() { home_.open_with({.journal = journal_}); }
  std::optional<api::Revocation> revocation_of(const std::string& serial) {
    return home_.authority->show(serial).value().summary.revocation;
  }

  Path journal_ = home_.folder.path() / "revocations.journal";
  std::string alice_;
};

TEST_F(JournalBesideTest, WhatItKnowsIsThereBeforeAnythingIsIssued) {
  lose_a_revocation(home_, alice_);
  home_.open();
  EXPECT_FALSE(revocation_of(alice_)) << "the backup does not know it";
  open_beside();
  ASSERT_TRUE(revocation_of(alice_));
  EXPECT_EQ(revocation_of(alice_)->by, "gateway local, handed back");
  issued("bob");
  const auto status = home_.authority->status().value();
  EXPECT_TRUE(std::ranges::none_of(status.warnings, [](const auto& one) { return one.code == Code::ledger_behind; }));
  open_beside();
  issued("carol");
}

TEST_F(JournalBesideTest, OneThatTheLedgerIsNotBehindChangesNothing) {
  open_beside();
  issued("bob");
  lose_a_revocation(home_, alice_);
  open_beside();
  const auto entries = home_.authority->status()->ledger.entries;
  open_beside();
  EXPECT_EQ(home_.authority->status()->ledger.entries, entries);
}

// Left by a gateway of another authority, or made up.
TEST_F(JournalBesideTest, OneThatOurKeyHasNotSignedStopsNobody) {
  Home other{InitOptions()};
  lose_a_revocation(other, other.issue("client", {"alice"})->summary.serial);
  open_beside();
  EXPECT_FALSE(revocation_of(alice_));
  issued("bob");
}

// An operator gave it up: the journal still has it.
TEST_F(JournalBesideTest, WhatWasGivenUpStaysSo) {
  lose_a_revocation(home_, alice_);
  home_.open();
  const enroll::KeptHead head = head_in_journal().value();
  EXPECT_TRUE(home_.authority->hand_back(
      {.gateway = "local", .head = api::view_of(head.head), .before = to_hex(head.head.head.hash), .entries = {}}));
  EXPECT_EQ(home_.authority->accept_rollback(kTester)->outcome, api::RollbackOutcome::accepted);
  open_beside();
  EXPECT_FALSE(revocation_of(alice_));
  issued("bob");
}

}  // namespace
}  // namespace symbolon::authority
