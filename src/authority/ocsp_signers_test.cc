// OCSP responses of a state that init made, by keys of this process and by those of the signer: openssl's library
// judges them.
#include "authority/ocsp_signers.h"

#include <gtest/gtest.h>

#include "authority/hierarchy.h"
#include "authority/issuance.h"
#include "authority/ocsp_content.h"
#include "authority/signer_beside.h"
#include "authority/state.h"
#include "revocation/ocsp_response.h"
#include "revocation/testing/ocsp_peer.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using revocation::testing::Basic;
using revocation::testing::Id;
using revocation::testing::Response;
using signer::OcspHash;
using signer::OcspName;
using x509::SerialNumber;

constexpr Seconds kLongest = kHour * 12;

enum class Where : std::uint8_t { here, behind };

// A certificate of each standing, and a signer.
class OcspSigners : public ::testing::TestWithParam<Where> {
 protected:
  OcspSigners() {
    home_.authority.reset();
    const Path folder = home_.folder.path() / "state";
    state_.emplace(open_state(folder, home_.clock, keys_in_files({folder}, {})).value());
    const auto profiles = std::make_shared<const ProfileSet>(builtin_profiles("Example Corp"));
    issuance_.emplace(*state_->ledger, home_.clock, profiles, state_->issuers);
    issued_ = issue("client", request()).content().serial;
    revoked_ = issue("client", request()).content().serial;
    revoke(revoked_, ledger::RevocationReason::superseded);
    auto reserved = issuance_->reserve(prepare("client", request())).value();
    reserved_ = reserved.linted().content().serial;
    auto abandoned = issuance_->reserve(prepare("client", request())).value();
    abandoned_ = abandoned.linted().content().serial;
    EXPECT_TRUE(issuance_->give_up(std::move(abandoned), "no"));

    if (GetParam() == Where::behind) {
      beside_.emplace(home_, SigningDeskOptions{
                                 .state = folder, .keys = keys_in_files({folder}, {}), .ocsp_next_update = kLongest});
    }
    signer_ = beside_ ? ocsp_signer_behind(beside_->client())
                      : ocsp_signer_here([this] { return state_->issuers; }, *state_->ledger, home_.clock, kLongest);
  }

  static x509::CertificateRequest request() {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256).value();
    return x509::make_request(key, {}, {}).value();
  }
  LintedCertificate prepare(std::string_view profile, x509::CertificateRequest request) {
    IssueRequest wish{.profile = std::string(profile), .request = std::move(request)};
    wish.common_name = "one";
    auto prepared = issuance_->prepare(wish);
    EXPECT_TRUE(prepared) << prepared.error().text();
    return std::move(*prepared);
  }
  IssuedCertificate issue(std::string_view profile, x509::CertificateRequest request) {
    auto issued = issuance_->finish(prepare(profile, std::move(request)));
    EXPECT_TRUE(issued) << issued.error().text();
    return std::move(*issued);
  }
  void revoke(const SerialNumber& serial, ledger::RevocationReason reason) {
    ASSERT_TRUE(state_->ledger->revoke({.issuer = issuing().id, .serial = serial, .reason = reason}));
  }
  const Issuer& issuing() const { return *state_->issuers->select(std::string(kIssuingName), kNow).value(); }

  x509::CertificateRequest responder() {
    const auto request = signer_->responder(issuing().id);
    EXPECT_TRUE(request) << request.error().text();
    return *request;
  }
  OcspName name_of(const std::vector<SerialNumber>& serials) {
    OcspName out{.issuer = issuing().id.value,
                 .responder = responder().public_key().spki_sha256(),
                 .this_update = kNow,
                 .next_update = kNow + kLongest,
                 .entries = {}};
    for (const SerialNumber& serial : serials) out.entries.push_back({OcspHash::sha256, serial});
    return out;
  }
  // As the authority builds it.
  Bytes content(const OcspName& name, const crypto::PublicKey& key) {
    const OcspIssuer about = OcspIssuer::of(issuing(), *state_->issuers);
    const auto asked = serials_of(about, name);
    const auto found = state_->ledger->serial_statuses(asked.issuers, asked.serials).value();
    return ocsp_content(about, name, key, cert_statuses(found)).value();
  }
  Bytes content(const OcspName& name) { return content(name, responder().public_key()); }

  Home home_;
  std::optional<State> state_;
  std::optional<Issuance> issuance_;
  std::optional<SignerBeside> beside_;
  std::unique_ptr<OcspSigner> signer_;
  SerialNumber issued_;
  SerialNumber revoked_;
  SerialNumber reserved_;
  SerialNumber abandoned_;
};

const Bytes& algorithm_of_p256() {
  static const Bytes algorithm = to_bytes(
      crypto::make_signer(crypto::PrivateKey::generate(crypto::KeyType::p256).value()).value()->algorithm_identifier());
  return algorithm;
}

// OCSP_basic_verify with the CA as only anchor, at kNow.
bool verifies(const Basic& basic, const x509::Certificate& ca) {
  const crypto::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.get());
  X509_VERIFY_PARAM* const parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_time(parameters, kNow.count);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  return OCSP_basic_verify(basic.get(), nullptr, store.get(), 0) == 1;
}

int status_in(const Basic& basic, const x509::Certificate& ca, const SerialNumber& serial) {
  const Bytes content = serial.der_content();
  const crypto::Handle<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
  ASN1_STRING_set(number.get(), content.data(), static_cast<int>(content.size()));
  const Id id(
      OCSP_cert_id_new(EVP_sha256(), X509_get_subject_name(ca.get()), X509_get0_pubkey_bitstr(ca.get()), number.get()));
  int status = -1;
  OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, nullptr, nullptr, nullptr);
  return status;
}

TEST_P(OcspSigners, ResponsesVerifyAndSayWhatTheLedgerSays) {
  const auto certificate = issue("ocsp", responder());
  const SerialNumber never = SerialNumber::parse("0a1b").value();
  const OcspName name = name_of({never, issued_, revoked_, reserved_, abandoned_, certificate.serial()});
  const auto signature = signer_->sign(name);
  ASSERT_TRUE(signature) << signature.error().text();
  EXPECT_EQ(signature->said.at(1).status, revocation::OcspStatus::good);
  EXPECT_EQ(signature->said.at(2).status, revocation::OcspStatus::revoked);
  const std::vector<Bytes> along{to_bytes(certificate.der())};
  const Bytes der = revocation::assemble_ocsp(content(name), algorithm_of_p256(), signature->signature, along);

  const unsigned char* at = der.data();
  const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  ASSERT_TRUE(response);
  const Basic basic(OCSP_response_get1_basic(response.get()));
  const x509::Certificate& ca = issuing().certificate;
  EXPECT_TRUE(verifies(basic, ca));
  EXPECT_FALSE(verifies(basic, revocation::testing::pki().ca));
  EXPECT_EQ(status_in(basic, ca, issued_), V_OCSP_CERTSTATUS_GOOD);
  EXPECT_EQ(status_in(basic, ca, certificate.serial()), V_OCSP_CERTSTATUS_GOOD);
  EXPECT_EQ(status_in(basic, ca, revoked_), V_OCSP_CERTSTATUS_REVOKED);
  for (const SerialNumber& serial : {never, reserved_, abandoned_}) {
    EXPECT_EQ(status_in(basic, ca, serial), V_OCSP_CERTSTATUS_UNKNOWN) << serial.hex();
  }
}

// A serial of an imported CA, which this ledger did not issue.
TEST_P(OcspSigners, WhatIsRevokedIsRevokedWhoeverIssuedIt) {
  const SerialNumber foreign = SerialNumber::parse("0a1b").value();
  const OcspName name = name_of({foreign, reserved_});
  const Bytes before = content(name);
  ASSERT_TRUE(state_->ledger->revoke(
      {.issuer = issuing().id, .serial = foreign, .unknown_serial = ledger::UnknownSerial::accept}));
  revoke(reserved_, ledger::RevocationReason::unspecified);
  const Bytes after = content(name);
  EXPECT_NE(after, before);
  EXPECT_TRUE(
      crypto::verify_signature(responder().public_key(), algorithm_of_p256(), after, signer_->sign(name)->signature));
}

// The signature is over what the ledger says when it is made, whatever the authority thought that it would say.
TEST_P(OcspSigners, LooksTheLedgerUpByItself) {
  const OcspName name = name_of({issued_});
  const auto fits = [&](const Bytes& content) {
    return crypto::verify_signature(responder().public_key(), algorithm_of_p256(), content,
                                    signer_->sign(name)->signature);
  };
  const Bytes before = content(name);
  EXPECT_TRUE(fits(before));
  revoke(issued_, ledger::RevocationReason::key_compromise);
  EXPECT_FALSE(fits(before));
  EXPECT_TRUE(fits(content(name)));
}

TEST_P(OcspSigners, TheResponderOfACaStays) { EXPECT_EQ(to_bytes(responder().der()), to_bytes(responder().der())); }

TEST_P(OcspSigners, AnswerForNoCaWhoseKeyIsElsewhere) {
  OcspName name = name_of({issued_});
  for (const std::int64_t id : {std::int64_t{1}, std::int64_t{99}, std::int64_t{-1}}) {  // the root, and none
    EXPECT_EQ(code_of(signer_->responder({id})), Code::issuer_unknown) << id;
    name.issuer = id;
    EXPECT_EQ(code_of(signer_->sign(name)), Code::issuer_unknown) << id;
  }
}

TEST_P(OcspSigners, RefuseAnotherResponderAndOtherDates) {
  const OcspName good = name_of({issued_});
  OcspName name = good;
  name.responder = issuing().certificate.public_key().spki_sha256();
  EXPECT_EQ(code_of(signer_->sign(name)), Code::ocsp_responder_changed);
  name = good;
  name.next_update = name.next_update + Seconds{1};
  EXPECT_EQ(code_of(signer_->sign(name)), Code::ocsp_out_of_bounds);
  name = good;
  name.this_update = kNow - kOcspTolerance - Seconds{1};
  EXPECT_EQ(code_of(signer_->sign(name)), Code::ocsp_out_of_bounds);
  name = good;
  name.nonce = Bytes(signer::kMostOcspNonce, 1);
  EXPECT_TRUE(signer_->sign(name));
}

INSTANTIATE_TEST_SUITE_P(Keys, OcspSigners, ::testing::Values(Where::here, Where::behind),
                         [](const auto& one) { return one.param == Where::here ? "Here" : "Behind"; });

class OcspSignerBehind : public OcspSigners {};

// Its first answer says so; the next one is by the new key.
TEST_P(OcspSignerBehind, GetsTheResponderOfASignerThatWasStartedAnew) {
  const OcspName before = name_of({issued_});
  beside_->start_anew();
  EXPECT_EQ(code_of(signer_->sign(before)), Code::ocsp_responder_changed);
  const OcspName after = name_of({issued_});
  EXPECT_NE(after.responder, before.responder);
  const auto signature = signer_->sign(after);
  ASSERT_TRUE(signature) << signature.error().text();
  EXPECT_EQ(signature->octets, crypto::sha256(content(after)));
  EXPECT_TRUE(
      crypto::verify_signature(responder().public_key(), algorithm_of_p256(), content(after), signature->signature));
}

// Nothing was signed in between that would have told of it.
TEST_P(OcspSignerBehind, AsksTheSignerThatIsThereNowForItsResponder) {
  const auto before = responder().public_key().spki_sha256();
  beside_->start_anew();
  EXPECT_NE(responder().public_key().spki_sha256(), before);
  EXPECT_TRUE(signer_->sign(name_of({issued_})));
}

// What it issued must stay known as revoked, to whoever has not heard of the CA's own revocation.
TEST_P(OcspSignerBehind, ARevokedCaStillAnswers) {
  const ledger::IssuerId above{1};
  ASSERT_NE(state_->issuers->find(above), nullptr);
  EXPECT_TRUE(state_->issuers->find(above)->is_root());
  ASSERT_TRUE(state_->ledger->revoke({.issuer = above, .serial = issuing().certificate.serial()}));
  EXPECT_TRUE(signer_->sign(name_of({revoked_})));
}

TEST_P(OcspSignerBehind, HasNoneWhereTheConfigurationHasNone) {
  const OcspName name = name_of({issued_});
  const SignerBeside silent(home_);
  EXPECT_EQ(silent.client()->keys().front().responder, Bytes());
  const auto signer = ocsp_signer_behind(silent.client());
  EXPECT_EQ(code_of(signer->responder(issuing().id)), Code::issuer_unknown);
  EXPECT_EQ(code_of(signer->sign(name)), Code::issuer_unknown);
}

INSTANTIATE_TEST_SUITE_P(Keys, OcspSignerBehind, ::testing::Values(Where::behind));

}  // namespace
}  // namespace symbolon::authority
