#include "x509/must_staple.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace symbolon::x509 {
namespace {

using TlsFeatures = crypto::Handle<TLS_FEATURE, TLS_FEATURE_free>;

constexpr long kStatusRequest = 5;  // RFC 6066 §8

}  // namespace

bool must_be_stapled(const Certificate& certificate) {
  const TlsFeatures features(
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate.get(), NID_tlsfeature, nullptr, nullptr)));
  const int count = features ? sk_ASN1_INTEGER_num(features.get()) : 0;
  bool found = false;
  for (int i = 0; i < count; ++i) {
    found = found || ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest;
  }
  ERR_clear_error();
  return found;
}

}  // namespace symbolon::x509
