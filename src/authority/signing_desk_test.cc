// A compromised authority has the ledger and the way to the signer. What it still does not get is tried here.
#include "authority/signing_desk.h"

#include <algorithm>

#include "authority/compromised_fixture.h"
#include "authority/intent_check.h"
#include "authority/issuance.h"
#include "ledger/sql.h"

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

TEST_F(Compromised, GetsNoPlaceOfADeltaCrlWhereThereIsNone) {
  auto content = honest();
  content.freshest_crl_url = "http://crl.attacker.example/delta.crl";
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

TEST(SigningDesk, BringsALedgerOfAnOlderVersionUpToDate) {
  Home home;
  home.authority.reset();
  const Path state = home.folder.path() / "state";
  {
    // As it was before two persons could be asked for.
    auto connection = ledger::sql::Connection::open(state / "ledger.db", ledger::sql::Access::write).value();
    ASSERT_TRUE(
        connection.execute("DROP TABLE changes; DROP TABLE gateways; DROP INDEX revocations_octet; "
                           "DROP INDEX revocations_serial; CREATE UNIQUE INDEX revocations_serial ON "
                           "revocations (serial, issuer); PRAGMA user_version=3"));
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
  Home other{InitOptions()};
  const SignerBeside beside(other);
  one.authority.reset();
  const auto opened = Authority::open(
      {.state = one.folder.path() / "state", .profiles = {}, .keys = keys_behind(beside.client())}, one.clock);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::key_mismatch);
}

}  // namespace
}  // namespace symbolon::authority
