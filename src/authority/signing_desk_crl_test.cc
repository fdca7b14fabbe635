// A compromised authority asks for CRLs that it should not get.
#include <limits>

#include "authority/compromised_fixture.h"
#include "authority/crl_content.h"
#include "authority/state.h"
#include "ledger/sql.h"

namespace symbolon::authority {
namespace {

using namespace testing;

// CRLs: an authority that was broken into can have those signed that it could have made honestly, and no others.
class CompromisedCrl : public Compromised {
 protected:
  signer::CrlName honest_crl(std::uint64_t revocations = 0) const {
    return {.issuer = issuer_.id.value,
            .revocations = revocations,
            .number = static_cast<std::uint64_t>(kNow.count),
            .this_update = kNow,
            .next_update = kNow + kDay * 7};
  }
  Code ask_for(const signer::CrlName& crl) { return code_of(beside_.client()->sign_crl(crl)); }
  void revoke() {
    const auto content = honest();
    reserve(content.serial, encode(content), "client");
    ASSERT_TRUE(ledger_->revoke({.issuer = issuer_.id, .serial = content.serial}));
  }
};

TEST_F(CompromisedCrl, GetsWhatAnHonestOneGetsAndTheSameAgain) {
  revoke();
  EXPECT_EQ(ask_for(honest_crl(1)), Code::usage);
  EXPECT_EQ(ask_for(honest_crl(1)), Code::usage);
}

TEST_F(CompromisedCrl, GetsNoneOfAnotherCa) {
  auto crl = honest_crl();
  crl.issuer = 1;  // the root
  EXPECT_EQ(ask_for(crl), Code::issuer_unknown);
  crl.issuer = 99;
  EXPECT_EQ(ask_for(crl), Code::issuer_unknown);
}

TEST_F(CompromisedCrl, GetsNoneOfAnotherTime) {
  for (const Seconds off : {kCrlTolerance + Seconds{1}, Seconds{-1} - kCrlTolerance, kDay * 30, kDay * -30}) {
    auto crl = honest_crl();
    crl.this_update = kNow + off;
    crl.next_update = crl.this_update + kDay;
    EXPECT_EQ(ask_for(crl), Code::crl_out_of_bounds) << off.count;
  }
  for (const UnixSeconds end : {kNow, kNow - kDay, kNow + kUsualCrl + Seconds{1}, kNow + kLongestCrl,
                                UnixSeconds{std::numeric_limits<std::int64_t>::max()}}) {
    auto crl = honest_crl();
    crl.next_update = end;
    EXPECT_EQ(ask_for(crl), Code::crl_out_of_bounds) << end.count;
  }
}

// A number that no later one can exceed would be the end of revocation.
TEST_F(CompromisedCrl, GetsNoAbsurdNumber) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{5}, std::numeric_limits<std::uint64_t>::max(),
                                     std::uint64_t{1} << 63U, std::uint64_t{3'000'000'000}}) {
    auto crl = honest_crl();
    crl.number = number;
    EXPECT_EQ(ask_for(crl), Code::crl_out_of_bounds) << number;
  }
}

TEST_F(CompromisedCrl, GetsNoneThatHidesARevocationOrInventsOne) {
  revoke();
  EXPECT_EQ(ask_for(honest_crl(2)), Code::crl_not_of_ledger);
  home_.clock.set(kNow + kHour);
  auto crl = honest_crl(0);
  crl.this_update = kNow + kHour;
  crl.number = static_cast<std::uint64_t>(crl.this_update.count);
  EXPECT_EQ(ask_for(crl), Code::crl_not_of_ledger);
  crl.revocations = 1;
  EXPECT_EQ(ask_for(crl), Code::usage);
}

TEST_F(CompromisedCrl, GetsNoneThatIsOlderThanTheOneBefore) {
  revoke();
  revoke();
  auto crl = honest_crl(2);
  crl.number += 10;
  EXPECT_EQ(ask_for(crl), Code::usage);
  auto older = crl;
  older.number -= 1;
  EXPECT_EQ(ask_for(older), Code::crl_not_of_ledger);
  older.number = crl.number;
  older.next_update = crl.next_update - kDay;  // two with one number
  EXPECT_EQ(ask_for(older), Code::crl_not_of_ledger);
  older = crl;
  older.number += 1;
  older.revocations = 1;
  EXPECT_EQ(ask_for(older), Code::crl_not_of_ledger);
}

// A time of the future is none at which anything was revoked: nor does it stand for what follows it.
TEST_F(CompromisedCrl, GetsNoneThatHidesARevocationBehindOneOfTheFuture) {
  revoke();
  revoke();
  auto file = ledger::sql::Connection::open(home_.folder.path() / "state" / "ledger.db", ledger::sql::Access::write);
  ASSERT_TRUE(file) << file.error().text();
  const auto move = [&](int sequence, Seconds by) {
    ASSERT_TRUE(file->execute(
        fmt::format("UPDATE revocations SET revoked_at = {} WHERE sequence = {}", (kNow + by).count, sequence)));
  };
  move(1, kDay * 300);
  EXPECT_EQ(ask_for(honest_crl(0)), Code::crl_not_of_ledger);
  move(2, kDay * -1);
  EXPECT_EQ(ask_for(honest_crl(0)), Code::crl_not_of_ledger);
  // Nor does the first of those that are left out stand for the others.
  move(1, Seconds{0});
  EXPECT_EQ(ask_for(honest_crl(0)), Code::crl_not_of_ledger);
  move(2, Seconds{0});
  EXPECT_EQ(ask_for(honest_crl(0)), Code::usage) << "revoked just now, while it was made";
}

// With as many entries as before, or more.
TEST_F(CompromisedCrl, GetsNoneWithoutWhatThisSignerHasSigned) {
  revoke();
  revoke();
  auto crl = honest_crl(2);
  ASSERT_EQ(ask_for(crl), Code::usage);
  auto file = ledger::sql::Connection::open(home_.folder.path() / "state" / "ledger.db", ledger::sql::Access::write);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(file->execute("UPDATE revocations SET revoked_at = revoked_at + 1 WHERE sequence = 1"));
  EXPECT_EQ(ask_for(crl), Code::crl_not_of_ledger) << "the same name, and other entries";
  revoke();
  revoke();
  crl.revocations = 4;
  crl.number += 1;
  EXPECT_EQ(ask_for(crl), Code::crl_not_of_ledger);
  ASSERT_TRUE(file->execute("UPDATE revocations SET revoked_at = revoked_at - 1 WHERE sequence = 1"));
  ASSERT_TRUE(file->execute("CREATE TEMP TABLE hidden AS SELECT * FROM revocations WHERE sequence = 1"));
  ASSERT_TRUE(file->execute("DELETE FROM revocations WHERE sequence = 1"));
  EXPECT_EQ(ask_for(crl), Code::crl_not_of_ledger);
  ASSERT_TRUE(file->execute("INSERT INTO revocations SELECT * FROM hidden"));
  EXPECT_EQ(ask_for(crl), Code::usage);
}

// What was on hold may go, or go for good; everything else stays where it stood.
TEST_F(CompromisedCrl, GetsOneWithoutWhatWasReleased) {
  using Reason = ledger::RevocationReason;
  std::vector<x509::SerialNumber> serials;
  for (int i = 0; i < 3; ++i) {
    const auto content = honest();
    reserve(content.serial, encode(content), "client");
    serials.push_back(content.serial);
  }
  auto crl = honest_crl(0);
  const auto next = [&](std::uint64_t revocations) {
    crl.revocations = revocations;
    crl.number += 1;
    return ask_for(crl);
  };
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_.id, .serial = serials[0], .reason = Reason::certificate_hold}));
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_.id, .serial = serials[1], .reason = Reason::certificate_hold}));
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_.id, .serial = serials[2]}));
  EXPECT_EQ(next(3), Code::usage);
  ASSERT_TRUE(ledger_->release({.issuer = issuer_.id, .serial = serials[0]}));
  EXPECT_EQ(next(4), Code::usage);
  home_.clock.set(kNow + kHour);
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_.id, .serial = serials[1], .reason = Reason::key_compromise}));
  crl.this_update = kNow + kHour;
  crl.next_update = crl.this_update + kDay;
  crl.number += static_cast<std::uint64_t>(kHour.count);
  EXPECT_EQ(next(4), Code::usage) << "it stands there as on hold, since an hour ago";
  EXPECT_EQ(next(5), Code::usage);
  // Written by hand: the signer lists it all the same.
  auto file = ledger::sql::Connection::open(home_.folder.path() / "state" / "ledger.db", ledger::sql::Access::write);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(
      file->execute("INSERT INTO revocations SELECT 6, issuer, serial, certificate, 8, revoked_at, NULL, '' "
                    "FROM revocations WHERE sequence = 3"));
  EXPECT_EQ(next(6), Code::usage);
  ASSERT_TRUE(file->execute("UPDATE revocations SET reason = 6 WHERE sequence = 3"));
  EXPECT_EQ(next(6), Code::crl_not_of_ledger) << "it was revoked for good";
}

TEST_F(CompromisedCrl, GetsADeltaCrlBesideTheFullOneAloneAndToWhatThisSignerHasSigned) {
  revoke();
  auto first = honest_crl(1);
  ASSERT_EQ(ask_for(first), Code::usage);
  revoke();
  auto full = honest_crl(2);
  full.number += 5;
  auto delta = full;
  delta.base = first.number;
  EXPECT_EQ(ask_for(delta), Code::crl_not_of_ledger) << "the full one comes first";
  ASSERT_EQ(ask_for(full), Code::usage);
  EXPECT_EQ(ask_for(delta), Code::usage);
  EXPECT_EQ(ask_for(delta), Code::usage);
  auto other = delta;
  other.base = first.number + 1;
  EXPECT_EQ(ask_for(other), Code::crl_base_missing);
  other.base = delta.number;
  EXPECT_EQ(ask_for(other), Code::crl_out_of_bounds);
  other = delta;
  other.revocations = 1;
  EXPECT_EQ(ask_for(other), Code::crl_not_of_ledger);
  other = delta;
  other.number += 1;
  EXPECT_EQ(ask_for(other), Code::crl_not_of_ledger);
}

TEST_F(CompromisedCrl, GetsShardsThatEachFollowTheirOwn) {
  revoke();
  revoke();
  const auto shard = [&](std::uint16_t which, std::uint16_t of = 4) {
    auto crl = honest_crl(2);
    crl.shards = of;
    crl.shard = which;
    return crl;
  };
  EXPECT_EQ(ask_for(shard(0)), Code::crl_out_of_bounds) << "without a place it would pass for the full one";
  const Path state = home_.folder.path() / "state";
  const SignerBeside beside(home_,
                            {.state = state, .keys = keys_in_files({state}, {}), .crls = {.url = "http://a.example"}});
  const auto asked = [&](const signer::CrlName& crl) { return code_of(beside.client()->sign_crl(crl)); };
  EXPECT_EQ(asked(honest_crl(2)), Code::usage);
  for (std::uint16_t i = 0; i < 4; ++i) EXPECT_EQ(asked(shard(i)), Code::usage);
  auto older = shard(1);
  older.revocations = 1;
  EXPECT_EQ(asked(older), Code::crl_not_of_ledger);
  EXPECT_EQ(asked(shard(4)), Code::crl_out_of_bounds);
  EXPECT_EQ(asked(shard(0, 3)), Code::crl_out_of_bounds);
  EXPECT_EQ(asked(shard(1, 0)), Code::crl_out_of_bounds);
  auto both = shard(1);
  both.base = both.number - 1;
  EXPECT_EQ(asked(both), Code::crl_out_of_bounds);
  auto file = ledger::sql::Connection::open(home_.folder.path() / "state" / "ledger.db", ledger::sql::Access::write);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(file->execute("UPDATE revocations SET revoked_at = revoked_at + 1"));
  int refused = 0;
  for (std::uint16_t i = 0; i < 4; ++i) {
    auto next = shard(i);
    next.number += 1;
    refused += asked(next) == Code::crl_not_of_ledger ? 1 : 0;
  }
  EXPECT_GE(refused, 1) << "those that listed one";
}

// What was revoked for good is not taken back by a delta CRL either, whatever was written into the ledger.
TEST_F(CompromisedCrl, ADeltaCrlTakesNothingFinalBack) {
  revoke();
  auto crl = honest_crl(1);
  ASSERT_EQ(ask_for(crl), Code::usage);
  auto file = ledger::sql::Connection::open(home_.folder.path() / "state" / "ledger.db", ledger::sql::Access::write);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(
      file->execute("INSERT INTO revocations SELECT 2, issuer, serial, certificate, 8, revoked_at, NULL, '' "
                    "FROM revocations WHERE sequence = 1"));
  const Path state = home_.folder.path() / "state";
  const auto set = load_issuers({state}, ledger_->issuers().value(), keys_in_files({state}, {})).value();
  const Issuer& issuer = *set->find(issuer_.id);
  crl.base = crl.number - 1;
  crl.revocations = 2;
  const auto content =
      crl_content(issuer, CrlIssuer::of(issuer, *set), crl, facts_of(*ledger_), {.base_revocations = 1});
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->entries, 0U);
}

// What it issued must stay known as revoked, to whoever has not heard of the CA's own revocation.
TEST_F(CompromisedCrl, ARevokedCaStillSignsItsCrl) {
  const auto issuers = ledger_->issuers().value();
  const auto root = std::ranges::find(issuers, kRootName, &ledger::Issuer::name);
  ASSERT_TRUE(ledger_->revoke({.issuer = root->id, .serial = certificate_->serial()}));
  EXPECT_EQ(ask_for(honest_crl(1)), Code::usage);
}

}  // namespace
}  // namespace symbolon::authority
