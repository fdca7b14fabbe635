#include "check/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "check/alert_meaning.h"
#include "check/greeting.h"
#include "check/http_answer.h"
#include "check/printable.h"
#include "check/report.h"

namespace symbolon::check {
namespace {

using Kinds = std::vector<AttemptKind>;
using tls::ProbeEnd;

constexpr std::size_t kLargeHello = 512;  // octets of a ClientHello; a smaller one goes through everything

std::size_t hello_octets(const tls::Transcript& tls) { return tls.messages.empty() ? 0 : tls.messages.front().octets; }

// As long as no ServerHello came: what would one come to?
Kinds for_a_server_hello(const Observation& seen, const tls::Transcript& tls) {
  Kinds out;
  const bool nothing_of_tls = tls.first_octets.empty() || tls.end == ProbeEnd::not_tls;
  const std::string_view came = as_text(tls.first_octets);
  const auto speaker = recognize(came);
  const bool known = speaker && (!speaker->http || came.starts_with("HTTP/"));  // a page alone proves nothing
  // After STARTTLS a request in plain would be an answer to nothing.
  if (nothing_of_tls && !seen.way.starttls && !known) out.push_back(AttemptKind::plain_http);
  if (tls.end == ProbeEnd::not_tls) return out;
  if (const Attempt* plain = attempt_of(seen, AttemptKind::plain_http)) {
    const bool dead = plain->tls.end == ProbeEnd::timeout || plain->tls.end == ProbeEnd::reset;
    if (dead || plain->plain_answer.starts_with("HTTP/")) return out;  // whatever is sent fares alike; or it is HTTP
  }
  // RFC 5246 §7.4.1.3: a server that knows nothing newer answers with the version it has.
  if (std::ranges::any_of(seen.further, [](const Attempt& one) { return !one.tls.version_offered; }))
    return {AttemptKind::old_versions};
  const int alert = tls.alert_received ? tls.alert_received->description : 0;
  if (alert == 112) out.push_back(AttemptKind::without_server_name);
  if (alert == 112 || alert == 120) return out;  // about the name, about the application protocol
  const bool about_suites = alert == 40 || alert == 71;
  if (about_suites) out.push_back(AttemptKind::every_suite);
  if (seen.only_version != tls::ProbeVersion::tls12) out.push_back(AttemptKind::tls12);
  if (seen.only_version != tls::ProbeVersion::tls13) out.push_back(AttemptKind::tls13);
  if (tls.end == ProbeEnd::timeout) return out;  // each costs its deadline
  if (!about_suites) out.push_back(AttemptKind::every_suite);
  if (hello_octets(tls) > kLargeHello) out.push_back(AttemptKind::small_hello);
  out.push_back(AttemptKind::old_versions);
  return out;
}

// The server got a certificate and ended without saying that the certificate is why.
bool is_vague_refusal(const tls::Transcript& tls) {
  if (!tls.certificate_sent) return false;
  if (tls.end == ProbeEnd::cut || tls.end == ProbeEnd::reset) return true;
  if (tls.end == ProbeEnd::alert && tls.alert_received) {
    return tls.alert_received->description == 40 || tls.alert_received->description == 80;
  }
  return tls.end == ProbeEnd::closed && tls.application_data.empty();
}

bool is_sound_so_far(const Observation& seen) {
  Observation first = seen;
  first.further.clear();
  const Report report = diagnose(first);
  return std::ranges::all_of(report.findings, [](const Finding& f) { return f.severity() == Severity::info; });
}

Kinds after_a_server_hello(const Observation& seen, const tls::Transcript& tls) {
  Kinds out;
  const bool ended_well = tls.finished && (tls.end == ProbeEnd::data || tls.end == ProbeEnd::silence);
  if (is_vague_refusal(tls) || (ended_well && tls.certificate_sent)) out.push_back(AttemptKind::without_certificate);
  const bool wordless = is_vague_refusal(tls) && tls.end != ProbeEnd::alert;
  if (wordless && tls.version == "TLSv1.3" && !seen.only_version) out.push_back(AttemptKind::tls12);
  if (!ended_well || !is_sound_so_far(seen)) return out;
  if (!seen.server_name.empty()) out.push_back(AttemptKind::without_server_name);
  if (!seen.only_version) out.push_back(AttemptKind::old_versions);
  out.push_back(AttemptKind::split_hello);
  if (const Attempt* split = attempt_of(seen, AttemptKind::split_hello); split != nullptr && !split->got_through()) {
    out.push_back(AttemptKind::split_records);
    out.push_back(AttemptKind::split_segments);
  }
  return out;
}

}  // namespace

std::string_view name(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::plain_http: return "plain_http";
    case AttemptKind::tls12: return "tls12";
    case AttemptKind::tls13: return "tls13";
    case AttemptKind::old_versions: return "old_versions";
    case AttemptKind::every_suite: return "every_suite";
    case AttemptKind::small_hello: return "small_hello";
    case AttemptKind::without_certificate: return "without_certificate";
    case AttemptKind::without_server_name: return "without_server_name";
    case AttemptKind::split_hello: return "split_hello";
    case AttemptKind::split_records: return "split_records";
    case AttemptKind::split_segments: return "split_segments";
  }
  return "";
}

std::string_view reason(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::plain_http: return "no TLS came: does the port speak HTTP in plain?";
    case AttemptKind::tls12: return "does the server answer where TLS 1.2 alone is offered?";
    case AttemptKind::tls13: return "does the server answer where TLS 1.3 alone is offered?";
    case AttemptKind::old_versions: return "does the server speak TLS 1.0 or 1.1?";
    case AttemptKind::every_suite: return "does the server answer where every cipher suite is offered?";
    case AttemptKind::small_hello: return "does the server answer to a smaller ClientHello?";
    case AttemptKind::without_certificate: return "does the server go on without a client certificate?";
    case AttemptKind::without_server_name: return "does the server show another certificate without a server name?";
    case AttemptKind::split_hello: return "does the server take a ClientHello in pieces?";
    case AttemptKind::split_records: return "does the server take a ClientHello in two records?";
    case AttemptKind::split_segments: return "does the server take a ClientHello in two TCP segments?";
  }
  return "";
}

const Attempt* attempt_of(const Observation& seen, AttemptKind kind) {
  const auto found = std::ranges::find(seen.further, kind, &Attempt::kind);
  return found == seen.further.end() ? nullptr : &*found;
}

std::optional<AttemptKind> next_attempt(const Observation& seen) {
  if (!seen.tls) return {};
  if (std::ranges::any_of(seen.further, [](const Attempt& attempt) { return attempt.unreachable.has_value(); }))
    return {};
  const tls::Transcript& tls = *seen.tls;
  const bool no_hello = tls.version.empty();
  if (no_hello && std::ranges::any_of(seen.further, &Attempt::got_through)) return {};  // that decided it
  for (const AttemptKind kind : no_hello ? for_a_server_hello(seen, tls) : after_a_server_hello(seen, tls)) {
    if (attempt_of(seen, kind) == nullptr) return kind;
  }
  return {};
}

std::string result_text(const Attempt& attempt) {
  if (attempt.unreachable) return "not reached: " + attempt.unreachable->words;
  const tls::Transcript& tls = attempt.tls;
  if (attempt.kind == AttemptKind::plain_http && !attempt.plain_answer.empty()) {
    const auto answer = read_http_answer(attempt.plain_answer);
    return answer ? answer->line
                  : fmt::format("\"{}\"", printable(std::string_view(attempt.plain_answer).substr(0, 40)));
  }
  std::string out;
  if (!tls.version.empty()) {
    out = fmt::format("ServerHello: {}{}{}; ", tls.version, tls.cipher.empty() ? "" : ", ", tls.cipher);
  }
  if (!tls.version_offered) return out + "this version was not offered";
  switch (tls.end) {
    case ProbeEnd::alert: return out + "alert " + alert_text(tls.alert_received ? tls.alert_received->description : 0);
    case ProbeEnd::data: return out + "application data came";
    case ProbeEnd::closed: return out + "the server closed the connection";
    case ProbeEnd::cut: return out + "the connection ended";
    case ProbeEnd::reset: return out + "the connection was reset";
    case ProbeEnd::silence: return out + (tls.finished ? "the handshake finished" : "nothing more came");
    case ProbeEnd::timeout: return out + (tls.first_octets.empty() ? "nothing came" : "it did not finish in time");
    case ProbeEnd::not_tls: return out + "what came is no TLS";
    case ProbeEnd::flood: return out + "more came than a handshake needs";
    case ProbeEnd::failed: return out + "this side gave up: " + tls.words;
  }
  return out;
}

}  // namespace symbolon::check
