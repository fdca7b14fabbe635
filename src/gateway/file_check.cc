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
    const auto check_certificate = [&](const std::optional<CertificateSource>& source) {
      const auto* const files = source ? std::get_if<CertificateFiles>(&*source) : nullptr;
      if (files != nullptr) note(tls::Credential::load(files->cert.string(), files->key.string()));
    };
    const auto check_trust = [&](const std::vector<TrustSource>& sources) {
      for (const TrustSource& source : sources) {
        if (source.file) note(read_trust_file(*source.file, now));
      }
    };
    check_certificate(route.certificate);
    if (route.clients && route.clients->verify != tls::ClientVerification::insecure_none) {
      check_trust(route.clients->trust);
    }
    if (!route.server) continue;
    check_certificate(route.server->certificate);
    check_trust(route.server->trust);
  }
  return out;
}

}  // namespace symbolon::gateway
