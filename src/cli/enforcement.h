// What `revoke` and `release` share: which certificate is meant, and how far the news of it has come.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/revocation.h"
#include "base/clock.h"
#include "cli/authority_link.h"
#include "cli/terminal.h"

namespace symbolon::cli {

// What the authority is asked for: of a file the fingerprint of its first certificate. Fails with file_...,
// certificate_malformed.
Result<std::string> certificate_meant(const std::string& what);

struct Waiting {
  bool wanted = false;  // until every gateway has confirmed it
  Seconds at_most{30};
};

void print_enforcement(const std::optional<api::Enforcement>& enforcement, bool waited, const Terminal& terminal);

// Of an answer that came: waits where that is asked for, prints, and leaves the published CRLs as new as it. Fails with
// revocation_not_enforced.
Status conclude(std::optional<api::Enforcement>& enforcement, const Waiting& waiting, AuthorityLink& link,
                const std::function<void()>& print);

}  // namespace symbolon::cli
