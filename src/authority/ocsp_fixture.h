// For tests: a responder over a state that init made, with keys of this process, and OpenSSL as who asks it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "authority/hierarchy.h"
#include "authority/ocsp_responder.h"
#include "authority/ocsp_signers.h"
#include "authority/state.h"
#include "authority/testing.h"
#include "revocation/testing/ocsp_peer.h"

namespace symbolon::authority::testing {

using revocation::OcspError;
using x509::SerialNumber;

// Counts, fails where it shall, and is started anew where it shall.
class WatchedSigner final : public OcspSigner {
 public:
  using Make = std::function<std::unique_ptr<OcspSigner>()>;
  explicit WatchedSigner(Make make) : make_(std::move(make)), inner_(make_()) {}

  Result<x509::CertificateRequest> responder(ledger::IssuerId issuer) override {
    if (failing) return std::unexpected(*failing);
    return inner_->responder(issuer);
  }
  Result<signer::SignedOcsp> sign(const signer::OcspName& name) override {
    ++tries;
    if (failing) return std::unexpected(*failing);
    if (before_sign) before_sign();
    auto signature = inner_->sign(name);
    if (after_sign) after_sign();
    if (signature && spoil) spoil(*signature);
    const std::lock_guard lock(mutex_);
    ++signed_;
    changed_.notify_all();
    return signature;
  }
  // Other keys from now on, as of a process that was started anew.
  void start_anew() { inner_ = make_(); }
  int count() const {
    const std::lock_guard lock(mutex_);
    return signed_;
  }
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return signed_ >= count; });
  }

  std::optional<Error> failing;
  std::atomic<int> tries = 0;  // to sign, also those that failed
  std::function<void()> before_sign;
  std::function<void()> after_sign;
  std::function<void(signer::SignedOcsp&)> spoil;  // what it answers

 private:
  const Make make_;
  std::unique_ptr<OcspSigner> inner_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int signed_ = 0;
};

// What OpenSSL's library finds in a response whose signature it verified with the CA as only anchor.
struct Said {
  std::vector<int> statuses;  // V_OCSP_CERTSTATUS_...
  Bytes nonce;
  x509::Certificate responder;
};

class OcspHome {
 public:
  explicit OcspHome(OcspResponderOptions options = {}) : options_(options) {
    home.authority.reset();
    const Path folder = home.folder.path() / "state";
    state.emplace(open_state(folder, home.clock, keys_in_files({folder}, {})).value());
    revocations = LedgerRevocations::follow(*state->ledger, *state->issuers).value();
    auto set = std::make_shared<IssuerSet>(*state->issuers);
    set->revocations = revocations->source();
    const auto profiles = std::make_shared<const ProfileSet>(builtin_profiles("Example Corp"));
    issuance.emplace(*state->ledger, home.clock, profiles, std::move(set));
    signer.emplace([this] {
      return ocsp_signer_here([this] { return issuance->issuers(); }, *state->ledger, home.clock, options_.next_update);
    });
    responder.emplace(OcspResponder::Parts{*issuance, *revocations, *signer, home.clock,
                                           [this](const Issuer&) { return ledger_standing; }},
                      options_);
  }

  Status ledger_standing;  // what the comparison with the published CRL came to

  static x509::CertificateRequest request() {
    return x509::make_request(crypto::PrivateKey::generate(crypto::KeyType::p256).value(), {}, {}).value();
  }
  LintedCertificate prepare() {
    IssueRequest wish{.profile = "client", .request = request()};
    wish.common_name = "one";
    return issuance->prepare(wish).value();
  }
  SerialNumber issue() { return issuance->finish(prepare()).value().serial(); }
  void revoke(const SerialNumber& serial) {
    EXPECT_TRUE(state->ledger->revoke({.issuer = issuing().id, .serial = serial}));
  }
  void hold(const SerialNumber& serial) {
    EXPECT_TRUE(state->ledger->revoke(
        {.issuer = issuing().id, .serial = serial, .reason = ledger::RevocationReason::certificate_hold}));
  }
  void release(const SerialNumber& serial) {
    EXPECT_TRUE(state->ledger->release({.issuer = issuing().id, .serial = serial}));
  }
  const Issuer& issuing() const { return *state->issuers->find({2}); }
  void pass(Seconds time) { home.clock.set(home.clock.now() + time); }

  struct Choices {
    const EVP_MD* digest = EVP_sha1();
    Bytes nonce = {};
  };
  // An OCSPRequest about serials of that CA.
  Bytes ask(const std::vector<SerialNumber>& serials, Choices choices = {EVP_sha1(), {}}) const {
    return ask_of(issuing().certificate, serials, std::move(choices));
  }
  static Bytes ask_of(const x509::Certificate& ca, const std::vector<SerialNumber>& serials, Choices choices) {
    const revocation::testing::Request out(OCSP_REQUEST_new());
    for (const SerialNumber& serial : serials) {
      OCSP_request_add0_id(out.get(), id_of(ca, serial, choices.digest).release());
    }
    if (!choices.nonce.empty()) {
      OCSP_request_add1_nonce(out.get(), choices.nonce.data(), static_cast<int>(choices.nonce.size()));
    }
    return revocation::testing::octets_of(out);
  }
  static revocation::testing::Id id_of(const x509::Certificate& ca, const SerialNumber& serial, const EVP_MD* digest) {
    const Bytes content = serial.der_content();
    const crypto::Handle<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_STRING_set(number.get(), content.data(), static_cast<int>(content.size()));
    return revocation::testing::Id(
        OCSP_cert_id_new(digest, X509_get_subject_name(ca.get()), X509_get0_pubkey_bitstr(ca.get()), number.get()));
  }

  // As the server does it: from memory, else signed.
  OcspResponder::Answer answer(const Bytes& asked) {
    const auto read = responder->read(asked);
    if (const auto* error = std::get_if<OcspError>(&read)) return *error;
    const auto& question = std::get<OcspResponder::Question>(read);
    if (auto known = responder->find(question)) return known;
    return responder->sign(question);
  }
  OcspError error_of(const Bytes& asked) {
    const auto answered = answer(asked);
    const auto* error = std::get_if<OcspError>(&answered);
    EXPECT_NE(error, nullptr) << "it was answered";
    return error == nullptr ? OcspError{} : *error;
  }
  std::shared_ptr<const OcspResponse> response_to(const Bytes& asked) {
    auto answered = answer(asked);
    if (auto* response = std::get_if<std::shared_ptr<const OcspResponse>>(&answered)) return *response;
    ADD_FAILURE() << "error " << static_cast<int>(std::get<OcspError>(answered));
    return nullptr;
  }

  Said read(ByteView der) const {
    using namespace revocation::testing;
    const unsigned char* at = der.data();
    const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
    const Basic basic(response ? OCSP_response_get1_basic(response.get()) : nullptr);
    if (!basic) throw std::runtime_error("no response");
    const crypto::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), issuing().certificate.get());
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), home.clock.now().count);
    X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(store.get()), X509_V_FLAG_PARTIAL_CHAIN);
    EXPECT_EQ(OCSP_basic_verify(basic.get(), nullptr, store.get(), 0), 1) << "at " << to_rfc3339(home.clock.now());
    X509* const signer_certificate = sk_X509_value(OCSP_resp_get0_certs(basic.get()), 0);
    Said out{.statuses = {},
             .nonce = {},
             .responder = x509::Certificate::from_der(encoded<i2d_X509>(signer_certificate)).value()};
    for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
      out.statuses.push_back(
          OCSP_single_get0_status(OCSP_resp_get0(basic.get(), i), nullptr, nullptr, nullptr, nullptr));
    }
    const int nonce = OCSP_BASICRESP_get_ext_by_NID(basic.get(), NID_id_pkix_OCSP_Nonce, -1);
    if (nonce >= 0) {
      const ASN1_OCTET_STRING* const value =
          X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic.get(), nonce));  // an OCTET STRING in it
      const unsigned char* const octets = ASN1_STRING_get0_data(value);
      out.nonce = Bytes(octets, octets + ASN1_STRING_length(value));
    }
    return out;
  }
  Said said(const Bytes& asked) {
    const auto response = response_to(asked);
    return read(response ? as_bytes(response->der) : ByteView());
  }
  int status(const SerialNumber& serial) { return said(ask({serial})).statuses.at(0); }

  Home home;
  std::optional<State> state;
  std::shared_ptr<LedgerRevocations> revocations;
  std::optional<Issuance> issuance;
  std::optional<WatchedSigner> signer;
  std::optional<OcspResponder> responder;

 private:
  const OcspResponderOptions options_;
};

}  // namespace symbolon::authority::testing
