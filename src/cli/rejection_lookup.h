// Who is asked what was recorded of a refusal: an authority elsewhere, the one that runs here, the gateway here, or,
// where none runs, the file that records went to.
#pragma once

#include <optional>
#include <string>

#include "api/rejection.h"
#include "base/error.h"
#include "cli/session.h"

namespace symbolon::cli {

// Everything under this id. Fails with bad_request (no id), record_missing, gateway_unreachable, forbidden, and as
// AuthorityLink::open where --authority names one.
Result<api::RejectionList> look_up_rejection(const std::string& id, const Session& session);

// Who asks about itself. Without files: as --authority-cert and --authority-key say.
struct OwnCertificate {
  std::optional<Path> certificate;
  std::optional<Path> key;  // in the certificate's file where it is absent
};
// Of that certificate, by --authority; all of the newest where there is no id. Fails with usage (no authority is
// named), record_missing, forbidden (it does not answer holders), and as enroll::reach.
Result<api::RejectionList> look_up_own_rejections(const std::optional<std::string>& id, const OwnCertificate& own,
                                                  const Session& session);

}  // namespace symbolon::cli
