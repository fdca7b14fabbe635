#include "x509/fetch_places.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace symbolon::x509 {
namespace {

using InfoAccess = crypto::Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
using DistributionPoints = crypto::Handle<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;

void append_http(std::vector<std::string>& out, const GENERAL_NAME* name) {
  if (name == nullptr || name->type != GEN_URI) return;
  const ASN1_IA5STRING* const octets = name->d.uniformResourceIdentifier;
  const std::string_view uri(reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)),
                             static_cast<std::size_t>(std::max(0, ASN1_STRING_length(octets))));
  const bool visible = std::ranges::all_of(uri, [](char c) { return c > 0x20 && c < 0x7f; });
  if (visible && uri.starts_with("http://")) out.emplace_back(uri);
}

}  // namespace

std::vector<std::string> crl_urls(const Certificate& certificate) {
  std::vector<std::string> out;
  const DistributionPoints points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate.get(), NID_crl_distribution_points, nullptr, nullptr)));
  const int count = points ? sk_DIST_POINT_num(points.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const DIST_POINT_NAME* const place = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (place == nullptr || place->type != 0) continue;  // 0: fullName
    const int names = sk_GENERAL_NAME_num(place->name.fullname);
    for (int j = 0; j < names; ++j) append_http(out, sk_GENERAL_NAME_value(place->name.fullname, j));
  }
  ERR_clear_error();
  return out;
}

std::vector<std::string> issuer_urls(const Certificate& certificate) {
  std::vector<std::string> out;
  const InfoAccess list(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate.get(), NID_info_access, nullptr, nullptr)));
  const int count = list ? sk_ACCESS_DESCRIPTION_num(list.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const ACCESS_DESCRIPTION* const access = sk_ACCESS_DESCRIPTION_value(list.get(), i);
    if (OBJ_obj2nid(access->method) == NID_ad_ca_issuers) append_http(out, access->location);
  }
  ERR_clear_error();
  return out;
}

}  // namespace symbolon::x509
