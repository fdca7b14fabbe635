#include "ledger/audit_chain.h"

namespace symbolon::ledger {

Canonical& Canonical::add(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (int shift = 56; shift >= 0; shift -= 8) octets_.push_back(static_cast<std::uint8_t>(bits >> shift));
  return *this;
}

Canonical& Canonical::add(ByteView value) {
  add(static_cast<std::int64_t>(value.size()));
  octets_.insert(octets_.end(), value.begin(), value.end());
  return *this;
}

crypto::Sha256 audit_genesis(ByteView ledger_id) {
  return Canonical().add("symbolon audit chain 1").add(ledger_id).digest();
}

crypto::Sha256 audit_hash(const crypto::Sha256& before, const AuditEntry& entry) {
  return Canonical()
      .add(ByteView(before))
      .add(entry.sequence)
      .add(entry.time)
      .add(entry.actor)
      .add(entry.action)
      .add(entry.object)
      .add(entry.details)
      .add(ByteView(entry.digest))
      .digest();
}

crypto::Sha256 intent_digest(const CertificateRecord& record, ByteView tbs) {
  return Canonical()
      .add(record.issuer.value)
      .add(record.serial.magnitude())
      .add(record.profile)
      .add(record.requester)
      .add(record.subject)
      .add(to_lines(record.names))
      .add(record.validity.not_before)
      .add(record.validity.not_after)
      .add(ByteView(record.spki_sha256))
      .add(record.reserved_at)
      .add(tbs)
      .digest();
}

std::string reserve_details(const CertificateRecord& record, const std::optional<Repeatable>& repeatable) {
  const std::string serial = record.serial.hex();
  if (!repeatable) {
    return json_object({{"serial", serial}, {"profile", record.profile}, {"subject", record.subject}});
  }
  Canonical form;
  form.add(ByteView(repeatable->key)).add(ByteView(repeatable->request)).add(repeatable->notes);
  const std::string digest = to_hex(form.digest());
  return json_object(
      {{"serial", serial}, {"profile", record.profile}, {"subject", record.subject}, {"repeatable", digest}});
}

// Whatever a subject holds, its quotes are escaped.
bool names_repeatable(const AuditEntry& reservation) {
  return reservation.details.find(",\"repeatable\":\"") != std::string::npos;
}

crypto::Sha256 abandon_digest(std::string_view why) { return Canonical().add(why).digest(); }

crypto::Sha256 revocation_digest(const Revocation& revocation) {
  Canonical form;
  form.add(revocation.sequence).add(revocation.issuer.value).add(revocation.serial.magnitude());
  form.add(revocation.certificate ? revocation.certificate->value : std::int64_t{0});
  form.add(static_cast<std::int64_t>(revocation.reason)).add(revocation.revoked_at);
  form.add(std::int64_t{revocation.invalid_since.has_value()});
  form.add(revocation.invalid_since.value_or(UnixSeconds{})).add(revocation.actor);
  return form.digest();
}

crypto::Sha256 change_digest(const Change& change) {
  Canonical form;
  form.add(change.id.value).add(change.kind).add(change.what).add(ByteView(change.digest));
  form.add(change.asked_by).add(change.asked_at);
  form.add(std::int64_t{change.approved_by.has_value()}).add(change.approved_by.value_or(""));
  form.add(change.approved_at.value_or(UnixSeconds{})).add(change.used_at.value_or(UnixSeconds{}));
  return form.digest();
}

crypto::Sha256 gateway_digest(const KnownGateway& gateway) {
  return Canonical().add(gateway.name).add(gateway.since).digest();
}

crypto::Sha256 rollback_digest(UnixSeconds until) { return Canonical().add(until).digest(); }

crypto::Sha256 issuer_digest(const Issuer& issuer) {
  return Canonical()
      .add(issuer.id.value)
      .add(issuer.name)
      .add(ByteView(issuer.certificate))
      .add(issuer.key_reference)
      .add(issuer.added_at)
      .digest();
}

crypto::Sha256 issuer_state_digest(IssuerState state) { return Canonical().add(name(state)).digest(); }

std::string to_lines(const std::vector<SubjectName>& names) {
  std::string out;
  for (const SubjectName& each : names) {
    if (!out.empty()) out += '\n';
    out += x509::name(each.kind);
    out += ':';
    out += each.value;
  }
  return out;
}

namespace {

// "dns:web.example"
SubjectName from_line(std::string_view line) {
  for (const x509::NameKind kind : {x509::NameKind::dns, x509::NameKind::ip, x509::NameKind::email, x509::NameKind::uri,
                                    x509::NameKind::directory, x509::NameKind::registered_id, x509::NameKind::other}) {
    const std::string_view prefix = x509::name(kind);
    if (line.size() > prefix.size() && line.starts_with(prefix) && line[prefix.size()] == ':') {
      return {kind, std::string(line.substr(prefix.size() + 1))};
    }
  }
  return {x509::NameKind::other, std::string(line)};
}

}  // namespace

std::vector<SubjectName> from_lines(std::string_view lines) {
  std::vector<SubjectName> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= lines.size() && !lines.empty(); ++at) {
    if (at < lines.size() && lines[at] != '\n') continue;
    out.push_back(from_line(lines.substr(begin, at - begin)));
    begin = at + 1;
  }
  return out;
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string out = "{";
  for (const auto& [key, value] : members) {
    if (out.size() > 1) out += ',';
    append_quoted(out, key);
    out += ':';
    append_quoted(out, value);
  }
  out += '}';
  return out;
}

bool action::is_reserved(std::string_view name) {
  return name == create || name == add_issuer || name == set_issuer_state || name == use_issuer || name == reserve ||
         name == issue || name == abandon || name == revoke || name == release || name == accept_clock ||
         name == ask_change || name == approve_change || name == use_change || name == add_gateway ||
         name == forget_gateway || name == accept_rollback;
}

}  // namespace symbolon::ledger
