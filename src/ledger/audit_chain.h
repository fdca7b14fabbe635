// The audit chain: each entry's hash covers the entry and the hash before it, so that a changed or missing entry shows.
//
// Canonical form: integers are 8 octets, big-endian; texts and octet strings are preceded by their length so written.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ledger/records.h"

namespace symbolon::ledger {

// Collects values in their canonical form.
class Canonical {
 public:
  Canonical& add(std::int64_t value);
  Canonical& add(std::uint64_t value) { return add(static_cast<std::int64_t>(value)); }
  Canonical& add(UnixSeconds value) { return add(value.count); }
  Canonical& add(std::string_view value) { return add(as_bytes(value)); }
  Canonical& add(ByteView value);
  const Bytes& octets() const { return octets_; }
  crypto::Sha256 digest() const { return crypto::sha256(octets_); }

 private:
  Bytes octets_;
};

// The hash that stands before the first entry.
crypto::Sha256 audit_genesis(ByteView ledger_id);
// The hash of `entry` (its own `hash` is not read).
crypto::Sha256 audit_hash(const crypto::Sha256& before, const AuditEntry& entry);

// What entries say about records: `AuditEntry::digest` of each action.
crypto::Sha256 intent_digest(const CertificateRecord& record, ByteView tbs);
// The details of a reservation's entry. What the request may be repeated under is covered by them, since older entries
// have no digest of it.
std::string reserve_details(const CertificateRecord& record, const std::optional<Repeatable>& repeatable);
bool names_repeatable(const AuditEntry& reservation);
crypto::Sha256 abandon_digest(std::string_view why);
crypto::Sha256 revocation_digest(const Revocation& revocation);
crypto::Sha256 change_digest(const Change& change);  // as it is after the entry
crypto::Sha256 gateway_digest(const KnownGateway& gateway);
crypto::Sha256 rollback_digest(UnixSeconds until);
crypto::Sha256 issuer_digest(const Issuer& issuer);  // without its state
crypto::Sha256 issuer_state_digest(IssuerState state);

// Names as one text, a line each ("dns:web.example"): how they are hashed and stored.
std::string to_lines(const std::vector<SubjectName>& names);
std::vector<SubjectName> from_lines(std::string_view lines);

// A flat JSON object of texts.
std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members);

namespace action {
inline constexpr std::string_view create = "create";
inline constexpr std::string_view add_issuer = "add_issuer";
inline constexpr std::string_view set_issuer_state = "set_issuer_state";
inline constexpr std::string_view use_issuer = "use_issuer";
inline constexpr std::string_view reserve = "reserve";
inline constexpr std::string_view issue = "issue";
inline constexpr std::string_view abandon = "abandon";
inline constexpr std::string_view revoke = "revoke";
inline constexpr std::string_view release = "release";
inline constexpr std::string_view accept_clock = "accept_clock";
inline constexpr std::string_view ask_change = "ask_change";
inline constexpr std::string_view approve_change = "approve_change";
inline constexpr std::string_view use_change = "use_change";
inline constexpr std::string_view add_gateway = "add_gateway";
inline constexpr std::string_view forget_gateway = "forget_gateway";
inline constexpr std::string_view accept_rollback = "accept_rollback";
// Of an entry of the sequence of revocations.
constexpr std::string_view of(RevocationReason reason) {
  return reason == RevocationReason::remove_from_crl ? release : revoke;
}
// Does the ledger itself write this action, so that no note may claim it?
bool is_reserved(std::string_view name);
}  // namespace action

}  // namespace symbolon::ledger
