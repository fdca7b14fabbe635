#include "gateway/file_check.h"

#include <tuple>

#include "gateway/crl_lists.h"
#include "gateway/snapshot.h"
#include "tls/credential.h"

namespace symbolon::gateway {
namespace {

// Whose lists they may be, as far as files say it; what the authority would say is not asked for.
struct KnownIssuers {
  std::vector<x509::Certificate> anchors;
  bool whole = true;
};

KnownIssuers issuers_of(const GatewayConfig& config, UnixSeconds now) {
  KnownIssuers out;
  const auto take = [&](const std::vector<TrustSource>& sources) {
    for (const TrustSource& source : sources) {
      const auto bundle = source.file ? read_trust_file(*source.file, now) : fail(Code::authority_unreachable, "");
      out.whole = out.whole && bundle;
      if (bundle) out.anchors.insert(out.anchors.end(), bundle->anchors().begin(), bundle->anchors().end());
    }
  };
  for (const RouteConfig& route : config.routes) {
    if (route.clients) take(route.clients->trust);
    if (route.server) take(route.server->trust);
  }
  return out;
}

Status check_crl(const CrlConfig& crl, const KnownIssuers& known, UnixSeconds now) {
  const auto issuers = crl.issuers ? TRY(read_crl_issuers(*crl.issuers)) : known.anchors;
  if (crl.file() == nullptr) return {};
  const auto lists = read_crl_lists(TRY(read_file(*crl.file())), issuers, now);
  const bool may_be_known = !crl.issuers && !known.whole;
  if (lists || (lists.error().code == Code::crl_wrong_issuer && may_be_known)) return {};
  return std::unexpected(lists.error());
}

}  // namespace

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
      std::vector<x509::Certificate> anchors;
      std::string where;
      for (const TrustSource& source : sources) {
        if (!source.file) continue;
        const auto bundle = read_trust_file(*source.file, now);
        note(bundle);
        if (!bundle) continue;
        anchors.insert(anchors.end(), bundle->anchors().begin(), bundle->anchors().end());
        where += (where.empty() ? "" : ", ") + bundle->where();
      }
      return x509::TrustBundle::for_report(std::move(anchors), now, where);
    };
    check_certificate(route.certificate);
    if (route.clients && route.clients->verify != tls::ClientVerification::insecure_none) {
      // What an authority adds is not known here.
      if (const auto all = check_trust(route.clients->trust)) note(all->check_ca_names());
    }
    if (!route.server) continue;
    check_certificate(route.server->certificate);
    std::ignore = check_trust(route.server->trust);
  }
  const KnownIssuers known = config.crls.empty() ? KnownIssuers() : issuers_of(config, now);
  for (const CrlConfig& crl : config.crls) {
    if (auto checked = check_crl(crl, known, now); !checked) out.push_back(at_crl(std::move(checked).error(), crl));
  }
  return out;
}

}  // namespace symbolon::gateway
