#include "gateway/record.h"

#include <atomic>

#include "crypto/digest.h"
#include "gateway/json_line.h"

namespace symbolon::gateway {
namespace {

JsonLine begin(std::string_view kind, const RecordHead& head) {
  JsonLine line;
  line.add("record", kind).add("time", to_rfc3339(head.time)).add("id", head.id).add_some("route", head.route);
  if (head.peer != nullptr) line.add("peer", head.peer->text());
  if (head.proxy != nullptr) line.add("proxy", head.proxy->text());
  line.add_some("service", head.service);
  return line;
}

void add_code(JsonLine& line, Code code, std::string_view words) {
  const CodeRow& entry = row(code);
  line.add("code", entry.name).add("fault", name(entry.fault)).add("sentence", entry.sentence);
  line.add_some("detail", words).add_some("remedy", entry.remedy);
}

void add_certificate(JsonLine& line, std::string_view key, const x509::Certificate& certificate) {
  std::vector<std::string> names;
  for (const auto& one : certificate.subject_alt_names()) names.push_back(one.text());
  line.open(key).add("subject", certificate.subject().text()).add_list("san", names);
  line.add("serial", certificate.serial().hex()).add("issuer", certificate.issuer().text());
  if (const auto& id = certificate.subject_key_identifier()) line.add("subject_key_id", to_hex(*id));
  if (const auto& id = certificate.authority_key_identifier()) line.add("authority_key_id", to_hex(*id));
  line.add("not_before", to_rfc3339(certificate.validity().not_before));
  line.add("not_after", to_rfc3339(certificate.validity().not_after));
  line.add("fingerprint", certificate.fingerprint().hex()).close();
}

void add_alert(JsonLine& line, std::string_view key, const std::optional<int>& alert) {
  if (alert) line.open(key).add_number("number", *alert).add("name", alert_name(*alert)).close();
}

// By how much a moment was missed, where there is one.
void add_rejection(JsonLine& line, const RecordHead& head, const tls::Rejection& rejection) {
  line.add_some("rule", rejection.rule);
  line.add_number("certificate_index", static_cast<std::int64_t>(rejection.index));
  if (!rejection.limit) return;
  line.add("limit", to_rfc3339(*rejection.limit));
  const Seconds apart = head.time > *rejection.limit ? head.time - *rejection.limit : *rejection.limit - head.time;
  line.add("by", to_words(apart));
}

void add_peer(JsonLine& line, const tls::Peer& peer) {
  line.add_some("server_name", peer.server_name.value_or(""));
  if (!peer.admission) {
    line.add("identity", "anonymous");
    return;
  }
  const x509::Identity& identity = peer.admission->identity;
  line.add("identity", identity.text()).add("serial", identity.serial.hex()).add_some("rule", peer.admission->rule);
}

// Nothing of a plain connection.
void add_connection(JsonLine& line, const tls::Peer& peer) {
  line.add_some("version", peer.version).add_some("cipher", peer.cipher).add_some("group", peer.group);
  line.add_some("alpn", peer.alpn);
  if (peer.resumed) line.add_true("resumed");
  line.add_some("session_declined", peer.declined_session);
}

}  // namespace

std::string next_record_id() {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::uint32_t kSpread = 0x9E3B5;  // odd: visits all of 2^20 before one comes again
  static const std::uint32_t kStart = [] {
    std::array<std::uint8_t, 4> random{};
    crypto::fill_random(random);
    return static_cast<std::uint32_t>(random[0] | random[1] << 8 | random[2] << 16);
  }();
  static std::atomic<std::uint32_t> count{0};
  const std::uint32_t number = (kStart + count.fetch_add(1, std::memory_order_relaxed)) * kSpread & 0xFFFFF;
  std::string out(4, '0');
  for (std::size_t i = 0; i < 4; ++i) out[i] = kAlphabet[number >> (15 - 5 * i) & 31];
  return out;
}

std::string refused_record(const RecordHead& head, const tls::Refusal& refusal, std::uint64_t suppressed) {
  JsonLine line = begin("refused", head);
  add_code(line, refusal.code, refusal.words);
  line.add_some("server_name", refusal.server_name.value_or(""));
  if (refusal.rejection) {
    add_rejection(line, head, *refusal.rejection);
    if (refusal.rejection->certificate) add_certificate(line, "certificate", *refusal.rejection->certificate);
  }
  if (!refusal.presented.empty()) {
    const auto& leaf = refusal.presented.front();
    line.add("identity", x509::identity_of(leaf).text());
    const bool leaf_is_to_blame =
        refusal.rejection && refusal.rejection->certificate && *refusal.rejection->certificate == leaf;
    if (!leaf_is_to_blame) add_certificate(line, "leaf", leaf);
    line.add_number("presented", static_cast<std::int64_t>(refusal.presented.size()));
  }
  line.add_some("version", refusal.version).add_some("session_declined", refusal.declined_session);
  line.add("possession", refusal.possession == tls::Possession::proven ? "proven" : "unproven");
  add_alert(line, "alert_sent", refusal.alert_sent);
  add_alert(line, "alert_received", refusal.alert_received);
  if (suppressed != 0) line.add_number("suppressed", static_cast<std::int64_t>(suppressed));
  return std::move(line).finish();
}

std::string refused_record(const RecordHead& head, const Error& error, std::uint64_t suppressed, int alert_sent) {
  JsonLine line = begin("refused", head);
  add_code(line, error.code, error.words);
  if (alert_sent != 0) add_alert(line, "alert_sent", alert_sent);
  if (suppressed != 0) line.add_number("suppressed", static_cast<std::int64_t>(suppressed));
  return std::move(line).finish();
}

std::string opened_record(const RecordHead& head, const tls::Peer& peer) {
  JsonLine line = begin("opened", head);
  add_peer(line, peer);
  if (peer.admission) {
    const x509::Identity& identity = peer.admission->identity;
    line.add("subject", identity.subject).add("issuer", identity.issuer.text());
    line.add("fingerprint", identity.fingerprint.hex()).add_some("profile", identity.profile.value_or(""));
    line.add("not_after", to_rfc3339(peer.admission->not_after)).add("possession", "proven");
  }
  add_connection(line, peer);
  return std::move(line).finish();
}

std::string reached_record(const RecordHead& head, const std::optional<tls::Peer>& server, std::string_view failures) {
  JsonLine line = begin("reached", head);
  line.add_some("failed", failures);
  if (server) {
    add_peer(line, *server);
    if (server->admission) line.add("not_after", to_rfc3339(server->admission->not_after));
    add_connection(line, *server);
  }
  return std::move(line).finish();
}

std::string closed_record(const RecordHead& head, const tls::Peer& peer, const Closing& closing) {
  JsonLine line = begin("closed", head);
  add_peer(line, peer);
  line.add_number("received", static_cast<std::int64_t>(closing.received));
  line.add_number("sent", static_cast<std::int64_t>(closing.sent));
  line.add_number("milliseconds", closing.milliseconds).add("reason", name(closing.reason));
  line.add_some("detail", closing.words);
  return std::move(line).finish();
}

}  // namespace symbolon::gateway
