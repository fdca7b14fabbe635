// What is answered, what is kept, and what a revocation, a restart or a silent signer does to it.
#include "authority/ocsp_responder.h"

#include <gtest/gtest.h>

#include "authority/ocsp_fixture.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using Statuses = std::vector<int>;

constexpr int kGood = V_OCSP_CERTSTATUS_GOOD;
constexpr int kRevoked = V_OCSP_CERTSTATUS_REVOKED;
constexpr int kUnknown = V_OCSP_CERTSTATUS_UNKNOWN;
constexpr Seconds kHalf{kUsualOcsp.count / 2};
const SerialNumber kNever = SerialNumber::parse("0a1b").value();

class OcspResponderTest : public OcspHome, public ::testing::Test {
 protected:
  using OcspHome::OcspHome;
};

TEST_F(OcspResponderTest, SaysWhatTheLedgerSays) {
  const SerialNumber good = issue();
  const SerialNumber bad = issue();
  revoke(bad);
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256()}) {
    EXPECT_EQ(said(ask({good, bad, kNever, good}, {digest, {}})).statuses,
              (Statuses{kGood, kRevoked, kUnknown, kGood}));
    EXPECT_EQ(said(ask({bad}, {digest, {}})).statuses, Statuses{kRevoked});
  }
}

TEST_F(OcspResponderTest, AnswersAboutAHundred) {
  std::vector<SerialNumber> serials(99, kNever);
  serials.push_back(issue());
  Statuses expected(99, kUnknown);
  expected.push_back(kGood);
  EXPECT_EQ(said(ask(serials)).statuses, expected);
  serials.push_back(kNever);
  EXPECT_EQ(error_of(ask(serials)), OcspError::malformed_request);
}

TEST_F(OcspResponderTest, GivesTheNonceBack) {
  const SerialNumber serial = issue();
  for (const std::size_t size : {1U, 32U, 128U}) {
    const Bytes nonce(size, 7);
    const auto answered = said(ask({serial}, {EVP_sha1(), nonce}));
    EXPECT_TRUE(std::ranges::equal(ByteView(answered.nonce).last(size), nonce));
    EXPECT_EQ(answered.statuses, Statuses{kGood});
  }
  EXPECT_EQ(error_of(ask({serial}, {EVP_sha1(), Bytes(129, 7)})), OcspError::malformed_request);
  EXPECT_EQ(said(ask({serial})).nonce, Bytes());
  EXPECT_EQ(signer->count(), 4);
}

TEST_F(OcspResponderTest, IsNotAuthorizedForOthers) {
  const SerialNumber serial = issue();
  const x509::Certificate& root = state->issuers->find({1})->certificate;
  const x509::Certificate& foreign = revocation::testing::pki().ca;
  for (const x509::Certificate& ca : {root, foreign}) {
    EXPECT_EQ(error_of(ask_of(ca, {serial}, {EVP_sha1(), {}})), OcspError::unauthorized);
  }
  EXPECT_EQ(error_of(ask({serial}, {EVP_sha384(), {}})), OcspError::unauthorized);
  const revocation::testing::Request mixed(OCSP_REQUEST_new());
  OCSP_request_add0_id(mixed.get(), id_of(issuing().certificate, serial, EVP_sha1()).release());
  OCSP_request_add0_id(mixed.get(), id_of(foreign, serial, EVP_sha1()).release());
  EXPECT_EQ(error_of(revocation::testing::octets_of(mixed)), OcspError::unauthorized);
  EXPECT_EQ(signer->count(), 0);
}

TEST_F(OcspResponderTest, RefusesWhatIsNoRequest) {
  const Bytes asked = ask({issue()});
  for (std::size_t size = 0; size < asked.size(); ++size) {
    EXPECT_EQ(error_of(Bytes(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(size))),
              OcspError::malformed_request)
        << size;
  }
}

TEST_F(OcspResponderTest, KeepsAnAnswerUntilHalfOfItsTimeIsOver) {
  const Bytes asked = ask({issue()});
  const auto first = response_to(asked);
  EXPECT_EQ(first->this_update, kNow - kMinute);
  EXPECT_EQ(first->next_update, kNow - kMinute + kUsualOcsp);
  pass(kHalf - kMinute - Seconds{1});
  EXPECT_EQ(response_to(asked), first);
  pass(Seconds{1});
  const auto second = response_to(asked);
  EXPECT_NE(second, first);
  EXPECT_EQ(second->this_update, home.clock.now() - kMinute);
  EXPECT_EQ(signer->count(), 2);
}

// An answer under each hash is one of its own.
TEST_F(OcspResponderTest, KeepsWhatWasAskedFor) {
  const SerialNumber serial = issue();
  const SerialNumber other = issue();
  const auto sha1 = response_to(ask({serial}));
  const auto sha256 = response_to(ask({serial}, {EVP_sha256(), {}}));
  EXPECT_NE(sha1->der, sha256->der);
  EXPECT_NE(response_to(ask({other}))->der, sha1->der);
  EXPECT_EQ(response_to(ask({serial}, {EVP_sha256(), {}})), sha256);
  EXPECT_EQ(response_to(ask({serial})), sha1);
  std::ignore = response_to(ask({serial, other}));
  EXPECT_EQ(response_to(ask({serial})), sha1);
}

TEST_F(OcspResponderTest, TheVeryNextAnswerAfterARevocationSaysSo) {
  const SerialNumber serial = issue();
  EXPECT_EQ(status(serial), kGood);
  EXPECT_EQ(status(serial), kGood);
  revoke(serial);
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(signer->count(), 2);
}

TEST_F(OcspResponderTest, TheVeryNextAnswerAfterAReleaseSaysSo) {
  const SerialNumber serial = issue();
  hold(serial);
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(signer->count(), 1);
  release(serial);
  EXPECT_EQ(status(serial), kGood);
  hold(serial);
  EXPECT_EQ(status(serial), kRevoked);
  revoke(serial);
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(signer->count(), 4) << "that with another reason is another answer";
}

TEST_F(OcspResponderTest, TheSignerFindsWhatIsRevokedOnTheWayToIt) {
  const SerialNumber serial = issue();
  signer->before_sign = [&] { revoke(serial); };
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(signer->count(), 1);
}

TEST_F(OcspResponderTest, WhatIsRevokedOnTheWayBackIsSignedAgain) {
  const SerialNumber serial = issue();
  bool done = false;
  signer->after_sign = [&] {
    if (!std::exchange(done, true)) revoke(serial);
  };
  EXPECT_EQ(status(serial), kRevoked);
  EXPECT_EQ(signer->count(), 2);
}

TEST_F(OcspResponderTest, GivesUpWhereEachTryIsOvertaken) {
  std::vector<SerialNumber> serials;
  for (int i = 0; i < 6; ++i) serials.push_back(issue());
  std::size_t next = 0;
  signer->after_sign = [&] { revoke(serials.at(next++)); };
  EXPECT_EQ(error_of(ask(serials)), OcspError::internal_error);
  EXPECT_EQ(next, 4U);
}

// Each gets its own answer: also those that no answer can be given to, and those that something came in between of.
TEST_F(OcspResponderTest, SeveralAreSignedTogether) {
  const SerialNumber good = issue();
  const SerialNumber bad = issue();
  const SerialNumber overtaken = issue();
  revoke(bad);
  std::vector<OcspResponder::Question> questions;
  for (const SerialNumber& serial : {good, bad, kNever, overtaken}) {
    questions.push_back(std::get<OcspResponder::Question>(responder->read(ask({serial}))));
  }
  int turn = 0;
  signer->after_sign = [&] {
    if (++turn == 4) revoke(overtaken);
  };
  const auto statuses = [&] {
    Statuses out;
    for (const auto& answered : responder->sign(questions)) {
      const auto* const response = std::get_if<std::shared_ptr<const OcspResponse>>(&answered);
      out.push_back(response == nullptr ? -1 : read(as_bytes((*response)->der)).statuses.at(0));
    }
    return out;
  };
  EXPECT_EQ(statuses(), (Statuses{kGood, kRevoked, kUnknown, kRevoked}));
  EXPECT_EQ(signer->count(), 5);
  EXPECT_EQ(status(good), kGood);
  EXPECT_EQ(status(overtaken), kRevoked);
  EXPECT_EQ(signer->count(), 5) << "they were kept";

  signer->failing = Error{Code::signer_unreachable, "gone"};
  EXPECT_EQ(statuses(), (Statuses{kGood, kRevoked, -1, kRevoked})) << "what is kept goes out";
  signer->failing.reset();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (statuses() != Statuses{kGood, kRevoked, kUnknown, kRevoked} && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  EXPECT_EQ(statuses(), (Statuses{kGood, kRevoked, kUnknown, kRevoked}));
}

TEST_F(OcspResponderTest, UnknownIsNotKeptBeyondTheIssuing) {
  auto reserved = issuance->reserve(prepare()).value();
  const SerialNumber serial = reserved.linted().content().serial;
  EXPECT_EQ(status(serial), kUnknown);
  ASSERT_TRUE(issuance->complete(issuance->sign(std::move(reserved)).value()));
  EXPECT_EQ(status(serial), kGood);
}

TEST_F(OcspResponderTest, ASignerThatWasStartedAnewGetsACertificate) {
  const SerialNumber serial = issue();
  const auto before = said(ask({serial}, {EVP_sha1(), Bytes(8, 1)})).responder;
  const auto kept = response_to(ask({serial}));
  signer->start_anew();
  EXPECT_EQ(response_to(ask({serial})), kept) << "it counts as before";
  const auto after = said(ask({serial}, {EVP_sha1(), Bytes(8, 1)})).responder;
  EXPECT_FALSE(before.public_key().spki_sha256() == after.public_key().spki_sha256());
}

TEST_F(OcspResponderTest, WhereTheSignerIsSilentWhatIsKeptGoesOut) {
  const SerialNumber serial = issue();
  const auto kept = response_to(ask({serial}));
  signer->failing = Error{Code::signer_unreachable, "gone"};
  EXPECT_EQ(error_of(ask({issue()})), OcspError::try_later);
  pass(kHalf + kMinute);
  EXPECT_EQ(response_to(ask({serial})), kept);
  pass(kHalf);
  EXPECT_EQ(error_of(ask({serial})), OcspError::try_later);
}

// One try at a time, and none within a second: nobody waits for a signer that is away.
TEST_F(OcspResponderTest, WhereTheSignerIsAwayIsTriedByOneAtATime) {
  const SerialNumber serial = issue();
  std::ignore = response_to(ask({serial}));
  signer->failing = Error{Code::signer_unreachable, "gone"};
  const int before = signer->tries;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(error_of(ask({issue()})), OcspError::try_later);
  EXPECT_LE(signer->tries, before + 3);
}

TEST_F(OcspResponderTest, ALedgerThatAPublishedCrlBeliesIsNotBelieved) {
  const SerialNumber serial = issue();
  ledger_standing = fail(Code::crl_ahead_of_ledger, "an older backup");
  EXPECT_EQ(error_of(ask({serial})), OcspError::try_later);
  ledger_standing = {};
  EXPECT_EQ(status(serial), kGood);
}

TEST_F(OcspResponderTest, WhatIsKeptAndNotTrueAnyMoreDoesNotGoOut) {
  const SerialNumber serial = issue();
  std::ignore = response_to(ask({serial}));
  revoke(serial);
  signer->failing = Error{Code::signer_unreachable, "gone"};
  EXPECT_EQ(error_of(ask({serial})), OcspError::try_later);
}

TEST_F(OcspResponderTest, AFaultOfOursIsSaidToBeOne) {
  std::ignore = response_to(ask({issue()}));  // the certificate is there
  signer->failing = Error{Code::crypto_failed, "broken"};
  EXPECT_EQ(error_of(ask({issue()})), OcspError::internal_error);
}

TEST_F(OcspResponderTest, ThisUpdateDoesNotGoBackWithTheClockAsLongAsItNeedNot) {
  const Bytes asked = ask({issue()}, {EVP_sha1(), Bytes(8, 1)});  // signed each time
  const auto update = [&] { return response_to(asked)->this_update; };
  EXPECT_EQ(update(), kNow - kMinute);
  pass(Seconds{-30});
  EXPECT_EQ(update(), kNow - kMinute);
  pass(Seconds{60});
  EXPECT_EQ(update(), kNow - Seconds{30});
  pass(Seconds{-120});  // it would lie in the future
  EXPECT_EQ(update(), kNow - Seconds{150});
}

TEST_F(OcspResponderTest, WhatWasSignedMustBeWhatWasBuilt) {
  const auto serial = issue();
  signer->spoil = [](signer::SignedOcsp& made) { made.octets[0] ^= 1; };
  EXPECT_EQ(error_of(ask({serial})), OcspError::internal_error);
  signer->spoil = {};
  EXPECT_EQ(status(serial), V_OCSP_CERTSTATUS_GOOD);
}

TEST_F(OcspResponderTest, SomethingMustBeSaidOfEachCertificate) {
  const auto serial = issue();
  signer->spoil = [](signer::SignedOcsp& made) { made.said.pop_back(); };
  EXPECT_EQ(error_of(ask({serial})), OcspError::internal_error);
  signer->spoil = {};
  EXPECT_EQ(status(serial), V_OCSP_CERTSTATUS_GOOD);
}

// By a fault in the arithmetic: every signature of a new key is verified until one is good, then one of some.
TEST_F(OcspResponderTest, AWrongSignatureIsNoticed) {
  const auto serial = issue();
  const auto wrong = [](signer::SignedOcsp& made) { made.signature.back() ^= 1; };
  signer->spoil = wrong;
  EXPECT_EQ(error_of(ask({serial})), OcspError::internal_error);
  EXPECT_EQ(error_of(ask({serial})), OcspError::internal_error);
  signer->spoil = {};
  EXPECT_EQ(status(serial), V_OCSP_CERTSTATUS_GOOD);
  signer->spoil = wrong;
  bool noticed = false;
  for (int i = 0; i < 16 && !noticed; ++i) {
    const auto answered = answer(ask({serial}, {EVP_sha1(), Bytes(16, 0x5a)}));
    noticed = std::holds_alternative<OcspError>(answered);
  }
  EXPECT_TRUE(noticed);
}

TEST_F(OcspResponderTest, NothingIsSignedAfterTheStop) {
  const SerialNumber serial = issue();
  std::ignore = response_to(ask({serial}));
  responder->stop();
  EXPECT_EQ(error_of(ask({issue()})), OcspError::try_later);
  EXPECT_EQ(status(serial), kGood);
}

// -- the thread

class OcspResponderThread : public OcspResponderTest {
 protected:
  OcspResponderThread() : OcspResponderTest(OcspResponderOptions{.look = std::chrono::milliseconds(1)}) {}
};

TEST_F(OcspResponderThread, SignsAnewWhatWasAskedForSince) {
  const SerialNumber asked = issue();
  const SerialNumber forgotten = issue();
  const auto first = response_to(ask({asked}));
  const auto other = response_to(ask({forgotten}));
  EXPECT_EQ(response_to(ask({asked})), first);
  pass(kHalf - kMinute * 10);
  responder->start();
  ASSERT_TRUE(signer->wait_for(3));
  responder->stop();
  EXPECT_NE(response_to(ask({asked})), first);
  EXPECT_EQ(response_to(ask({forgotten})), other);
  EXPECT_EQ(signer->count(), 3);
}

}  // namespace
}  // namespace symbolon::authority
