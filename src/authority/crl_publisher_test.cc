// CRLs from a state that init made: openssl reads them, and whatever ends the process, none is older than the one
// before.
#include <sys/stat.h>

#include <limits>

#include "authority/crl_content.h"
#include "authority/crl_folder.h"
#include "authority/crl_publisher_fixture.h"
#include "revocation/crl_builder.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using std::chrono::milliseconds;

TEST_F(CrlPublisherTest, ItListsWhatTheLedgerCallsRevoked) {
  revoke(0, ledger::RevocationReason::key_compromise);
  revoke(2);
  const auto crl = publisher()->current(std::string(kIssuingName));
  ASSERT_TRUE(crl) << crl.error().text();
  EXPECT_EQ((*crl)->entries, 2U);
  EXPECT_EQ((*crl)->number, static_cast<std::uint64_t>(kNow.count));
  EXPECT_TRUE(lists((*crl)->der, 0));
  EXPECT_FALSE(lists((*crl)->der, 1));
  EXPECT_TRUE(lists((*crl)->der, 2));
  const std::string text = must("openssl crl -inform DER -noout -text -in " + home_.folder.put("crl.der", (*crl)->der));
  EXPECT_NE(text.find("Key Compromise"), std::string::npos) << text;
  EXPECT_EQ(text.find("Unspecified"), std::string::npos) << text;  // RFC 5280 §5.3.1: left out
  EXPECT_EQ(published(), (*crl)->der);
  struct stat info{};
  ASSERT_EQ(::stat(state_->layout.crl(kIssuingName).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0644U);
}

TEST_F(CrlPublisherTest, WhereNoneIsPublishedOneIsMadeAndNotKept) {
  const auto one = publisher(CrlPublisherOptions::Publish::no);
  const auto crl = one->current(std::string(kIssuingName));
  ASSERT_TRUE(crl) << crl.error().text();
  EXPECT_EQ(published(), "");
  one->start();
  EXPECT_TRUE(one->publish_now());
  EXPECT_EQ(published(), "");
  // But its number is used up, also for whoever publishes later.
  EXPECT_GT(publisher()->current(std::string(kIssuingName)).value()->number, (*crl)->number);
}

TEST_F(CrlPublisherTest, OneIsMadeAnewWhenSomethingWasRevokedOrHalfOfItsTimeHasPassed) {
  const auto one = publisher();
  const auto first = one->current(std::string(kIssuingName)).value();
  EXPECT_EQ(one->current(std::string(kIssuingName)).value(), first);
  revoke(1);
  const auto second = one->current(std::string(kIssuingName)).value();
  EXPECT_NE(second, first);
  EXPECT_GT(second->number, first->number);
  clock_.set(kNow + kDay * 3);
  EXPECT_EQ(one->current(std::string(kIssuingName)).value(), second);
  clock_.set(kNow + kDay * 4);
  EXPECT_GT(one->current(std::string(kIssuingName)).value()->this_update, second->this_update);
}

TEST_F(CrlPublisherTest, OfAnUnknownCaOrOneWithoutItsKeyThereIsNone) {
  EXPECT_EQ(code_of(publisher()->current("nobody")), Code::issuer_unknown);
  EXPECT_EQ(code_of(publisher()->current(std::string(kRootName))), Code::issuer_unknown);
  EXPECT_EQ(code_of(publisher()->current("../issuing")), Code::issuer_unknown);
}

TEST_F(CrlPublisherTest, ARevocationIsPublishedByItself) {
  const auto one = publisher();
  one->start();
  wait([&] { return one->find(std::string(kIssuingName)) != nullptr; });
  for (const std::size_t which : {0U, 1U, 2U}) {
    revoke(which);
    wait([&] { return one->find(std::string(kIssuingName))->entries == which + 1; });
    EXPECT_TRUE(lists(published(), which));
  }
}

TEST_F(CrlPublisherTest, ItIsMadeAnewLongBeforeItEnds) {
  const auto one = publisher();
  one->start();
  wait([&] { return one->find(std::string(kIssuingName)) != nullptr; });
  const auto first = one->find(std::string(kIssuingName));
  clock_.set(kNow + kDay * 2);
  wait([&] { return one->find(std::string(kIssuingName)) != first; });
  EXPECT_EQ(one->find(std::string(kIssuingName))->this_update, kNow + kDay * 2 - kCrlBackdate);
  EXPECT_EQ(one->find(std::string(kIssuingName))->next_update, kNow + kDay * 9 - kCrlBackdate);
}

// Revoked, and the process ended before anything was published.
TEST_F(CrlPublisherTest, TheNextProcessPublishesWhatTheLastOneDidNot) {
  {
    const auto one = publisher();
    one->start();
    wait([&] { return one->find(std::string(kIssuingName)) != nullptr; });
  }
  const std::uint64_t before = crl_number_of(as_bytes(published())).value();
  revoke(0);
  EXPECT_FALSE(lists(published(), 0));
  const auto next = publisher();
  next->start();
  wait([&] { return lists(published(), 0); });
  EXPECT_GT(crl_number_of(as_bytes(published())).value(), before);
}

TEST_F(CrlPublisherTest, AnUnchangedOneIsTakenUpAfterAStart) {
  revoke(0);
  ASSERT_TRUE(publisher()->publish_now());
  const std::string first = published();
  const auto next = publisher();
  ASSERT_TRUE(next->publish_now());
  EXPECT_EQ(published(), first);
  EXPECT_EQ(next->find(std::string(kIssuingName))->entries, 1U);
}

TEST_F(CrlPublisherTest, ItOwesWhatWasRevokedSinceItsBeginning) {
  const auto one = publisher();
  EXPECT_FALSE(one->owes());
  revoke(0);
  EXPECT_TRUE(one->owes());
  one->start();
  wait([&] { return !one->owes() && one->find(std::string(kIssuingName)); });
  EXPECT_TRUE(lists(published(), 0));
  EXPECT_FALSE(publisher()->owes());
}

TEST_F(CrlPublisherTest, NumbersNeverFallWhateverTheClockSays) {
  const auto first = publisher()->current(std::string(kIssuingName)).value();
  clock_.set(kNow - kDay);
  revoke(0);
  const auto second = publisher()->current(std::string(kIssuingName)).value();
  EXPECT_EQ(second->number, first->number + 1);
  EXPECT_EQ(crl_number_of(as_bytes(published())).value(), second->number);
}

// Caches go by the date, and NSS refuses a second one of the same.
TEST_F(CrlPublisherTest, NoTwoHaveOneThisUpdateThoughTheyAreMadeWithinOneSecond) {
  const auto one = publisher();
  auto before = one->current(std::string(kIssuingName)).value();
  EXPECT_EQ(before->this_update, kNow - kCrlBackdate);
  for (const std::size_t which : {0U, 1U}) {
    revoke(which);
    const auto next = one->current(std::string(kIssuingName)).value();
    EXPECT_EQ(next->this_update, before->this_update + Seconds{1});
    before = next;
  }
  revoke(2);
  const auto another = publisher()->current(std::string(kIssuingName)).value();  // a process after it
  EXPECT_EQ(another->this_update, before->this_update + Seconds{1});
}

// The clock is waited for where it must be; one that was set back is not.
TEST_F(CrlPublisherTest, ThisUpdateNeverLiesInTheFuture) {
  const auto one = publisher();
  ASSERT_TRUE(one->current(std::string(kIssuingName)));
  clock_.set(kNow - kCrlBackdate);
  revoke(0);
  EXPECT_EQ(code_of(one->current(std::string(kIssuingName))), Code::overloaded);
  std::thread later([this] {
    std::this_thread::sleep_for(milliseconds(100));
    clock_.set(kNow);
  });
  EXPECT_EQ(one->current(std::string(kIssuingName)).value()->this_update, kNow - kCrlBackdate + Seconds{1});
  later.join();
}

TEST_F(CrlPublisherTest, OneWithLessThanHalfOfItsTimeIsNotTheCurrentOneHoweverLongTheNextOnesLast) {
  const auto first = publisher()->current(std::string(kIssuingName)).value();
  clock_.set(kNow + kDay * 4);
  CrlPublisherOptions options{.publish = CrlPublisherOptions::Publish::yes, .next_update = kDay * 80};
  CrlPublisher longer(*state_->ledger, clock_, state_->layout, [this] { return state_->issuers; }, std::move(options));
  EXPECT_GT(longer.current(std::string(kIssuingName)).value()->number, first->number);
}

// The ledger of before the revocations comes back, and the CRL of after them is there.
TEST_F(CrlPublisherTest, ARestoredBackupTakesNothingBack) {
  const Path backup = home_.folder.path() / "before.db";
  ASSERT_TRUE(state_->ledger->backup(backup, {}));
  revoke(0);
  revoke(1);
  ASSERT_TRUE(publisher()->publish_now());
  const std::string first = published();
  restore(backup);
  revoke(2);
  for (const Seconds later : {Seconds{0}, kDay * 30}) {  // also when it has ended
    clock_.set(kNow + later);
    const auto one = publisher();
    EXPECT_EQ(code_of(one->current(std::string(kIssuingName))), Code::crl_ahead_of_ledger);
    one->start();
    wait([&] { return !one->failures().empty(); });
    EXPECT_EQ(one->failures().front().code, Code::crl_ahead_of_ledger);
    EXPECT_EQ(published(), first);
    EXPECT_EQ(one->find(std::string(kIssuingName))->der, first) << "it is served all the same";
  }
  // The operator says that they count again.
  const auto one = publisher();
  one->start();
  wait([&] { return !one->failures().empty(); });
  std::filesystem::remove(state_->layout.crl(kIssuingName));
  wait([&] { return one->failures().empty() && !published().empty(); });
  EXPECT_TRUE(lists(published(), 2));
  EXPECT_FALSE(lists(published(), 0));
}

// Of a ledger in which nothing is revoked.
const CrlFacts kNothing{.walk = [](const auto&, const auto&) { return Status(); },
                        .newest = [] { return std::uint64_t{0}; }};

// The same name and key in another certificate: to whoever reads CRLs it is the same CA.
TEST_F(CrlPublisherTest, ACaInTwoCertificatesHasTheRevocationsOfBothInEachOfItsCrls) {
  auto set = std::make_shared<IssuerSet>(*state_->issuers);
  Issuer renewed = issuing();
  renewed.name = "issuing-2";
  renewed.in_use = false;
  renewed.id = ledger::IssuerId{99};
  set->issuers.push_back(renewed);
  const Issuer& older = set->issuers[set->issuers.size() - 2];
  ASSERT_EQ(older.name, kIssuingName);
  const CrlIssuer all = CrlIssuer::of(renewed, *set);
  EXPECT_EQ(all.ids, (std::vector{older.id, renewed.id}));
  const auto a = x509::SerialNumber::parse(serials_[0]).value();
  const auto b = x509::SerialNumber::parse(serials_[1]).value();
  const auto walk = [&](const ledger::RevocationRange&, const ledger::Ledger::RevocationVisitor& each) -> Status {
    const std::pair<ledger::IssuerId, x509::SerialNumber> rows[] = {{older.id, a}, {renewed.id, b}, {renewed.id, a}};
    std::uint64_t sequence = 0;
    for (const auto& [id, serial] : rows) {
      ledger::Revocation revocation;
      revocation.sequence = ++sequence;
      revocation.issuer = id;
      revocation.serial = serial;
      revocation.revoked_at = kNow;
      each(revocation);
    }
    return {};
  };
  for (const Issuer* const issuer : {&older, static_cast<const Issuer*>(&renewed)}) {
    const auto content =
        crl_content(*issuer, all, {.issuer = issuer->id.value, .revocations = 3, .number = 1, .next_update = {1}},
                    {.walk = walk, .newest = [] { return std::uint64_t{3}; }});
    ASSERT_TRUE(content) << content.error().text();
    EXPECT_EQ(content->entries, 2U) << "no serial twice";
  }

  // They count on from each other, and each is made when something of either was revoked.
  CrlPublisherOptions options{.publish = CrlPublisherOptions::Publish::yes};
  options.gather = options.again = options.look = milliseconds(10);
  CrlPublisher both(*state_->ledger, clock_, state_->layout, [set] { return set; }, std::move(options));
  both.start();
  const auto entries = [&](const std::string& name) {
    const auto crl = both.find(name);
    return crl ? static_cast<int>(crl->entries) : -1;
  };
  wait([&] { return entries("issuing") == 0 && entries("issuing-2") == 0; });
  revoke(0);
  wait([&] { return entries("issuing") == 1 && entries("issuing-2") == 1; });
  EXPECT_NE(both.find("issuing")->number, both.find("issuing-2")->number);
  EXPECT_NE(both.find("issuing")->this_update, both.find("issuing-2")->this_update);
  EXPECT_FALSE(std::filesystem::exists(state_->layout.crl_number("issuing-2"))) << "one number file";
}

// It costs nobody's number, is not tried again and again, and holds up no other CA.
TEST_F(CrlPublisherTest, ACaThatMaySignNoCrlIsWarnedAboutAndLeftAlone) {
  must(fmt::format(
      "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -out x.crt "
      "-subj /CN=x -addext keyUsage=critical,keyCertSign",
      home_.folder.path().string()));
  auto set = std::make_shared<IssuerSet>(*state_->issuers);
  Issuer other = issuing();
  other.id = ledger::IssuerId{99};
  other.name = "issuing-2";
  other.certificate = x509::Certificate::from_pem(home_.folder.get("x.crt"), "x").value().front();
  set->issuers.insert(set->issuers.begin(), other);
  CrlPublisherOptions options{.publish = CrlPublisherOptions::Publish::yes};
  options.gather = options.look = milliseconds(10);
  CrlPublisher one(*state_->ledger, clock_, state_->layout, [set] { return set; }, std::move(options));
  one.start();
  wait([&] { return one.find(std::string(kIssuingName)) != nullptr; });
  revoke(0);
  wait([&] { return one.find(std::string(kIssuingName))->entries == 1; });
  EXPECT_EQ(code_of(one.current("issuing-2")), Code::crl_issuer_may_not_sign);
  ASSERT_EQ(one.failures().size(), 1U);
  EXPECT_EQ(one.failures().front().code, Code::crl_issuer_may_not_sign);
  EXPECT_FALSE(std::filesystem::exists(state_->layout.crl_number("issuing-2")));
  EXPECT_TRUE(one.publish_now());
}

TEST_F(CrlPublisherTest, WhatLiesThereOfACaWhoseKeyIsGoneIsServedAndWarnedAboutInTime) {
  auto set = std::make_shared<IssuerSet>(*state_->issuers);
  for (Issuer& issuer : set->issuers) issuer.signer = nullptr;
  const auto without_key = [&] {
    CrlPublisherOptions options{.publish = CrlPublisherOptions::Publish::yes};
    options.look = milliseconds(10);
    auto out = std::make_unique<CrlPublisher>(
        *state_->ledger, clock_, state_->layout, [set] { return set; }, std::move(options));
    out->start();
    return out;
  };
  const auto one = without_key();
  wait([&] { return !one->failures().empty(); });
  ASSERT_EQ(one->failures().size(), 1U) << "that of the root is not missed";
  EXPECT_EQ(one->failures().front().code, Code::crl_lapses);
  ASSERT_TRUE(publisher()->publish_now());  // where the key is
  wait([&] { return one->failures().empty(); });
  EXPECT_EQ(one->find(std::string(kIssuingName))->der, published());
  clock_.set(kNow + kDay * 4);
  wait([&] { return !one->failures().empty(); });
  EXPECT_EQ(one->failures().front().code, Code::crl_lapses);
  EXPECT_NE(one->find(std::string(kIssuingName)), nullptr);
  std::filesystem::remove(state_->layout.crl(kIssuingName));
  wait([&] { return one->find(std::string(kIssuingName)) == nullptr; });
}

// What a signer answers that built other bytes, or whose arithmetic failed.
TEST_F(CrlPublisherTest, WhatDoesNotVerifyIsNeverPublished) {
  ASSERT_TRUE(publisher()->publish_now());
  const std::string first = published();
  revoke(0);
  std::atomic<int> asked = 0;
  const auto one = publisher(CrlPublisherOptions::Publish::yes, [&](const signer::CrlName&) -> Result<Bytes> {
    ++asked;
    return Bytes(70, 1);
  });
  EXPECT_EQ(code_of(one->current(std::string(kIssuingName))), Code::crypto_failed);
  ASSERT_EQ(one->failures().size(), 1U);
  EXPECT_EQ(one->failures().front().code, Code::crypto_failed);
  EXPECT_EQ(published(), first);
  // And it is tried again and again.
  one->start();
  wait([&] { return asked > 3; });
  EXPECT_EQ(published(), first);
}

TEST_F(CrlPublisherTest, ACaWithoutCrlSignHasNone) {
  Issuer issuer = issuing();
  must(fmt::format(
      "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -out x.crt "
      "-subj /CN=x -addext keyUsage=critical,keyCertSign",
      home_.folder.path().string()));
  issuer.certificate = x509::Certificate::from_pem(home_.folder.get("x.crt"), "x").value().front();
  const auto content = crl_content(issuer, {{issuer.id}, {issuer.name}},
                                   {.issuer = issuer.id.value, .number = 1, .next_update = {1}}, kNothing);
  EXPECT_EQ(code_of(content), Code::crl_issuer_may_not_sign);
}

class CrlFolderTest : public ::testing::Test {
 protected:
  struct Made {
    Folder folder;
    StateLayout layout{folder.path()};
    std::unique_ptr<crypto::Signer> signer =
        crypto::make_signer(crypto::PrivateKey::generate(crypto::KeyType::p256).value()).value();
    Bytes crl(std::uint64_t number) const {
      Issuer issuer{.id = {1}, .name = "x", .certificate = certificate()};
      issuer.signer = std::shared_ptr<const crypto::Signer>(signer.get(), [](const crypto::Signer*) {});
      const auto content = crl_content(issuer, {{issuer.id}, {issuer.name}},
                                       {.issuer = 1, .number = number, .next_update = {1}}, kNothing)
                               .value();
      // The signature does not count here.
      return revocation::assemble_crl(content.tbs, signer->algorithm_identifier(), Bytes(70, 1));
    }
    x509::Certificate certificate() const {
      must(fmt::format(
          "cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -out "
          "x.crt -subj /CN=x 2>&1",
          folder.path().string()));
      return x509::Certificate::from_pem(folder.get("x.crt"), "x").value().front();
    }
  } state_;
  Bytes crl(std::uint64_t number) const { return state_.crl(number); }
  CrlFolder folder_{state_.layout};
};

TEST_F(CrlFolderTest, AnOlderOneNeverTakesTheNewerOnesPlace) {
  const Bytes newer = crl(8);
  ASSERT_TRUE(folder_.publish("x", {}, 8, newer));
  for (const std::uint64_t number : {7U, 8U}) {
    const Status published = folder_.publish("x", {}, number, crl(number));
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().code, Code::already_exists);
  }
  EXPECT_EQ(folder_.read("x").value(), as_text(newer));
  EXPECT_TRUE(folder_.publish("x", {}, 9, crl(9)));
}

TEST_F(CrlFolderTest, ANumberIsClaimedOnce) {
  EXPECT_EQ(folder_.claim_number({"x"}, kNow).value(), 1'800'000'000U);
  EXPECT_EQ(folder_.claim_number({"x"}, kNow).value(), 1'800'000'001U);
  EXPECT_EQ(folder_.claim_number({"x"}, kNow + kDay).value(), 1'800'086'400U);
  EXPECT_EQ(CrlFolder(state_.layout).claim_number({"x"}, kNow).value(), 1'800'086'401U);
  EXPECT_EQ(folder_.claim_number({"y"}, kNow).value(), 1'800'000'000U);
}

// Only the CRL is left, or the clock stands before 1970.
TEST_F(CrlFolderTest, ThePublishedOnesNumberCounts) {
  ASSERT_TRUE(folder_.publish("x", {}, 2'000'000'000, crl(2'000'000'000)));
  EXPECT_EQ(folder_.claim_number({"x"}, UnixSeconds{-5}).value(), 2'000'000'001U);
  EXPECT_EQ(folder_.claim_number({"y"}, UnixSeconds{-5}).value(), 1U);
}

TEST_F(CrlFolderTest, WhatCannotBeReadAsANumberStops) {
  for (const std::string_view bad : {"", "x\n", "12", "12 \n", "-3\n", "99999999999999999999999\n"}) {
    std::filesystem::create_directories(state_.layout.crls());
    ASSERT_TRUE(write_file(state_.layout.crl_number("x"), bad, {.existing = Existing::replace}));
    EXPECT_EQ(code_of(folder_.claim_number({"x"}, kNow)), Code::file_unreadable) << bad;
  }
}

}  // namespace
}  // namespace symbolon::authority
