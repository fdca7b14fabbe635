#include "revocation/revocation_set.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "revocation/revocation_source.h"
#include "x509/path_verification.h"
#include "x509/testing/forge.h"

namespace symbolon::revocation {
namespace {

using x509::SerialNumber;
using x509::testing::forge;
using x509::testing::kNow;
using Status = x509::RevocationChecker::Status;

IssuerKey key(std::uint8_t number) {
  IssuerKey out;
  out.octets[0] = number;
  return out;
}
SerialNumber serial(std::string_view hex) { return *SerialNumber::parse(hex); }

TEST(SerialTable, FindsEverySerialInWhateverOrderItCame) {
  SerialTable table;
  for (const int value : {500, 3, 70000, 2, 500, 255, 256}) {
    table.add(serial(fmt::format("{:x}", value)), UnixSeconds{1000 + value});
  }
  table.add(serial("1f4"), UnixSeconds{7});  // 500 again, earlier
  table.sort();
  EXPECT_EQ(table.size(), 6U);
  for (const int value : {3, 70000, 2, 255, 256}) {
    EXPECT_EQ(table.find(serial(fmt::format("{:x}", value))), UnixSeconds{1000 + value});
  }
  EXPECT_EQ(table.find(serial("1f4")), UnixSeconds{7});
  for (const int value : {0, 1, 4, 254, 257, 65536, 16777216}) {
    EXPECT_FALSE(table.find(serial(fmt::format("{:x}", value)))) << value;
  }
}

// As serials of this authority are: the first octets in common, then few values, then any.
TEST(SerialTable, SortsManyWithAnythingInCommon) {
  SerialTable table;
  std::map<SerialNumber, std::int64_t> all;
  std::uint64_t state = 1;
  const auto draw = [&state] { return state = state * 6364136223846793005U + 1442695040888963407U; };
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t drawn = draw() >> 16;
    const std::string text =
        i % 7 == 0 ? fmt::format("{:x}", drawn % 9000 + 1) : fmt::format("5ab1{:04x}{:024x}", i % 50, drawn % 100'000);
    const auto since = static_cast<std::int64_t>(draw() >> 40);
    table.add(serial(text), UnixSeconds{since});
    const auto known = all.emplace(serial(text), since).first;
    known->second = std::min(known->second, since);
  }
  SerialTable further;
  further.add(serial("5ab2"), UnixSeconds{5});
  further.add(all.begin()->first, UnixSeconds{0});
  table.sort();
  further.sort();
  EXPECT_EQ(table.size(), all.size());
  table = table.merged_with(further);
  all[serial("5ab2")] = 5;
  all.begin()->second = 0;
  ASSERT_EQ(table.size(), all.size());
  for (const auto& [one, since] : all) ASSERT_EQ(table.find(one), UnixSeconds{since}) << one.hex();
  for (int i = 0; i < 50'000; ++i) {
    const SerialNumber other = serial(i % 2 == 0 ? fmt::format("{:x}", draw() >> (i % 60))
                                                 : fmt::format("5ab1{:04x}{:024x}", i % 50, draw() % 110'000));
    ASSERT_EQ(table.find(other).has_value(), all.contains(other)) << other.hex();
  }
  for (std::size_t octets = 1; octets <= SerialNumber::kMost; ++octets) {
    for (const char* text : {"01", "5a", "ff"}) {
      std::string end(text);
      for (std::size_t i = 1; i < octets; ++i) end += text[0] == '0' ? "00" : text;
      ASSERT_EQ(table.find(serial(end)).has_value(), all.contains(serial(end))) << end;
    }
  }
  ASSERT_EQ(table.without(all.begin()->first).find(all.begin()->first), std::nullopt);
  ASSERT_EQ(table.without(all.begin()->first).find(all.rbegin()->first), UnixSeconds{all.rbegin()->second});
  Bytes before;
  table.for_each([&](ByteView octets, UnixSeconds) {
    ASSERT_TRUE(before.size() < octets.size() || std::ranges::lexicographical_compare(before, octets));
    before = to_bytes(octets);
  });
}

// step-ca #972: one serial, stored in two ways.
TEST(SerialTable, OneSerialHasOneForm) {
  SerialTable table;
  table.add(serial("0x00ff"), UnixSeconds{1});
  table.sort();
  for (const char* form : {"ff", "FF", "0xff", "dec:255", "00:FF"}) EXPECT_TRUE(table.find(serial(form))) << form;
}

TEST(SerialTable, TakesHalfAnOctetAnEntryBesideTheSerialAndItsTime) {
  for (const std::size_t octets : {16U, 20U}) {
    SerialTable table;
    for (int i = 0; i < 1000; ++i) table.add(serial(fmt::format("7f{:0{}x}", i * 7919, octets * 2 - 2)), kNow);
    table.sort();
    EXPECT_LE(table.memory(), (octets + 4) * 1000 + 500);
  }
}

TEST(RevocationSet, TellsIssuersApart) {
  const auto set = RevocationSet::Builder().add(key(1), serial("07"), kNow).issuer(key(2), {}).build();
  EXPECT_EQ(set->check(key(1), serial("07"), kNow).status, Status::revoked);
  EXPECT_EQ(set->check(key(1), serial("07"), kNow).since, kNow);
  EXPECT_EQ(set->check(key(1), serial("08"), kNow).status, Status::good);
  EXPECT_EQ(set->check(key(2), serial("07"), kNow).status, Status::good);
  EXPECT_EQ(set->issuers(), 2U);
  EXPECT_EQ(set->size(), 1U);
}

TEST(RevocationSet, IsUnknownWhereDataIsDemandedAndMissing) {
  const auto listed = RevocationSet::Builder().issuer(key(1), {}).build();
  EXPECT_EQ(listed->check(key(9), serial("07"), kNow).status, Status::good);
  const auto every = RevocationSet::Builder().demand(Demand::every).issuer(key(1), {}).build();
  EXPECT_EQ(every->check(key(9), serial("07"), kNow).status, Status::unknown);
  EXPECT_EQ(every->check(key(1), serial("07"), kNow).status, Status::good);
}

TEST(RevocationSet, IsUnknownWhenStaleButWhatIsRevokedStaysSo) {
  const auto set = RevocationSet::Builder()
                       .grace(Seconds{10})
                       .issuer(key(1), {.next_update = kNow})
                       .add(key(1), serial("07"), kNow)
                       .build();
  EXPECT_EQ(set->check(key(1), serial("08"), kNow + Seconds{10}).status, Status::good);
  EXPECT_EQ(set->check(key(1), serial("08"), kNow + Seconds{11}).status, Status::unknown);
  EXPECT_EQ(set->check(key(1), serial("07"), kNow + Seconds{11}).status, Status::revoked);
}

TEST(RevocationSet, ANarrowedListAnswersOnlyForItsScope) {
  const auto root = forge().ca("cov-root", "Cov Root");
  const auto ca = forge().ca("cov-ca", "Cov CA", "cov-root");
  const auto leaf = forge().client("cov-leaf", "x", "cov-root");
  // cRLDistributionPoints with the URI http://x/c.crl
  const auto pointed = forge().certificate("cov-pointed", "y", "cov-root", R"("extensions": [
      {"oid": "2.5.29.31", "critical": false, "value": "30163014a012a010860e687474703a2f2f782f632e63726c"}])");
  const Bytes point = *from_hex("860e687474703a2f2f782f632e63726c");
  const auto status = [&](const Coverage& coverage, const x509::Certificate& subject) {
    const auto set = RevocationSet::Builder().issuer(key(1), coverage).build();
    return set->check_certificate(key(1), subject, kNow).status;
  };
  EXPECT_EQ(status({.cas = false}, leaf), Status::good);
  EXPECT_EQ(status({.cas = false}, ca), Status::unknown);
  EXPECT_EQ(status({.users = false}, leaf), Status::unknown);
  EXPECT_EQ(status({.users = false}, ca), Status::good);
  EXPECT_EQ(status({.points_unknown = true}, leaf), Status::unknown);
  EXPECT_EQ(status({.points = {point}}, leaf), Status::unknown);
  EXPECT_EQ(status({.points = {point}}, pointed), Status::good);
  EXPECT_EQ(status({.points = {{1}}}, pointed), Status::unknown);
}

TEST(RevocationSet, SeveralListsOfOneIssuerAddUp) {
  const auto ca = forge().ca("add-ca", "Add CA");
  const auto leaf = forge().client("add-leaf", "x", "add-ca");
  const auto set = RevocationSet::Builder()
                       .issuer(key(1), {.users = false, .next_update = kNow + kDay})
                       .issuer(key(1), {.cas = false, .next_update = kNow - Seconds{1}})
                       .build();
  EXPECT_EQ(set->check_certificate(key(1), ca, kNow).status, Status::good);
  EXPECT_EQ(set->check_certificate(key(1), leaf, kNow).status, Status::unknown);  // the list of users is stale
  EXPECT_EQ(set->check(key(1), serial("07"), kNow).status, Status::unknown);      // none is about everything
}

TEST(RevocationSet, GrowsOneByOneWithoutTouchingTheOldOne) {
  std::shared_ptr<const RevocationSet> set = RevocationSet::Builder().add(key(1), serial("01"), kNow).build();
  const auto old = set;
  for (int i = 2; i < 6000; ++i) set = set->with(key(1), serial(fmt::format("{:x}", i)), kNow);
  set = set->with(key(1), serial("01"), kNow);  // again
  set = set->with(key(2), serial("01"), kNow);  // another issuer
  EXPECT_EQ(set->size(), 6000U);
  for (int i = 1; i < 6000; ++i) ASSERT_TRUE(set->revoked(key(1), serial(fmt::format("{:x}", i)))) << i;
  EXPECT_FALSE(set->revoked(key(1), serial("1770")));
  EXPECT_EQ(old->size(), 1U);
  EXPECT_FALSE(old->revoked(key(1), serial("02")));
}

TEST(RevocationSet, OnlyWhatIsOnHoldCanBeReleased) {
  const auto empty = RevocationSet::Builder().issuer(key(1), {}).build();
  const auto change = [](Effect effect, std::int64_t at) { return Change{key(1), serial("0a"), {at}, effect}; };
  const auto state = [](const auto& set) { return set->state(key(1), serial("0a")); };
  EXPECT_EQ(empty->with(change(Effect::released, 5)), nullptr);
  const auto held = empty->with(change(Effect::held, 10));
  EXPECT_EQ(state(held), SerialState::held);
  EXPECT_EQ(held->check(key(1), serial("0a"), kNow).status, Status::revoked);
  EXPECT_EQ(held->check(key(1), serial("0a"), kNow).since, UnixSeconds{10});
  EXPECT_EQ(held->with(change(Effect::held, 20)), nullptr);
  EXPECT_EQ(held->with(change(Effect::released, 9)), nullptr) << "that is of an older hold";
  const auto free = held->with(change(Effect::released, 10));
  EXPECT_EQ(state(free), SerialState::unrevoked);
  EXPECT_EQ(free->check(key(1), serial("0a"), kNow).status, Status::good);
  EXPECT_EQ(state(held), SerialState::held) << "the older one stays as it was";

  const auto gone = held->with(change(Effect::revoked, 10));
  EXPECT_EQ(state(gone), SerialState::revoked);
  EXPECT_EQ(gone->size(), 1U);
  for (const auto effect : {Effect::released, Effect::held, Effect::revoked}) {
    EXPECT_EQ(gone->with(change(effect, 99)), nullptr) << static_cast<int>(effect);
  }
  const auto built =
      RevocationSet::Builder().add(*gone).change(change(Effect::held, 50)).change(change(Effect::released, 60)).build();
  EXPECT_EQ(state(built), SerialState::revoked);
  EXPECT_EQ(built->size(), 1U);
}

TEST(RevocationSet, AReleaseLeavesAllOthersWhereTheyWere) {
  std::shared_ptr<const RevocationSet> set = RevocationSet::Builder().add(key(1), serial("ff01"), kNow).build();
  const auto change = [](int i, Effect effect) { return Change{key(1), serial(fmt::format("{:x}", i)), kNow, effect}; };
  for (int i = 1; i < 5000; ++i) set = set->with(change(i, Effect::held));
  for (int i = 1; i < 5000; i += 2) set = set->with(change(i, Effect::released));
  EXPECT_EQ(set->size(), 2500U);
  for (int i = 1; i < 5000; ++i) ASSERT_EQ(set->revoked(key(1), change(i, {}).serial), i % 2 == 0) << i;
  EXPECT_TRUE(set->revoked(key(1), serial("ff01")));
  const auto again = RevocationSet::Builder().add(*set).build();
  EXPECT_EQ(again->size(), 2500U);
  EXPECT_EQ(again->state(key(1), serial("02")), SerialState::held);
}

TEST(RevocationSet, SaysWhichChangesOfAListCount) {
  using enum Effect;
  const auto set =
      RevocationSet::Builder().add(key(1), serial("01"), kNow).change({key(1), serial("02"), {100}, held}).build();
  const auto places = set->effective({{key(1), serial("01"), {200}, released},  // revoked for good
                                      {key(1), serial("02"), {50}, held},       // it comes again, from the beginning
                                      {key(1), serial("02"), {60}, released},   // likewise
                                      {key(1), serial("02"), {100}, released},  // that is its release
                                      {key(1), serial("02"), {110}, released},  // again
                                      {key(1), serial("02"), {120}, held},
                                      {key(1), serial("02"), {120}, revoked},
                                      {key(1), serial("02"), {130}, released},
                                      {key(2), serial("02"), {130}, revoked}});
  EXPECT_EQ(places, (std::vector<std::size_t>{3, 5, 6, 8}));
}

TEST(RevocationSet, ASetCanBeginWithAllOfAnother) {
  const auto before = RevocationSet::Builder().add(key(1), serial("0a"), kNow).issuer(key(2), {}).build();
  const auto grown = before->with(key(1), serial("0b"), kNow);
  const auto set = RevocationSet::Builder().add(*grown).add(key(1), serial("0a"), kNow).issuer(key(3), {}).build();
  for (std::uint8_t issuer = 1; issuer <= 3; ++issuer) EXPECT_TRUE(set->knows(key(issuer))) << int{issuer};
  EXPECT_TRUE(set->revoked(key(1), serial("0a")) && set->revoked(key(1), serial("0b")));
  EXPECT_EQ(set->size(), 2U);
}

TEST(RevocationSource, ANewSetCountsAtOnceAndRaisesTheGeneration) {
  const auto issuer = forge().ca("src-ca", "Source CA");
  const auto twin = forge().ca("src-twin", "Source CA");
  RevocationSource source;
  EXPECT_EQ(source.generation(), 0U);
  EXPECT_EQ(source.check(issuer, serial("07"), kNow).status, Status::good);
  source.add(IssuerKey::of(issuer), serial("07"), kNow);
  EXPECT_EQ(source.generation(), 1U);
  EXPECT_EQ(source.check(issuer, serial("07"), kNow).status, Status::revoked);
  EXPECT_EQ(source.check(twin, serial("07"), kNow).status, Status::good);  // same name, another key
  source.swap(RevocationSet::Builder().build());
  EXPECT_EQ(source.generation(), 2U);
  EXPECT_EQ(source.check(issuer, serial("07"), kNow).status, Status::good);
}

TEST(RevocationSource, TellsWhatWasAddedOnceItCounts) {
  RevocationSource source;
  std::vector<std::string> told;
  source.on_change([&](const Addition* added) {
    const bool counts = added == nullptr || source.current()->revoked(added->issuer, added->serial);
    told.push_back(fmt::format("{}: {} {}", source.generation(), added != nullptr ? added->serial.hex() : "all",
                               counts ? "counts" : "does not count"));
    if (added != nullptr) {
      EXPECT_EQ(added->issuer, key(1));
    }
  });
  source.add(key(1), serial("0a"), kNow);
  source.swap(RevocationSet::Builder().build());
  source.add(key(1), serial("0b"), kNow);
  EXPECT_EQ(told, (std::vector<std::string>{"1: 0a counts", "2: all counts", "3: 0b counts"}));
  source.on_change({});
  source.add(key(1), serial("0c"), kNow);
  EXPECT_EQ(told.size(), 3U);
}

TEST(RevocationSource, WhatAListOfChangesComesToCountsAtOnce) {
  RevocationSource source;
  std::vector<SerialState> seen;
  source.on_change([&](const Addition* changed) {
    ASSERT_NE(changed, nullptr);
    seen.push_back(source.current()->state(changed->issuer, changed->serial));
  });
  source.apply({{key(1), serial("0a"), {1}, Effect::held}, {key(1), serial("0a"), {2}, Effect::released}});
  EXPECT_EQ(seen, (std::vector(2, SerialState::unrevoked))) << "nobody saw it on hold";
  EXPECT_EQ(source.generation(), 1U);
  std::vector<Change> many;
  for (int i = 1; i <= 300; ++i) many.push_back({key(1), serial(fmt::format("{:x}", i)), {3}, Effect::held});
  many.push_back({key(1), serial("07"), {4}, Effect::released});
  many.push_back({key(1), serial("08"), {3}, Effect::revoked});
  source.on_change({});
  source.apply(many);
  EXPECT_EQ(source.current()->size(), 299U);
  EXPECT_EQ(source.current()->state(key(1), serial("08")), SerialState::revoked);
  EXPECT_FALSE(source.current()->revoked(key(1), serial("07")));
}

TEST(RevocationSource, ServesReadersWhileItIsSwapped) {
  const auto with = RevocationSet::Builder().add(key(1), serial("07"), kNow).build();
  RevocationSource source(with);
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) ASSERT_TRUE(source.current()->revoked(key(1), serial("07")));
  });
  for (int i = 0; i < 2000; ++i) {
    source.swap(RevocationSet::Builder().add(key(1), serial("07"), kNow).build());
    source.add(key(1), serial(fmt::format("{:x}", 8 + i)), kNow);
  }
  done = true;
  reader.join();
  EXPECT_EQ(source.generation(), 4000U);
}

TEST(RevocationSource, APathWithARevokedCertificateIsRefused) {
  const auto root = forge().ca("rp-root", "RP Root");
  const auto issuing = forge().ca("rp-ca", "RP CA", "rp-root");
  const auto leaf = forge().client("rp-leaf", "alice", "rp-ca");
  const auto trust = *x509::TrustBundle::make({root}, kNow, "test");
  RevocationSource source;
  const x509::PathOptions options{.at = kNow, .revocation = &source};
  EXPECT_TRUE(verify_path({leaf, issuing}, trust, options));
  source.add(IssuerKey::of(issuing), leaf.serial(), kNow);
  EXPECT_EQ(verify_path({leaf, issuing}, trust, options).error().code, Code::client_certificate_revoked);
  source.swap(RevocationSet::Builder().add(IssuerKey::of(root), issuing.serial(), kNow).build());
  const auto refused = verify_path({leaf, issuing}, trust, options);
  EXPECT_EQ(refused.error().code, Code::client_certificate_issuer_revoked);
  EXPECT_EQ(refused.error().index, 1U);
}

}  // namespace
}  // namespace symbolon::revocation
