// POST /v1/ledger/verify, /v1/ledger/backup, /v1/ledger/accept-clock and /v1/ledger/accept-rollback
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/feed.h"
#include "base/clock.h"
#include "base/error.h"

namespace symbolon::api {

struct LedgerVerifyRequest {
  // A head of before, whose signature the caller has verified: the chain must still hold it (audit_head_mismatch).
  std::optional<SignedHead> against;
  bool operator==(const LedgerVerifyRequest&) const = default;
};

// A broken chain is the failure audit_broken, so an answer always means: whole.
struct LedgerVerifyAnswer {
  std::int64_t entries = 0;  // audit entries that were checked
  std::string head;          // hex hash of the last entry, to be noted elsewhere
  bool operator==(const LedgerVerifyAnswer&) const = default;
};

struct LedgerBackupRequest {
  std::string path;  // absolute, on the authority's machine; must not exist
  bool operator==(const LedgerBackupRequest&) const = default;
};

struct LedgerBackupAnswer {
  std::string path;
  std::int64_t octets = 0;
  bool operator==(const LedgerBackupAnswer&) const = default;
};

enum class ClockOutcome : std::uint8_t { accepted, not_behind };  // not_behind: nothing was changed
std::string_view name(ClockOutcome outcome);

// The authority's clock is taken for right although entries are newer: they were made while it ran ahead.
struct ClockAcceptance {
  ClockOutcome outcome = ClockOutcome::accepted;
  UnixSeconds now;     // the authority's
  UnixSeconds newest;  // of the newest entry before this call
  bool operator==(const ClockAcceptance&) const = default;
};

enum class RollbackOutcome : std::uint8_t { accepted, not_behind };  // not_behind: nothing was changed
std::string_view name(RollbackOutcome outcome);

// What gateways know and the ledger does not have is given up: a backup was restored, and shall count.
struct RollbackAcceptance {
  RollbackOutcome outcome = RollbackOutcome::accepted;
  UnixSeconds until;       // heads signed until then are given up (accepted)
  std::int64_t heads = 0;  // that were shown by gateways, and no longer stop the authority
  bool operator==(const RollbackAcceptance&) const = default;
};

// How far a long call has come. Its answer is application/x-ndjson: lines {"progress":{"done":1,"of":9}}, and as the
// last one either {"result":{...}} or {"problem":{...}} (RFC 9457).
struct Progress {
  std::int64_t done = 0;
  std::int64_t of = 0;  // 0: not known
  bool operator==(const Progress&) const = default;
};

}  // namespace symbolon::api
