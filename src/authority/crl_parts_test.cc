// What is on hold, delta CRLs and shards, in CRLs of a state that init made.
#include "authority/crl_folder.h"
#include "authority/crl_publisher_fixture.h"

namespace symbolon::authority {
namespace {

using namespace testing;

TEST_F(CrlPublisherTest, WhatIsOnHoldStandsThereUntilItIsReleased) {
  revoke(0, ledger::RevocationReason::certificate_hold);
  revoke(1, ledger::RevocationReason::certificate_hold);
  const auto one = publisher();
  const auto current = [&] { return one->current(std::string(kIssuingName)).value()->der; };
  const auto text = [&] {
    return must("openssl crl -inform DER -noout -text -in " + home_.folder.put("crl.der", current()));
  };
  EXPECT_NE(text().find("Certificate Hold"), std::string::npos);
  EXPECT_TRUE(lists(current(), 0));
  release(0);
  revoke(1, ledger::RevocationReason::key_compromise);
  revoke(2, ledger::RevocationReason::certificate_hold);
  EXPECT_FALSE(lists(current(), 0));
  EXPECT_TRUE(lists(current(), 1) && lists(current(), 2));
  EXPECT_NE(text().find("Key Compromise"), std::string::npos);
  EXPECT_EQ(one->current(std::string(kIssuingName)).value()->entries, 2U);
  // The process that comes next has the same to say.
  release(2);
  const auto next = publisher();
  EXPECT_EQ(next->current(std::string(kIssuingName)).value()->entries, 1U);
  EXPECT_FALSE(lists(published(), 2));
}

// The ledger has forgotten that it was revoked after its release.
TEST_F(CrlPublisherTest, ARestoredBackupReleasesNothing) {
  revoke(0, ledger::RevocationReason::certificate_hold);
  release(0);
  clock_.set(kNow + kHour);
  ASSERT_TRUE(publisher()->publish_now());
  const Path backup = home_.folder.path() / "before.db";
  ASSERT_TRUE(state_->ledger->backup(backup, {}));
  revoke(0, ledger::RevocationReason::key_compromise);
  ASSERT_TRUE(publisher()->publish_now());
  EXPECT_TRUE(lists(published(), 0));
  restore(backup);
  EXPECT_EQ(code_of(publisher()->current(std::string(kIssuingName))), Code::crl_ahead_of_ledger);
  EXPECT_TRUE(lists(published(), 0));
}

TEST_F(CrlPublisherTest, ADeltaCrlSaysWhatChangedSinceTheOldestFullOneThatCounts) {
  const std::string name(kIssuingName);
  const auto one = publisher_with({.publish = CrlPublisherOptions::Publish::yes,
                                   .places = {.url = "http://a.example", .delta = true},
                                   .delta = kDay});
  revoke(0);
  const auto full = one->current(name).value();
  const auto delta = [&] { return one->find(name, {.delta = true}); };
  ASSERT_NE(delta(), nullptr);
  EXPECT_EQ(delta()->number, full->number);
  EXPECT_EQ(delta()->entries, 0U) << "the full one before it has that already";
  revoke(1, ledger::RevocationReason::certificate_hold);
  ASSERT_TRUE(one->current(name));
  EXPECT_EQ(delta()->entries, 1U);
  release(1);
  revoke(2);
  const auto newest = one->current(name).value();
  EXPECT_EQ(newest->entries, 2U);
  EXPECT_EQ(delta()->entries, 2U) << "one is revoked, one was released";
  EXPECT_EQ(delta()->number, newest->number);
  EXPECT_EQ(delta()->next_update, delta()->this_update + kDay);
  const auto content = read_file(state_->layout.crl_parts(name) / "delta.crl");
  ASSERT_TRUE(content);
  const std::string text = must("openssl crl -inform DER -noout -text -in " + home_.folder.put("delta.crl", *content));
  EXPECT_NE(text.find("Delta CRL Indicator: critical"), std::string::npos) << text;
  EXPECT_NE(text.find("Remove From CRL"), std::string::npos) << text;
  EXPECT_TRUE(one->failures().empty());
  CrlFolder folder(state_->layout);
  EXPECT_EQ(code_of(folder.publish(name, {.delta = true}, newest->number, as_bytes(delta()->der))),
            Code::already_exists)
      << "an older one never replaces a newer one";
}

TEST_F(CrlPublisherTest, TheNextProcessServesTheDeltaCrlThatIsThere) {
  const std::string name(kIssuingName);
  CrlPublisherOptions options{.publish = CrlPublisherOptions::Publish::yes,
                              .places = {.url = "http://a.example", .delta = true},
                              .delta = kDay};
  ASSERT_TRUE(publisher_with(options)->publish_now());
  const auto content = read_file(state_->layout.crl_parts(name) / "delta.crl").value();
  const auto next = publisher_with(options);
  ASSERT_TRUE(next->publish_now());
  ASSERT_NE(next->find(name, {.delta = true}), nullptr);
  EXPECT_EQ(next->find(name, {.delta = true})->der, content);
  options.delta.reset();
  options.places.delta = false;
  const auto without = publisher_with(options);
  ASSERT_TRUE(without->publish_now());
  EXPECT_EQ(without->find(name, {.delta = true}), nullptr) << "it would only grow old";
}

// The ledger and the full CRL of before come back, the delta CRL is that of after.
TEST_F(CrlPublisherTest, ADeltaCrlThatKnowsMoreThanTheLedgerIsNotReplaced) {
  const std::string name(kIssuingName);
  const CrlPublisherOptions options{.publish = CrlPublisherOptions::Publish::yes,
                                    .places = {.url = "http://a.example", .delta = true},
                                    .delta = kDay};
  const Path file = state_->layout.crl_parts(name) / "delta.crl";
  const Path backup = home_.folder.path() / "before.db";
  std::string full;
  {
    const auto one = publisher_with(options);
    ASSERT_TRUE(one->publish_now());
    full = published();
    ASSERT_TRUE(state_->ledger->backup(backup, {}));
    revoke(0);
    ASSERT_TRUE(one->publish_now());
  }
  const auto delta = read_file(file).value();
  restore(backup);
  ASSERT_TRUE(write_file(state_->layout.crl(kIssuingName), full, {.existing = Existing::replace}));
  {
    const auto one = publisher_with(options);
    const auto made = one->current(name);
    ASSERT_EQ(code_of(made), Code::crl_ahead_of_ledger);
    EXPECT_EQ(made.error().where, file.string());
    EXPECT_EQ(code_of(one->check_ledger(issuing())), Code::crl_ahead_of_ledger) << "who asks by OCSP is told nothing";
    EXPECT_EQ(one->find(name, {.delta = true})->der, delta) << "it is served";
  }
  EXPECT_EQ(read_file(file).value(), delta);
  EXPECT_EQ(published(), full);
  revoke(0);
  const auto again = publisher_with(options);
  ASSERT_TRUE(again->publish_now()) << "the ledger has it again";
  EXPECT_TRUE(lists(published(), 0));
  EXPECT_NE(read_file(file).value(), delta);
}

TEST_F(CrlPublisherTest, ARevocationGoesIntoItsShardAndTheFullOne) {
  const std::string name(kIssuingName);
  const CrlPublisherOptions options{
      .publish = CrlPublisherOptions::Publish::yes, .places = {.url = "http://a.example"}, .shards = {16}};
  const CrlPart part = CrlPart::of(x509::SerialNumber::parse(serials_[0]).value(), 16);
  {
    const auto one = publisher_with(options);
    ASSERT_TRUE(one->publish_now());
    const CrlPart other{.shards = 16, .shard = static_cast<std::uint16_t>(part.shard == 0 ? 1 : 0)};
    const auto before = one->find(name, part);
    const auto of_others = one->find(name, other);
    ASSERT_TRUE(before && of_others);
    EXPECT_EQ(before->entries, 0U);
    revoke(0);
    ASSERT_TRUE(one->publish_now());
    EXPECT_EQ(one->find(name, part)->entries, 1U);
    EXPECT_GT(one->find(name, part)->number, before->number);
    EXPECT_EQ(one->find(name, other), of_others);
    EXPECT_TRUE(lists(published(), 0));
    EXPECT_EQ(one->all().size(), 1U) << "the full one";
  }
  // The next process knows them by their files, whatever the profiles say by then.
  auto without = options;
  without.shards.clear();
  const auto next = publisher_with(without);
  next->start();
  revoke(0, ledger::RevocationReason::key_compromise);
  revoke(1);
  const CrlPart second = CrlPart::of(x509::SerialNumber::parse(serials_[1]).value(), 16);
  wait([&] {
    const auto found = next->find(name, second);
    return found && found->entries == (second == part ? 2U : 1U);
  });
  const auto read =
      revocation::read_crl(as_bytes(next->find(name, second)->der), {issuing().certificate}, clock_.now());
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(read->entries.find(x509::SerialNumber::parse(serials_[1]).value()));
}

}  // namespace
}  // namespace symbolon::authority
