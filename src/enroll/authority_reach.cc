#include "enroll/authority_reach.h"

#include "tls/credential.h"

namespace symbolon::enroll {

Result<AuthorityClient> reach(const AuthorityPlace& place, const Clock& clock, const ClientTimes& times) {
  constexpr std::size_t kLargestAnchors = 1 << 20;
  if (place.endpoint.kind == net::Endpoint::Kind::unix_path) {
    return AuthorityClient::over_unix(place.endpoint.host, times);
  }
  const std::string anchors = TRY(read_file(place.anchors, kLargestAnchors));
  auto trust = TRY(x509::TrustBundle::from_file_content(anchors, clock.now(), place.anchors.string()));
  auto credential = TRY(tls::Credential::load(place.certificate.string(), place.key.string()));
  return AuthorityClient::over_tls({.endpoint = place.endpoint,
                                    .server_name = {},
                                    .credential = std::move(credential),
                                    .trust = std::make_shared<const x509::TrustBundle>(std::move(trust))},
                                   clock, times);
}

}  // namespace symbolon::enroll
