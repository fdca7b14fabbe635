// GET /v1/changes and POST /v1/changes/{what}/approval: what waits for a second person.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace symbolon::api {

struct ChangeInfo {
  std::string id;
  std::string kind;    // "profile", "certificate", "new_issuer", "import_issuer", "use_issuer"
  std::string what;    // for people
  std::string digest;  // SHA-256 of exactly what is to be done, hex
  std::string asked_by;
  UnixSeconds asked_at;
  std::optional<std::string> approved_by = {};
  std::optional<UnixSeconds> approved_at = {};
  std::optional<UnixSeconds> used_at = {};  // it was done: the approval is spent
  bool operator==(const ChangeInfo&) const = default;
};

struct ChangeList {
  std::vector<ChangeInfo> changes;  // newest first, the newest thousand
  bool operator==(const ChangeList&) const = default;
};

}  // namespace symbolon::api
