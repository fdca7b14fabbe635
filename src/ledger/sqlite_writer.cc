#include "ledger/sqlite_writer.h"

#include <algorithm>

#include "ledger/audit_chain.h"
#include "ledger/sqlite_rows.h"

namespace symbolon::ledger {
namespace {

constexpr std::size_t kLargestBody = 64 << 10;  // octets of one certificate
constexpr std::size_t kTail = 100;              // entries of the chain that are checked at the start

// The refusal of a constraint gets the code that its caller knows it by.
std::unexpected<Error> refused(Error error, Code refusal, Code code, std::string words) {
  if (error.code == refusal) return fail(code, "{}", words);
  return std::unexpected(std::move(error));
}

bool is_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

Status check_intent(const NewIntent& intent) {
  if (intent.tbs.empty()) return fail(Code::bad_request, "the intent has no bytes to be signed");
  if (intent.tbs.size() > kLargestBody) {
    return fail(Code::too_large, "{} octets to be signed; at most {}", intent.tbs.size(), kLargestBody);
  }
  for (const SubjectName& each : intent.names) {
    if (!is_line(each.value)) return fail(Code::name_malformed, "a name holds control characters");
  }
  return {};
}

}  // namespace

struct SqliteWriter::Statements {
  sql::Statement insert_certificate;
  sql::Statement insert_intent;
  sql::Statement select_repeatable;
  sql::Statement insert_repeatable;
  sql::Statement insert_audit;
  sql::Statement select_intent;
  sql::Statement delete_intent;
  sql::Statement insert_body;
  sql::Statement update_certificate;
  sql::Statement select_state;
  sql::Statement select_serial;
  sql::Statement select_revocation;
  sql::Statement insert_revocation;
  sql::Statement insert_issuer;
  sql::Statement update_issuer;
  sql::Statement use_issuer;

  // One after the other: what stands beside a TRY that returns is not destroyed (docs/conventions.md), and a statement
  // that is left behind keeps its connection from closing.
  static Result<std::unique_ptr<Statements>> prepare(sql::Connection& c) {
    auto out = std::make_unique<Statements>();
    const std::pair<sql::Statement*, std::string> all[] = {
        {&out->insert_certificate,
         "INSERT INTO certificates (id, issuer, serial, state, profile, requester, subject, names,"
         " not_before, not_after, spki_sha256, reserved_at, changed_at, fingerprint)"
         " VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, zeroblob(32))"},
        {&out->insert_intent, "INSERT INTO intents (id, tbs) VALUES (?, ?)"},
        {&out->select_repeatable, "SELECT certificate FROM repeatable WHERE key = ?"},
        {&out->insert_repeatable, fmt::format("INSERT INTO repeatable ({}) VALUES (?, ?, ?, ?)", kRepeatableColumns)},
        {&out->insert_audit,
         "INSERT INTO audit (sequence, time, actor, action, object, details, digest, hash)"
         " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
        {&out->select_intent,
         "SELECT i.tbs, c.requester, c.serial FROM intents i JOIN certificates c"
         " ON c.id = i.id WHERE i.id = ?"},
        {&out->delete_intent, "DELETE FROM intents WHERE id = ?"},
        {&out->insert_body, "INSERT INTO bodies (id, der, abandoned_because) VALUES (?, ?, ?)"},
        {&out->update_certificate,
         "UPDATE certificates SET state = ?2, changed_at = ?3, fingerprint = ?4 WHERE id = ?1"},
        {&out->select_state, "SELECT state FROM certificates WHERE id = ?"},
        {&out->select_serial, "SELECT id FROM certificates WHERE serial = ? AND issuer = ?"},
        {&out->select_revocation,
         fmt::format("SELECT {} FROM revocations WHERE serial = ? AND issuer = ? ORDER BY sequence DESC LIMIT 1",
                     kRevocationColumns)},
        {&out->insert_revocation,
         fmt::format("INSERT INTO revocations ({}) VALUES (?1, ?2, ?3, NULLIF(?4, 0), ?5, ?6, ?7, ?8)",
                     kRevocationColumns)},
        {&out->insert_issuer, fmt::format("INSERT INTO issuers ({}) VALUES (?, ?, ?, ?, ?, ?, ?, 0)", kIssuerColumns)},
        {&out->update_issuer, "UPDATE issuers SET state = ?2 WHERE id = ?1 RETURNING id"},
        {&out->use_issuer, "UPDATE issuers SET in_use = (id = ?1)"},
    };
    for (const auto& [statement, text] : all) *statement = TRY(c.prepare(text));
    return out;
  }
};

SqliteWriter::SqliteWriter(sql::Connection connection, const Clock& clock)
    : connection_(std::move(connection)), clock_(clock) {}
SqliteWriter::~SqliteWriter() = default;

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::open(const Path& path, const Clock& clock) {
  sql::Connection connection = TRY(sql::Connection::open(path, sql::Access::write));
  // Checkpoints are made beside the commits (checkpointer.h). The cache holds the index of some million serials.
  TRY(connection.execute("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-131072"));
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(connection), clock));
  writer->statements_ = TRY(Statements::prepare(writer->connection_));
  TRY(writer->load());
  return writer;
}

Status SqliteWriter::load() {
  sql::Statement meta = TRY(connection_.prepare("SELECT value FROM meta WHERE key = ?"));
  TRY(meta.start("instance_prefix"));
  if (!TRY(meta.step()) || meta.blob(0).size() != prefix_.size()) {
    return fail_at(connection_.where(), Code::ledger_corrupt, "it has no instance prefix");
  }
  std::ranges::copy(meta.blob(0), prefix_.begin());
  TRY(meta.start("ledger_id"));
  if (!TRY(meta.step())) return fail_at(connection_.where(), Code::ledger_corrupt, "it has no id");
  crypto::Sha256 before = audit_genesis(meta.blob(0));
  meta.reset();
  safe_.last_certificate = TRY(connection_.integer("SELECT ifnull(max(id), 0) FROM certificates"));
  safe_.last_revocation =
      static_cast<std::uint64_t>(TRY(connection_.integer("SELECT ifnull(max(sequence), 0) FROM revocations")));

  sql::Statement tail = TRY(connection_.prepare(fmt::format(
      "SELECT {} FROM audit WHERE sequence > (SELECT ifnull(max(sequence), 0) FROM audit) - {} ORDER BY sequence",
      kAuditColumns, kTail + 1)));
  TRY(tail.start());
  while (TRY(tail.step())) {
    const AuditEntry entry = TRY(read_audit_entry(tail));
    const bool first_seen = safe_.head.sequence == 0 && entry.sequence != 1;  // what is before it is not read here
    const bool fits =
        first_seen || (entry.sequence == safe_.head.sequence + 1 && audit_hash(before, entry) == entry.hash);
    if (!fits) return fail_at(connection_.where(), Code::audit_broken, "entry {} does not fit", entry.sequence);
    before = entry.hash;
    safe_.head = {entry.sequence, entry.time, entry.hash};
  }
  if (safe_.head.sequence == 0) return fail_at(connection_.where(), Code::audit_broken, "there is no entry at all");
  now_ = safe_;
  return {};
}

Status SqliteWriter::begin() { return connection_.execute("BEGIN IMMEDIATE"); }

Result<Committed> SqliteWriter::commit() {
  TRY(connection_.execute("COMMIT"));
  safe_ = now_;
  return std::exchange(batch_, {});
}

void SqliteWriter::rollback() {
  connection_.rollback();
  now_ = safe_;
  batch_ = {};
}

UnixSeconds SqliteWriter::now() const { return std::max(clock_.now(), now_.head.time); }

Status SqliteWriter::check_clock() const {
  const UnixSeconds at = clock_.now();
  if (at >= now_.head.time - kClockTolerance) return {};
  return fail(Code::clock_set_back, "it is {}, the newest entry is of {}", to_rfc3339(at), to_rfc3339(now_.head.time));
}

Status SqliteWriter::append(UnixSeconds time, Entry entry) {
  AuditEntry whole{.sequence = now_.head.sequence + 1,
                   .time = time,
                   .actor = std::string(entry.actor),
                   .action = std::string(entry.action),
                   .object = entry.object,
                   .details = std::move(entry.details),
                   .digest = entry.digest};
  whole.hash = audit_hash(now_.head.hash, whole);
  TRY(statements_->insert_audit.run(static_cast<std::int64_t>(whole.sequence), whole.time, whole.actor, whole.action,
                                    whole.object, whole.details, whole.digest, whole.hash));
  now_.head = {whole.sequence, whole.time, whole.hash};
  return {};
}

Result<IssuerId> SqliteWriter::add_issuer(const NewIssuer& issuer) {
  const std::int64_t id = 1 + TRY(connection_.integer("SELECT ifnull(max(id), 0) FROM issuers"));
  const Issuer row{.id = {id},
                   .name = issuer.name,
                   .certificate = issuer.certificate,
                   .fingerprint = {crypto::sha256(issuer.certificate)},
                   .key_reference = issuer.key_reference,
                   .added_at = now()};
  if (const Status added = statements_->insert_issuer.run(id, row.name, row.certificate, row.fingerprint.octets,
                                                          row.key_reference, std::int64_t{0}, row.added_at);
      !added) {
    return refused(added.error(), Code::already_exists, Code::already_exists,
                   fmt::format("there is an issuer '{}', or one with this certificate", issuer.name));
  }
  TRY(append(row.added_at, {.actor = issuer.actor,
                            .action = action::add_issuer,
                            .object = id,
                            .details = json_object({{"name", row.name}, {"fingerprint", row.fingerprint.hex()}}),
                            .digest = issuer_digest(row)}));
  return row.id;
}

Status SqliteWriter::set_issuer_state(IssuerId issuer, IssuerState state, const std::string& actor) {
  TRY(statements_->update_issuer.start(issuer.value, static_cast<std::int64_t>(state)));
  if (!TRY(statements_->update_issuer.step())) return fail(Code::issuer_unknown, "there is no issuer {}", issuer.value);
  statements_->update_issuer.reset();
  return append(now(), {.actor = actor,
                        .action = action::set_issuer_state,
                        .object = issuer.value,
                        .details = json_object({{"state", name(state)}}),
                        .digest = issuer_state_digest(state)});
}

Status SqliteWriter::use_issuer(IssuerId issuer, const std::string& actor) {
  if (TRY(connection_.integer(fmt::format("SELECT count(*) FROM issuers WHERE id = {}", issuer.value))) == 0) {
    return fail(Code::issuer_unknown, "there is no issuer {}", issuer.value);
  }
  TRY(statements_->use_issuer.run(issuer.value));
  return append(now(), {.actor = actor, .action = action::use_issuer, .object = issuer.value, .details = "{}"});
}

Result<IntentId> SqliteWriter::reserve(const NewIntent& intent) {
  TRY(check_clock());
  TRY(check_intent(intent));
  if (intent.repeatable) {
    sql::Statement& former = statements_->select_repeatable;
    TRY(former.start(intent.repeatable->key));
    if (TRY(former.step())) {
      const std::int64_t id = former.integer(0);
      former.reset();
      return fail(Code::already_exists, "the same request led to certificate {} before", id);
    }
  }
  CertificateRecord record{.id = {now_.last_certificate + 1},
                           .issuer = intent.issuer,
                           .serial = intent.serial,
                           .state = CertificateState::reserved,
                           .profile = intent.profile,
                           .requester = intent.requester,
                           .subject = intent.subject,
                           .names = intent.names,
                           .validity = intent.validity,
                           .spki_sha256 = intent.spki_sha256,
                           .reserved_at = now()};
  const std::string names = to_lines(record.names);
  if (const Status added = statements_->insert_certificate.run(
          record.id.value, record.issuer.value, record.serial.magnitude(), record.profile, record.requester,
          record.subject, names, record.validity.not_before, record.validity.not_after, record.spki_sha256,
          record.reserved_at);
      !added) {
    if (added.error().code == Code::not_found) return fail(Code::issuer_unknown, "no issuer {}", intent.issuer.value);
    return refused(added.error(), Code::already_exists, Code::serial_used,
                   fmt::format("serial {} was used before", intent.serial.hex()));
  }
  TRY(statements_->insert_intent.run(record.id.value, intent.tbs));
  if (const auto& again = intent.repeatable) {
    TRY(statements_->insert_repeatable.run(again->key, again->request, again->notes, record.id.value));
  }
  TRY(append(record.reserved_at, {.actor = intent.requester,
                                  .action = action::reserve,
                                  .object = record.id.value,
                                  .details = reserve_details(record, intent.repeatable),
                                  .digest = intent_digest(record, intent.tbs)}));
  const IntentId id = record.id;
  now_.last_certificate = id.value;
  batch_.changes.emplace_back(std::move(record));
  return id;
}

Status SqliteWriter::find_finished(IntentId intent) {
  sql::Statement& state = statements_->select_state;
  TRY(state.start(intent.value));
  if (!TRY(state.step())) return fail(Code::not_found, "there is no intent {}", intent.value);
  const bool issued = state.integer(0) == static_cast<std::int64_t>(CertificateState::issued);
  state.reset();
  return fail(Code::already_exists, "intent {} was {} before", intent.value, issued ? "completed" : "abandoned");
}

Result<CertificateId> SqliteWriter::complete(const Completion& completion, const x509::Fingerprint& fingerprint) {
  const std::int64_t id = completion.intent.value;
  sql::Statement& intent = statements_->select_intent;
  TRY(intent.start(id));
  if (!TRY(intent.step())) {
    TRY(find_finished(completion.intent));
    return fail(Code::ledger_corrupt, "intent {} is lost", id);
  }
  const bool same = std::ranges::equal(intent.blob(0), tbs_of(completion.certificate));
  const std::string requester(intent.text(1));
  const std::string serial = to_hex(intent.blob(2));
  intent.reset();
  if (!same) return fail(Code::bad_request, "the certificate is not what was reserved as intent {}", id);
  if (completion.certificate.size() > 2 * kLargestBody) return fail(Code::too_large, "the signature is too large");

  const UnixSeconds at = now();
  TRY(statements_->insert_body.run(id, completion.certificate, std::optional<UnixSeconds>{}));
  TRY(statements_->delete_intent.run(id));
  TRY(statements_->update_certificate.run(id, static_cast<std::int64_t>(CertificateState::issued), at,
                                          fingerprint.octets));
  TRY(append(at, {.actor = requester,
                  .action = action::issue,
                  .object = id,
                  .details = json_object({{"serial", serial}}),
                  .digest = fingerprint.octets}));
  batch_.changes.emplace_back(CertificateIssued{completion.intent, at, fingerprint});
  return completion.intent;
}

Status SqliteWriter::abandon(IntentId intent, const std::string& why) {
  sql::Statement& row = statements_->select_intent;
  TRY(row.start(intent.value));
  if (!TRY(row.step())) return find_finished(intent);
  const Bytes tbs = to_bytes(row.blob(0));
  const std::string requester(row.text(1));
  const std::string serial = to_hex(row.blob(2));
  row.reset();
  const UnixSeconds at = now();
  TRY(statements_->insert_body.run(intent.value, tbs, why));
  TRY(statements_->delete_intent.run(intent.value));
  TRY(statements_->update_certificate.run(intent.value, static_cast<std::int64_t>(CertificateState::abandoned), at,
                                          crypto::Sha256{}));
  TRY(append(at, {.actor = requester,
                  .action = action::abandon,
                  .object = intent.value,
                  .details = json_object({{"serial", serial}, {"why", why}}),
                  .digest = abandon_digest(why)}));
  batch_.changes.emplace_back(CertificateAbandoned{intent});
  return {};
}

Result<std::optional<Revocation>> SqliteWriter::newest_entry(IssuerId issuer, const x509::SerialNumber& serial) {
  sql::Statement& row = statements_->select_revocation;
  TRY(row.start(serial.magnitude(), issuer.value));
  if (!TRY(row.step())) return std::optional<Revocation>();
  Result<Revocation> found = read_revocation(row);
  row.reset();
  return std::optional(TRY(std::move(found)));
}

Result<RevocationOutcome> SqliteWriter::revoke(const NewRevocation& revocation) {
  if (revocation.reason == RevocationReason::remove_from_crl) {
    return fail(Code::bad_request, "removeFromCRL is no reason to revoke anything");
  }
  const auto former = TRY(newest_entry(revocation.issuer, revocation.serial));
  const bool held = former && former->reason == RevocationReason::certificate_hold;
  const bool stands = former && former->reason != RevocationReason::remove_from_crl;
  if (stands && (!held || !is_final(revocation.reason))) return RevocationOutcome{*former, true};
  Revocation entry{.issuer = revocation.issuer,
                   .serial = revocation.serial,
                   .certificate = former ? former->certificate : std::nullopt,
                   .reason = revocation.reason,
                   .revoked_at = held ? former->revoked_at : revocation.revoked_at.value_or(now()),
                   .invalid_since = revocation.invalid_since,
                   .actor = revocation.actor};
  if (held && !entry.invalid_since) entry.invalid_since = former->invalid_since;
  if (!former) {
    sql::Statement& row = statements_->select_serial;
    TRY(row.start(revocation.serial.magnitude(), revocation.issuer.value));
    if (TRY(row.step())) entry.certificate = CertificateId{row.integer(0)};
    row.reset();
    if (!entry.certificate && revocation.unknown_serial == UnknownSerial::refuse) {
      return fail(Code::not_found, "issuer {} has no serial {}", revocation.issuer.value, revocation.serial.hex());
    }
  }
  return RevocationOutcome{TRY(record(std::move(entry))), false};
}

Result<ReleaseOutcome> SqliteWriter::release(const NewRelease& release) {
  const auto former = TRY(newest_entry(release.issuer, release.serial));
  if (!former) return fail(Code::not_on_hold, "serial {} is not revoked", release.serial.hex());
  if (former->reason == RevocationReason::remove_from_crl) return ReleaseOutcome{*former, true};
  if (former->reason != RevocationReason::certificate_hold) {
    return fail(Code::not_on_hold, "serial {} was revoked {} with the reason {}", release.serial.hex(),
                to_rfc3339(former->revoked_at), name(former->reason));
  }
  if (release.released_at && *release.released_at < former->revoked_at) {
    return fail(Code::not_on_hold, "serial {} is on hold since {}, and was released before", release.serial.hex(),
                to_rfc3339(former->revoked_at));
  }
  Revocation entry{.issuer = release.issuer,
                   .serial = release.serial,
                   .certificate = former->certificate,
                   .reason = RevocationReason::remove_from_crl,
                   .revoked_at = release.released_at.value_or(now()),
                   .invalid_since = std::nullopt,
                   .actor = release.actor};
  return ReleaseOutcome{TRY(record(std::move(entry))), false};
}

Result<Revocation> SqliteWriter::record(Revocation entry) {
  entry.sequence = now_.last_revocation + 1;
  const auto sequence = static_cast<std::int64_t>(entry.sequence);
  if (const Status added = statements_->insert_revocation.run(
          sequence, entry.issuer.value, entry.serial.magnitude(), entry.certificate.value_or(CertificateId{}).value,
          static_cast<std::int64_t>(entry.reason), entry.revoked_at, entry.invalid_since, entry.actor);
      !added) {
    return refused(added.error(), Code::not_found, Code::issuer_unknown,
                   fmt::format("no issuer {}", entry.issuer.value));
  }
  TRY(append(now(), {.actor = entry.actor,
                     .action = action::of(entry.reason),
                     .object = sequence,
                     .details = json_object({{"serial", entry.serial.hex()}, {"reason", name(entry.reason)}}),
                     .digest = revocation_digest(entry)}));
  now_.last_revocation = entry.sequence;
  batch_.revocations.push_back(entry);
  if (entry.certificate) batch_.changes.push_back(search_change_of(entry));
  return entry;
}

Result<AuditHead> SqliteWriter::note(const AuditNote& note) {
  if (action::is_reserved(note.action)) return fail(Code::bad_request, "'{}' is the ledger's own action", note.action);
  TRY(append(now(), {.actor = note.actor, .action = note.action, .details = note.details}));
  return now_.head;
}

Result<AuditHead> SqliteWriter::accept_rollback(UnixSeconds until, const std::string& actor) {
  sql::Statement keep = TRY(connection_.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"));
  TRY(keep.run(kRollbackAccepted, Canonical().add(until).octets()));
  TRY(append(now(), {.actor = actor,
                     .action = action::accept_rollback,
                     .details = json_object({{"until", to_rfc3339(until)}}),
                     .digest = rollback_digest(until)}));
  return now_.head;
}

Result<AuditHead> SqliteWriter::accept_clock(const std::string& actor) {
  // The one entry that may be older than the one before it.
  TRY(append(clock_.now(), {.actor = actor,
                            .action = action::accept_clock,
                            .details = json_object({{"before", to_rfc3339(now_.head.time)}})}));
  return now_.head;
}

}  // namespace symbolon::ledger
