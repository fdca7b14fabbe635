// Responses that OpenSSL builds and signs, and ours, as the reader judges them.
#include "revocation/ocsp_reader.h"

#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include "revocation/testing/ocsp_peer.h"

namespace symbolon::revocation {
namespace {

using namespace testing;

// What a foreign responder says; by default that the leaf is good, as it should be said.
struct Said {
  Certificate about = pki().leaf;
  Certificate issuer = pki().ca;
  const EVP_MD* hash = EVP_sha1();
  int status = V_OCSP_CERTSTATUS_GOOD;
  int reason = -1;
  UnixSeconds this_update = kNow - kHour;
  std::optional<UnixSeconds> next_update = kNow + kHour;
  std::string by = "ocsp-responder";
  Certificate by_certificate = pki().responder;
  const EVP_MD* digest = EVP_sha256();
  unsigned long flags = OCSP_RESPID_KEY;
  crypto::X509ExtensionHandle of_response = {};
  crypto::X509ExtensionHandle of_answer = {};
};

void add(OCSP_BASICRESP* basic, const Said& said) {
  OCSP_SINGLERESP* single = OCSP_basic_add1_status(
      basic, id_of(said.about, said.issuer, said.hash).get(), said.status, said.reason,
      said.status == V_OCSP_CERTSTATUS_REVOKED ? generalized(kNow - kDay).get() : nullptr,
      generalized(said.this_update).get(), said.next_update ? generalized(*said.next_update).get() : nullptr);
  if (said.of_answer) OCSP_SINGLERESP_add_ext(single, said.of_answer.get(), -1);
}

Bytes response(const Said& said, const std::vector<Said>& more = {}) {
  const Basic basic(OCSP_BASICRESP_new());
  add(basic.get(), said);
  for (const Said& other : more) add(basic.get(), other);
  if (said.of_response) OCSP_BASICRESP_add_ext(basic.get(), said.of_response.get(), -1);
  const auto key = crypto::PrivateKey::from_pem(Secret(pem_key(said.by)), {}).value();
  EXPECT_EQ(OCSP_basic_sign(basic.get(), said.by_certificate.get(), key.get(), said.digest, nullptr, said.flags), 1);
  const Response whole(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  return encoded<i2d_OCSP_RESPONSE>(whole.get());
}

OcspSubject subject() { return {.certificate = pki().leaf, .issuer = pki().ca}; }

std::string verdict(ByteView der, const OcspSubject& about = subject()) {
  const auto reading = read_ocsp(der, about, kNow);
  if (!reading) return std::string(name(reading.error().code));
  const std::string_view words[] = {"good", "revoked", "unknown"};
  return std::string(words[static_cast<std::size_t>(reading->status)]);
}

Said said_by(std::string_view id, const Certificate& certificate) {
  Said said;
  said.by = id;
  said.by_certificate = certificate;
  return said;
}

TEST(OcspReader, ReadsEachStatusByEachHash) {
  for (const EVP_MD* hash : {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    EXPECT_EQ(verdict(response({.hash = hash})), "good");
    EXPECT_EQ(verdict(response({.hash = hash, .status = V_OCSP_CERTSTATUS_UNKNOWN})), "unknown");
    const auto reading =
        read_ocsp(response({.hash = hash, .status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1}), subject(), kNow);
    ASSERT_TRUE(reading) << reading.error().text();
    EXPECT_EQ(reading->status, OcspStatus::revoked);
    EXPECT_EQ(reading->revoked_at, kNow - kDay);
    EXPECT_EQ(reading->reason, 1);
    EXPECT_EQ(reading->this_update, kNow - kHour);
    EXPECT_EQ(reading->next_update, kNow + kHour);
  }
  EXPECT_EQ(verdict(response({.hash = EVP_md5()})), "ocsp_wrong_certificate");
  const auto without = read_ocsp(response({.status = V_OCSP_CERTSTATUS_REVOKED}), subject(), kNow);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->reason, 0);
  const auto odd = read_ocsp(response({.status = V_OCSP_CERTSTATUS_REVOKED, .reason = 77}), subject(), kNow);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->status, OcspStatus::revoked);
  EXPECT_EQ(odd->reason, 0);
}

TEST(OcspReader, ReadsOurs) {
  const Bytes id = encoded<i2d_OCSP_CERTID>(id_of(pki().leaf, pki().ca, EVP_sha256()).get());
  const std::vector<OcspAnswer> answers{
      {.cert_id = id, .status = {OcspStatus::revoked, kNow - kDay, 9}, .this_update = kNow, .next_update = kNow}};
  const Bytes tbs =
      ocsp_response_data({.responder_key = pki().responder.public_key().key_identifier(), .produced_at = kNow}, answers)
          .value();
  const auto key = signer("ocsp-responder");
  const std::vector<Bytes> along{to_bytes(pki().responder.der())};
  const auto reading =
      read_ocsp(assemble_ocsp(tbs, key->algorithm_identifier(), key->sign(tbs).value(), along), subject(), kNow);
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_EQ(reading->status, OcspStatus::revoked);
  EXPECT_EQ(reading->revoked_at, kNow - kDay);
  EXPECT_EQ(reading->reason, 9);
  EXPECT_EQ(reading->this_update, kNow);
  EXPECT_EQ(reading->next_update, kNow);
}

// RFC 6960 §4.2.2.2: the CA itself, or whom it delegated.
TEST(OcspReader, TakesTheCaItselfWithAndWithoutItsCertificate) {
  Said said = said_by("ocsp-ca", pki().ca);
  EXPECT_EQ(verdict(response(said)), "good");
  said.flags = OCSP_NOCERTS;
  EXPECT_EQ(verdict(response(said)), "good");
  said = Said();
  said.flags = OCSP_NOCERTS;
  EXPECT_EQ(verdict(response(said)), "ocsp_wrong_signer");
  said.flags = 0;  // responder by name
  EXPECT_EQ(verdict(response(said)), "good");
}

TEST(OcspReader, TakesACaThatIsNotARoot) {
  const Certificate issuing = forge().ca("ocsp-issuing", "Issuing CA", "ocsp-ca");
  const Certificate leaf = forge().client("ocsp-leaf-2", "leaf", "ocsp-issuing");
  const Certificate delegate = forge().certificate("ocsp-delegate", "Delegate", "ocsp-issuing", kResponder);
  for (const auto& [id, certificate] : {std::pair{"ocsp-issuing", issuing}, std::pair{"ocsp-delegate", delegate}}) {
    Said said = said_by(id, certificate);
    said.about = leaf;
    said.issuer = issuing;
    EXPECT_EQ(verdict(response(said), {leaf, issuing}), "good") << id;
  }
  // "This certificate MUST be issued directly by the CA that is identified in the request."
  for (const auto& [id, certificate] : {std::pair{"ocsp-responder", pki().responder}, std::pair{"ocsp-ca", pki().ca}}) {
    Said said = said_by(id, certificate);
    said.about = leaf;
    said.issuer = issuing;
    EXPECT_EQ(verdict(response(said), {leaf, issuing}), "ocsp_wrong_signer") << id;
  }
  Said below = said_by("ocsp-delegate", delegate);
  EXPECT_EQ(verdict(response(below)), "ocsp_wrong_signer");
}

TEST(OcspReader, RefusesASignerThatTheCaDidNotDelegate) {
  EXPECT_EQ(verdict(response(said_by("ocsp-leaf", pki().leaf))), "ocsp_wrong_signer");
  const Certificate any = forge().certificate("ocsp-any", "Any", "ocsp-ca", R"("eku": ["2.5.29.37.0"])");
  EXPECT_EQ(verdict(response(said_by("ocsp-any", any))), "ocsp_wrong_signer");
  const Certificate bare = forge().certificate("ocsp-bare", "Bare", "ocsp-ca", R"("basic": {"ca": false})");
  EXPECT_EQ(verdict(response(said_by("ocsp-bare", bare))), "ocsp_wrong_signer");
  const Certificate foreign = forge().certificate("ocsp-foreign", "Foreign", "ocsp-ca-2", kResponder);
  EXPECT_EQ(verdict(response(said_by("ocsp-foreign", foreign))), "ocsp_wrong_signer");
  EXPECT_EQ(verdict(response(said_by("ocsp-ca-2", pki().other))), "ocsp_wrong_signer");
  const Certificate own = forge().certificate("ocsp-own", "Own", "", kResponder);
  EXPECT_EQ(verdict(response(said_by("ocsp-own", own))), "ocsp_wrong_signer");
}

TEST(OcspReader, RefusesASignerThatIsNotValidNow) {
  const auto responder = [](std::string_view id, std::int64_t from, std::int64_t to) {
    const Certificate certificate = forge().certificate(
        id, id, "ocsp-ca",
        Forge::with(kResponder,
                    fmt::format(R"("not_before": {}, "not_after": {})", kNow.count + from, kNow.count + to)));
    return verdict(response(said_by(id, certificate)));
  };
  EXPECT_EQ(responder("ocsp-now", -60, 60), "good");
  EXPECT_EQ(responder("ocsp-past", -60, -1), "ocsp_wrong_signer");
  EXPECT_EQ(responder("ocsp-future", 1, 60), "ocsp_wrong_signer");
}

// Beyond it nobody takes the response any more, whatever its nextUpdate says.
TEST(OcspReader, SaysWhenTheSignersCertificateEnds) {
  const Certificate soon = forge().certificate(
      "ocsp-soon", "Soon", "ocsp-ca",
      Forge::with(kResponder, fmt::format(R"("not_before": {}, "not_after": {})", kNow.count - 60, kNow.count + 60)));
  const Bytes der = response(said_by("ocsp-soon", soon));
  const auto delegated = read_ocsp(der, subject(), kNow);
  ASSERT_TRUE(delegated) << delegated.error().text();
  EXPECT_EQ(delegated->signer_not_after, kNow + kMinute);
  EXPECT_EQ(delegated->next_update, kNow + kHour);
  EXPECT_TRUE(read_ocsp(der, subject(), delegated->signer_not_after - Seconds{1}));
  EXPECT_FALSE(read_ocsp(der, subject(), delegated->signer_not_after + Seconds{1}));
  for (const unsigned long flags : {0UL, static_cast<unsigned long>(OCSP_NOCERTS)}) {
    Said said = said_by("ocsp-ca", pki().ca);
    said.flags = flags;
    const auto by_ca = read_ocsp(response(said), subject(), kNow);
    ASSERT_TRUE(by_ca) << by_ca.error().text();
    EXPECT_EQ(by_ca->signer_not_after, pki().ca.validity().not_after) << flags;
  }
}

TEST(OcspReader, RefusesWeakAlgorithms) {
  const Certificate rsa =
      forge().certificate("ocsp-reader-rsa", "RSA", "ocsp-ca", Forge::with(kResponder, R"("key": "rsa2048")"));
  for (const bool weak : {false, true}) {
    Said said = said_by("ocsp-reader-rsa", rsa);
    said.digest = weak ? EVP_sha1() : EVP_sha384();
    EXPECT_EQ(verdict(response(said)), weak ? "ocsp_bad_signature" : "good");
  }
  Said ecdsa;
  ecdsa.digest = EVP_sha1();
  EXPECT_EQ(verdict(response(ecdsa)), "ocsp_bad_signature");
  const Certificate small =
      forge().certificate("ocsp-small", "Small", "ocsp-ca", Forge::with(kResponder, R"("key": "rsa1024")"));
  EXPECT_EQ(verdict(response(said_by("ocsp-small", small))), "ocsp_wrong_signer");
  const Certificate sha1 =
      forge().certificate("ocsp-sha1", "SHA-1", "ocsp-ca", Forge::with(kResponder, R"("hash": "sha1")"));
  EXPECT_EQ(verdict(response(said_by("ocsp-sha1", sha1))), "ocsp_wrong_signer");
}

// RSASSA-PSS names its digest in parameters, where leaving it out means SHA-1 (RFC 4055 §3.1).
TEST(OcspReader, RefusesPssWithSha1) {
  const Certificate rsa =
      forge().certificate("ocsp-pss", "PSS", "ocsp-ca", Forge::with(kResponder, R"("key": "rsa2048")"));
  const auto key = crypto::PrivateKey::from_pem(Secret(pem_key("ocsp-pss")), {}).value();
  for (const bool weak : {false, true}) {
    const Basic basic(OCSP_BASICRESP_new());
    add(basic.get(), {});
    const crypto::DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    ASSERT_EQ(EVP_DigestSignInit(context.get(), &parameters, weak ? EVP_sha1() : EVP_sha256(), nullptr, key.get()), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
    ASSERT_EQ(OCSP_basic_sign_ctx(basic.get(), rsa.get(), context.get(), nullptr, 0), 1);
    const Response whole(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    EXPECT_EQ(verdict(encoded<i2d_OCSP_RESPONSE>(whole.get())), weak ? "ocsp_bad_signature" : "good");
  }
}

TEST(OcspReader, IsAboutThisCertificateOnly) {
  const Certificate sibling = forge().client("ocsp-sibling", "leaf", "ocsp-ca");
  EXPECT_EQ(verdict(response({.about = sibling})), "ocsp_wrong_certificate");
  EXPECT_EQ(verdict(response({.issuer = pki().other})), "ocsp_wrong_certificate");  // same name and serial, other key
  const std::vector<Said> others = [&] {
    std::vector<Said> out(1);
    out[0].about = sibling;
    out[0].status = V_OCSP_CERTSTATUS_REVOKED;
    return out;
  }();
  EXPECT_EQ(verdict(response({}, others)), "good");
  std::vector<Said> twice(1);
  twice[0].hash = EVP_sha256();
  EXPECT_EQ(verdict(response({}, twice)), "ocsp_malformed");
}

TEST(OcspReader, HoldsTheDatesToTheSecond) {
  const auto dated = [](std::int64_t from, std::int64_t to) {
    return verdict(response({.this_update = kNow + Seconds{from}, .next_update = kNow + Seconds{to}}));
  };
  EXPECT_EQ(dated(-10, 0), "good");
  EXPECT_EQ(dated(-10, -1), "ocsp_stale");
  EXPECT_EQ(dated(300, 600), "good");
  EXPECT_EQ(dated(301, 600), "ocsp_not_yet_valid");
  EXPECT_EQ(dated(0, 0), "good");
  EXPECT_EQ(dated(-10, -20), "ocsp_malformed");
  EXPECT_EQ(verdict(response({.next_update = std::nullopt})), "ocsp_malformed");
}

TEST(OcspReader, RefusesCriticalExtensionsThatItDoesNotKnow) {
  for (const bool critical : {false, true}) {
    const std::string expected = critical ? "ocsp_malformed" : "good";
    EXPECT_EQ(verdict(response({.of_response = extension("1.2.3.4", critical, "0500")})), expected);
    EXPECT_EQ(verdict(response({.of_answer = extension("1.2.3.4", critical, "0500")})), expected);
    EXPECT_EQ(verdict(response({.of_response = extension("1.3.6.1.5.5.7.48.1.2", critical, "040107")})), "good");
  }
}

TEST(OcspReader, SaysWhatTheResponderSaidInsteadOfAnAnswer) {
  const std::pair<Bytes, std::string_view> refusals[] = {{ocsp_error(OcspError::malformed_request), "malformedRequest"},
                                                         {ocsp_error(OcspError::internal_error), "internalError"},
                                                         {ocsp_error(OcspError::try_later), "tryLater"},
                                                         {*from_hex("30030a0105"), "sigRequired"},
                                                         {ocsp_error(OcspError::unauthorized), "unauthorized"}};
  for (const auto& [der, said] : refusals) {
    const auto reading = read_ocsp(der, subject(), kNow);
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().code, Code::ocsp_refused) << said;
    EXPECT_NE(reading.error().words.find(said), std::string::npos) << reading.error().words;
  }
  EXPECT_EQ(verdict(*from_hex("30030a0104")), "ocsp_malformed");  // is not used
  EXPECT_EQ(verdict(*from_hex("30030a0100")), "ocsp_malformed");  // successful without an answer
}

TEST(OcspReader, RefusesWhatIsNotAResponse) {
  EXPECT_EQ(verdict({}), "ocsp_malformed");
  EXPECT_EQ(verdict(pki().leaf.der()), "ocsp_malformed");
  EXPECT_EQ(verdict(Bytes(kMostOcspResponseOctets + 1, 0x30)), "too_large");
  const Bytes good = response({});
  ASSERT_EQ(verdict(good), "good");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(verdict(ByteView(good).first(size)), "ocsp_malformed") << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(verdict(longer), "ocsp_malformed");
}

// Nothing but what was signed is believed: a changed octet may only leave it as it is or refuse it.
TEST(OcspReader, NoChangeOfOneOctetChangesTheAnswer) {
  const Bytes good = response({.status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1});
  ASSERT_EQ(verdict(good), "revoked");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const std::uint8_t flip : Bytes{0x01, 0x80, 0xff}) {
      Bytes changed = good;
      changed[at] ^= flip;
      const auto reading = read_ocsp(changed, subject(), kNow);
      if (!reading) {
        ++refused;
        continue;
      }
      EXPECT_EQ(reading->status, OcspStatus::revoked) << at;
      EXPECT_EQ(reading->revoked_at, kNow - kDay) << at;
      EXPECT_EQ(reading->this_update, kNow - kHour) << at;
      EXPECT_EQ(reading->next_update, kNow + kHour) << at;
    }
  }
  EXPECT_GT(refused, good.size());
}

}  // namespace
}  // namespace symbolon::revocation
