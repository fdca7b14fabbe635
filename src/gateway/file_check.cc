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

// An entry of `crls` as a start would read it. None: of whom its lists may be is not known here.
Result<std::optional<CrlFiles>> read_lists(const CrlConfig& crl, const std::vector<x509::Certificate>& issuers,
                                           const KnownIssuers& known, UnixSeconds now) {
  if (crl.file() == nullptr) return std::optional(CrlFiles());
  FileSource file = TRY(FileSource::open(*crl.file()));
  auto read = read_crl_lists(file, issuers, now);
  if (read) return std::optional(std::move(read->lists));
  const bool may_be_known = !crl.issuers && !known.whole;
  if (read.error().code == Code::crl_wrong_issuer && may_be_known) return std::optional<CrlFiles>();
  return std::unexpected(std::move(read).error());
}

std::vector<Error> check_crls(const GatewayConfig& config, UnixSeconds now) {
  const KnownIssuers known = issuers_of(config, now);
  std::vector<Error> out;
  std::vector<std::vector<x509::Certificate>> issuers(config.crls.size(), known.anchors);
  std::vector<ReadEntry> entries;
  for (std::size_t i = 0; i < config.crls.size(); ++i) {
    const CrlConfig& crl = config.crls[i];
    const auto note = [&](Error error) { out.push_back(at_crl(std::move(error), crl)); };
    if (crl.issuers) {
      auto named = read_crl_issuers(*crl.issuers);
      if (!named) {
        note(std::move(named).error());
        continue;
      }
      issuers[i] = std::move(*named);
    }
    auto lists = read_lists(crl, issuers[i], known, now);
    if (!lists) note(std::move(lists).error());
    if (lists && *lists) entries.push_back({&crl, &issuers[i], std::move(**lists)});
  }
  if (entries.size() < config.crls.size()) return out;  // a base may be where nothing could be read
  for (auto& [index, problem] : check_bases(entries)) out.push_back(at_crl(std::move(problem), *entries[index].config));
  return out;
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
  if (!config.crls.empty()) {
    for (Error& error : check_crls(config, now)) out.push_back(std::move(error));
  }
  return out;
}

}  // namespace symbolon::gateway
