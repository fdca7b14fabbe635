#include "ledger/sqlite_verify.h"

#include <algorithm>
#include <set>

#include "ledger/audit_chain.h"
#include "ledger/sqlite_rows.h"

namespace symbolon::ledger {
namespace {

constexpr std::size_t kPiece = 4096;  // entries read under one snapshot

class Verification {
 public:
  Verification(SqliteReader& reader, const Progress& progress, const std::optional<AuditHead>& against)
      : reader_(reader), progress_(progress), against_(against) {}

  Result<VerifyReport> run() {
    TRY(check_file());
    TRY(check_head());
    crypto::Sha256 genesis = TRY(read_genesis());
    before_ = genesis;
    while (TRY(check_piece())) {
    }
    return report_;
  }

 private:
  // SQLite's own structure first: nothing can be said about the contents of a damaged file. Then each table against its
  // indexes: a certificate that an index does not lead to could be neither found by its serial nor revoked.
  Status check_file() {
    TRY(check_structure("PRAGMA quick_check(1)"));
    std::vector<std::string> tables;
    sql::Statement schema = TRY(reader_.connection().prepare("SELECT name FROM sqlite_schema WHERE type = 'table'"));
    TRY(schema.start());
    while (TRY(schema.step())) tables.emplace_back(schema.text(0));
    const std::uint64_t all = tables.size();
    for (std::uint64_t done = 0; done < all; ++done) {
      TRY(check_structure(fmt::format("PRAGMA integrity_check('{}')", tables[done])));
      if (progress_ && progress_(done + 1, all) == Proceed::no) {
        return fail(Code::cancelled, "stopped at table {} of {}", done + 1, all);
      }
    }
    return {};
  }

  // By the hash that stands there; that it is the right one for what stands before it, the walk finds out.
  Status check_head() {
    if (!against_) return {};
    const auto mismatch = [&](std::string_view words) {
      return fail_at(reader_.connection().where(), Code::audit_head_mismatch, "entry {}, as it was {}: {}",
                     against_->sequence, to_rfc3339(against_->time), words);
    };
    if (against_->sequence == 0) return mismatch("a chain has at least one entry");
    const auto entries = TRY(reader_.audit(against_->sequence - 1, 1));
    if (entries.empty() || entries.front().sequence != against_->sequence) {
      const AuditHead newest = TRY(reader_.audit_head());
      if (newest.sequence >= against_->sequence) return mismatch("it is missing");
      return mismatch(fmt::format("the chain ends with entry {}, of {}", newest.sequence, to_rfc3339(newest.time)));
    }
    if (entries.front().hash == against_->hash) return {};
    return mismatch("it, or one before it, is another one now");
  }

  Status check_structure(const std::string& pragma) {
    sql::Statement check = TRY(reader_.connection().prepare(pragma));
    TRY(check.start());
    if (TRY(check.step()) && check.text(0) != "ok") {
      return fail_at(reader_.connection().where(), Code::ledger_corrupt, "{}", check.text(0));
    }
    return {};
  }

  Result<crypto::Sha256> read_genesis() {
    sql::Statement id = TRY(reader_.connection().prepare("SELECT value FROM meta WHERE key = 'ledger_id'"));
    TRY(id.start());
    if (!TRY(id.step())) return fail_at(reader_.connection().where(), Code::ledger_corrupt, "it has no id");
    return audit_genesis(id.blob(0));
  }

  // False: the end was reached.
  Result<bool> check_piece() {
    const sql::Snapshot snapshot = TRY(sql::Snapshot::begin(reader_.connection()));
    const AuditHead head = TRY(reader_.audit_head());
    const std::vector<AuditEntry> entries = TRY(reader_.audit(report_.head.sequence, kPiece));
    for (const AuditEntry& entry : entries) TRY(check_entry(entry));
    if (progress_ && progress_(report_.head.sequence, head.sequence) == Proceed::no) {
      return fail(Code::cancelled, "stopped at entry {} of {}", report_.head.sequence, head.sequence);
    }
    if (!entries.empty() && report_.head.sequence < head.sequence) return true;
    TRY(check_totals());
    return false;
  }

  template <typename... Args>
  std::unexpected<Error> broken(std::uint64_t sequence, fmt::format_string<Args...> format, Args&&... args) {
    return fail_at(reader_.connection().where(), Code::audit_broken, "entry {}: {}", sequence,
                   fmt::format(format, std::forward<Args>(args)...));
  }

  Status check_entry(const AuditEntry& entry) {
    const std::uint64_t expected = report_.head.sequence + 1;
    if (entry.sequence != expected) return broken(expected, "it is missing");
    if (entry.hash != audit_hash(before_, entry)) return broken(entry.sequence, "it was changed");
    if (entry.time < report_.head.time && entry.action != action::accept_clock) {
      return broken(entry.sequence, "it is older than the one before");
    }
    TRY(check_record(entry));
    before_ = entry.hash;
    report_.head = {entry.sequence, entry.time, entry.hash};
    return {};
  }

  Status check_record(const AuditEntry& entry) {
    if (entry.action == action::reserve) return check_intent(entry);
    if (entry.action == action::issue) return check_certificate(entry);
    if (entry.action == action::abandon) return check_abandoned(entry);
    if (entry.action == action::revoke || entry.action == action::release) return check_revocation(entry);
    if (entry.action == action::add_issuer) return check_issuer(entry);
    if (entry.action == action::ask_change || entry.action == action::approve_change ||
        entry.action == action::use_change) {
      return check_change(entry);
    }
    if (entry.action == action::set_issuer_state) issuer_states_[entry.object] = entry;
    if (entry.action == action::use_issuer) in_use_ = entry.object;
    if (entry.action == action::accept_rollback) rollback_ = entry.digest;
    if (entry.action == action::add_gateway) gateways_.insert(entry.digest);
    if (entry.action == action::forget_gateway) gateways_.erase(entry.digest);
    return {};
  }

  template <typename T>
  Result<T> found(const AuditEntry& entry, Result<T> record) {
    if (!record && record.error().code == Code::not_found) {
      return broken(entry.sequence, "what it records is missing: {}", record.error().words);
    }
    return record;
  }

  Status check_intent(const AuditEntry& entry) {
    if (entry.object != ++reserved_) return broken(entry.sequence, "certificate {} is out of order", entry.object);
    const CertificateRecord record = TRY(found(entry, reader_.certificate(CertificateId{entry.object})));
    const Bytes tbs = TRY(found(entry, reader_.reserved_tbs(record.id)));
    if (intent_digest(record, tbs) != entry.digest) {
      return broken(entry.sequence, "certificate {} is not what was reserved", entry.object);
    }
    if (!names_repeatable(entry)) return {};
    ++repeatable_;
    const auto repeatable = TRY(reader_.repeatable(record.id));
    if (repeatable && reserve_details(record, repeatable) == entry.details) return {};
    return broken(entry.sequence, "what certificate {} was asked for under is missing or was changed", entry.object);
  }

  Status check_certificate(const AuditEntry& entry) {
    ++report_.certificates;
    const CertificateRecord record = TRY(found(entry, reader_.certificate(CertificateId{entry.object})));
    const Bytes der = TRY(found(entry, reader_.certificate_der(record.id)));
    if (crypto::sha256(der) == entry.digest && record.fingerprint && record.fingerprint->octets == entry.digest &&
        record.issued_at == entry.time) {
      return {};
    }
    return broken(entry.sequence, "certificate {} is not what was issued", entry.object);
  }

  Status check_abandoned(const AuditEntry& entry) {
    ++abandoned_;
    const CertificateRecord record = TRY(found(entry, reader_.certificate(CertificateId{entry.object})));
    if (record.state == CertificateState::abandoned && abandon_digest(record.abandoned_because) == entry.digest) {
      return {};
    }
    return broken(entry.sequence, "certificate {} is not what was abandoned", entry.object);
  }

  Status check_revocation(const AuditEntry& entry) {
    if (static_cast<std::uint64_t>(entry.object) != ++report_.revocations) {
      return broken(entry.sequence, "revocation {} is out of order", entry.object);
    }
    bool same = false;
    TRY(reader_.revocations(report_.revocations - 1, [&](const Revocation& revocation) {
      same = revocation_digest(revocation) == entry.digest && action::of(revocation.reason) == entry.action;
      return Proceed::no;
    }));
    if (same) return {};
    return broken(entry.sequence, "revocation {} is missing or was changed", entry.object);
  }

  // The row as it was after the entry: what came later is taken from it.
  Status check_change(const AuditEntry& entry) {
    auto change = TRY(reader_.change(ChangeId{entry.object}));
    if (!change) return broken(entry.sequence, "change {} is missing", entry.object);
    if (entry.action != action::use_change) change->used_at.reset();
    if (entry.action == action::ask_change) {
      change->approved_by.reset();
      change->approved_at.reset();
    }
    ++(entry.action == action::ask_change ? asked_ : entry.action == action::use_change ? used_ : approved_);
    if (change_digest(*change) == entry.digest) return {};
    return broken(entry.sequence, "change {} is not what was recorded", entry.object);
  }

  Status check_issuer(const AuditEntry& entry) {
    ++issuers_;
    for (const Issuer& issuer : TRY(reader_.issuers())) {
      if (issuer.id.value == entry.object && issuer_digest(issuer) == entry.digest) return {};
    }
    return broken(entry.sequence, "issuer {} is missing or was changed", entry.object);
  }

  // Rows without entries, and states that no entry explains. Under the snapshot of the last piece.
  Status check_totals() {
    const auto count = [&](std::string_view of) {
      return reader_.connection().integer(fmt::format("SELECT count(*) FROM {}", of));
    };
    const std::int64_t issued = static_cast<std::int64_t>(report_.certificates);
    report_.unfinished = static_cast<std::uint64_t>(TRY(count("intents")));
    const std::pair<std::string_view, std::int64_t> expected[] = {
        {"certificates", reserved_},
        {"certificates WHERE state = 1", issued},
        {"certificates WHERE state = 2", abandoned_},
        {"intents", reserved_ - issued - abandoned_},
        {"bodies", issued + abandoned_},
        {"repeatable", repeatable_},
        {"revocations", static_cast<std::int64_t>(report_.revocations)},
        {"issuers", issuers_},
        {"changes", asked_},
        {"gateways", static_cast<std::int64_t>(gateways_.size())},
        {"changes WHERE approved_by IS NOT NULL", approved_},
        {"changes WHERE used_at IS NOT NULL", used_},
    };
    for (const auto& [of, wanted] : expected) {
      const std::int64_t there = TRY(count(of));
      if (there != wanted) return broken(report_.head.sequence, "{} {}, but {} entries", there, of, wanted);
    }
    const auto accepted = TRY(reader_.rollback_accepted());
    if ((accepted ? std::optional(rollback_digest(*accepted)) : std::nullopt) != rollback_) {
      return broken(report_.head.sequence, "what a restored backup gave up is not what the entries say");
    }
    for (const KnownGateway& gateway : TRY(reader_.gateways())) {
      if (gateways_.contains(gateway_digest(gateway))) continue;
      return broken(report_.head.sequence, "gateway {} stands there, which no entry says", gateway.name);
    }
    for (const Issuer& issuer : TRY(reader_.issuers())) {
      const auto last = issuer_states_.find(issuer.id.value);
      const crypto::Sha256 recorded =
          last == issuer_states_.end() ? issuer_state_digest(IssuerState::active) : last->second.digest;
      if (recorded != issuer_state_digest(issuer.state)) {
        return broken(report_.head.sequence, "issuer {} is {}, which no entry says", issuer.name, name(issuer.state));
      }
      if (issuer.in_use != (issuer.id.value == in_use_)) {
        return broken(report_.head.sequence, "issuer {} is {}in use, which no entry says", issuer.name,
                      issuer.in_use ? "" : "not ");
      }
    }
    return {};
  }

  SqliteReader& reader_;
  const Progress& progress_;
  const std::optional<AuditHead>& against_;
  VerifyReport report_;
  crypto::Sha256 before_{};
  std::set<crypto::Sha256> gateways_;  // digests of those that were added and not forgotten
  std::int64_t reserved_ = 0;
  std::int64_t abandoned_ = 0;
  std::int64_t repeatable_ = 0;
  std::int64_t issuers_ = 0;
  std::int64_t asked_ = 0;
  std::int64_t approved_ = 0;
  std::int64_t used_ = 0;
  std::map<std::int64_t, AuditEntry> issuer_states_;
  std::optional<crypto::Sha256> rollback_;  // digest of the last one that was accepted
  std::int64_t in_use_ = 0;                 // by the entries; 0: none was ever
};

}  // namespace

Result<VerifyReport> verify_ledger(SqliteReader& reader, const Progress& progress,
                                   const std::optional<AuditHead>& against) {
  return Verification(reader, progress, against).run();
}

}  // namespace symbolon::ledger
