// Rows of the tables as records. What a row should never hold is ledger_corrupt.
#pragma once

#include <string_view>

#include "ledger/records.h"
#include "ledger/sql.h"

namespace symbolon::ledger {

// Of `meta`: until when signed heads of a history that this ledger does not have are given up (8 octets).
inline constexpr std::string_view kRollbackAccepted = "rollback_accepted";

// Each reads the columns that its list names, in that order, from column 0.
inline constexpr std::string_view kCertificateColumns =
    "c.id, c.issuer, c.serial, c.state, c.profile, c.requester, c.subject, c.names, c.not_before, c.not_after,"
    " c.spki_sha256, c.reserved_at, c.changed_at, c.fingerprint";
Result<CertificateRecord> read_certificate(const sql::Statement& row);

inline constexpr std::string_view kRevocationColumns =
    "sequence, issuer, serial, certificate, reason, revoked_at, invalid_since, actor";
Result<Revocation> read_revocation(const sql::Statement& row);

inline constexpr std::string_view kRepeatableColumns = "key, request, notes, certificate";
Result<FirstRequest> read_repeatable(const sql::Statement& row);

inline constexpr std::string_view kChangeColumns =
    "id, kind, what, digest, asked_by, asked_at, approved_by, approved_at, used_at";
Result<Change> read_change(const sql::Statement& row);

inline constexpr std::string_view kIssuerColumns =
    "id, name, certificate, fingerprint, key_reference, state, added_at, in_use";
Result<Issuer> read_issuer(const sql::Statement& row);

inline constexpr std::string_view kAuditColumns = "sequence, time, actor, action, object, details, digest, hash";
Result<AuditEntry> read_audit_entry(const sql::Statement& row);

// 32 octets of a column.
Result<crypto::Sha256> read_sha256(const sql::Statement& row, int column);

// The TBSCertificate inside a certificate (RFC 5280 §4.1); empty if there is none.
ByteView tbs_of(ByteView certificate);

}  // namespace symbolon::ledger
