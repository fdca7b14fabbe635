// The members of each wire object: the one table that encode() and decode() both walk. Internal to api/.
//
//   required   must stand there        defaulted   may be absent        optional   is absent when it has no value
#pragma once

#include <concepts>

#include "api/codec.h"
#include "api/fields.h"
#include "api/heads.h"

namespace symbolon::api {

std::optional<RevocationOutcome> outcome_from_name(std::string_view name);
std::optional<ReleaseOutcome> release_outcome_from_name(std::string_view name);
std::optional<ClockOutcome> clock_outcome_from_name(std::string_view name);
std::optional<RollbackOutcome> rollback_outcome_from_name(std::string_view name);
std::optional<HandBackAnswer::Outcome> hand_back_outcome_from_name(std::string_view name);
std::optional<GatewayPhase> phase_from_name(std::string_view name);

// T or const T: reading and writing share the table.
template <typename U, typename T>
concept Is = std::same_as<std::remove_const_t<U>, T>;

inline constexpr ListBounds kNames{.most = 1000, .item = {.least = 1, .most = 4096}};
inline constexpr ListBounds kFew{.most = 1000};
inline constexpr ListBounds kPage{.most = ListQuery::kMostPerPage};

void members(auto& f, Is<Revocation> auto& x) {
  f.required("reason", x.reason, reason_from_name);
  f.required("at", x.at);
  f.required("by", x.by, kWords);
}

void members(auto& f, Is<CertificateSummary> auto& x) {
  f.required("serial", x.serial, kName);
  f.required("fingerprint", x.fingerprint, kLine);
  f.required("issuer", x.issuer, kLine);
  f.required("profile", x.profile, kLine);
  f.required("subject", x.subject, kWords);
  f.required("names", x.names, ListBounds{.most = 1000, .item = kWords});
  f.required("requester", x.requester, kWords);
  f.required("state", x.state, state_from_name);
  f.required("not_before", x.not_before);
  f.required("not_after", x.not_after);
  f.required("issued_at", x.issued_at);
  f.optional("revocation", x.revocation);
}

void members(auto& f, Is<CertificateDetails> auto& x) {
  f.required("summary", x.summary);
  f.required("certificate", x.certificate, kPem);
  f.required("chain", x.chain, kPem);
}

void members(auto& f, Is<ListPage> auto& x) {
  f.required("certificates", x.certificates, kPage);
  f.optional("next", x.next, kName);
}

void members(auto& f, Is<IssueRequest> auto& x) {
  f.required("profile", x.profile, kName);
  f.required("csr", x.csr, kSomePem);
  f.defaulted("names", x.names, kNames);
  f.optional("common_name", x.common_name, kName);
  f.optional("lifetime", x.lifetime);
  f.optional("issuer", x.issuer, kName);
}

void members(auto& f, Is<IssueAnswer> auto& x) {
  f.required("certificate", x.certificate, kSomePem);
  f.required("chain", x.chain, kPem);
  f.required("root", x.root, kPem);
  f.required("summary", x.summary);
  f.defaulted("notes", x.notes, ListBounds{.most = 1000, .item = kWords});
}

void members(auto& f, Is<RevocationRequest> auto& x) {
  f.required("what", x.what, TextBounds{.least = 1, .most = 4096});
  f.defaulted("reason", x.reason, reason_from_name);
  f.optional("invalid_since", x.invalid_since);
  f.defaulted("unknown", x.unknown);
  f.optional("issuer", x.issuer, kName);
}

void members(auto& f, Is<RevokeMatchingRequest> auto& x) {
  f.required("query", x.query, TextBounds{.least = 1, .most = 4096});
  f.defaulted("reason", x.reason, reason_from_name);
  f.optional("invalid_since", x.invalid_since);
  f.defaulted("at_most", x.at_most, IntegerBounds{.most = RevokeMatchingRequest::kMost});
  f.defaulted("dry_run", x.dry_run);
}

void members(auto& f, Is<Enforcement> auto& x) {
  f.required("number", x.number, IntegerBounds{});
  f.required("gateways", x.gateways, IntegerBounds{});
  f.required("acknowledged", x.acknowledged, IntegerBounds{});
  f.required("milliseconds", x.milliseconds, IntegerBounds{});
  f.required("missing", x.missing, ListBounds{.most = Enforcement::kMostNames});
}

void members(auto& f, Is<RevocationAnswer> auto& x) {
  f.required("certificate", x.certificate);
  f.required("outcome", x.outcome, outcome_from_name);
  f.optional("enforcement", x.enforcement);
}

void members(auto& f, Is<ReleaseRequest> auto& x) { f.required("what", x.what, TextBounds{.least = 1, .most = 4096}); }

void members(auto& f, Is<ReleaseAnswer> auto& x) {
  f.required("certificate", x.certificate);
  f.required("outcome", x.outcome, release_outcome_from_name);
  f.optional("enforcement", x.enforcement);
}

void members(auto& f, Is<RevokeMatchingAnswer> auto& x) {
  f.required("matched", x.matched, IntegerBounds{});
  f.required("certificates", x.certificates, ListBounds{.most = RevokeMatchingAnswer::kMostShown});
  f.optional("enforcement", x.enforcement);
}

void members(auto& f, Is<GatewayInfo> auto& x) {
  f.required("name", x.name, kLine);
  f.required("follows", x.follows);
  f.required("since", x.since);
  f.optional("last_seen", x.last_seen);
  f.required("enforced", x.enforced, IntegerBounds{});
  f.required("behind", x.behind, IntegerBounds{});
  f.required("processes", x.processes, IntegerBounds{});
  f.required("version", x.version, kLine);
}

void members(auto& f, Is<GatewayList> auto& x) {
  f.required("newest", x.newest, IntegerBounds{});
  f.required("gateways", x.gateways, kFew);
}

void members(auto& f, Is<FeedEntry> auto& x) {
  f.required("number", x.number, IntegerBounds{.least = 1});
  f.required("issuer", x.issuer, kName);
  f.required("serial", x.serial, kName);
  f.required("reason", x.reason, reason_from_name);
  f.required("at", x.at);
  f.optional("invalid_since", x.invalid_since);
}

void members(auto& f, Is<SignedHead> auto& x) {
  f.required("count", x.count, IntegerBounds{});
  f.required("hash", x.hash, kName);
  f.required("time", x.time);
  f.required("signature", x.signature, kName);
}

void members(auto& f, Is<FeedMark> auto& x) {
  f.required("number", x.number, IntegerBounds{});
  f.required("hash", x.hash, kName);
}

void members(auto& f, Is<HeadsAnswer> auto& x) {
  f.required("audit", x.audit);
  f.required("feed", x.feed);
  f.required("key", x.key, kSomePem);
}

void members(auto& f, Is<HandBackRequest> auto& x) {
  f.defaulted("gateway", x.gateway, kName);
  f.required("head", x.head);
  f.required("before", x.before, kName);
  f.required("entries", x.entries, ListBounds{.most = HandBackRequest::kMostEntries});
}

void members(auto& f, Is<HandBackAnswer> auto& x) {
  f.required("outcome", x.outcome, hand_back_outcome_from_name);
  f.required("next", x.next, IntegerBounds{});
  f.required("taken", x.taken, IntegerBounds{});
}

void members(auto& f, Is<FeedPage> auto& x) {
  f.required("issuers", x.issuers, kFew);
  f.required("entries", x.entries, ListBounds{.most = FeedPage::kMostEntries});
  f.optional("digest", x.digest, kName);
  f.required("more", x.more);
  f.required("behind", x.behind);
  f.defaulted("past", x.past, kFew);
  f.optional("feed_head", x.feed_head);
  f.optional("audit_head", x.audit_head);
  f.optional("head_key", x.head_key, kLine);
  f.optional("ticket_keys", x.ticket_keys, kName);
}

void members(auto& f, Is<TicketKeysRequest> auto& x) {
  f.required("domains", x.domains, ListBounds{.most = TicketKeysRequest::kMostDomains, .item = kName});
}

void members(auto& f, Is<TicketKey> auto& x) {
  f.required("key", x.key, kName);
  f.required("age", x.age);
}

void members(auto& f, Is<TicketDomain> auto& x) {
  f.required("name", x.name, kName);
  f.required("keys", x.keys, ListBounds{.most = TicketDomain::kMostKeys});
}

void members(auto& f, Is<TicketKeysAnswer> auto& x) {
  f.required("generation", x.generation, kName);
  f.required("domains", x.domains, ListBounds{.most = TicketKeysRequest::kMostDomains});
}

void members(auto& f, Is<ProfileInfo> auto& x) {
  f.required("name", x.name, kName);
  f.required("summary", x.summary, kWords);
  f.required("lifetime", x.lifetime);
  f.required("longest_lifetime", x.longest_lifetime);
  f.required("key_types", x.key_types, kFew);
  f.required("extended_key_usage", x.extended_key_usage, kFew);
  f.required("names", x.names, kFew);
}

void members(auto& f, Is<ProfileList> auto& x) { f.required("profiles", x.profiles, kFew); }

void members(auto& f, Is<IssuerInfo> auto& x) {
  f.required("name", x.name, kName);
  f.required("role", x.role, kName);
  f.required("in_use", x.in_use);
  f.required("subject", x.subject, kWords);
  f.required("serial", x.serial, kName);
  f.required("fingerprint", x.fingerprint, kName);
  f.required("key", x.key, kLine);
  f.required("not_before", x.not_before);
  f.required("not_after", x.not_after);
  f.required("certificate", x.certificate, kPem);
}

void members(auto& f, Is<NewIssuerRequest> auto& x) {
  f.optional("key_type", x.key_type, kName);
  f.optional("lifetime", x.lifetime);
  f.defaulted("permit", x.permit, kNames);
  f.defaulted("exclude", x.exclude, kNames);
}

void members(auto& f, Is<NewIssuerAnswer> auto& x) {
  f.required("serial", x.serial, kName);
  f.required("name", x.name, kName);
  f.required("subject", x.subject, kWords);
  f.required("not_after", x.not_after);
  f.required("sign_before", x.sign_before);
  f.required("root", x.root, kPem);
  f.required("to_be_signed", x.to_be_signed, kSomePem);
}

void members(auto& f, Is<IssuerSignature> auto& x) {
  f.required("signature", x.signature, TextBounds{.least = 1, .most = 4096});
}

void members(auto& f, Is<ImportIssuerRequest> auto& x) {
  f.required("certificates", x.certificates, kSomePem);
  f.required("key", x.key, kSomePem);
  f.defaulted("use", x.use);
}

void members(auto& f, Is<IssuerList> auto& x) { f.required("issuers", x.issuers, kFew); }

void members(auto& f, Is<Warning> auto& x) {
  f.required("code", x.code, code_from_name);
  f.required("words", x.words, kWords);
}

void members(auto& f, Is<LedgerInfo> auto& x) {
  f.required("entries", x.entries, IntegerBounds{});
  f.required("octets", x.octets, IntegerBounds{});
  f.required("commits", x.commits, IntegerBounds{});
  f.required("waiting", x.waiting, IntegerBounds{});
}

void members(auto& f, Is<CrlInfo> auto& x) {
  f.required("issuer", x.issuer, kName);
  f.required("number", x.number, IntegerBounds{});
  f.required("this_update", x.this_update);
  f.required("next_update", x.next_update);
  f.required("entries", x.entries, IntegerBounds{});
  f.required("octets", x.octets, IntegerBounds{});
}

void members(auto& f, Is<NewCrlRequest> auto& x) { f.optional("next_update", x.next_update); }

void members(auto& f, Is<CrlEntry> auto& x) {
  f.required("serial", x.serial, kName);
  f.required("reason", x.reason, reason_from_name);
  f.required("at", x.at);
  f.optional("invalid_since", x.invalid_since);
}

void members(auto& f, Is<NewCrlAnswer> auto& x) {
  f.required("issuer", x.issuer, kName);
  f.required("number", x.number, IntegerBounds{});
  f.required("this_update", x.this_update);
  f.required("next_update", x.next_update);
  f.required("entries", x.entries, ListBounds{.most = NewCrlAnswer::kMostEntries});
  f.required("sign_before", x.sign_before);
}

void members(auto& f, Is<CrlSignature> auto& x) {
  f.required("number", x.number, IntegerBounds{});
  f.required("signature", x.signature, TextBounds{.least = 1, .most = 4096});
}

void members(auto& f, Is<StatusInfo> auto& x) {
  f.required("version", x.version, kLine);
  f.required("name", x.name, kLine);
  f.required("now", x.now);
  f.required("started_at", x.started_at);
  f.required("issued", x.issued, IntegerBounds{});
  f.required("revoked", x.revoked, IntegerBounds{});
  f.required("unfinished", x.unfinished, IntegerBounds{});
  f.optional("last_issued_at", x.last_issued_at);
  f.required("ledger", x.ledger);
  f.required("crls", x.crls, kFew);
  f.required("gateways", x.gateways, kFew);
  f.required("warnings", x.warnings, kFew);
}

void members(auto& f, Is<ChangeInfo> auto& x) {
  f.required("id", x.id, kName);
  f.required("kind", x.kind, kName);
  f.required("what", x.what, kWords);
  f.required("digest", x.digest, kName);
  f.required("asked_by", x.asked_by, kWords);
  f.required("asked_at", x.asked_at);
  f.optional("approved_by", x.approved_by, kWords);
  f.optional("approved_at", x.approved_at);
  f.optional("used_at", x.used_at);
}

void members(auto& f, Is<ChangeList> auto& x) { f.required("changes", x.changes, kFew); }

void members(auto& f, Is<LedgerVerifyRequest> auto& x) { f.optional("against", x.against); }

void members(auto& f, Is<LedgerVerifyAnswer> auto& x) {
  f.required("entries", x.entries, IntegerBounds{});
  f.required("head", x.head, kLine);
}

void members(auto& f, Is<LedgerBackupRequest> auto& x) {
  f.required("path", x.path, TextBounds{.least = 1, .most = 4095});
}

void members(auto& f, Is<LedgerBackupAnswer> auto& x) {
  f.required("path", x.path, kLine);
  f.required("octets", x.octets, IntegerBounds{});
}

void members(auto& f, Is<ClockAcceptance> auto& x) {
  f.required("outcome", x.outcome, clock_outcome_from_name);
  f.required("now", x.now);
  f.required("newest", x.newest);
}

void members(auto& f, Is<RollbackAcceptance> auto& x) {
  f.required("outcome", x.outcome, rollback_outcome_from_name);
  f.required("until", x.until);
  f.required("heads", x.heads, IntegerBounds{});
}

void members(auto& f, Is<Progress> auto& x) {
  f.required("done", x.done, IntegerBounds{});
  f.required("of", x.of, IntegerBounds{});
}

void members(auto& f, Is<CodeCount> auto& x) {
  f.required("code", x.code, code_from_name);
  f.required("count", x.count, IntegerBounds{});
}

void members(auto& f, Is<SeenCertificate> auto& x) {
  f.required("fingerprint", x.fingerprint, kName);
  f.required("serial", x.serial, kName);
  f.required("issuer", x.issuer, kWords);
  f.required("subject", x.subject, kWords);
  f.required("identity", x.identity, kWords);
  f.required("route", x.route, kWords);
  f.required("address", x.address, kName);
  f.required("not_after", x.not_after);
  f.required("first_seen", x.first_seen);
  f.required("last_seen", x.last_seen);
  f.required("times", x.times, IntegerBounds{});
}

void members(auto& f, Is<OwnCertificate> auto& x) {
  f.required("shown_to", x.shown_to, kName);
  f.required("subject", x.subject, kWords);
  f.required("serial", x.serial, kName);
  f.required("not_after", x.not_after);
}

void members(auto& f, Is<RouteStatus> auto& x) {
  f.required("name", x.name, kWords);
  f.required("listen", x.listen, kLine);
  f.required("to", x.to, kFew);
  f.required("open", x.open, IntegerBounds{});
  f.required("admitted", x.admitted, IntegerBounds{});
  f.required("refused", x.refused, kFew);
  f.required("received", x.received, IntegerBounds{});
  f.required("sent", x.sent, IntegerBounds{});
  f.required("certificates", x.certificates, kFew);
  f.optional("soonest", x.soonest);
  f.required("hindrances", x.hindrances, kFew);
}

void members(auto& f, Is<ReloadStatus> auto& x) {
  f.required("generation", x.generation, IntegerBounds{});
  f.required("loaded_at", x.loaded_at);
  f.required("failures", x.failures, IntegerBounds{});
  f.optional("problem", x.problem);
  f.optional("failed_at", x.failed_at);
}

void members(auto& f, Is<GatewayStatus> auto& x) {
  f.required("version", x.version, kLine);
  f.required("phase", x.phase, phase_from_name);
  f.required("now", x.now);
  f.required("started_at", x.started_at);
  f.required("threads", x.threads, IntegerBounds{});
  f.required("threads_silent", x.threads_silent, IntegerBounds{});
  f.required("open", x.open, IntegerBounds{});
  f.required("most_open", x.most_open, IntegerBounds{});
  f.required("records_lost", x.records_lost, IntegerBounds{});
  f.required("certificates_seen", x.certificates_seen, IntegerBounds{});
  f.required("reload", x.reload);
  f.required("routes", x.routes, ListBounds{.most = 10'000});
  f.required("refused", x.refused, kFew);
  f.required("warnings", x.warnings, ListBounds{.most = 10'000, .item = kWords});
}

void members(auto& f, Is<SeenPage> auto& x) {
  f.required("certificates", x.certificates, kPage);
  f.optional("next", x.next, kLine);
}

// Names in a certificate may be as many and as long as 64 KiB hold, escapes make them longer.
inline constexpr TextBounds kRecorded{.least = 0, .most = 262144, .characters = TextBounds::Characters::any};

void members(auto& f, Is<RecordedCertificate> auto& x) {
  f.required("subject", x.subject, kRecorded);
  f.required("san", x.san, ListBounds{.most = 65536, .item = kRecorded});
  f.required("serial", x.serial, kLine);
  f.required("issuer", x.issuer, kRecorded);
  f.required("not_before", x.not_before);
  f.required("not_after", x.not_after);
  f.required("fingerprint", x.fingerprint, kName);
}

void members(auto& f, Is<RecordedAlert> auto& x) {
  f.required("number", x.number, IntegerBounds{.most = 255});
  f.required("name", x.name, kName);
}

void members(auto& f, Is<RejectionRecord> auto& x) {
  f.required("time", x.time);
  f.required("id", x.id, kName);
  f.optional("route", x.route, kWords);
  f.optional("peer", x.peer, kWords);
  f.optional("proxy", x.proxy, kWords);
  f.optional("service", x.service, kWords);
  f.required("code", x.code, kName);
  f.required("fault", x.fault, kName);
  f.required("sentence", x.sentence, kWords);
  f.optional("detail", x.detail, kRecorded);
  f.optional("remedy", x.remedy, kWords);
  f.optional("server_name", x.server_name, kWords);
  f.optional("version", x.version, kName);
  f.optional("rule", x.rule, kWords);
  f.optional("certificate_index", x.certificate_index, IntegerBounds{});
  f.optional("limit", x.limit);
  f.optional("by", x.by, kName);
  f.optional("certificate", x.certificate);
  f.optional("leaf", x.leaf);
  f.optional("identity", x.identity, kRecorded);
  f.optional("presented", x.presented, IntegerBounds{});
  f.optional("session_declined", x.session_declined, kWords);
  f.optional("possession", x.possession, kName);
  f.optional("alert_sent", x.alert_sent);
  f.optional("alert_received", x.alert_received);
}

void members(auto& f, Is<RejectionList> auto& x) { f.required("records", x.records, ListBounds{.most = 100}); }

}  // namespace symbolon::api
