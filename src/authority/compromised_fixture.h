// For tests of the signer: an authority that was broken into.
#pragma once

#include <gtest/gtest.h>

#include "authority/apply_profile.h"
#include "authority/signer_beside.h"
#include "authority/signing_desk.h"
#include "authority/testing.h"
#include "ledger/sqlite_ledger.h"
#include "x509/certificate_template.h"

namespace symbolon::authority::testing {

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

}  // namespace symbolon::authority::testing
