#include "revocation/crl_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "revocation/combined_checker.h"
#include "revocation/revocation_source.h"
#include "x509/testing/forge.h"

namespace symbolon::revocation {
namespace {

using ::testing::HasSubstr;
using x509::Certificate;
using x509::testing::forge;
using x509::testing::kNow;
using Answer = x509::RevocationChecker::Answer;
using Verdict = x509::RevocationChecker::Status;

struct Cas {
  Certificate ca = forge().ca("set-ca", "Set CA");
  Certificate twin = forge().ca("set-ca-2", "Set CA");
  Certificate alice = forge().client("set-alice", "alice", "set-ca");
  Certificate bob = forge().client("set-bob", "bob", "set-ca");
  Certificate below = forge().ca("set-below", "Below", "set-ca");
};
const Cas& cas() {
  static const Cas cas;
  return cas;
}

constexpr Seconds kLife{600};

// `more`: further members of the JSON object.
std::shared_ptr<const CrlFile> list(const std::string& more, const std::vector<Certificate>& revoked = {},
                                    UnixSeconds begin = kNow - Seconds{60}) {
  std::string entries;
  for (const Certificate& one : revoked)
    entries +=
        fmt::format(R"({}{{"serial": "{}", "at": 1700000000}})", entries.empty() ? "" : ", ", one.serial().hex());
  static_cast<void>(cas());
  const Bytes der = forge().make(
      fmt::format(R"({{"crl": true, "issuer": "set-ca", "this_update": {}, "next_update": {}, "revoked": [{}]{}}})",
                  begin.count, (begin + kLife).count, entries, more));
  ViewSource source(der);
  auto read = read_crls(source, {cas().ca, cas().twin},
                        {.now = begin + kLife + kDay, .stale = StaleCrl::take, .deltas = Deltas::take});
  EXPECT_TRUE(read) << read.error().text();
  return std::make_shared<const CrlFile>(std::move(read->front()));
}

std::string numbered(int number) { return fmt::format(R"(, "number": {})", number); }
// issuingDistributionPoint: onlyContainsCACerts, or onlyContainsUserCerts.
constexpr std::string_view kOnlyCas =
    R"(, "extensions": [{"oid": "2.5.29.28", "critical": true, "value": "30038201ff"}])";
constexpr std::string_view kOnlyUsers =
    R"(, "extensions": [{"oid": "2.5.29.28", "critical": true, "value": "30038101ff"}])";

Answer ask(const CrlSet& set, const Certificate& issuer, const Certificate& subject, UnixSeconds at = kNow) {
  return set.check(IssuerKey::of(issuer), subject.serial(), &subject, at);
}

TEST(CrlSet, SaysWhatItsListsSay) {
  const CrlSet set({.lists = {{list("", {cas().alice}), "here", kDay}}, .demanded = {}, .awaited = {}});
  EXPECT_EQ(ask(set, cas().ca, cas().alice).status, Verdict::revoked);
  EXPECT_EQ(ask(set, cas().ca, cas().alice).since, UnixSeconds{1700000000});
  EXPECT_EQ(ask(set, cas().ca, cas().bob).status, Verdict::good);
  EXPECT_EQ(ask(set, cas().twin, cas().alice).status, Verdict::good) << "another key, and nobody asked for its list";
  EXPECT_EQ(set.check_pinned(cas().alice, kNow).status, Verdict::revoked);
  EXPECT_EQ(set.check_pinned(cas().bob, kNow).status, Verdict::good);
}

TEST(CrlSet, AListCountsUntilItsGraceIsOver) {
  const auto crl = list("", {cas().alice});
  const UnixSeconds end = crl->next_update;
  for (const Seconds grace : {Seconds{0}, Seconds{100}}) {
    const CrlSet set({.lists = {{crl, "http://a.example/x", grace}}, .demanded = {}, .awaited = {}});
    EXPECT_EQ(ask(set, cas().ca, cas().bob, end + grace).status, Verdict::good);
    const Answer late = ask(set, cas().ca, cas().bob, end + grace + Seconds{1});
    EXPECT_EQ(late.status, Verdict::unknown);
    EXPECT_THAT(late.detail, HasSubstr("http://a.example/x"));
    EXPECT_THAT(late.detail, HasSubstr(to_rfc3339(end)));
    EXPECT_EQ(ask(set, cas().ca, cas().alice, end + grace + kDay).status, Verdict::revoked);
  }
  const CrlSet forever({.lists = {{crl, "here", std::nullopt}}, .demanded = {}, .awaited = {}});
  EXPECT_EQ(ask(forever, cas().ca, cas().bob, end + kDay * 3650).status, Verdict::good);
}

TEST(CrlSet, EachListIsGoodForItsScope) {
  const auto for_cas = list(std::string(kOnlyCas));
  const CrlSet one({.lists = {{for_cas, "cas", kDay}}, .demanded = {}, .awaited = {}});
  EXPECT_EQ(ask(one, cas().ca, cas().below).status, Verdict::good);
  EXPECT_EQ(ask(one, cas().ca, cas().alice).status, Verdict::unknown);
  EXPECT_EQ(one.check(IssuerKey::of(cas().ca), cas().below.serial(), nullptr, kNow).status, Verdict::unknown);
  const auto for_users = list(std::string(kOnlyUsers), {cas().below});
  const CrlSet both({.lists = {{for_cas, "cas", kDay}, {for_users, "users", kDay}}, .demanded = {}, .awaited = {}});
  EXPECT_EQ(ask(both, cas().ca, cas().alice).status, Verdict::good);
  EXPECT_EQ(ask(both, cas().ca, cas().below).status, Verdict::revoked) << "whichever list says it";
}

TEST(CrlSet, NothingIsGoodOfWhoseListIsDemandedOrAwaited) {
  const CrlSet demanded({.lists = {{list(""), "here", kDay}}, .demanded = {cas().ca, cas().twin}, .awaited = {}});
  EXPECT_EQ(ask(demanded, cas().ca, cas().alice).status, Verdict::good);
  EXPECT_EQ(ask(demanded, cas().twin, cas().alice).status, Verdict::unknown);
  const CrlSet awaited({.lists = {{list(""), "here", kDay}}, .demanded = {}, .awaited = {{cas().ca, "not yet"}}});
  EXPECT_EQ(ask(awaited, cas().ca, cas().alice).status, Verdict::unknown);
  EXPECT_EQ(ask(awaited, cas().ca, cas().alice).detail, "not yet");
}

TEST(CrlSet, APinnedCertificateIsRefusedAsOthersAre) {
  const auto pinned = [](CrlSet::Contents contents, const Certificate& subject, UnixSeconds at) {
    return CrlSet(std::move(contents)).check_pinned(subject, at).status;
  };
  const CrlSet::Contents awaited{.lists = {}, .demanded = {}, .awaited = {{cas().ca, "not yet"}}};
  EXPECT_EQ(pinned(awaited, cas().alice, kNow), Verdict::unknown);
  EXPECT_EQ(pinned({}, cas().alice, kNow), Verdict::good) << "nobody is spoken for";
  EXPECT_EQ(pinned(awaited, forge().client("set-eve", "eve", "set-below"), kNow), Verdict::good) << "of another CA";
  const auto crl = list("", {cas().alice});
  const CrlSet::Contents here{.lists = {{crl, "here", Seconds{0}}}, .demanded = {}, .awaited = {}};
  EXPECT_EQ(pinned(here, cas().bob, crl->next_update), Verdict::good);
  EXPECT_EQ(pinned(here, cas().bob, crl->next_update + Seconds{1}), Verdict::unknown);
  EXPECT_EQ(pinned(here, cas().alice, crl->next_update + Seconds{1}), Verdict::revoked);
  // The CA of the same name and another key, which its authorityKeyIdentifier does not name, is not its issuer.
  const CrlSet::Contents of_twin{.lists = {{crl, "here", kDay}}, .demanded = {}, .awaited = {{cas().twin, "not yet"}}};
  EXPECT_EQ(pinned(of_twin, cas().bob, kNow), Verdict::good);
}

// -- deltas

// A delta that is later than list(): its nextUpdate lies 100 s behind that one's.
constexpr UnixSeconds kLater = kNow + Seconds{40};
std::string delta_entries(const std::vector<Certificate>& removed, std::string_view reason) {
  std::string out;
  for (const Certificate& one : removed)
    out += fmt::format(R"({}{{"serial": "{}", "at": 1700000000, "reason": "{}"}})", out.empty() ? "" : ", ",
                       one.serial().hex(), reason);
  return out;
}
std::string delta(int number, int base) {
  return numbered(number) +
         fmt::format(R"(, "extensions": [{{"oid": "2.5.29.27", "critical": true, "value": "0201{:02x}"}}])", base);
}
// In place of the entries that list() writes: JSON takes the last of two members of one name.
std::string with_reason(const std::vector<Certificate>& entries, std::string_view reason) {
  return fmt::format(R"(, "revoked": [{}])", delta_entries(entries, reason));
}
CrlSet set_of(const std::vector<std::shared_ptr<const CrlFile>>& lists, Seconds grace = Seconds{0}) {
  CrlSet::Contents contents;
  for (const auto& one : lists) contents.lists.push_back({one, one->is_delta() ? "delta" : "full", grace});
  return CrlSet(std::move(contents));
}

TEST(CrlSet, ADeltaAddsToItsBaseAndIsWhatMustBeFresh) {
  const auto full = list(numbered(5));
  const auto newer = list(delta(6, 5), {cas().alice}, kLater);
  for (const auto& order : {std::vector{full, newer}, std::vector{newer, full}}) {
    const CrlSet set = set_of(order);
    EXPECT_EQ(ask(set, cas().ca, cas().alice).status, Verdict::revoked);
    EXPECT_EQ(ask(set, cas().ca, cas().bob).status, Verdict::good);
    EXPECT_EQ(ask(set, cas().ca, cas().bob, full->next_update + Seconds{1}).status, Verdict::good);
    EXPECT_EQ(ask(set, cas().ca, cas().bob, newer->next_update).status, Verdict::good);
    const Answer late = ask(set, cas().ca, cas().bob, newer->next_update + Seconds{1});
    EXPECT_EQ(late.status, Verdict::unknown);
    EXPECT_THAT(late.detail, HasSubstr("delta CRL"));
    EXPECT_EQ(set.delta_of(*full), newer.get());
    EXPECT_EQ(set.delta_of(*newer), nullptr);
    EXPECT_FALSE(set.lacks_base(*newer));
  }
}

TEST(CrlSet, ADeltaIsFresherThanItsBaseOnlyUntilItsOwnEnd) {
  const auto full = list(numbered(5), {}, kLater);
  const auto early = list(delta(6, 5));  // ends before the full one
  EXPECT_EQ(ask(set_of({full, early}), cas().ca, cas().bob, early->next_update + Seconds{1}).status, Verdict::unknown);
}

TEST(CrlSet, ADeltaTakesOutOnlyWhatIsOnHold) {
  const auto held = list(numbered(5) + with_reason({cas().alice}, "certificateHold"));
  const auto compromised = list(numbered(5) + with_reason({cas().alice}, "keyCompromise"));
  const auto removing = list(delta(6, 5) + with_reason({cas().alice}, "removeFromCRL"), {}, kLater);
  EXPECT_EQ(ask(set_of({held}), cas().ca, cas().alice).status, Verdict::revoked);
  EXPECT_EQ(ask(set_of({held, removing}), cas().ca, cas().alice).status, Verdict::good);
  EXPECT_EQ(ask(set_of({compromised, removing}), cas().ca, cas().alice).status, Verdict::revoked);
  const auto revoking = list(delta(7, 5) + with_reason({cas().alice}, "keyCompromise"), {}, kLater);
  EXPECT_EQ(ask(set_of({held, removing, revoking}), cas().ca, cas().alice).status, Verdict::revoked)
      << "the newest delta counts";
}

TEST(CrlSet, ADeltaWithoutItsBaseMakesNothingGoodAndStillRevokes) {
  const auto alone = list(delta(9, 7), {cas().alice}, kLater);
  EXPECT_EQ(ask(set_of({alone}), cas().ca, cas().alice).status, Verdict::revoked);
  EXPECT_EQ(ask(set_of({alone}), cas().ca, cas().bob).status, Verdict::unknown);
  EXPECT_TRUE(set_of({alone}).lacks_base(*alone));
  for (const auto& too_old : {list(numbered(6)), list("")}) {
    const CrlSet set = set_of({too_old, alone});
    EXPECT_TRUE(set.lacks_base(*alone));
    EXPECT_EQ(ask(set, cas().ca, cas().alice).status, Verdict::revoked);
    EXPECT_EQ(ask(set, cas().ca, cas().bob).status, Verdict::good);
    EXPECT_EQ(ask(set, cas().ca, cas().bob, too_old->next_update + Seconds{1}).status, Verdict::unknown)
        << "it is no fresher for that";
  }
  const auto of_cas = list(numbered(8) + std::string(kOnlyCas));
  EXPECT_TRUE(set_of({of_cas, alone}).lacks_base(*alone)) << "another scope";
}

TEST(CrlSet, AFullListThatIsAsNewNeedsNoDelta) {
  const auto old = list(delta(6, 5) + with_reason({cas().alice}, "certificateHold"), {}, kNow - Seconds{120});
  for (const int number : {6, 7}) {
    const auto full = list(numbered(number));
    const CrlSet set = set_of({full, old});
    EXPECT_EQ(ask(set, cas().ca, cas().alice).status, Verdict::good) << "it was released";
    EXPECT_EQ(ask(set, cas().ca, cas().bob, full->next_update).status, Verdict::good);
    EXPECT_EQ(set.delta_of(*full), nullptr);
    EXPECT_FALSE(set.lacks_base(*old));
  }
}

TEST(CrlSuccessor, ADeltaAndAFullListDoNotReplaceEachOther) {
  EXPECT_TRUE(check_successor(*list(delta(9, 5)), *list(numbered(7))));
  EXPECT_TRUE(check_successor(*list(numbered(9)), *list(delta(7, 5))));
  EXPECT_FALSE(check_successor(*list(delta(9, 5)), *list(delta(8, 5))));
}

TEST(CrlSuccessor, ANumberThatGoesBackIsRefused) {
  const auto code = [](const std::shared_ptr<const CrlFile>& before, const std::shared_ptr<const CrlFile>& next) {
    const auto checked = check_successor(*before, *next);
    return checked ? "good" : std::string(name(checked.error().code));
  };
  const UnixSeconds later = kNow;
  constexpr const char* kBack = "crl_number_went_back";
  EXPECT_EQ(code(list(numbered(7)), list(numbered(8))), "good");
  EXPECT_EQ(code(list(numbered(255)), list(numbered(256))), "good");
  EXPECT_EQ(code(list(numbered(256)), list(numbered(255), {}, later)), kBack);
  EXPECT_EQ(code(list(numbered(7)), list(numbered(7))), "good");
  EXPECT_EQ(code(list(numbered(7), {}, later), list(numbered(7))), kBack);
  EXPECT_EQ(code(list(numbered(7), {}, later), list(numbered(8))), "good") << "its clock was set right";
  EXPECT_EQ(code(list("", {}, later), list("")), kBack);
  EXPECT_EQ(code(list(numbered(7), {}, later), list("")), kBack);
  EXPECT_EQ(code(list(""), list("", {}, later)), "good");
  EXPECT_EQ(code(list(numbered(9)), list(numbered(1) + ", \"aki\": true" + std::string(kOnlyCas))), "good")
      << "another scope has numbers of its own";
}

TEST(CombinedChecker, WhateverOneOfThemHoldsAgainstItCounts) {
  const auto bad = std::make_shared<CrlSource>();
  bad->swap(std::make_shared<const CrlSet>(
      CrlSet::Contents{.lists = {{list("", {cas().alice}), "here", kDay}}, .demanded = {}, .awaited = {}}));
  const auto unknown = std::make_shared<CrlSource>();
  unknown->swap(std::make_shared<const CrlSet>(
      CrlSet::Contents{.lists = {}, .demanded = {}, .awaited = {{cas().ca, "not yet"}}}));
  const auto good = std::make_shared<RevocationSource>();
  using Parts = std::vector<std::shared_ptr<const x509::RevocationChecker>>;
  const auto verdict = [&](Parts parts, const Certificate& subject) {
    return CombinedChecker(std::move(parts)).check_certificate(cas().ca, subject, kNow).status;
  };
  EXPECT_EQ(verdict({good}, cas().alice), Verdict::good);
  EXPECT_EQ(verdict({good, bad}, cas().alice), Verdict::revoked);
  EXPECT_EQ(verdict({bad, good}, cas().bob), Verdict::good);
  EXPECT_EQ(verdict({unknown, bad}, cas().alice), Verdict::revoked);
  EXPECT_EQ(verdict({good, unknown}, cas().bob), Verdict::unknown);
  EXPECT_EQ(CombinedChecker(Parts{good, bad}).check_pinned(cas().alice, kNow).status, Verdict::revoked);
  EXPECT_EQ(CombinedChecker(Parts{good, bad}).check(cas().ca, cas().bob.serial(), kNow).status, Verdict::good);
}

}  // namespace
}  // namespace symbolon::revocation
