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
  auto read = read_crl(der, {cas().ca, cas().twin}, begin + kLife + kDay, StaleCrl::take);
  EXPECT_TRUE(read) << read.error().text();
  return std::make_shared<const CrlFile>(std::move(*read));
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
  EXPECT_TRUE(set.revoked_by_name(cas().ca.subject(), cas().alice.serial()));
  EXPECT_FALSE(set.revoked_by_name(cas().ca.subject(), cas().bob.serial()));
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
