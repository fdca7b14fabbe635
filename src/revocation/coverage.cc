#include "revocation/coverage.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "crypto/handles.h"

namespace symbolon::revocation {
namespace {

using DistributionPoints = crypto::Handle<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;

Bytes encode(const GENERAL_NAME* name) {
  unsigned char* der = nullptr;
  const int size = i2d_GENERAL_NAME(name, &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

// The full names of every distribution point of the certificate that is for all reasons and of its own issuer.
std::vector<Bytes> points_of(const x509::Certificate& certificate) {
  std::vector<Bytes> out;
  const DistributionPoints points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate.get(), NID_crl_distribution_points, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; points && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* const point = sk_DIST_POINT_value(points.get(), i);
    if (point->distpoint == nullptr || point->distpoint->type != 0 || point->reasons != nullptr ||
        point->CRLissuer != nullptr) {
      continue;
    }
    const GENERAL_NAMES* const names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) out.push_back(encode(sk_GENERAL_NAME_value(names, j)));
  }
  return out;
}

}  // namespace

bool Coverage::covers(const x509::Certificate& certificate) const {
  if (points_unknown || !(certificate.is_ca() ? cas : users)) return false;
  if (points.empty()) return true;
  const std::vector<Bytes> named = points_of(certificate);
  return std::ranges::any_of(points,
                             [&](const Bytes& point) { return std::ranges::find(named, point) != named.end(); });
}

}  // namespace symbolon::revocation
