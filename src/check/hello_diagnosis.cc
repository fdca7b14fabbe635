#include "check/hello_diagnosis.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/alert_meaning.h"
#include "check/greeting.h"
#include "check/http_answer.h"
#include "check/printable.h"

namespace symbolon::check {
namespace {

using tls::ProbeEnd;

constexpr std::size_t kShown = 40;  // octets of what came

Finding plain_http(std::string_view answer) {
  return {Code::plain_http, Certainty::proven, Side::server,
          fmt::format("an HTTP server without TLS answered \"{}\"", read_http_answer(answer)->line),
          "name the port that speaks TLS, or switch TLS on at the server"};
}

std::string offered(const Observation& seen) {
  return seen.only_version ? std::string(name(*seen.only_version)) + " alone" : "TLS 1.2 and 1.3";
}

// Another offer got a ServerHello: what was different decides.
std::vector<Finding> explain_by(const Attempt& through, const Observation& seen, const std::string& words) {
  const std::string chosen =
      fmt::format("{}{}{}", through.tls.version, through.tls.cipher.empty() ? "" : ", ", through.tls.cipher);
  switch (through.kind) {
    case AttemptKind::tls12:
    case AttemptKind::tls13: {
      const std::string_view other = through.kind == AttemptKind::tls12 ? "1.2" : "1.3";
      return {{Code::protocol_version, Certainty::proven, seen.only_version ? Side::client : Side::server,
               fmt::format("{}; to TLS {} alone the server answers ({}), to {} it does not", words, other, chosen,
                           offered(seen)),
               seen.only_version ? fmt::format("let the client speak TLS {}, or enable {} at the server", other,
                                               name(*seen.only_version))
                                 : "update the server's TLS library, or what stands in front of it"}};
    }
    case AttemptKind::old_versions:
      return {{Code::protocol_version, Certainty::proven, Side::server,
               fmt::format("{}; the server speaks {} and nothing newer", words, through.tls.version),
               "enable TLS 1.2 and 1.3 at the server"}};
    case AttemptKind::every_suite:
      return {{Code::no_shared_cipher, Certainty::proven, Side::server,
               fmt::format("{}; where every suite is offered the server chooses {}, which clients do not offer of "
                           "themselves",
                           words, through.tls.cipher),
               "enable TLS_AES_128_GCM_SHA256 and ECDHE suites with AES-GCM or ChaCha20 at the server"}};
    case AttemptKind::small_hello:
      return {{Code::client_hello_large, Certainty::proven, Side::server,
               fmt::format("{}; to a ClientHello of {} octets in place of {} it answers ({})", words,
                           through.tls.messages.empty() ? 0 : through.tls.messages.front().octets,
                           seen.tls->messages.empty() ? 0 : seen.tls->messages.front().octets, chosen)}};
    case AttemptKind::without_server_name:
      return {{Code::unrecognized_name, Certainty::proven, Side::client,
               fmt::format("{}; asked for no name it answers, asked for \"{}\" it does not", words, seen.server_name),
               "name a site that the server has with --server-name"}};
    default: return {};
  }
}

// The server chose a version that it was not offered: it has none of those that it was.
Finding of_version(const Observation& seen, std::string words) {
  return {Code::protocol_version, Certainty::proven, seen.only_version ? Side::client : Side::server, std::move(words),
          seen.only_version ? fmt::format("leave --tls out, or enable {} at the server", name(*seen.only_version))
                            : "enable TLS 1.2 or 1.3 there"};
}

Finding of_alert(const Observation& seen, int alert, const std::string& words) {
  const bool early = seen.tls->version.empty();  // no ServerHello: it is about our ClientHello
  switch (alert) {
    case 70:
      return {Code::protocol_version, Certainty::proven, seen.only_version ? Side::client : Side::server,
              fmt::format("{}: {}", words, offered(seen)),
              seen.only_version ? fmt::format("let the client speak other versions too, or enable {} at the server",
                                              name(*seen.only_version))
                                : "enable TLS 1.2 or 1.3 there"};
    case 112:
      return {Code::unrecognized_name, Certainty::proven, Side::client,
              fmt::format("{}; it was asked for \"{}\"", words, seen.server_name),
              "name a site that the server has with --server-name"};
    case 120:
      return {Code::no_application_protocol, Certainty::proven, Side::client, words,
              "offer a protocol with --alpn that the server has"};
    case 40:
      if (!early) break;
      [[fallthrough]];
    case 71:
      return {Code::no_shared_cipher, Certainty::likely, Side::server, words,
              "enable ECDHE suites with AES-GCM or ChaCha20 at the server, that fit the key of its certificate"};
    case 10:
    case 47:
    case 50: return {Code::handshake_malformed, Certainty::likely, Side::server, words};
    default: break;
  }
  return {Code::alert_received, Certainty::proven, Side::server, words};
}

std::string how_it_ended(const tls::Transcript& tls) {
  if (tls.end == ProbeEnd::timeout) {
    return tls.first_octets.empty() ? "the connection was accepted, but nothing came" : "the server stopped answering";
  }
  return tls.first_octets.empty() ? "the connection ended before the server said anything"
         : tls.version.empty()    ? "the connection ended before a ServerHello came"
                                  : "the connection ended without an alert";
}

Code code_of(const tls::Transcript& tls) {
  switch (tls.end) {
    case ProbeEnd::timeout: return Code::handshake_timeout;
    case ProbeEnd::reset: return tls.finished ? Code::connection_reset : Code::handshake_reset;
    case ProbeEnd::cut: return tls.finished ? Code::truncated : Code::handshake_closed;
    default: return tls.finished ? Code::connection_ended : Code::handshake_closed;
  }
}

std::string remedy_of_early_end(const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  if (tls.end == ProbeEnd::timeout) {
    return "look whether the service behind the port still runs; look for a firewall that lets the connection pass and "
           "nothing else";
  }
  // Ended at the first octets: what a port does that waits for a PROXY header, and for others that are no TLS.
  if (!tls.first_octets.empty() || seen.way.proxy_protocol != ProxyProtocol::none) return "";
  return fmt::format("{}; where it stands behind a load balancer, it may want a PROXY header first (--proxy-protocol)",
                     row(code_of(tls)).remedy);
}

}  // namespace

bool answers_plain_http(const Observation& seen) {
  const Attempt* plain = attempt_of(seen, AttemptKind::plain_http);
  // TLS servers answer a plain request in words, too.
  return plain != nullptr && read_http_answer(plain->plain_answer) &&
         plain->plain_answer.find("HTTPS") == std::string::npos && plain->plain_answer.find("SSL") == std::string::npos;
}

std::vector<Finding> explain_what_is_no_tls(const Observation& seen) {
  const std::string_view came = as_text(seen.tls->first_octets);
  if (came.starts_with("HTTP/")) return {plain_http(came)};
  if (answers_plain_http(seen)) return {plain_http(attempt_of(seen, AttemptKind::plain_http)->plain_answer)};
  Finding finding{Code::not_tls, Certainty::proven, Side::server, "what came is no TLS record"};
  finding.remedy = "name the port that speaks TLS, or switch TLS on at the server";
  if (const auto speaker = recognize(came)) {
    finding.words = fmt::format("{} answered", speaker->words);
    if (speaker->starttls) finding.remedy = fmt::format("say --starttls {}", name(*speaker->starttls));
  }
  finding.words += fmt::format(" (it began with \"{}\")", printable(came.substr(0, kShown)));
  return {finding};
}

std::vector<Finding> explain_early_end(const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  const bool alert = tls.end == ProbeEnd::alert && tls.alert_received;
  const std::string words = alert
                                ? fmt::format("the server answered {}: {}", alert_text(tls.alert_received->description),
                                              alert_meaning(tls.alert_received->description))
                                : how_it_ended(tls);
  const auto through = std::ranges::find_if(seen.further, &Attempt::got_through);
  if (tls.version.empty() && through != seen.further.end()) {
    if (auto found = explain_by(*through, seen, words); !found.empty()) return found;
  }
  const auto other = std::ranges::find_if(seen.further, [](const Attempt& one) { return !one.tls.version_offered; });
  if (tls.version.empty() && other != seen.further.end()) {
    return {of_version(seen, fmt::format("{}; to {} it answers with {}, which was not offered", words,
                                         other->kind == AttemptKind::tls12 ? "TLS 1.2 alone" : "another ClientHello",
                                         other->tls.version))};
  }
  if (alert) return {of_alert(seen, tls.alert_received->description, words)};
  return {{code_of(tls), Certainty::proven, tls.end == ProbeEnd::reset ? Side::network : Side::server, words,
           remedy_of_early_end(seen)}};
}

std::vector<Finding> explain_giving_up(const Observation& seen) {
  if (!seen.tls->version_offered) {
    return {of_version(seen, fmt::format("the server chose {}, where {} {} offered", seen.tls->version, offered(seen),
                                         seen.only_version ? "was" : "were"))};
  }
  const std::string words = fmt::format("this side gave up: {}", seen.tls->words);
  const auto proven = [&](Code code, std::string remedy = {}) {
    return std::vector<Finding>{{code, Certainty::proven, Side::server, words, std::move(remedy)}};
  };
  switch (seen.tls->alert_sent ? seen.tls->alert_sent->description : -1) {
    case 70: return proven(Code::protocol_version, "enable TLS 1.2 or 1.3 there");
    case 51: return proven(Code::possession_unproven);
    case 42: return proven(Code::server_certificate_malformed);
    case 10:
    case 22:
    case 47:
    case 50: return proven(Code::handshake_malformed);
    default: return proven(Code::handshake_failed);
  }
}

}  // namespace symbolon::check
