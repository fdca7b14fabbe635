// Our OCSP responses beside those that OpenSSL builds, and as OpenSSL and its program read ours.
#include "revocation/ocsp_response.h"

#include <gtest/gtest.h>

#include "revocation/ocsp_request.h"
#include "revocation/testing/ocsp_peer.h"
#include "x509/testing/shell.h"

namespace symbolon::revocation {
namespace {

using namespace testing;
using x509::testing::Folder;
using x509::testing::must;

constexpr UnixSeconds kNextUpdate = kNow + kHour * 12;

Bytes cert_id(const EVP_MD* digest = EVP_sha1()) {
  return encoded<i2d_OCSP_CERTID>(id_of(pki().leaf, pki().ca, digest).get());
}

OcspAnswer answer(ByteView id, OcspStatus status) {
  return {.cert_id = id, .status = {status}, .this_update = kNow, .next_update = kNextUpdate};
}
OcspAnswer revoked(ByteView id, UnixSeconds at, std::uint8_t reason) {
  OcspAnswer out = answer(id, OcspStatus::revoked);
  out.status.revoked_at = at;
  out.status.reason = reason;
  return out;
}

OcspHeading heading(const Certificate& by = pki().responder) {
  return {.responder_key = by.public_key().key_identifier(), .produced_at = kNow};
}

Bytes data(const std::vector<OcspAnswer>& answers) {
  const auto built = ocsp_response_data(heading(), answers);
  EXPECT_TRUE(built) << built.error().text();
  return *built;
}

// Signed by a responder of that name, whose certificate goes along.
Bytes signed_by(std::string_view id, const Certificate& certificate, const std::vector<OcspAnswer>& answers) {
  const Bytes tbs = ocsp_response_data(heading(certificate), answers).value();
  const auto key = signer(id);
  const std::vector<Bytes> along{to_bytes(certificate.der())};
  return assemble_ocsp(tbs, key->algorithm_identifier(), key->sign(tbs).value(), along);
}

Response decode(const Bytes& der) {
  const unsigned char* at = der.data();
  Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_TRUE(response);
  EXPECT_EQ(at, der.data() + der.size());
  return response;
}

// OCSP_basic_verify with the CA as only anchor, at kNow.
bool verifies(const Bytes& der, const Certificate& ca = pki().ca) {
  const Response response = decode(der);
  const Basic basic(OCSP_response_get1_basic(response.get()));
  const Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.get());
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), kNow.count);
  return OCSP_basic_verify(basic.get(), nullptr, store.get(), 0) == 1;
}

// The same facts told to OpenSSL's own builder, signed by the responder's key.
struct Theirs {
  Basic basic{OCSP_BASICRESP_new()};

  void add(const EVP_MD* digest, int status, int reason, UnixSeconds at) {
    OCSP_basic_add1_status(basic.get(), id_of(pki().leaf, pki().ca, digest).get(), status, reason,
                           status == V_OCSP_CERTSTATUS_REVOKED ? generalized(at).get() : nullptr,
                           generalized(kNow).get(), generalized(kNextUpdate).get());
  }
  void sign() {
    auto* produced = const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(basic.get()));
    ASN1_GENERALIZEDTIME_set(produced, kNow.count);
    const auto key = crypto::PrivateKey::from_pem(Secret(pem_key("ocsp-responder")), {}).value();
    ASSERT_EQ(OCSP_basic_sign(basic.get(), pki().responder.get(), key.get(), EVP_sha256(), nullptr,
                              OCSP_RESPID_KEY | OCSP_NOTIME),
              1);
  }
  Bytes tbs() const { return encoded<i2d_OCSP_RESPDATA>(OCSP_resp_get0_respdata(basic.get())); }
  Bytes der() const {
    const Response whole(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    return encoded<i2d_OCSP_RESPONSE>(whole.get());
  }
};

TEST(OcspResponse, OpensslBuildsTheSameOctets) {
  const Bytes sha1 = cert_id();
  const Bytes sha256 = cert_id(EVP_sha256());
  const Bytes sha384 = cert_id(EVP_sha384());
  const UnixSeconds later{2'600'000'000};  // after 2049; OCSP has no UTCTime before it either
  Theirs theirs;
  theirs.add(EVP_sha1(), V_OCSP_CERTSTATUS_GOOD, -1, {});
  theirs.add(EVP_sha256(), V_OCSP_CERTSTATUS_REVOKED, -1, kNow - kDay);
  theirs.add(EVP_sha256(), V_OCSP_CERTSTATUS_REVOKED, 1, later);
  theirs.add(EVP_sha1(), V_OCSP_CERTSTATUS_REVOKED, 10, UnixSeconds{0});
  theirs.add(EVP_sha384(), V_OCSP_CERTSTATUS_UNKNOWN, -1, {});
  Bytes nonce(128, 0x5a);
  OCSP_basic_add1_nonce(theirs.basic.get(), nonce.data(), static_cast<int>(nonce.size()));
  theirs.sign();
  OcspHeading ours = heading();
  ours.nonce = nonce;
  const std::vector<OcspAnswer> answers{answer(sha1, OcspStatus::good), revoked(sha256, kNow - kDay, 0),
                                        revoked(sha256, later, 1), revoked(sha1, UnixSeconds{0}, 10),
                                        answer(sha384, OcspStatus::unknown)};
  const Bytes tbs = ocsp_response_data(ours, answers).value();
  EXPECT_EQ(to_hex(tbs), to_hex(theirs.tbs()));
  const ASN1_OCTET_STRING* bits = OCSP_resp_get0_signature(theirs.basic.get());
  const ByteView signature(ASN1_STRING_get0_data(bits), static_cast<std::size_t>(ASN1_STRING_length(bits)));
  const std::vector<Bytes> along{to_bytes(pki().responder.der())};
  const Bytes whole = assemble_ocsp(tbs, signer("ocsp-responder")->algorithm_identifier(), signature, along);
  EXPECT_EQ(to_hex(whole), to_hex(theirs.der()));
}

TEST(OcspResponse, OpensslVerifiesADelegatedResponderOfEveryKeyType) {
  const Bytes id = cert_id();
  EXPECT_TRUE(verifies(signed_by("ocsp-responder", pki().responder, {answer(id, OcspStatus::good)})));
  for (const std::string_view type : {"p384", "ed25519", "rsa2048"}) {
    const std::string name = fmt::format("ocsp-responder-{}", type);
    const Certificate responder =
        forge().certificate(name, name, "ocsp-ca", Forge::with(kResponder, fmt::format(R"("key": "{}")", type)));
    EXPECT_TRUE(verifies(signed_by(name, responder, {answer(id, OcspStatus::good)}))) << type;
  }
  EXPECT_TRUE(verifies(signed_by("ocsp-ca", pki().ca, {answer(id, OcspStatus::good)})));
  EXPECT_FALSE(verifies(signed_by("ocsp-responder", pki().responder, {answer(id, OcspStatus::good)}), pki().other));
  EXPECT_FALSE(verifies(signed_by("ocsp-leaf", pki().leaf, {answer(id, OcspStatus::good)})));
}

// A request by OpenSSL, answered by us, taken by OpenSSL: statuses, CertIDs and nonce are those of the request.
TEST(OcspResponse, AnswersWhatOpensslAsked) {
  const Request request = request_for({.digests = {EVP_sha1(), EVP_sha256(), EVP_sha384()}, .nonce = Bytes(32, 3)});
  const Bytes asked = octets_of(request);
  const OcspRequest read = parse_ocsp_request(asked).value();
  OcspHeading ours = heading();
  ours.nonce = read.nonce;
  const std::vector<OcspAnswer> answers{answer(read.requests[0].der, OcspStatus::good),
                                        revoked(read.requests[1].der, kNow - kDay, 1),
                                        answer(read.requests[2].der, OcspStatus::unknown)};
  const Bytes tbs = ocsp_response_data(ours, answers).value();
  const auto key = signer("ocsp-responder");
  const std::vector<Bytes> along{to_bytes(pki().responder.der())};
  const Bytes der = assemble_ocsp(tbs, key->algorithm_identifier(), key->sign(tbs).value(), along);
  EXPECT_TRUE(verifies(der));
  const Response response = decode(der);
  EXPECT_EQ(OCSP_response_status(response.get()), OCSP_RESPONSE_STATUS_SUCCESSFUL);
  EXPECT_EQ(encoded<i2d_OCSP_RESPONSE>(response.get()), der);
  const Basic basic(OCSP_response_get1_basic(response.get()));
  EXPECT_EQ(OCSP_check_nonce(request.get(), basic.get()), 1);
  const int expected[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_UNKNOWN};
  for (int i = 0; i < 3; ++i) {
    OCSP_CERTID* id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), i));
    int status = -1;
    int reason = -1;
    ASN1_GENERALIZEDTIME* revoked_at = nullptr;
    ASSERT_EQ(OCSP_resp_find_status(basic.get(), id, &status, &reason, &revoked_at, nullptr, nullptr), 1);
    EXPECT_EQ(status, expected[i]);
    if (status != V_OCSP_CERTSTATUS_REVOKED) continue;
    EXPECT_EQ(reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
    EXPECT_EQ(ASN1_TIME_cmp_time_t(revoked_at, (kNow - kDay).count), 0);
  }
}

TEST(OcspResponse, TheProgramOpensslTakesIt) {
  const Folder folder;
  const Bytes der = signed_by("ocsp-responder", pki().responder, {revoked(cert_id(), kNow - kDay, 1)});
  folder.put("response.der", der);
  folder.put("request.der", octets_of(request_for({})));
  folder.put("ca.pem", pki().ca.pem());
  folder.put("leaf.pem", pki().leaf.pem());
  const std::string output = must(
      fmt::format("cd {} && openssl ocsp -reqin request.der -respin response.der -issuer ca.pem -cert leaf.pem -CAfile "
                  "ca.pem -verify_other ca.pem -attime {} -validity_period 10000000000 -no_nonce",
                  folder.path().string(), kNow.count));
  for (const std::string_view expected :
       {"Response verify OK", "leaf.pem: revoked", "Reason: keyCompromise", "This Update: Jan 15 08:00:00 2027 GMT",
        "Next Update: Jan 15 20:00:00 2027 GMT", "Revocation Time: Jan 14 08:00:00 2027 GMT"}) {
    EXPECT_NE(output.find(expected), std::string::npos) << expected << "\n" << output;
  }
}

TEST(OcspResponse, TheSameFactsGiveTheSameOctets) {
  const Bytes id = cert_id();
  std::vector<OcspAnswer> answers(100, revoked(id, kNow, 4));
  EXPECT_EQ(data(answers), data(answers));
  std::vector<OcspAnswer> other = answers;
  other.back().status.reason = 5;
  EXPECT_NE(data(answers), data(other));
}

TEST(OcspResponse, ADateOfRevocationOutsideTheYearsIsMovedToTheirEnd) {
  const Bytes id = cert_id();
  EXPECT_EQ(data({revoked(id, UnixSeconds{-1'000'000'000'000}, 1)}), data({revoked(id, UnixSeconds{-631152000}, 1)}));
  EXPECT_EQ(data({revoked(id, UnixSeconds{INT64_MAX}, 1)}), data({revoked(id, UnixSeconds{253402300799}, 1)}));
}

TEST(OcspResponse, WhatNoResponseCanSayIsRefused) {
  const Bytes id = cert_id();
  const auto verdict = [](const OcspHeading& head, const std::vector<OcspAnswer>& answers) {
    const auto built = ocsp_response_data(head, answers);
    return built ? "good" : std::string(name(built.error().code));
  };
  const OcspAnswer good = answer(id, OcspStatus::good);
  EXPECT_EQ(verdict(heading(), {good}), "good");
  EXPECT_EQ(verdict(heading(), {}), "bad_request");
  EXPECT_EQ(verdict(heading(), {answer({}, OcspStatus::good)}), "bad_request");
  EXPECT_EQ(verdict(heading(), {answer(ByteView(id).first(id.size() - 1), OcspStatus::good)}), "bad_request");
  for (const std::uint8_t reason : Bytes{0, 1, 2, 3, 4, 5, 6, 9, 10}) {
    EXPECT_EQ(verdict(heading(), {revoked(id, kNow, reason)}), "good") << static_cast<int>(reason);
  }
  for (const std::uint8_t reason : Bytes{7, 8, 11, 255}) {
    EXPECT_EQ(verdict(heading(), {revoked(id, kNow, reason)}), "bad_request") << static_cast<int>(reason);
  }
  OcspAnswer dated = good;
  dated.next_update = dated.this_update;
  EXPECT_EQ(verdict(heading(), {dated}), "good");
  dated.next_update = dated.this_update - Seconds{1};
  EXPECT_EQ(verdict(heading(), {dated}), "bad_request");
  dated.next_update = UnixSeconds{300'000'000'000};
  EXPECT_EQ(verdict(heading(), {good, dated}), "bad_request");
  OcspHeading late = heading();
  late.produced_at = UnixSeconds{300'000'000'000};
  EXPECT_EQ(verdict(late, {good}), "bad_request");
  for (const std::size_t size : {0U, 1U, 2U, 128U, 129U}) {
    OcspHeading head = heading();
    const Bytes nonce(size, 1);
    head.nonce = nonce;
    EXPECT_EQ(verdict(head, {good}), size >= 1 && size <= 128 ? "good" : "bad_request") << size;
  }
}

TEST(OcspResponse, ErrorsAreThoseOfOpenssl) {
  for (const OcspError error :
       {OcspError::malformed_request, OcspError::internal_error, OcspError::try_later, OcspError::unauthorized}) {
    const Response theirs(OCSP_response_create(static_cast<int>(error), nullptr));
    EXPECT_EQ(ocsp_error(error), encoded<i2d_OCSP_RESPONSE>(theirs.get()));
  }
  EXPECT_EQ(ocsp_error(OcspError::try_later), (Bytes{0x30, 0x03, 0x0a, 0x01, 0x03}));
}

}  // namespace
}  // namespace symbolon::revocation
