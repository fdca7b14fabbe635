#include "gateway/file_check.h"

#include "gateway/snapshot.h"
#include "tls/credential.h"

namespace symbolon::gateway {

std::vector<Error> check_files(const GatewayConfig& config, UnixSeconds now) {
  std::vector<Error> out;
  for (const RouteConfig& route : config.routes) {
    const auto note = [&](const auto& result) {
      if (!result) out.push_back(at_route(result.error(), route));
    };
    if (const auto* files = std::get_if<CertificateFiles>(&route.certificate)) {
      note(tls::Credential::load(files->cert.string(), files->key.string()));
    }
    if (route.clients.verify == tls::ClientVerification::insecure_none) continue;
    for (const TrustSource& source : route.clients.trust) {
      if (source.file) note(read_trust_file(*source.file, now));
    }
  }
  return out;
}

}  // namespace symbolon::gateway
