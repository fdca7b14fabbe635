#include "ledger/schema.h"

#include <array>

namespace symbolon::ledger {
namespace {

// Times are seconds since 1970. Ids of certificates are dense and grow with the order of reservation.
//
// What lies on the path of a commit is kept short: rows are appended, a reserved row becomes an issued one without
// changing its size, and the serial is the only index. Searching has its own index, in memory (search_index.h).
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE issuers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  certificate BLOB NOT NULL,            -- DER
  fingerprint BLOB NOT NULL UNIQUE,     -- SHA-256 of it
  key_reference TEXT NOT NULL,
  state INTEGER NOT NULL,               -- 0 active, 1 retired
  added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE certificates (
  id INTEGER PRIMARY KEY,
  issuer INTEGER NOT NULL REFERENCES issuers (id),
  serial BLOB NOT NULL,                 -- magnitude, big-endian
  state INTEGER NOT NULL,               -- 0 reserved, 1 issued, 2 abandoned
  profile TEXT NOT NULL,
  requester TEXT NOT NULL,
  subject TEXT NOT NULL,                -- RFC 4514
  names TEXT NOT NULL,                  -- a line each: "dns:web.example"
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  spki_sha256 BLOB NOT NULL,
  reserved_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,          -- when it got its state
  fingerprint BLOB NOT NULL             -- SHA-256 of the certificate; zeros until it is issued
) STRICT;
CREATE UNIQUE INDEX certificates_serial ON certificates (serial, issuer);

-- TBSCertificates of what is reserved and neither issued nor abandoned: the unfinished.
CREATE TABLE intents (
  id INTEGER PRIMARY KEY REFERENCES certificates (id),
  tbs BLOB NOT NULL
) STRICT;

-- The certificate of what is issued; the TBSCertificate and the reason of what is abandoned.
CREATE TABLE bodies (
  id INTEGER PRIMARY KEY REFERENCES certificates (id),
  der BLOB NOT NULL,
  abandoned_because TEXT
) STRICT;

CREATE TABLE revocations (
  sequence INTEGER PRIMARY KEY,
  issuer INTEGER NOT NULL REFERENCES issuers (id),
  serial BLOB NOT NULL,
  certificate INTEGER REFERENCES certificates (id),
  reason INTEGER NOT NULL,              -- RFC 5280 5.3.1
  revoked_at INTEGER NOT NULL,
  invalid_since INTEGER,                -- RFC 5280 5.3.2
  actor TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX revocations_serial ON revocations (serial, issuer);

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object INTEGER NOT NULL,
  details TEXT NOT NULL,                -- JSON object
  digest BLOB NOT NULL,                 -- of the record that the action made
  hash BLOB NOT NULL                    -- of this entry and the hash before
) STRICT;
)sql";

// Which CA signs is said, no longer guessed from how long it lasts.
constexpr std::string_view kVersion2 = R"sql(
ALTER TABLE issuers ADD COLUMN in_use INTEGER NOT NULL DEFAULT 0;   -- 1: of at most one
)sql";

// Requests that may come again: which certificate the first one led to.
constexpr std::string_view kVersion3 = R"sql(
CREATE TABLE repeatable (
  key BLOB PRIMARY KEY,                 -- SHA-256 of requester and idempotency key
  request BLOB NOT NULL,                -- SHA-256 of what was asked for
  notes TEXT NOT NULL,                  -- what the answer said beside the certificate, a line each
  certificate INTEGER NOT NULL UNIQUE REFERENCES certificates (id)
) STRICT, WITHOUT ROWID;
)sql";

// Changes that need two persons. A row is appended; approval and use are written to it once.
constexpr std::string_view kVersion4 = R"sql(
CREATE TABLE changes (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  what TEXT NOT NULL,                   -- for people
  digest BLOB NOT NULL,                 -- SHA-256 of exactly what is to be done
  asked_by TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  approved_by TEXT,
  approved_at INTEGER,
  used_at INTEGER
) STRICT;
CREATE INDEX changes_digest ON changes (digest);
)sql";

// Gateways that revocations must reach.
constexpr std::string_view kVersion5 = R"sql(
CREATE TABLE gateways (
  name TEXT PRIMARY KEY,
  since INTEGER NOT NULL                -- its first acknowledgement
) STRICT, WITHOUT ROWID;
)sql";

// A serial may have several entries: a hold, its release, a final revocation. The newest one counts. And the serials of
// one CA by their last octet, for CRLs that list a part of them.
constexpr std::string_view kVersion6 = R"sql(
DROP INDEX revocations_serial;
CREATE INDEX revocations_serial ON revocations (serial, issuer);
CREATE INDEX revocations_octet ON revocations (substr(serial, -1));
)sql";

constexpr std::array kMigrations = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5, kVersion6};

Status run_step(sql::Connection& connection, std::string_view step, std::size_t version) {
  Status done = connection.execute("BEGIN IMMEDIATE");
  if (done) done = connection.execute(step);
  if (done) done = connection.execute(fmt::format("PRAGMA user_version={}", version));
  if (done) done = connection.execute("COMMIT");
  if (!done) connection.rollback();
  return done;
}

}  // namespace

std::span<const std::string_view> migrations() { return kMigrations; }

Status create_schema(sql::Connection& connection, std::span<const std::string_view> steps) {
  TRY(connection.execute(fmt::format("PRAGMA application_id={}", kApplicationId)));
  return migrate(connection, steps);
}

Status migrate(sql::Connection& connection, std::span<const std::string_view> steps) {
  const std::int64_t application = TRY(connection.integer("PRAGMA application_id"));
  if (application != kApplicationId) {
    return fail_at(connection.where(), Code::ledger_foreign, "its application id is {:#010x}, a ledger's is {:#010x}",
                   static_cast<std::uint32_t>(application), kApplicationId);
  }
  const std::int64_t version = TRY(connection.integer("PRAGMA user_version"));
  const auto newest = static_cast<std::int64_t>(steps.size());
  if (version > newest) {
    return fail_at(connection.where(), Code::ledger_newer, "it has version {}, this program knows {}", version, newest);
  }
  if (version < 0) return fail_at(connection.where(), Code::ledger_corrupt, "it claims version {}", version);
  for (auto at = static_cast<std::size_t>(version); at < steps.size(); ++at) {
    TRY(run_step(connection, steps[at], at + 1));
  }
  return {};
}

}  // namespace symbolon::ledger
