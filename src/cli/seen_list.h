// `symbolon list --seen`: whom the gateway has seen.
#pragma once

#include <functional>

#include "api/certificate.h"
#include "api/gateway_info.h"
#include "cli/session.h"

namespace symbolon::cli {

enum class Pages : std::uint8_t { one, all };

// Asks the gateway that runs here, else reads what one has left behind.
Status list_seen(api::SeenQuery query, Pages pages, const Session& session);

// Those that a CA of this authority issued and its ledger does not know: certificate_not_in_ledger. All pages. Gateways
// elsewhere have told the running authority what they have seen. Of an imported CA they may also be what it issued
// elsewhere.
Status list_seen_unknown(const std::string& words, const Session& session);

// Where the gateway here has seen a certificate. Where there is none, nothing was seen.
class SeenHere {
 public:
  explicit SeenHere(const Session& session);
  std::vector<api::SeenCertificate> of(const api::CertificateSummary& certificate) const;  // by route
  // "web 2026-11-21T09:48:34Z, api ..."; "-": nowhere.
  std::string words_of(const api::CertificateSummary& certificate) const;

 private:
  std::function<Result<api::SeenPage>(const api::SeenQuery&)> ask_;  // empty: there is nobody to ask
};

}  // namespace symbolon::cli
