// What is said of each serial, as openssl's library reads it.
#include "authority/ocsp_content.h"

#include <gtest/gtest.h>

#include <limits>

#include "revocation/ocsp_response.h"
#include "revocation/testing/ocsp_peer.h"

namespace symbolon::authority {
namespace {

using namespace revocation::testing;
using ledger::IssuerId;
using ledger::SerialStanding;
using ledger::SerialStatus;
using signer::OcspHash;
using signer::OcspName;

x509::SerialNumber serial(std::string_view hex) { return x509::SerialNumber::parse(hex).value(); }

Issuer issuer(std::int64_t id, const Certificate& certificate) {
  return {.id = {id}, .name = fmt::format("issuing-{}", id), .certificate = certificate};
}

const crypto::PublicKey& responder() { return pki().responder.public_key(); }

OcspName name_of(std::vector<OcspName::Entry> entries, Bytes nonce = {}) {
  return {.issuer = 2,
          .responder = responder().spki_sha256(),
          .this_update = kNow,
          .next_update = kNow + kHour,
          .nonce = std::move(nonce),
          .entries = std::move(entries)};
}

OcspIssuer only(const Certificate& certificate = pki().ca) {
  const IssuerSet set{.issuers = {issuer(2, certificate)}};
  return OcspIssuer::of(set.issuers.front(), set);
}

// What the ledger would say, by the last octet of the serial.
std::vector<revocation::CertStatus> said_of(const OcspName& name) {
  std::vector<SerialStatus> out;
  for (const OcspName::Entry& entry : name.entries) {
    const std::uint8_t last = entry.serial.magnitude().back();
    if (last == 1) out.push_back({.standing = SerialStanding::issued});
    if (last == 2) out.push_back({SerialStanding::revoked, kNow - kDay, ledger::RevocationReason::key_compromise});
    if (last == 3) out.push_back({.standing = SerialStanding::unknown});
  }
  return cert_statuses(out);
}

// A response around `data`; nothing of it is signed.
Basic decode(const Bytes& data) {
  const Bytes der = revocation::assemble_ocsp(
      data, revocation::testing::signer("ocsp-responder")->algorithm_identifier(), Bytes(64), {});
  const unsigned char* at = der.data();
  const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_TRUE(response);
  return Basic(OCSP_response_get1_basic(response.get()));
}

struct Told {
  int status = -1;
  int reason = -2;
  bool operator==(const Told&) const = default;
};
// By place; the CertID must be the one that OpenSSL makes of it.
Told told(const Basic& basic, int at, const x509::SerialNumber& number, const EVP_MD* digest) {
  OCSP_SINGLERESP* const single = OCSP_resp_get0(basic.get(), at);
  if (single == nullptr) return {};
  const Bytes integer = number.der_content();
  const Handle<ASN1_INTEGER, ASN1_INTEGER_free> theirs(ASN1_INTEGER_new());
  ASN1_STRING_set(theirs.get(), integer.data(), static_cast<int>(integer.size()));
  const Id id(OCSP_cert_id_new(digest, X509_get_subject_name(pki().ca.get()), X509_get0_pubkey_bitstr(pki().ca.get()),
                               theirs.get()));
  EXPECT_EQ(OCSP_id_cmp(OCSP_SINGLERESP_get0_id(single), id.get()), 0) << number.hex();
  Told out;
  ASN1_GENERALIZEDTIME* revoked_at = nullptr;
  out.status = OCSP_single_get0_status(single, &out.reason, &revoked_at, nullptr, nullptr);
  if (revoked_at != nullptr) {
    EXPECT_EQ(ASN1_TIME_compare(revoked_at, generalized(kNow - kDay).get()), 0);
  }
  return out;
}

TEST(OcspContent, SaysOfEachSerialWhatTheLedgerSaysInTheOrderAndWithTheHashAsked) {
  const OcspName name = name_of({{OcspHash::sha1, serial("0a03")},
                                 {OcspHash::sha256, serial("0a02")},
                                 {OcspHash::sha1, serial("0a01")},
                                 {OcspHash::sha256, serial("0a01")}});
  const auto content = ocsp_content(only(), name, responder(), said_of(name));
  ASSERT_TRUE(content) << content.error().text();
  const Basic basic = decode(*content);
  ASSERT_EQ(OCSP_resp_count(basic.get()), 4);
  EXPECT_EQ(told(basic, 0, serial("0a03"), EVP_sha1()).status, V_OCSP_CERTSTATUS_UNKNOWN);
  EXPECT_EQ(told(basic, 1, serial("0a02"), EVP_sha256()),
            (Told{V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE}));
  EXPECT_EQ(told(basic, 2, serial("0a01"), EVP_sha1()).status, V_OCSP_CERTSTATUS_GOOD);
  EXPECT_EQ(told(basic, 3, serial("0a01"), EVP_sha256()).status, V_OCSP_CERTSTATUS_GOOD);
  EXPECT_LT(OCSP_BASICRESP_get_ext_by_NID(basic.get(), NID_id_pkix_OCSP_Nonce, -1), 0);
}

TEST(OcspContent, HoldsTheNonceTheResponderAndTheDatesOfTheName) {
  const Bytes nonce(32, 0x5a);
  const OcspName name = name_of({{OcspHash::sha1, serial("0a01")}}, nonce);
  const Bytes content = ocsp_content(only(), name, responder(), said_of(name)).value();
  const Basic basic = decode(content);
  const Request asked = request_for({.nonce = nonce});
  EXPECT_EQ(OCSP_check_nonce(asked.get(), basic.get()), 1);
  const ASN1_OCTET_STRING* key = nullptr;
  const X509_NAME* by_name = nullptr;
  ASSERT_EQ(OCSP_resp_get0_id(basic.get(), &key, &by_name), 1);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(Bytes(ASN1_STRING_get0_data(key), ASN1_STRING_get0_data(key) + ASN1_STRING_length(key)),
            to_bytes(responder().key_identifier()));
  EXPECT_EQ(ASN1_TIME_compare(OCSP_resp_get0_produced_at(basic.get()), generalized(kNow).get()), 0);
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  OCSP_single_get0_status(OCSP_resp_get0(basic.get(), 0), nullptr, nullptr, &this_update, &next_update);
  EXPECT_EQ(ASN1_TIME_compare(this_update, generalized(kNow).get()), 0);
  EXPECT_EQ(ASN1_TIME_compare(next_update, generalized(kNow + kHour).get()), 0);
}

// No CertID tells a CA from the same one, renewed with its key.
TEST(OcspContent, LooksUnderEachCertificateOfTheCaAndUnderNoOther) {
  const Certificate renewed =
      forge().certificate("ocsp-content-renewed", "OCSP CA", "", Forge::with(Forge::kCa, R"("key_of": "ocsp-ca")"));
  const IssuerSet set{.issuers = {issuer(1, pki().other), issuer(2, renewed), issuer(3, pki().ca)}};
  const OcspName name = name_of({{OcspHash::sha1, serial("0a01")}, {OcspHash::sha1, serial("0a02")}});
  const OcspIssuer about = OcspIssuer::of(set.issuers[1], set);
  const ledger::SerialsOf asked = serials_of(about, name);
  EXPECT_EQ(asked.issuers, (std::vector<IssuerId>{{2}, {3}}));
  EXPECT_EQ(asked.serials, (std::vector{serial("0a01"), serial("0a02")}));
  const Bytes content = ocsp_content(about, name, responder(), said_of(name)).value();
  EXPECT_EQ(content, ocsp_content(only(), name, responder(), said_of(name)).value());
  EXPECT_NE(content, ocsp_content(only(pki().other), name, responder(), said_of(name)).value());
}

TEST(OcspContent, SomethingIsSaidOfEachAndOfNoOther) {
  const OcspName name = name_of({{OcspHash::sha1, serial("0a01")}});
  for (const std::size_t count : {0U, 2U}) {
    const auto content = ocsp_content(only(), name, responder(), std::vector<revocation::CertStatus>(count));
    ASSERT_FALSE(content) << count;
    EXPECT_EQ(content.error().code, Code::bad_request) << count;
  }
}

bool allowed(const OcspName& name) {
  const Status checked = check_ocsp_name(name, kHour, kNow);
  EXPECT_TRUE(checked || checked.error().code == Code::ocsp_out_of_bounds);
  return checked.has_value();
}

TEST(OcspName, MustBeOfAboutNowAndNotLongerThanAllowed) {
  const OcspName good = name_of({{OcspHash::sha1, serial("0a01")}});
  EXPECT_TRUE(allowed(good));
  for (const Seconds off : {kOcspTolerance, Seconds{0} - kOcspTolerance}) {
    OcspName name = good;
    name.this_update = kNow + off;
    name.next_update = name.this_update + kHour;
    EXPECT_TRUE(allowed(name)) << off.count;
    name.this_update = kNow + off + Seconds{off.count > 0 ? 1 : -1};
    name.next_update = name.this_update + kHour;
    EXPECT_FALSE(allowed(name)) << off.count;
  }
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t next : {kNow.count + 3601, kNow.count, kNow.count - 1, kFirst, kLast}) {
    OcspName name = good;
    name.next_update = {next};
    EXPECT_FALSE(allowed(name)) << next;
  }
  for (const std::int64_t first : {kFirst, kLast}) {
    OcspName name = good;
    name.this_update = {first};
    name.next_update = {kLast};
    EXPECT_FALSE(allowed(name)) << first;
  }
}

TEST(OcspName, HasAFewCertificatesAndAShortNonce) {
  OcspName name = name_of(std::vector<OcspName::Entry>(signer::kMostOcspEntries), Bytes(signer::kMostOcspNonce));
  EXPECT_TRUE(allowed(name));
  name.nonce.push_back(0);
  EXPECT_FALSE(allowed(name));
  name.nonce.clear();
  name.entries.emplace_back();
  EXPECT_FALSE(allowed(name));
  name.entries.clear();
  EXPECT_FALSE(allowed(name));
}

}  // namespace
}  // namespace symbolon::authority
