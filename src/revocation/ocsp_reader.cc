#include "revocation/ocsp_reader.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>

#include <ctime>

#include "crypto/handles.h"
#include "crypto/openssl_error.h"

namespace symbolon::revocation {
namespace {

using crypto::Handle;
using Response = Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicResponse = Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using CertIdHandle = Handle<OCSP_CERTID, OCSP_CERTID_free>;
using Store = Handle<X509_STORE, X509_STORE_free>;
using PssParameters = Handle<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }  // not the certificates
};
using BorrowedCertificates = std::unique_ptr<STACK_OF(X509), FreeStack>;

// RFC 6960 §4.2.1: what a responder says in place of an answer.
Status check_response_status(int status) {
  switch (status) {
    case OCSP_RESPONSE_STATUS_SUCCESSFUL: return {};
    case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
      return fail(Code::ocsp_refused, "the OCSP responder answers malformedRequest");
    case OCSP_RESPONSE_STATUS_SIGREQUIRED:
      return fail(Code::ocsp_refused, "the OCSP responder answers sigRequired: it wants signed requests");
    case OCSP_RESPONSE_STATUS_INTERNALERROR:
      return fail(Code::ocsp_refused, "the OCSP responder answers internalError");
    case OCSP_RESPONSE_STATUS_TRYLATER: return fail(Code::ocsp_refused, "the OCSP responder answers tryLater");
    case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
      return fail(Code::ocsp_refused,
                  "the OCSP responder answers unauthorized: it does not know this CA or certificate");
    default: return fail(Code::ocsp_malformed, "an OCSP response of the status {}, which is none", status);
  }
}

Result<BasicResponse> decode(ByteView der) {
  if (der.size() > kMostOcspResponseOctets) {
    return fail(Code::too_large, "{} octets; an OCSP response has at most {}", der.size(), kMostOcspResponseOctets);
  }
  const unsigned char* at = der.data();
  const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response) return crypto::openssl_failure(Code::ocsp_malformed, "not an OCSP response");
  if (at != der.data() + der.size()) {
    return fail(Code::ocsp_malformed, "octet {}: octets behind the OCSP response", at - der.data());
  }
  TRY(check_response_status(OCSP_response_status(response.get())));
  BasicResponse basic(OCSP_response_get1_basic(response.get()));
  if (!basic) return crypto::openssl_failure(Code::ocsp_malformed, "not a basic OCSP response");
  return basic;
}

// The digest of a signature algorithm; NID_undef where it has none of its own or none that is known.
int digest_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int kind = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(&object, &kind, &value, algorithm);
  const int nid = OBJ_obj2nid(object);
  int digest = NID_undef;
  if (nid != NID_rsassaPss) return OBJ_find_sigid_algs(nid, &digest, nullptr) == 1 ? digest : NID_undef;
  // RFC 4055 §3.1: without parameters, or without the hash in them, it is SHA-1.
  if (kind != V_ASN1_SEQUENCE) return NID_sha1;
  const PssParameters parameters(static_cast<RSA_PSS_PARAMS*>(
      ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), ASN1_ITEM_rptr(RSA_PSS_PARAMS))));
  ERR_clear_error();
  if (!parameters || parameters->hashAlgorithm == nullptr) return NID_sha1;
  X509_ALGOR_get0(&object, nullptr, nullptr, parameters->hashAlgorithm);
  return OBJ_obj2nid(object);
}

Status check_algorithm(const OCSP_BASICRESP* basic) {
  const int digest = digest_of(OCSP_resp_get0_tbs_sigalg(basic));
  if (digest == NID_sha1 || digest == NID_md5 || digest == NID_md4 || digest == NID_md2) {
    return fail(Code::ocsp_bad_signature, "the OCSP response is signed with {}", OBJ_nid2sn(digest));
  }
  return {};
}

// The one anchor is the issuer, root or not; the time is injected.
Result<Store> store_of(const x509::Certificate& issuer, UnixSeconds now) {
  constexpr int kBitsOf112 = 2;  // OpenSSL's security level: RSA from 2048 bits on, no SHA-1
  Store store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), issuer.get()) != 1) {
    return crypto::openssl_failure(Code::crypto_failed, "no store for the issuer");
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_auth_level(parameters, kBitsOf112);
  X509_VERIFY_PARAM_set_time(parameters, now.count);
  return store;
}

std::unexpected<Error> verification_failure() {
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_OCSP ? ERR_GET_REASON(error) : 0;
  switch (reason) {
    case OCSP_R_SIGNATURE_FAILURE:
    case OCSP_R_NO_SIGNER_KEY:
      return crypto::openssl_failure(Code::ocsp_bad_signature, "the OCSP response's signature does not fit");
    case OCSP_R_MISSING_OCSPSIGNING_USAGE:
      return crypto::openssl_failure(Code::ocsp_wrong_signer, "the OCSP response's signer lacks OCSPSigning");
    case OCSP_R_RESPONSE_CONTAINS_NO_REVOCATION_DATA:
      return crypto::openssl_failure(Code::ocsp_malformed, "the OCSP response holds no answer");
    case OCSP_R_SIGNER_CERTIFICATE_NOT_FOUND:
      return crypto::openssl_failure(
          Code::ocsp_wrong_signer, "the OCSP response is not signed by the CA and holds no certificate of its signer");
    case OCSP_R_CERTIFICATE_VERIFY_ERROR:
      return crypto::openssl_failure(Code::ocsp_wrong_signer, "the OCSP response's signer cannot be verified");
    default:
      return crypto::openssl_failure(
          Code::ocsp_wrong_signer, "the OCSP response's signer does not speak for the CA that issued the certificate");
  }
}

// RFC 6960 §3.2 (2) to (4), §4.2.2.2. The signer's certificate.
Result<x509::Certificate> check_signer(OCSP_BASICRESP* basic, const x509::Certificate& issuer, UnixSeconds now) {
  TRY(check_algorithm(basic));
  const Store store = TRY(store_of(issuer, now));
  // Where the CA signs by itself, its certificate need not stand in the response.
  const BorrowedCertificates more(sk_X509_new_null());
  if (!more || sk_X509_push(more.get(), issuer.get()) == 0) {
    return crypto::openssl_failure(Code::crypto_failed, "no list for the issuer");
  }
  ERR_clear_error();
  // NOEXPLICIT: trust settings of a root's certificate do not make it speak for another CA.
  if (OCSP_basic_verify(basic, more.get(), store.get(), OCSP_NOEXPLICIT) != 1) return verification_failure();
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(basic, &signer, more.get()) != 1) return verification_failure();
  ERR_clear_error();
  return x509::Certificate::from_handle(signer);
}

bool is_known(const X509_EXTENSION* extension) {
  return OBJ_obj2nid(X509_EXTENSION_get_object(const_cast<X509_EXTENSION*>(extension))) == NID_id_pkix_OCSP_Nonce;
}

Status check_extension(const X509_EXTENSION* extension) {
  if (X509_EXTENSION_get_critical(extension) != 1 || is_known(extension)) return {};
  char oid[80] = {};
  OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(const_cast<X509_EXTENSION*>(extension)), 1);
  return fail(Code::ocsp_malformed, "critical extension {} of the OCSP response", oid);
}

// Is this CertID that of the certificate, by the hash that it names?
bool is_about(const OCSP_SINGLERESP* single, const OcspSubject& subject) {
  OCSP_CERTID* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
  ASN1_OBJECT* algorithm = nullptr;
  OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, id);
  const EVP_MD* digest = nullptr;
  switch (OBJ_obj2nid(algorithm)) {
    case NID_sha1: digest = EVP_sha1(); break;
    case NID_sha256: digest = EVP_sha256(); break;
    case NID_sha384: digest = EVP_sha384(); break;
    case NID_sha512: digest = EVP_sha512(); break;
    default: return false;
  }
  const CertIdHandle ours(OCSP_cert_to_id(digest, subject.certificate.get(), subject.issuer.get()));
  ERR_clear_error();
  return ours && OCSP_id_cmp(ours.get(), id) == 0;
}

Result<OCSP_SINGLERESP*> find_answer(OCSP_BASICRESP* basic, const OcspSubject& subject) {
  OCSP_SINGLERESP* found = nullptr;
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i);
    if (!is_about(single, subject)) continue;
    if (found != nullptr) {
      return fail(Code::ocsp_malformed, "several answers of the OCSP response are about {}",
                  subject.certificate.text());
    }
    found = single;
  }
  if (found == nullptr) {
    return fail(Code::ocsp_wrong_certificate, "no answer of the OCSP response is about {}", subject.certificate.text());
  }
  return found;
}

Result<UnixSeconds> time_of(const ASN1_GENERALIZEDTIME* time, std::string_view what) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    ERR_clear_error();
    return fail(Code::ocsp_malformed, "{} of the OCSP response {}", what,
                time == nullptr ? "is missing" : "is no time");
  }
  return UnixSeconds{timegm(&parts)};
}

Status check_dates(const OcspReading& reading, UnixSeconds now) {
  if (reading.next_update < reading.this_update) {
    return fail(Code::ocsp_malformed, "the OCSP response ends {} before it begins",
                to_words(reading.this_update - reading.next_update));
  }
  if (reading.this_update > now + kOcspClockTolerance) {
    return fail(Code::ocsp_not_yet_valid, "thisUpdate {} of the OCSP response lies {} after {}",
                to_rfc3339(reading.this_update), to_words(reading.this_update - now), to_rfc3339(now));
  }
  if (reading.next_update < now) {
    return fail(Code::ocsp_stale, "nextUpdate {} of the OCSP response lies {} before {}",
                to_rfc3339(reading.next_update), to_words(now - reading.next_update), to_rfc3339(now));
  }
  return {};
}

Result<OcspReading> read_answer(OCSP_SINGLERESP* single) {
  int reason = 0;
  ASN1_GENERALIZEDTIME* revoked_at = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  OcspReading reading;
  switch (OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update)) {
    case V_OCSP_CERTSTATUS_GOOD: reading.status = OcspStatus::good; break;
    case V_OCSP_CERTSTATUS_REVOKED:
      reading.status = OcspStatus::revoked;
      reading.revoked_at = TRY(time_of(revoked_at, "revocationTime"));
      reading.reason = static_cast<std::uint8_t>(reason >= 0 && reason <= 10 ? reason : 0);
      break;
    case V_OCSP_CERTSTATUS_UNKNOWN: reading.status = OcspStatus::unknown; break;
    default: return fail(Code::ocsp_malformed, "the OCSP response's answer has no status");
  }
  reading.this_update = TRY(time_of(this_update, "thisUpdate"));
  reading.next_update = TRY(time_of(next_update, "nextUpdate"));
  return reading;
}

}  // namespace

Result<OcspReading> read_ocsp(ByteView der, const OcspSubject& subject, UnixSeconds now) {
  const BasicResponse basic = TRY(decode(der));
  OCSP_SINGLERESP* answer = TRY(find_answer(basic.get(), subject));
  for (int i = 0; i < OCSP_BASICRESP_get_ext_count(basic.get()); ++i) {
    TRY(check_extension(OCSP_BASICRESP_get_ext(basic.get(), i)));
  }
  for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(answer); ++i) {
    TRY(check_extension(OCSP_SINGLERESP_get_ext(answer, i)));
  }
  OcspReading reading = TRY(read_answer(answer));
  const x509::Certificate signer = TRY(check_signer(basic.get(), subject.issuer, now));
  reading.signer_not_after = signer.validity().not_after;
  TRY(check_dates(reading, now));
  return reading;
}

}  // namespace symbolon::revocation
