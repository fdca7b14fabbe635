// CRLs from a state that init made: openssl reads them, and whatever ends the process, none is older than the one
// before.
#include "authority/crl_publisher.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <limits>
#include <thread>

#include "authority/crl_content.h"
#include "authority/crl_folder.h"
#include "authority/hierarchy.h"
#include "authority/testing.h"
#include "revocation/crl_builder.h"
#include "revocation/crl_reader.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using std::chrono::milliseconds;

// Moved while publishers look at it.
class MovingClock final : public Clock {
 public:
  UnixSeconds now() const override { return {at_}; }
  void set(UnixSeconds at) { at_ = at.count; }

 private:
  std::atomic<std::int64_t> at_ = kNow.count;
};

// A state with some certificates, and publishers over it.
class CrlPublisherTest : public ::testing::Test {
 protected:
  CrlPublisherTest() {
    for (const std::string_view name : {"alice", "bob", "carol"}) {
      serials_.push_back(home_.issue("client", {std::string(name)}).value().summary.serial);
    }
    home_.authority.reset();
    state_.emplace(
        open_state(home_.folder.path() / "state", home_.clock, keys_in_files({home_.folder.path() / "state"}, {}))
            .value());
  }

  std::unique_ptr<CrlPublisher> publisher(CrlPublisherOptions::Publish publish = CrlPublisherOptions::Publish::yes,
                                          SignCrl sign = {}) {
    CrlPublisherOptions options{.publish = publish, .sign = std::move(sign)};
    options.gather = milliseconds(10);
    options.again = milliseconds(10);
    options.look = milliseconds(10);
    return std::make_unique<CrlPublisher>(
        *state_->ledger, clock_, state_->layout, [this] { return state_->issuers; }, std::move(options));
  }
  const Issuer& issuing() const { return *state_->issuers->select(std::string(kIssuingName), kNow).value(); }
  void revoke(std::size_t which, ledger::RevocationReason reason = ledger::RevocationReason::unspecified) {
    ASSERT_TRUE(state_->ledger->revoke(
        {.issuer = issuing().id, .serial = x509::SerialNumber::parse(serials_[which]).value(), .reason = reason}));
  }
  revocation::CrlFile read(std::string_view der) const {
    auto crl = revocation::read_crl(as_bytes(der), {issuing().certificate}, clock_.now());
    EXPECT_TRUE(crl) << crl.error().text();
    return *std::move(crl);
  }
  bool lists(std::string_view der, std::size_t which) const {
    return read(der).entries.find(x509::SerialNumber::parse(serials_[which]).value()).has_value();
  }
  std::string published() const {
    const auto content = read_file(state_->layout.crl(kIssuingName));
    return content ? *content : std::string();
  }
  // Until it says so, or the test fails.
  template <typename Condition>
  static void wait(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(milliseconds(5));
    }
  }

  Home home_;
  MovingClock clock_;
  std::vector<std::string> serials_;
  std::optional<State> state_;
};

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
  EXPECT_EQ(one->find(std::string(kIssuingName))->this_update, kNow + kDay * 2);
  EXPECT_EQ(one->find(std::string(kIssuingName))->next_update, kNow + kDay * 9);
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
  const auto content = crl_content(issuer, {.issuer = issuer.id.value, .number = 1, .next_update = {1}},
                                   [](const auto&) { return Status(); });
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
      const auto content = crl_content(issuer, {.issuer = 1, .number = number, .next_update = {1}}, [](const auto&) {
                             return Status();
                           }).value();
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
  ASSERT_TRUE(folder_.publish("x", 8, newer));
  for (const std::uint64_t number : {7U, 8U}) {
    const Status published = folder_.publish("x", number, crl(number));
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().code, Code::already_exists);
  }
  EXPECT_EQ(folder_.read("x").value(), as_text(newer));
  EXPECT_TRUE(folder_.publish("x", 9, crl(9)));
}

TEST_F(CrlFolderTest, ANumberIsClaimedOnce) {
  EXPECT_EQ(folder_.claim_number("x", kNow).value(), 1'800'000'000U);
  EXPECT_EQ(folder_.claim_number("x", kNow).value(), 1'800'000'001U);
  EXPECT_EQ(folder_.claim_number("x", kNow + kDay).value(), 1'800'086'400U);
  EXPECT_EQ(CrlFolder(state_.layout).claim_number("x", kNow).value(), 1'800'086'401U);
  EXPECT_EQ(folder_.claim_number("y", kNow).value(), 1'800'000'000U);
}

// Only the CRL is left, or the clock stands before 1970.
TEST_F(CrlFolderTest, ThePublishedOnesNumberCounts) {
  ASSERT_TRUE(folder_.publish("x", 2'000'000'000, crl(2'000'000'000)));
  EXPECT_EQ(folder_.claim_number("x", UnixSeconds{-5}).value(), 2'000'000'001U);
  EXPECT_EQ(folder_.claim_number("y", UnixSeconds{-5}).value(), 1U);
}

TEST_F(CrlFolderTest, WhatCannotBeReadAsANumberStops) {
  for (const std::string_view bad : {"", "x\n", "12", "12 \n", "-3\n", "99999999999999999999999\n"}) {
    std::filesystem::create_directories(state_.layout.crls());
    ASSERT_TRUE(write_file(state_.layout.crl_number("x"), bad, {.existing = Existing::replace}));
    EXPECT_EQ(code_of(folder_.claim_number("x", kNow)), Code::file_unreadable) << bad;
  }
}

}  // namespace
}  // namespace symbolon::authority
