// What every engine of the ledger must hold: issuing, and CAs.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "ledger/contract_fixture.h"

namespace symbolon::ledger {
namespace {

using namespace test;

// -- issuance -------------------------------------------------------------------------------------------------------

TEST_P(LedgerContract, WhatWasIssuedIsThereAfterReopening) {
  const NewIntent wanted = intent("web.example");
  const CertificateId id = issue(*ledger_, wanted);
  reopen();
  const CertificateRecord found = record(id);
  EXPECT_EQ(found.serial, wanted.serial);
  EXPECT_EQ(found.state, CertificateState::issued);
  EXPECT_EQ(found.profile, "server");
  EXPECT_EQ(found.requester, "alice");
  EXPECT_EQ(found.subject, wanted.subject);
  EXPECT_EQ(found.names, wanted.names);
  EXPECT_EQ(found.validity, wanted.validity);
  EXPECT_EQ(found.spki_sha256, wanted.spki_sha256);
  EXPECT_EQ(found.issued_at, kNow);
  const Bytes certificate = certificate_for(wanted.tbs);
  EXPECT_EQ(ledger_->certificate_der(id).value(), certificate);
  EXPECT_EQ(found.fingerprint->octets, crypto::sha256(certificate));
  EXPECT_EQ(ledger_->reserved_tbs(id).value(), wanted.tbs);
  expect_sound();
}

TEST_P(LedgerContract, AReservedIntentIsUnfinishedUntilItIsCompletedOrAbandoned) {
  const NewIntent first = intent("a.example");
  const NewIntent second = intent("b.example");
  const NewIntent third = intent("c.example");
  const IntentId a = ledger_->reserve(first).value();
  const IntentId b = ledger_->reserve(second).value();
  const IntentId c = ledger_->reserve(third).value();
  ASSERT_TRUE(ledger_->complete({b, certificate_for(second.tbs)}));
  ASSERT_TRUE(ledger_->abandon(c, "the key is gone"));
  reopen();
  const std::vector<CertificateRecord> unfinished = ledger_->unfinished().value();
  ASSERT_EQ(unfinished.size(), 1U);
  EXPECT_EQ(unfinished[0].id, a);
  EXPECT_EQ(unfinished[0].state, CertificateState::reserved);
  EXPECT_EQ(ledger_->reserved_tbs(a).value(), first.tbs);
  EXPECT_EQ(ledger_->reserved_tbs(c).value(), third.tbs);
  EXPECT_EQ(record(c).state, CertificateState::abandoned);
  EXPECT_EQ(record(c).abandoned_because, "the key is gone");
  EXPECT_EQ(code_of(ledger_->certificate_der(a)), Code::not_found);
  EXPECT_EQ(ledger_->status().value().unfinished, 1U);
  // Whoever revokes what is unfinished has dealt with it.
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = first.serial}));
  EXPECT_TRUE(ledger_->unfinished().value().empty());
  EXPECT_EQ(ledger_->status().value().unfinished, 0U);
  reopen();
  EXPECT_EQ(ledger_->status().value().unfinished, 0U);
  EXPECT_EQ(code_of(ledger_->certificate_der(c)), Code::not_found);
  expect_sound();
}

TEST_P(LedgerContract, ASerialIsUsedOnceByItsIssuer) {
  const NewIntent first = intent("a.example");
  ASSERT_TRUE(ledger_->reserve(first));
  EXPECT_EQ(code_of(ledger_->reserve(first)), Code::serial_used);
  NewIntent elsewhere = first;
  elsewhere.issuer = add_issuer(*ledger_, "Other CA");
  EXPECT_TRUE(ledger_->reserve(elsewhere));
  expect_sound();
}

TEST_P(LedgerContract, AKeyLeadsToTheFirstRequestThatCameWithIt) {
  const Repeatable asked{
      .key = crypto::sha256(as_bytes("key")), .request = crypto::sha256(as_bytes("a")), .notes = "n"};
  EXPECT_EQ(ledger_->first_request(asked.key).value(), std::nullopt);
  NewIntent first = intent("a.example");
  first.repeatable = asked;
  const IntentId id = ledger_->reserve(first).value();
  NewIntent second = intent("b.example");
  second.repeatable = asked;
  EXPECT_EQ(code_of(ledger_->reserve(second)), Code::already_exists);
  EXPECT_EQ(code_of(ledger_->certificate(second.issuer, second.serial)), Code::not_found);
  reopen();
  const auto found = ledger_->first_request(asked.key).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->certificate, id);
  EXPECT_EQ(found->repeatable, asked);
  second.repeatable->key = crypto::sha256(as_bytes("another"));
  EXPECT_TRUE(ledger_->reserve(second));
  EXPECT_TRUE(ledger_->reserve(intent("c.example")));
  expect_sound();
}

TEST_P(LedgerContract, AnAbandonedSerialStaysUsed) {
  const NewIntent first = intent("a.example");
  ASSERT_TRUE(ledger_->abandon(ledger_->reserve(first).value(), "no"));
  EXPECT_EQ(code_of(ledger_->reserve(first)), Code::serial_used);
}

TEST_P(LedgerContract, OnlyTheReservedBytesAreTakenAsCertificate) {
  const NewIntent wanted = intent("a.example");
  const IntentId id = ledger_->reserve(wanted).value();
  Bytes other = wanted.tbs;
  other.back() ^= 1;
  EXPECT_EQ(code_of(ledger_->complete({id, certificate_for(other)})), Code::bad_request);
  EXPECT_EQ(code_of(ledger_->complete({id, {}})), Code::bad_request);
  EXPECT_EQ(code_of(ledger_->complete({id, wanted.tbs})), Code::bad_request);
  EXPECT_EQ(record(id).state, CertificateState::reserved);
  EXPECT_TRUE(ledger_->complete({id, certificate_for(wanted.tbs)}));
}

TEST_P(LedgerContract, AnIntentIsFinishedOnce) {
  const NewIntent wanted = intent("a.example");
  const CertificateId id = issue(*ledger_, wanted);
  EXPECT_EQ(code_of(ledger_->complete({id, certificate_for(wanted.tbs)})), Code::already_exists);
  EXPECT_EQ(code_of(ledger_->abandon(id, "late")), Code::already_exists);
  EXPECT_EQ(code_of(ledger_->complete({{77}, certificate_for(wanted.tbs)})), Code::not_found);
  EXPECT_EQ(code_of(ledger_->abandon({77}, "none")), Code::not_found);
  expect_sound();
}

TEST_P(LedgerContract, AnUnknownIssuerIssuesNothing) {
  NewIntent wanted = intent("a.example");
  wanted.issuer = {77};
  EXPECT_EQ(code_of(ledger_->reserve(wanted)), Code::issuer_unknown);
  EXPECT_EQ(
      code_of(ledger_->revoke({.issuer = {77}, .serial = wanted.serial, .unknown_serial = UnknownSerial::accept})),
      Code::issuer_unknown);
  expect_sound();
}

TEST_P(LedgerContract, NamesThatWouldForgeALineAreRefused) {
  NewIntent wanted = intent("a.example");
  wanted.names = {{x509::NameKind::dns, "a.example\ndns:b.example"}};
  EXPECT_EQ(code_of(ledger_->reserve(wanted)), Code::name_malformed);
}

TEST_P(LedgerContract, OneRefusalDoesNotDisturbTheOthersOfItsCommit) {
  std::vector<NewIntent> intents;
  for (int n = 0; n < 50; ++n) intents.push_back(intent("a.example"));
  intents[20].serial = intents[10].serial;
  intents[30].issuer = {77};
  const std::vector<Result<IntentId>> results = ledger_->reserve_many(intents);
  ASSERT_EQ(results.size(), 50U);
  for (std::size_t n = 0; n < results.size(); ++n) {
    if (n == 20) {
      EXPECT_EQ(code_of(results[n]), Code::serial_used);
    } else if (n == 30) {
      EXPECT_EQ(code_of(results[n]), Code::issuer_unknown);
    } else {
      EXPECT_TRUE(results[n]) << n;
    }
  }
  EXPECT_EQ(ledger_->unfinished().value().size(), 48U);
  expect_sound();
}

TEST_P(LedgerContract, ManyThreadsIssueAtOnceAndNothingIsLost) {
  constexpr int kThreads = 16;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int n = 0; n < kEach; ++n) issue(*ledger_, intent(fmt::format("host-{}-{}.example", t, n)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  reopen();
  EXPECT_EQ(ledger_->status().value().certificates, static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_TRUE(ledger_->unfinished().value().empty());
  expect_sound();
}

TEST_P(LedgerContract, SerialsBeginWithTheInstanceAndDiffer) {
  std::set<x509::SerialNumber> drawn;
  const InstancePrefix prefix = ledger_->instance_prefix();
  EXPECT_NE(prefix[0], 0);
  EXPECT_LT(prefix[0], 0x80);
  for (int n = 0; n < 1000; ++n) {
    const x509::SerialNumber serial = serials_->draw();
    ASSERT_EQ(serial.magnitude().size(), 16U);
    ASSERT_TRUE(std::equal(prefix.begin(), prefix.end(), serial.magnitude().begin()));
    drawn.insert(serial);
  }
  EXPECT_EQ(drawn.size(), 1000U);
  reopen();
  EXPECT_EQ(ledger_->instance_prefix(), prefix);
}

// -- issuers --------------------------------------------------------------------------------------------------------

TEST_P(LedgerContract, IssuersAreKeptWithTheirState) {
  const IssuerId second = add_issuer(*ledger_, "Second CA");
  ASSERT_TRUE(ledger_->set_issuer_state(issuer_, IssuerState::retired, "root"));
  EXPECT_EQ(code_of(ledger_->set_issuer_state({77}, IssuerState::retired, "root")), Code::issuer_unknown);
  EXPECT_EQ(code_of(ledger_->add_issuer({.name = "Second CA", .certificate = {1}, .key_reference = {}, .actor = {}})),
            Code::already_exists);
  reopen();
  const std::vector<Issuer> issuers = ledger_->issuers().value();
  ASSERT_EQ(issuers.size(), 2U);
  EXPECT_EQ(issuers[0].state, IssuerState::retired);
  EXPECT_EQ(issuers[1].id, second);
  EXPECT_EQ(issuers[1].name, "Second CA");
  EXPECT_EQ(issuers[1].key_reference, "keys/issuing.key");
  EXPECT_EQ(issuers[1].certificate, to_bytes(as_bytes("Second CA")));
  expect_sound();
}

TEST_P(LedgerContract, OneIssuerIsInUse) {
  const IssuerId second = add_issuer(*ledger_, "Second CA");
  const auto in_use = [&] {
    std::vector<IssuerId> out;
    const std::vector<Issuer> issuers = ledger_->issuers().value();
    for (const Issuer& issuer : issuers) {
      if (issuer.in_use) out.push_back(issuer.id);
    }
    return out;
  };
  EXPECT_TRUE(in_use().empty());
  ASSERT_TRUE(ledger_->use_issuer(issuer_, "ops"));
  EXPECT_EQ(in_use(), std::vector{issuer_});
  ASSERT_TRUE(ledger_->use_issuer(second, "ops"));
  EXPECT_EQ(code_of(ledger_->use_issuer({77}, "ops")), Code::issuer_unknown);
  EXPECT_EQ(in_use(), std::vector{second});
  reopen();
  EXPECT_EQ(in_use(), std::vector{second});
  expect_sound();
}

INSTANTIATE_TEST_SUITE_P(Engines, LedgerContract, testing::Values(MakeEngine{[]() -> std::unique_ptr<Engine> {
                           return std::make_unique<SqliteEngine>();
                         }}),
                         [](const auto&) { return std::string("Sqlite"); });

}  // namespace
}  // namespace symbolon::ledger
