// The operations of the API over a real ledger.
#include "authority/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using ::testing::HasSubstr;
using testing::Home;
using testing::kNow;
using testing::kPassphrase;
using testing::kTester;
using testing::must;
using ::testing::SizeIs;

x509::Certificate first(const std::string& pem) { return x509::Certificate::from_pem(pem)->front(); }

TEST(Authority, RevokesAtOnceInThisProcess) {
  Home home;
  const auto answer = home.issue("client", {"alice"});
  ASSERT_TRUE(answer);
  const x509::Certificate leaf = first(answer->certificate);
  const x509::Certificate issuer = first(answer->chain);
  const auto judged = [&] { return home.authority->standing_of(issuer, leaf).value(); };
  EXPECT_EQ(judged(), Standing::good);
  const auto source = home.authority->revocations();
  const auto before = source->generation();
  const auto revoked = home.authority->revoke(
      {.what = answer->summary.serial, .reason = api::RevocationReason::key_compromise}, {"ops"});
  ASSERT_TRUE(revoked) << revoked.error().text();
  EXPECT_EQ(revoked->outcome, api::RevocationOutcome::revoked);
  EXPECT_EQ(revoked->certificate.revocation->by, "ops");
  EXPECT_EQ(judged(), Standing::revoked);
  EXPECT_GT(source->generation(), before);
  const auto again = home.authority->revoke({.what = "alice"}, {"other"});
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->outcome, api::RevocationOutcome::was_revoked_already);
  EXPECT_EQ(again->certificate.revocation->reason, api::RevocationReason::key_compromise);
  // And after a restart.
  home.open();
  EXPECT_EQ(judged(), Standing::revoked);
  EXPECT_EQ(home.authority->status()->revoked, 1);
}

TEST(Authority, KnowsOnlyWhatItsLedgerIssued) {
  Home home;
  const auto answer = home.issue("client", {"alice"});
  ASSERT_TRUE(answer);
  const x509::Certificate issuing = first(answer->chain);
  home.request("-subj /CN=mallory");
  // By our issuing key, but not by us: with a serial that was never drawn, and with alice's.
  for (const std::string& serial : {std::string("77"), answer->summary.serial}) {
    must(
        fmt::format("cd {} && openssl x509 -req -in r.pem -CA state/issuing.crt -CAkey state/issuing.key "
                    "-set_serial 0x{} -out mallory.crt",
                    home.folder.path().string(), serial));
    const auto standing = home.authority->standing_of(issuing, first(home.folder.get("mallory.crt")));
    ASSERT_TRUE(standing) << standing.error().text();
    EXPECT_EQ(*standing, Standing::foreign);
  }
}

TEST(Authority, ChangesNothingWhenSeveralMatch) {
  Home home;
  ASSERT_TRUE(home.issue("client", {"alice"}));
  const auto second = home.issue("client", {"alice"});
  ASSERT_TRUE(second);
  const auto ambiguous = home.authority->revoke({.what = "alice"}, {"ops"});
  EXPECT_EQ(code_of(ambiguous), Code::ambiguous);
  EXPECT_THAT(ambiguous.error().words, HasSubstr(second->summary.serial));
  EXPECT_EQ(home.authority->status()->revoked, 0);
  EXPECT_EQ(code_of(home.authority->revoke({.what = "nobody"}, {"ops"})), Code::not_found);
  EXPECT_TRUE(home.authority->revoke({.what = second->summary.fingerprint}, {"ops"}));
}

TEST(Authority, ReleasesWhatIsOnHoldAndNothingElse) {
  Home home;
  for (const std::string_view name : {"alice", "bob"}) ASSERT_TRUE(home.issue("client", {std::string(name)}));
  EXPECT_EQ(code_of(home.authority->release({"alice"}, kTester)), Code::not_on_hold);
  EXPECT_EQ(code_of(home.authority->release({"nobody"}, kTester)), Code::not_found);
  EXPECT_EQ(code_of(home.authority->revoke({"alice", api::RevocationReason::remove_from_crl}, kTester)),
            Code::bad_request);
  ASSERT_TRUE(home.authority->revoke({"alice", api::RevocationReason::certificate_hold}, kTester));
  ASSERT_TRUE(home.authority->revoke({"bob"}, kTester));
  EXPECT_EQ(home.authority->status()->revoked, 2);
  const auto released = home.authority->release({"alice"}, kTester);
  ASSERT_TRUE(released) << released.error().text();
  EXPECT_EQ(released->outcome, api::ReleaseOutcome::released);
  EXPECT_EQ(released->certificate.state, api::CertificateState::issued);
  EXPECT_EQ(home.authority->release({"alice"}, kTester)->outcome, api::ReleaseOutcome::was_released_already);
  EXPECT_EQ(code_of(home.authority->release({"bob"}, kTester)), Code::not_on_hold);
  EXPECT_EQ(home.authority->status()->revoked, 1);
  ASSERT_TRUE(home.authority->revoke({"alice", api::RevocationReason::certificate_hold}, kTester));
  const auto matching = home.authority->revoke_matching(
      {.query = "state:revoked", .reason = api::RevocationReason::superseded}, kTester, {});
  ASSERT_TRUE(matching) << matching.error().text();
  EXPECT_EQ(matching->matched, 1) << "what is on hold goes for good";
  EXPECT_EQ(code_of(home.authority->release({"alice"}, kTester)), Code::not_on_hold);
}

TEST(Authority, ListsAndShowsWhatItIssued) {
  Home home;
  const auto answer = home.issue("server", {"web.example", "192.0.2.7"});
  ASSERT_TRUE(answer);
  const auto page = home.authority->list({.query = "profile:server", .after = {}});
  ASSERT_TRUE(page) << page.error().text();
  ASSERT_THAT(page->certificates, SizeIs(1));
  EXPECT_EQ(page->certificates[0], answer->summary);
  const auto details = home.authority->show("web.example");
  ASSERT_TRUE(details) << details.error().text();
  EXPECT_EQ(details->certificate, answer->certificate);
  EXPECT_EQ(details->chain, answer->chain + answer->root);
  EXPECT_EQ(code_of(home.authority->list({.query = "nonsense:x", .after = {}})), Code::query_malformed);
}

TEST(Authority, SaysWhatItIs) {
  Home home;
  const auto status = home.authority->status();
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(status->name, "Example Corp");
  EXPECT_THAT(status->warnings, SizeIs(0));
  EXPECT_EQ(home.authority->profiles()->profiles.size(), 8U);
  const auto issuers = home.authority->issuers();
  ASSERT_THAT(issuers->issuers, SizeIs(2));
  EXPECT_EQ(issuers->issuers[0].role, "root");
  EXPECT_FALSE(issuers->issuers[0].in_use);
  EXPECT_TRUE(issuers->issuers[1].in_use);
}

TEST(Authority, AnnouncesTheEndOfItsCaMonthsBefore) {
  Home home;
  const UnixSeconds end = kNow + kIssuingLifetime;
  home.clock.set(end - kDay * 365 - kIssuerNotice - kDay);
  EXPECT_THAT(home.authority->status()->warnings, SizeIs(0));
  home.clock.set(end - kDay * 365 - kIssuerNotice + kDay);  // the longest default lifetime is a year
  const auto status = home.authority->status();
  ASSERT_THAT(status->warnings, SizeIs(1));
  EXPECT_EQ(status->warnings[0].code, Code::ca_expires_soon);
  EXPECT_THAT(status->warnings[0].words, HasSubstr("admin, device, person"));
  home.clock.set(end + kDay);
  EXPECT_EQ(home.authority->status()->warnings.at(0).code, Code::ca_expired);
}

TEST(Authority, MakesAFurtherIssuingCaFromTheRoot) {
  Home home;
  const auto old = home.issue("client", {"alice"});
  home.clock.set(kNow + kDay * 400);
  int changes = 0;
  home.authority->on_issuers_changed([&changes] { ++changes; });
  const auto info = home.new_issuer();
  ASSERT_TRUE(info) << info.error().text();
  EXPECT_EQ(changes, 1);
  EXPECT_TRUE(info->in_use);
  EXPECT_EQ(info->subject, "CN=Example Corp Issuing CA 2,O=Example Corp");
  const x509::Certificate made = first(info->certificate);
  const auto fresh = home.issue("client", {"bob"});
  ASSERT_TRUE(fresh) << fresh.error().text();
  EXPECT_EQ(fresh->summary.issuer, "issuing-2");
  EXPECT_EQ(first(fresh->chain), made);
  EXPECT_EQ(fresh->root, old->root);
  // The old one can still be asked for by name, and what it issued can still be revoked.
  const auto by_name = home.issue("client", {"carol"}, home.request(), {.issuer = "issuing"});
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->summary.issuer, "issuing");
  ASSERT_TRUE(home.authority->revoke({.what = "bob"}, {"ops"}));
  EXPECT_EQ(home.authority->standing_of(made, first(fresh->certificate)).value(), Standing::revoked);
  home.open();
  EXPECT_EQ(home.issue("client", {"dave"})->summary.issuer, "issuing-2");
}

TEST(Authority, TakesForAnIssuingCaNoSignatureButTheRoots) {
  Home home;
  const auto asked = home.authority->new_issuer({.permit = {"dns:example.com"}}, kTester);
  ASSERT_TRUE(asked) << asked.error().text();
  EXPECT_EQ(home.authority->status()->unfinished, 1);  // recorded before anybody signs
  const auto other = home.authority->new_issuer({}, kTester);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->name, "issuing-3");
  const auto sign = [&](const std::string& serial, const std::string& signature) {
    return code_of(home.authority->sign_issuer(serial, {signature}, kTester));
  };
  EXPECT_EQ(sign(asked->serial, home.root_signature(other->to_be_signed)), Code::request_bad_signature);
  EXPECT_EQ(sign(asked->serial, "AAAA"), Code::request_bad_signature);
  EXPECT_EQ(sign(asked->serial, "no*base64"), Code::bad_request);
  EXPECT_EQ(sign("00", home.root_signature(asked->to_be_signed)), Code::not_found);
  EXPECT_EQ(home.authority->issuers()->issuers.size(), 2U);
  const auto made = home.authority->sign_issuer(asked->serial, {home.root_signature(asked->to_be_signed)}, kTester);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(sign(asked->serial, home.root_signature(asked->to_be_signed)), Code::not_found);
  EXPECT_EQ(code_of(home.issue("server", {"web.example.org"}, home.request(), {.issuer = made->name})),
            Code::lint_outside_issuer_constraints);
  home.clock.set(kNow + kDay);
  EXPECT_EQ(sign(other->serial, home.root_signature(other->to_be_signed)), Code::not_found);  // given up
  EXPECT_EQ(home.authority->status()->unfinished, 0);
  ASSERT_TRUE(home.authority->verify_ledger({}, {}));
}

TEST(Authority, LetsNoMoreThanAFewCasWaitForTheirSignature) {
  Home home;
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(home.authority->new_issuer({}, kTester));
  EXPECT_EQ(code_of(home.authority->new_issuer({}, kTester)), Code::overloaded);
  EXPECT_EQ(code_of(home.authority->new_issuer({.key_type = "dsa"}, kTester)), Code::overloaded);
}

TEST(Authority, TakesInAnIssuingCaFromElsewhere) {
  Home home;
  must("cd " + home.folder.path().string() +
       " && openssl req -x509 -newkey rsa:2048 -nodes -keyout o.key -out o.crt -subj '/CN=Other CA' -days 7300");
  home.clock.set(std::max(kNow, system_clock().now() + kDay));  // openssl's certificate begins now
  const api::ImportIssuerRequest import{.certificates = home.folder.get("o.crt"), .key = home.folder.get("o.key")};
  const auto imported = home.authority->import_issuer(import, kTester);
  ASSERT_TRUE(imported) << imported.error().text();
  const auto answer = home.issue("client", {"alice"}, home.request(), {.issuer = "issuing-2"});
  ASSERT_TRUE(answer) << answer.error().text();
  must(fmt::format("openssl verify -attime {} -CAfile {} {}", home.clock.now().count, home.folder / "o.crt",
                   home.folder.put("leaf", answer->certificate)));
  EXPECT_EQ(code_of(home.authority->import_issuer(import, kTester)), Code::already_exists);
}

TEST(Authority, RunsWithoutTheRootsKey) {
  Home home;
  home.authority.reset();
  std::filesystem::remove(home.folder.path() / "state/root.key");
  home.open();
  EXPECT_TRUE(home.issue("client", {"alice"}));
  EXPECT_TRUE(home.authority->new_issuer({}, kTester));  // whoever has the key signs elsewhere
}

TEST(Authority, DoesNotStartWithAKeyThatOthersCanReadOrThatIsAnothers) {
  Home home;
  home.authority.reset();
  const AuthorityOptions options{.state = home.folder.path() / "state"};
  const std::string key = home.folder / "state/issuing.key";
  must("chmod 640 " + key);
  EXPECT_EQ(code_of(Authority::open(options, home.clock)), Code::key_file_exposed);
  must("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + key + " && chmod 600 " + key);
  EXPECT_EQ(code_of(Authority::open(options, home.clock)), Code::key_mismatch);
  must("echo nonsense >" + key);
  EXPECT_EQ(code_of(Authority::open(options, home.clock)), Code::key_unreadable);
  EXPECT_EQ(code_of(Authority::open({.state = home.folder.path() / "nowhere"}, home.clock)), Code::state_missing);
}

TEST(Authority, BelongsToOneProcess) {
  Home home;
  EXPECT_EQ(code_of(Authority::open({.state = home.folder.path() / "state"}, home.clock)), Code::state_locked);
}

TEST(Authority, VerifiesAndBacksUpItsLedger) {
  Home home;
  ASSERT_TRUE(home.issue("client", {"alice"}));
  const auto verified = home.authority->verify_ledger({}, {});
  ASSERT_TRUE(verified) << verified.error().text();
  EXPECT_GT(verified->entries, 3);
  const auto copy = home.authority->backup_ledger({.path = home.folder / "copy.db"}, {});
  ASSERT_TRUE(copy) << copy.error().text();
  EXPECT_EQ(copy->octets, static_cast<std::int64_t>(std::filesystem::file_size(home.folder.path() / "copy.db")));
}

TEST(Authority, IssuesForManyAtOnce) {
  Home home;
  constexpr int kThreads = 16;
  constexpr int kEach = 8;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  const std::string csr = x509::make_request(*key, {}, {})->pem();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          if (home.issue("client", {fmt::format("client-{}-{}", t, i)}, csr)) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, kThreads * kEach);
  EXPECT_EQ(home.authority->status()->issued, kThreads * kEach + 2);  // the issuing CA and the first admin
  EXPECT_TRUE(home.authority->verify_ledger({}, {}));
}

TEST(Authority, GivesNoCertificateMoreRolesThanItsRequesterHas) {
  Home home;
  const auto rule = [](std::string_view text) { return std::vector{policy::Rule::parse(text).value()}; };
  home.open_with({.rights = {.issuer = rule("cn:builder"), .auditor = rule("email:*@audit.example")}});
  const auto asks = [&](const Requester& who, const std::string& profile, const std::vector<std::string>& names) {
    api::IssueRequest request;
    request.profile = profile;
    request.csr = home.request();
    request.names = names;
    return home.authority->issue(request, who, std::nullopt);
  };
  const Requester issuer{"issuer", {api::Role::issuer}};
  EXPECT_TRUE(asks(issuer, "client", {"alice"}));
  EXPECT_TRUE(asks(issuer, "client", {"builder"}));  // a role that it has itself
  EXPECT_EQ(code_of(asks(issuer, "admin", {"mallory"})), Code::forbidden);
  EXPECT_EQ(code_of(asks(issuer, "gateway", {"gw.example"})), Code::forbidden);
  EXPECT_EQ(code_of(asks(issuer, "person", {"Ann", "ann@audit.example"})), Code::forbidden);
  EXPECT_TRUE(asks({"both", {api::Role::issuer, api::Role::auditor}}, "person", {"Ann", "ann@audit.example"}));
  EXPECT_TRUE(asks({"admin", {api::Role::admin}}, "admin", {"bob"}));
}

TEST(Authority, AnswersTheSameRequestUnderOneKeyOnceAndForAll) {
  Home home;
  api::IssueRequest request;
  request.profile = "client";
  request.csr = home.request();
  request.names = {"alice"};
  request.lifetime = kDay * 30;
  std::vector<std::thread> threads;
  std::vector<std::optional<Result<api::IssueAnswer>>> answers(8);
  for (auto& answer : answers) {
    threads.emplace_back([&] { answer = home.authority->issue(request, kTester, "key"); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& answer : answers) {
    ASSERT_TRUE(*answer) << answer->error().text();
    EXPECT_EQ(answer->value(), answers.front()->value());
  }
  EXPECT_EQ(home.authority->list({.query = "alice", .after = {}})->certificates.size(), 1U);

  const auto again = [&](const Requester& who) { return home.authority->issue(request, who, "key"); };
  home.clock.set(kNow + kDay);
  EXPECT_EQ(again(kTester).value(), answers.front()->value());
  const Requester other{"other", api::Roles::all()};
  EXPECT_NE(again(other)->summary.serial, again(kTester)->summary.serial);
  request.lifetime = kDay * 31;
  EXPECT_EQ(code_of(again(kTester)), Code::idempotency_key_reused);
  ASSERT_TRUE(home.authority->verify_ledger({}, {}));
}

// Signs, but while it is silent nobody hears of it.
class SilentSigner final : public crypto::Signer {
 public:
  SilentSigner(std::shared_ptr<const crypto::Signer> inner, const bool& silent)
      : inner_(std::move(inner)), silent_(silent) {}
  const crypto::PublicKey& public_key() const override { return inner_->public_key(); }
  ByteView algorithm_identifier() const override { return inner_->algorithm_identifier(); }
  Result<Bytes> sign(ByteView message) const override {
    auto signature = inner_->sign(message);
    if (silent_) return fail(Code::signer_unreachable, "no signature within 0 ms");
    return signature;
  }

 private:
  std::shared_ptr<const crypto::Signer> inner_;
  const bool& silent_;
};

TEST(Authority, WhatASilentSignerMayHaveSignedStaysReservedAndIsResumed) {
  Home home;
  bool silent = true;
  const KeySource files = keys_in_files({home.folder.path() / "state"}, {});
  home.open_with({.keys = [&](const ledger::Issuer& issuer, const x509::Certificate& certificate) {
    auto key = files(issuer, certificate);
    if (key && key->signer) key->signer = std::make_shared<SilentSigner>(key->signer, silent);
    return key;
  }});
  api::IssueRequest request;
  request.profile = "client";
  request.csr = home.request();
  request.names = {"alice"};
  const auto issue = [&] { return home.authority->issue(request, kTester, "k"); };
  EXPECT_EQ(code_of(issue()), Code::signer_unreachable);
  EXPECT_EQ(code_of(issue()), Code::signer_unreachable) << "again";
  const auto reserved = home.authority->list({.query = "alice", .after = {}})->certificates;
  ASSERT_EQ(reserved.size(), 1U);
  EXPECT_EQ(reserved[0].state, api::CertificateState::reserved);
  silent = false;
  const auto answer = issue();
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->summary.serial, reserved[0].serial);
  home.verify(*answer, "sslclient");
}

TEST(Authority, RemembersNoRefusalUnderAKey) {
  Home home;
  api::IssueRequest request;
  request.profile = "client";
  request.csr = home.request();
  request.names = {"alice"};
  request.names = {"nobody at all", "twice"};
  EXPECT_EQ(code_of(home.authority->issue(request, kTester, "k")), Code::bad_request);
  request.names = {"alice"};  // what was refused is not remembered
  EXPECT_TRUE(home.authority->issue(request, kTester, "k"));
}

}  // namespace
}  // namespace symbolon::authority
