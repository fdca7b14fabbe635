// A compromised authority has the ledger and the way to the signer. What it still does not get is tried here.
#include "authority/signing_desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "authority/apply_profile.h"
#include "authority/crl_content.h"
#include "authority/intent_check.h"
#include "authority/issuance.h"
#include "authority/signer_beside.h"
#include "authority/testing.h"
#include "ledger/sql.h"
#include "ledger/sqlite_ledger.h"
#include "x509/certificate_template.h"

namespace symbolon::authority {
namespace {

using namespace testing;

TEST(SigningDesk, AnAuthorityWithoutKeysIssuesThroughIt) {
  Home home;
  const SignerBeside beside(home);
  home.authority.reset();
  auto opened = Authority::open(
      {.state = home.folder.path() / "state", .profiles = {}, .keys = keys_behind(beside.client())}, home.clock);
  ASSERT_TRUE(opened) << opened.error().text();
  home.authority = std::move(*opened);
  for (const std::string_view profile : {"server", "client"}) {
    const auto answer = home.issue(profile, {"web.example"});
    ASSERT_TRUE(answer) << answer.error().text();
    home.verify(*answer, profile == "server" ? "sslserver" : "sslclient");
  }
}

TEST(SigningDesk, SaysWhetherKeysLieEncryptedAndFurtherOnesAreThenToo) {
  Home home;
  EXPECT_FALSE(encrypted_behind(SignerBeside(home).client())());
  home.authority.reset();
  const Path state = home.folder.path() / "state";
  const auto key = crypto::PrivateKey::from_pem(read_private_file(state / "issuing.key").value(), {}).value();
  const Secret pem = key.to_encrypted_pem(Secret(kPassphrase)).value();
  ASSERT_TRUE(write_file(state / "issuing.key", pem.reveal(), {.mode = 0600, .existing = Existing::replace}));
  const AskPassphrase ask = [](const Path&) -> Result<Secret> { return Secret(kPassphrase); };
  const SignerBeside beside(home, ask);
  EXPECT_TRUE(beside.client()->keys().front().encrypted);

  // Its files would say so, too, were they not gone: it has the signer alone.
  std::filesystem::remove(state / "issuing.key");
  AuthorityOptions options{.keys = keys_behind(beside.client()),
                           .keys_are_encrypted = encrypted_behind(beside.client())};
  home.open_with(options);
  ASSERT_TRUE(home.authority);
  EXPECT_EQ(code_of(home.new_issuer()), Code::passphrase_needed);
  options.ask_passphrase = ask;
  home.open_with(options);
  ASSERT_TRUE(home.new_issuer());
  EXPECT_TRUE(crypto::is_encrypted_key(home.folder.get("state/issuing-2.key")));
}

TEST(SigningDesk, SignsWhatNamesTheOcspResponderThatItKnowsAndNothingElse) {
  constexpr std::string_view kUrl = "http://ocsp.example";
  Home home;
  const SignerBeside beside(home, {}, std::string(kUrl));
  for (const std::string_view url : {kUrl, std::string_view("http://other.example"), std::string_view()}) {
    home.open_with({.keys = keys_behind(beside.client()), .issuance = {.ocsp_url = std::string(url)}});
    ASSERT_TRUE(home.authority);
    EXPECT_EQ(code_of(home.issue("client", {"alice"})), url == kUrl ? Code::usage : Code::lint_extension_unlisted)
        << url;
  }
}

// Else an authority that was broken into would say of any certificate what it likes, with a key of its own.
TEST(SigningDesk, CertifiesForOcspSigningItsOwnKeyAlone) {
  Home home;
  const Path state = home.folder.path() / "state";
  const SignerBeside beside(home, {.state = state, .keys = keys_in_files({state}, {}), .ocsp_next_update = kHour});
  home.open_with({.keys = keys_behind(beside.client())});
  ASSERT_TRUE(home.authority);
  EXPECT_EQ(code_of(home.issue("ocsp", {"responder"})), Code::intent_out_of_profile);
  const std::string its_own = x509::encode_pem("CERTIFICATE REQUEST", beside.client()->keys().front().responder);
  const auto answer = home.issue("ocsp", {"responder"}, its_own);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_TRUE(home.issue("client", {"alice"}));
}

// The authority builds the same bytes as the signer does: else its signature would not verify.
TEST(SigningDesk, AnAuthorityWithoutKeysPublishesCrlsThroughIt) {
  Home home;
  const SignerBeside beside(home);
  const auto signed_by_it = [&beside](const signer::CrlName& crl) { return beside.client()->sign_crl(crl); };
  home.open_with({.keys = keys_behind(beside.client()), .crl = CrlConfig(), .sign_crl = signed_by_it});
  ASSERT_TRUE(home.authority);
  for (const std::string_view name : {"alice", "bob"}) {
    ASSERT_TRUE(home.issue("client", {std::string(name)}));
    ASSERT_TRUE(home.authority->revoke({std::string(name), api::RevocationReason::superseded}, kTester));
    ASSERT_TRUE(home.authority->crls().publish_now());
  }
  EXPECT_EQ(home.authority->crl("issuing").value()->entries, 2U);
  must(fmt::format("cd {}/state && openssl crl -inform DER -in crl/issuing.crl -noout -verify -CAfile issuing.crt",
                   home.folder.path().string()));
}

// Plays an authority that writes into the ledger what it likes and then asks for a signature.
class Compromised : public ::testing::Test {
 protected:
  Compromised() : beside_(home_) {
    home_.authority.reset();
    auto ledger = ledger::SqliteLedger::open(home_.folder.path() / "state" / "ledger.db", {.clock = &home_.clock});
    EXPECT_TRUE(ledger) << ledger.error().text();
    ledger_ = std::move(*ledger);
    const auto issuers = ledger_->issuers().value();
    for (const ledger::Issuer& issuer : issuers) {
      if (issuer.name == kIssuingName) issuer_ = issuer;
    }
    certificate_ = x509::Certificate::from_der(issuer_.certificate).value();
  }

  // What Issuance would have prepared for alice.
  x509::CertificateTemplate honest(std::string_view name = "client") {
    const Profile& profile = profiles_.find(name)->second;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256)->public_key();
    return {.serial = ledger::SerialAllocator(ledger_->instance_prefix()).draw(),
            .issuer = certificate_->subject(),
            .subject = subject_of(profile, "alice").value(),
            .validity = {.not_before = kNow - kMinute, .not_after = kNow + profile.lifetime},
            .public_key = key,
            .key_usage = key_usage_of(profile, key),
            .extended_key_usage = profile.extended_key_usage,
            .authority_key_identifier = key_identifier_of(*certificate_),
            .subject_alt_names = {x509::GeneralName::email("alice@example.com").value()},
            .profile = profile.name};
  }

  Bytes encode(const x509::CertificateTemplate& content) {
    return x509::encode_tbs(content, beside_.client()->keys().front().algorithm).value();
  }

  ledger::IntentId reserve(const x509::SerialNumber& serial, Bytes tbs, std::string profile) {
    return ledger_
        ->reserve({.issuer = issuer_.id,
                   .serial = serial,
                   .tbs = std::move(tbs),
                   .profile = std::move(profile),
                   .requester = "attacker",
                   .subject = "CN=alice"})
        .value();
  }

  Result<Bytes> ask(const x509::SerialNumber& serial) {
    return beside_.client()->sign({.issuer = issuer_.id.value, .serial = serial});
  }
  // Recorded as the profile `profile`, then asked for; `usage` stands for a signature (code_of).
  Code answer(const x509::CertificateTemplate& content, std::string profile = "client") {
    reserve(content.serial, encode(content), std::move(profile));
    return code_of(ask(content.serial));
  }

  Home home_;
  SignerBeside beside_;
  std::unique_ptr<ledger::Ledger> ledger_;
  ledger::Issuer issuer_;
  std::optional<x509::Certificate> certificate_;
  ProfileSet profiles_ = builtin_profiles("Example Corp");
};

TEST_F(Compromised, GetsASignatureForWhatIsRecordedAndInProfile) {
  const auto content = honest();
  const Bytes tbs = encode(content);
  reserve(content.serial, tbs, "client");
  const auto signature = ask(content.serial);
  ASSERT_TRUE(signature) << signature.error().text();
  EXPECT_TRUE(crypto::verify_signature(certificate_->public_key(), beside_.client()->keys().front().algorithm, tbs,
                                       *signature));
}

TEST_F(Compromised, GetsNothingForWhatTheLedgerDoesNotHold) {
  EXPECT_EQ(code_of(ask(honest().serial)), Code::intent_missing);
  EXPECT_EQ(code_of(beside_.client()->sign({.issuer = 1, .serial = honest().serial})),
            Code::issuer_unknown);  // the root
  EXPECT_EQ(code_of(beside_.client()->sign({.issuer = 99, .serial = honest().serial})), Code::issuer_unknown);
}

TEST_F(Compromised, GetsNothingForWhatIsIssuedAbandonedOrRevoked) {
  const auto issued = honest();
  const auto intent = reserve(issued.serial, encode(issued), "client");
  const Bytes signature = ask(issued.serial).value();
  const Bytes algorithm = beside_.client()->keys().front().algorithm;
  ASSERT_TRUE(ledger_->complete(
      {.intent = intent, .certificate = x509::assemble_certificate(encode(issued), algorithm, signature)}));
  EXPECT_EQ(code_of(ask(issued.serial)), Code::intent_missing);

  const auto abandoned = honest();
  ASSERT_TRUE(ledger_->abandon(reserve(abandoned.serial, encode(abandoned), "client"), "no"));
  EXPECT_EQ(code_of(ask(abandoned.serial)), Code::intent_missing);

  const auto revoked = honest();
  reserve(revoked.serial, encode(revoked), "client");
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_.id, .serial = revoked.serial}));
  EXPECT_EQ(code_of(ask(revoked.serial)), Code::intent_missing);
}

TEST_F(Compromised, GetsNoCa) {
  auto content = honest();
  content.ca = true;
  content.path_length = 0;
  content.key_usage = x509::key_cert_sign | x509::crl_sign;
  content.extended_key_usage.clear();
  EXPECT_EQ(row(answer(content)).fault, Fault::policy);
  content.serial = honest().serial;
  content.profile.reset();
  EXPECT_EQ(answer(content, "ca"), Code::intent_out_of_profile);  // only the root makes CAs, and its key is not here
}

TEST_F(Compromised, GetsNoOtherUsage) {
  auto content = honest();
  content.extended_key_usage = {std::string(x509::eku::kServerAuth), std::string(x509::eku::kClientAuth)};
  EXPECT_EQ(answer(content), Code::lint_extended_key_usage);
  content = honest();
  content.key_usage |= x509::key_cert_sign;
  EXPECT_EQ(answer(content), Code::lint_key_usage);
}

TEST_F(Compromised, GetsNoOtherSubjectNameLifetimeOrKey) {
  auto content = honest();
  content.subject = x509::DistinguishedName::from_attributes({{"O", "Other Corp"}, {"CN", "alice"}}).value();
  EXPECT_EQ(answer(content), Code::intent_out_of_profile);

  content = honest("person");
  EXPECT_EQ(answer(content, "person"), Code::usage);
  content = honest("person");
  content.subject_alt_names.push_back(x509::GeneralName::dns("web.example").value());
  EXPECT_EQ(answer(content, "person"), Code::name_not_allowed);
  content = honest("person");
  content.subject = subject_of(profiles_.at("person"), std::nullopt).value();
  EXPECT_EQ(answer(content, "person"), Code::usage);

  content = honest();
  content.validity.not_after = kNow + profiles_.at("client").longest + kDay;
  EXPECT_EQ(answer(content), Code::intent_out_of_profile);

  content = honest();
  content.validity.not_before = kNow + kDay;
  EXPECT_EQ(answer(content), Code::intent_out_of_profile);

  content = honest("person");
  content.public_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519)->public_key();
  EXPECT_EQ(answer(content, "person"), Code::key_type_not_allowed);
}

TEST_F(Compromised, GetsNothingThatBeganLongAgoOrIsOver) {
  const UnixSeconds now = kNow + kDay;
  home_.clock.set(now);
  auto content = honest();
  content.validity.not_before = now - kBackdate - kIntentTolerance;
  EXPECT_EQ(answer(content), Code::usage);
  content = honest();
  content.validity.not_before = now - kBackdate - kIntentTolerance - Seconds{1};
  EXPECT_EQ(answer(content), Code::intent_out_of_profile);
  content = honest();
  content.validity = {.not_before = now - kHour, .not_after = now - kMinute * 10};
  EXPECT_EQ(answer(content), Code::intent_out_of_profile);
}

TEST_F(Compromised, WhatWaitedForItsSignatureStillGetsItUntilItIsOver) {
  const Profile& profile = profiles_.at("client");
  auto content = honest();
  content.validity = {.not_before = kNow - kBackdate, .not_after = kNow + profile.longest};
  reserve(content.serial, encode(content), "client");
  home_.clock.set(kNow + kDay * 3);
  EXPECT_EQ(code_of(ask(content.serial)), Code::usage);
  home_.clock.set(content.validity.not_after + kIntentTolerance + Seconds{1});
  EXPECT_EQ(code_of(ask(content.serial)), Code::intent_out_of_profile);
}

// Whoever checks its certificates would look where the attacker says.
TEST_F(Compromised, GetsNoOtherPlaceOfTheCrl) {
  auto content = honest();
  content.crl_url = "http://crl.attacker.example/issuing.crl";
  EXPECT_EQ(answer(content), Code::lint_extension_unlisted);
}

TEST_F(Compromised, GetsNoOtherOcspResponder) {
  auto content = honest();
  content.ocsp_url = "http://ocsp.attacker.example";
  EXPECT_EQ(answer(content), Code::lint_extension_unlisted);
}

TEST_F(Compromised, GetsNothingOfARevokedCa) {
  const auto content = honest();
  reserve(content.serial, encode(content), "client");
  EXPECT_EQ(code_of(ask(content.serial)), Code::usage);
  const auto issuers = ledger_->issuers().value();
  const auto root = std::ranges::find(issuers, kRootName, &ledger::Issuer::name);
  ASSERT_TRUE(ledger_->revoke({.issuer = root->id, .serial = certificate_->serial()}));
  EXPECT_EQ(code_of(ask(content.serial)), Code::ca_revoked);
}

TEST_F(Compromised, GetsNoUnknownProfileAndNoProfileUnderAnothersName) {
  EXPECT_EQ(answer(honest(), "mine"), Code::intent_out_of_profile);
  EXPECT_EQ(row(answer(honest(), "server")).fault, Fault::policy);
}

TEST_F(Compromised, GetsNoSignatureOverBytesOfAnotherSerialOrNoCertificateAtAll) {
  const auto content = honest();
  const auto other = honest();
  reserve(other.serial, encode(content), "client");
  EXPECT_EQ(code_of(ask(other.serial)), Code::intent_out_of_profile);
  const auto junk = honest();
  reserve(junk.serial, Bytes(32, 0x30), "client");
  EXPECT_FALSE(ask(junk.serial));
}

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

// What it issued must stay known as revoked, to whoever has not heard of the CA's own revocation.
TEST_F(CompromisedCrl, ARevokedCaStillSignsItsCrl) {
  const auto issuers = ledger_->issuers().value();
  const auto root = std::ranges::find(issuers, kRootName, &ledger::Issuer::name);
  ASSERT_TRUE(ledger_->revoke({.issuer = root->id, .serial = certificate_->serial()}));
  EXPECT_EQ(ask_for(honest_crl(1)), Code::usage);
}

TEST(SigningDesk, BringsALedgerOfAnOlderVersionUpToDate) {
  Home home;
  home.authority.reset();
  const Path state = home.folder.path() / "state";
  {
    // As it was before two persons could be asked for.
    auto connection = ledger::sql::Connection::open(state / "ledger.db", ledger::sql::Access::write).value();
    ASSERT_TRUE(connection.execute("DROP TABLE changes; DROP TABLE gateways; PRAGMA user_version=3"));
  }
  const SigningDeskOptions options{.state = state, .keys = keys_in_files({state}, {})};
  {
    const auto held = FileLock::take(state / "ledger.db.lock");
    ASSERT_TRUE(held);
    EXPECT_EQ(code_of(SigningDesk::open(options, home.clock)), Code::state_locked);
  }
  const auto desk = SigningDesk::open(options, home.clock);
  ASSERT_TRUE(desk) << desk.error().text();
  EXPECT_EQ((*desk)->keys().size(), 1U);
  home.open();
  EXPECT_TRUE(SigningDesk::open(options, home.clock)) << "nothing is to be done, and the authority has the ledger";
}

TEST(KeySource, ASignerWithAnotherKeyIsNotTaken) {
  Home one;
  Home other;
  const SignerBeside beside(other);
  one.authority.reset();
  const auto opened = Authority::open(
      {.state = one.folder.path() / "state", .profiles = {}, .keys = keys_behind(beside.client())}, one.clock);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::key_mismatch);
}

}  // namespace
}  // namespace symbolon::authority
