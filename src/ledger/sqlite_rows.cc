#include "ledger/sqlite_rows.h"

#include <algorithm>

#include "base/utf8.h"
#include "ledger/audit_chain.h"
#include "x509/der_reader.h"

namespace symbolon::ledger {
namespace {

std::unexpected<Error> damaged(const sql::Statement& row, std::string_view what) {
  return fail_at(std::string(row.where()), Code::ledger_corrupt, "a row holds no usable {}", what);
}

// What is no UTF-8 could be neither shown nor sent.
Status check_texts(const sql::Statement& row, std::initializer_list<int> columns) {
  for (const int column : columns) {
    if (!is_utf8(row.text(column))) return damaged(row, "text");
  }
  return {};
}

Result<x509::SerialNumber> read_serial(const sql::Statement& row, int column) {
  Result<x509::SerialNumber> serial = x509::SerialNumber::from_magnitude(row.blob(column));
  if (!serial) return damaged(row, "serial number");
  return serial;
}

}  // namespace

Result<crypto::Sha256> read_sha256(const sql::Statement& row, int column) {
  const ByteView octets = row.blob(column);
  crypto::Sha256 out;
  if (octets.size() != out.size()) return damaged(row, "digest");
  std::copy(octets.begin(), octets.end(), out.begin());
  return out;
}

Result<CertificateRecord> read_certificate(const sql::Statement& row) {
  TRY(check_texts(row, {4, 5, 6, 7}));
  const std::int64_t state = row.integer(3);
  if (state < 0 || state > static_cast<std::int64_t>(CertificateState::abandoned)) return damaged(row, "state");
  CertificateRecord record{.id = {row.integer(0)},
                           .issuer = {row.integer(1)},
                           .serial = TRY(read_serial(row, 2)),
                           .state = static_cast<CertificateState>(state),
                           .profile = std::string(row.text(4)),
                           .requester = std::string(row.text(5)),
                           .subject = std::string(row.text(6)),
                           .names = from_lines(row.text(7)),
                           .validity = {{row.integer(8)}, {row.integer(9)}},
                           .spki_sha256 = TRY(read_sha256(row, 10)),
                           .reserved_at = {row.integer(11)}};
  if (record.state == CertificateState::issued) {
    record.issued_at = UnixSeconds{row.integer(12)};
    record.fingerprint = x509::Fingerprint{TRY(read_sha256(row, 13))};
  }
  return record;
}

Result<Revocation> read_revocation(const sql::Statement& row) {
  TRY(check_texts(row, {7}));
  const std::optional<RevocationReason> reason = revocation_reason_from_number(row.integer(4));
  if (!reason) return damaged(row, "reason");
  Revocation revocation{.sequence = static_cast<std::uint64_t>(row.integer(0)),
                        .issuer = {row.integer(1)},
                        .serial = TRY(read_serial(row, 2)),
                        .certificate = std::nullopt,
                        .reason = *reason,
                        .revoked_at = {row.integer(5)},
                        .invalid_since = std::nullopt,
                        .actor = std::string(row.text(7))};
  if (!row.is_null(3)) revocation.certificate = CertificateId{row.integer(3)};
  if (!row.is_null(6)) revocation.invalid_since = UnixSeconds{row.integer(6)};
  return revocation;
}

Result<FirstRequest> read_repeatable(const sql::Statement& row) {
  const crypto::Sha256 key = TRY(read_sha256(row, 0));
  const crypto::Sha256 request = TRY(read_sha256(row, 1));
  return FirstRequest{.repeatable = {.key = key, .request = request, .notes = std::string(row.text(2))},
                      .certificate = {row.integer(3)}};
}

Result<Change> read_change(const sql::Statement& row) {
  Change change{.id = {row.integer(0)},
                .kind = std::string(row.text(1)),
                .what = std::string(row.text(2)),
                .digest = TRY(read_sha256(row, 3)),
                .asked_by = std::string(row.text(4)),
                .asked_at = {row.integer(5)}};
  if (!row.is_null(6)) change.approved_by = row.text(6);
  if (!row.is_null(7)) change.approved_at = UnixSeconds{row.integer(7)};
  if (!row.is_null(8)) change.used_at = UnixSeconds{row.integer(8)};
  return change;
}

Result<Issuer> read_issuer(const sql::Statement& row) {
  TRY(check_texts(row, {1, 4}));
  const std::int64_t state = row.integer(5);
  if (state < 0 || state > static_cast<std::int64_t>(IssuerState::retired)) return damaged(row, "state");
  return Issuer{.id = {row.integer(0)},
                .name = std::string(row.text(1)),
                .certificate = to_bytes(row.blob(2)),
                .fingerprint = {TRY(read_sha256(row, 3))},
                .key_reference = std::string(row.text(4)),
                .state = static_cast<IssuerState>(state),
                .added_at = {row.integer(6)},
                .in_use = row.integer(7) != 0};
}

Result<AuditEntry> read_audit_entry(const sql::Statement& row) {
  TRY(check_texts(row, {2, 3, 5}));
  return AuditEntry{.sequence = static_cast<std::uint64_t>(row.integer(0)),
                    .time = {row.integer(1)},
                    .actor = std::string(row.text(2)),
                    .action = std::string(row.text(3)),
                    .object = row.integer(4),
                    .details = std::string(row.text(5)),
                    .digest = TRY(read_sha256(row, 6)),
                    .hash = TRY(read_sha256(row, 7))};
}

ByteView tbs_of(ByteView certificate) {
  const std::optional<x509::der::Element> whole = x509::der::only(certificate, x509::der::tag::sequence);
  if (!whole) return {};
  const std::optional<x509::der::Element> tbs = x509::der::Reader(whole->content).next(x509::der::tag::sequence);
  return tbs ? tbs->whole : ByteView{};
}

}  // namespace symbolon::ledger
