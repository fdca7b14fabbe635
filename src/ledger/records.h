// What the ledger keeps: plain values, the same for every engine.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "x509/certificate.h"
#include "x509/name.h"
#include "x509/serial_number.h"

namespace symbolon::ledger {

struct IssuerId {
  std::int64_t value = 0;
  auto operator<=>(const IssuerId&) const = default;
};
struct CertificateId {
  std::int64_t value = 0;
  auto operator<=>(const CertificateId&) const = default;
};
// An intent has the id of the certificate that it becomes.
using IntentId = CertificateId;

// -- issuers --------------------------------------------------------------------------------------------------------

enum class IssuerState : std::uint8_t { active, retired };  // retired: signs no certificates any more
std::string_view name(IssuerState state);

struct NewIssuer {
  std::string name;           // unique; what --issuer says
  Bytes certificate;          // DER
  std::string key_reference;  // path or token URI; empty: the key is not on this machine
  std::string actor;          // who did it, for the audit chain
};

struct Issuer {
  IssuerId id;
  std::string name;
  Bytes certificate;
  x509::Fingerprint fingerprint;
  std::string key_reference;
  IssuerState state = IssuerState::active;
  UnixSeconds added_at;
  bool in_use = false;  // new certificates come from it unless another is asked for; of at most one
};

// -- certificates ---------------------------------------------------------------------------------------------------

// reserved: the intent is durable, the certificate is not (being signed, or the process ended or the signer fell silent
// meanwhile: it may have been signed). abandoned: no signature exists.
enum class CertificateState : std::uint8_t { reserved, issued, abandoned };
std::string_view name(CertificateState state);

// A subjectAltName as the ledger keeps and searches it.
struct SubjectName {
  x509::NameKind kind = x509::NameKind::dns;
  std::string value;
  bool operator==(const SubjectName&) const = default;
};
std::vector<SubjectName> subject_names(const std::vector<x509::GeneralName>& names);

// A request that may come again under the same key: it leads to the certificate of the first one.
struct Repeatable {
  crypto::Sha256 key{};      // of requester and idempotency key
  crypto::Sha256 request{};  // of what was asked for
  std::string notes = {};    // what the answer says beside the certificate, a line each
  bool operator==(const Repeatable&) const = default;
};

struct NewIntent {
  IssuerId issuer;
  x509::SerialNumber serial;
  Bytes tbs;  // the exact TBSCertificate (DER) that will be signed
  std::string profile;
  std::string requester;
  std::string subject;  // RFC 4514
  std::vector<SubjectName> names = {};
  x509::Validity validity = {};
  crypto::Sha256 spki_sha256 = {};
  std::optional<Repeatable> repeatable = {};  // durable with the intent, or neither is
};

struct FirstRequest {
  Repeatable repeatable;
  CertificateId certificate;
};

struct Completion {
  IntentId intent;
  Bytes certificate;  // DER; its TBSCertificate must be the reserved one, octet for octet
};

// RFC 5280 §5.3.1. What is on hold can be revoked for good, or released; nothing else is ever taken back.
enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  remove_from_crl = 8,  // of a release: the hold before it has ended
  privilege_withdrawn = 9,
  aa_compromise = 10,
};
std::string_view name(RevocationReason reason);  // "keyCompromise", as RFC 5280 writes it
// As RFC 5280 writes it, or with underscores or hyphens; any case.
std::optional<RevocationReason> revocation_reason_from_name(std::string_view name);
std::optional<RevocationReason> revocation_reason_from_number(std::int64_t number);

bool is_final(RevocationReason reason);  // neither certificateHold nor removeFromCRL

// An entry of the one numbered sequence. Of a serial the newest one counts: a hold may be followed by a release or by a
// final revocation, a release by either, a final one by nothing.
struct Revocation {
  std::uint64_t sequence = 0;  // 1, 2, 3, ... over all issuers, in the order of the commits
  IssuerId issuer;
  x509::SerialNumber serial;
  std::optional<CertificateId> certificate;  // none: a serial that this ledger did not issue (imported CA)
  RevocationReason reason = RevocationReason::unspecified;
  // Of a release: when that was. Of what was on hold before (X.509 §8.5.2.2): "the revocation date shall be the date
  // the certificate was placed on hold".
  UnixSeconds revoked_at;
  std::optional<UnixSeconds> invalid_since;  // RFC 5280 §5.3.2
  std::string actor;
};

// Which entries of the sequence.
struct RevocationRange {
  std::uint64_t after = 0;  // Revocation::sequence
  // Of the serial's last octet; both of them included.
  std::uint8_t first_octet = 0;
  std::uint8_t last_octet = 255;
  bool whole() const { return first_octet == 0 && last_octet == 255; }
};

enum class UnknownSerial : std::uint8_t { refuse, accept };

struct NewRevocation {
  IssuerId issuer;
  x509::SerialNumber serial;
  RevocationReason reason = RevocationReason::unspecified;
  std::optional<UnixSeconds> invalid_since = {};
  std::string actor = {};
  UnknownSerial unknown_serial = UnknownSerial::refuse;  // accept: for certificates an imported CA issued before
  // Of one that this authority recorded before in a ledger that is lost; its entry has the time of now. Absent: now.
  std::optional<UnixSeconds> revoked_at = {};
};

struct RevocationOutcome {
  Revocation revocation;         // the one that holds; the older one if there was one
  bool already_revoked = false;  // nothing was changed
};

struct NewRelease {
  IssuerId issuer;
  x509::SerialNumber serial;
  std::string actor = {};
  // Of one that this authority recorded before in a ledger that is lost: it ends no hold that is newer than that, and
  // its entry has the time of now. Absent: now.
  std::optional<UnixSeconds> released_at = {};
};

struct ReleaseOutcome {
  Revocation release;             // the entry that says so; the older one if there was one
  bool already_released = false;  // nothing was changed
};

struct CertificateRecord {
  CertificateId id;
  IssuerId issuer;
  x509::SerialNumber serial;
  CertificateState state = CertificateState::reserved;
  std::string profile;
  std::string requester;
  std::string subject;
  std::vector<SubjectName> names;
  x509::Validity validity;
  crypto::Sha256 spki_sha256{};
  UnixSeconds reserved_at;
  std::optional<UnixSeconds> issued_at = {};
  std::optional<x509::Fingerprint> fingerprint = {};  // once issued
  std::string abandoned_because = {};
  std::optional<Revocation> revocation = {};  // that holds now

  // "issued", "revoked", "expired", "reserved", "abandoned": what `list` shows and `state:` asks for ("issued" there
  // is any certificate that was handed out; "valid" one that is neither revoked nor outside its validity).
  std::string_view standing(UnixSeconds now) const;
};

// -- changes that need two persons ----------------------------------------------------------------------------------

struct ChangeId {
  std::int64_t value = 0;
  auto operator<=>(const ChangeId&) const = default;
};

struct NewChange {
  std::string kind;         // "profile", "new_issuer", ...
  std::string what;         // for people
  crypto::Sha256 digest{};  // of exactly what is to be done, and by whom
  std::string actor;        // who asks
};

struct Change {
  ChangeId id;
  std::string kind;
  std::string what;
  crypto::Sha256 digest{};
  std::string asked_by;
  UnixSeconds asked_at;
  std::optional<std::string> approved_by = {};
  std::optional<UnixSeconds> approved_at = {};
  std::optional<UnixSeconds> used_at = {};  // it was done: an approval is good for once
};

// -- gateways --------------------------------------------------------------------------------------------------------

// A gateway that revocations must reach: from its first acknowledgement until somebody says that it is gone.
struct KnownGateway {
  std::string name;
  UnixSeconds since;
  bool operator==(const KnownGateway&) const = default;
};

// -- audit ----------------------------------------------------------------------------------------------------------

struct AuditEntry {
  std::uint64_t sequence = 0;  // 1, 2, 3, ... without gaps
  UnixSeconds time;            // never before the entry before it
  std::string actor;
  // "reserve", "issue", "abandon", "revoke", "release", "add_issuer", "set_issuer_state", "use_issuer", "ask_change",
  // "approve_change", "use_change", "add_gateway", "forget_gateway", "accept_rollback", or of a note
  std::string action;
  std::int64_t object = 0;  // certificate id, issuer id or revocation sequence, as the action has it; 0: none
  std::string details;      // a JSON object
  crypto::Sha256 digest{};  // over the record that the action made
  crypto::Sha256 hash{};    // over all of the above and the hash of the entry before
};

// An entry that changes no state of the ledger: a login, a backup, a reload.
struct AuditNote {
  std::string actor;
  std::string action;
  std::string details = "{}";  // a JSON object
};

struct AuditHead {
  std::uint64_t sequence = 0;  // how many entries there are
  UnixSeconds time;
  crypto::Sha256 hash{};
};

struct VerifyReport {
  AuditHead head;
  std::uint64_t certificates = 0;
  std::uint64_t revocations = 0;
  std::uint64_t unfinished = 0;
};

}  // namespace symbolon::ledger
