#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/alert_meaning.h"
#include "check/client_diagnosis.h"
#include "check/greeting.h"
#include "check/printable.h"
#include "check/report.h"
#include "check/way_report.h"

namespace symbolon::check {
namespace {

using tls::ProbeEnd;

void append(std::vector<Finding>& to, std::vector<Finding> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

struct Greeting {
  std::string_view prefix;
  std::string_view words;
};
constexpr Greeting kGreetings[] = {
    {"HTTP/", "an HTTP server without TLS answered"},
    {"<!DOCTYPE", "an HTTP server without TLS answered"},
    {"<html", "an HTTP server without TLS answered"},
    {"SSH-", "an SSH server answered"},
    {"220", "an SMTP or FTP server greeted: it may want STARTTLS first"},
    {"* OK", "an IMAP server greeted: it may want STARTTLS first"},
    {"+OK", "a POP3 server greeted: it may want STARTTLS first"},
};

Report no_tls(const Observation& seen) {
  const std::string_view came = as_text(seen.tls->first_octets);
  Finding finding{Code::not_tls, Certainty::proven, Side::server, "what came is no TLS record"};
  finding.remedy = "name the port that speaks TLS, or switch TLS on at the server";
  for (const Greeting& greeting : kGreetings) {
    if (came.starts_with(greeting.prefix)) finding.words = greeting.words;
  }
  if (const auto speaker = recognize(came); speaker && speaker->starttls)
    finding.remedy = fmt::format("say --starttls {}", name(*speaker->starttls));
  finding.words += fmt::format(" (it began with \"{}\")", printable(came.substr(0, 40)));
  return {Outcome::not_tls, fmt::format("{} does not speak TLS", seen.endpoint.text()), {finding}, {}};
}

// -- the handshake itself, before a client certificate comes into play

Finding hello_alert(const Observation& seen, int alert) {
  const std::string words = fmt::format("the server answered {}: {}", alert_text(alert), alert_meaning(alert));
  const bool early = seen.tls->version.empty();  // no ServerHello: it is about our ClientHello
  switch (alert) {
    case 70: return {Code::protocol_version, Certainty::proven, Side::server, words, "enable TLS 1.2 or 1.3 there"};
    case 112:
      return {Code::unrecognized_name, Certainty::proven, Side::client,
              fmt::format("{}; it was asked for \"{}\"", words, seen.server_name),
              "name a site that the server has with --server-name"};
    case 40:
      if (!early) break;
      [[fallthrough]];
    case 71:
      return {Code::no_shared_cipher, Certainty::likely, Side::server, words,
              "enable ECDHE suites with AES-GCM or ChaCha20 at the server, and give it a certificate"};
    case 10:
    case 47:
    case 50: return {Code::handshake_malformed, Certainty::likely, Side::server, words};
    default: break;
  }
  return {Code::alert_received, Certainty::proven, Side::server, words};
}

Finding given_up(const Observation& seen) {
  const std::string words = fmt::format("this side gave up: {}", seen.tls->words);
  switch (seen.tls->alert_sent ? seen.tls->alert_sent->description : -1) {
    case 70: return {Code::protocol_version, Certainty::proven, Side::server, words, "enable TLS 1.2 or 1.3 there"};
    case 51: return {Code::possession_unproven, Certainty::proven, Side::server, words};
    case 42: return {Code::server_certificate_malformed, Certainty::proven, Side::server, words};
    case 10:
    case 22:
    case 47:
    case 50: return {Code::handshake_malformed, Certainty::proven, Side::server, words};
    default: return {Code::handshake_failed, Certainty::proven, Side::server, words};
  }
}

std::vector<Finding> hung_up(const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  std::vector<Finding> out;
  if (tls.certificate_requested) out = explain_client_silence(seen);
  const bool reset = tls.end == ProbeEnd::reset;
  const Finding how{reset ? Code::handshake_reset : Code::handshake_closed, Certainty::proven, Side::server,
                    tls.first_octets.empty() ? "the connection ended before the server said anything"
                    : tls.version.empty()    ? "the connection ended before a ServerHello came"
                                             : "the connection ended without an alert"};
  out.insert(tls.finished || out.empty() ? out.end() : out.begin(), how);
  return out;
}

// -- after Finished

// nginx finishes the handshake whatever the certificate, and refuses in HTTP.
std::optional<Finding> http_refusal(const Observation& seen) {
  const std::string_view answer = seen.tls->application_data;
  if (!seen.asked_http || !answer.starts_with("HTTP/")) return {};
  const std::string line = printable(answer.substr(0, answer.find('\r')));
  if (answer.find("No required SSL certificate was sent") != std::string_view::npos) {
    return Finding{Code::client_certificate_missing, Certainty::proven, Side::client, line,
                   "give one with --cert and --key"};
  }
  if (answer.find("The SSL certificate error") != std::string_view::npos) {
    return Finding{Code::client_certificate_refused, Certainty::proven, Side::client,
                   line + ": nginx says only that the certificate does not verify",
                   "look at nginx's error log at level info, or at $ssl_client_verify"};
  }
  const std::string_view status = answer.substr(std::min<std::size_t>(9, answer.size()), 3);
  if (status == "421") return Finding{Code::unrecognized_name, Certainty::likely, Side::client, line};
  if (status == "403") return Finding{Code::not_allowed_by_policy, Certainty::possible, Side::client, line};
  return {};
}

void judge_connection(const Observation& seen, Report& report) {
  const tls::Transcript& tls = *seen.tls;
  const bool answered = !tls.application_data.empty();
  if (auto refusal = http_refusal(seen)) {
    report.outcome = Outcome::refused;
    report.summary = fmt::format("the handshake finished, and the answer was \"{}\"", refusal->words);
    if (refusal->code == Code::client_certificate_refused) {
      report.findings = explain_unnamed_refusal(seen, *std::move(refusal));
    } else {
      report.findings.push_back(*std::move(refusal));
    }
    return;
  }
  const std::string evidence =
      answered ? "it answered with application data"
               : "it did not refuse within the time waited, and did not answer either, since nothing was asked";
  if (!tls.certificate_requested) {
    report.outcome = Outcome::open;
    report.summary = "the handshake finished without the server asking for a client certificate";
    report.findings.push_back({Code::client_certificate_not_requested, Certainty::likely, Side::server,
                               "no CertificateRequest came in the handshake; some servers ask later, for certain paths "
                               "only"});
  } else if (!tls.certificate_sent) {
    report.outcome = Outcome::anonymous;
    report.summary = fmt::format("the server asked for a client certificate, got none, and went on: {}", evidence);
    report.notes.emplace_back(answered ? "client certificates are optional at this server"
                                       : "client certificates are optional here, or judged only when a request comes: "
                                         "--http shows which");
  } else {
    report.outcome = answered ? Outcome::accepted : Outcome::likely_accepted;
    report.summary = fmt::format("the server asked for a client certificate and got it; {}", evidence);
    if (!answered) {
      report.notes.emplace_back(
          "acceptance is likely, not proven: nginx judges a client's certificate only when a request comes (--http)");
    }
  }
  if (tls.end == ProbeEnd::closed && !answered) {
    report.notes.emplace_back("the server closed the connection in order (close_notify) without sending anything");
  }
}

void judge_handshake(const Observation& seen, Report& report) {
  const tls::Transcript& tls = *seen.tls;
  switch (tls.end) {
    case ProbeEnd::alert: {
      const int alert = tls.alert_received->description;
      report.outcome = Outcome::refused;
      report.summary = fmt::format("the server refused with the alert {}: {}", alert_text(alert), alert_meaning(alert));
      if (tls.certificate_requested) {
        append(report.findings, explain_client_alert(seen, alert));
      } else {
        report.findings.push_back(hello_alert(seen, alert));
      }
      return;
    }
    case ProbeEnd::cut:
    case ProbeEnd::reset:
      report.outcome = tls.finished && tls.certificate_requested ? Outcome::refused : Outcome::failed;
      report.summary = "the server hung up without an alert";
      append(report.findings, hung_up(seen));
      return;
    case ProbeEnd::timeout:
      report.summary = "the handshake did not finish in time";
      report.findings.push_back({Code::handshake_timeout, Certainty::proven, Side::server,
                                 tls.first_octets.empty() ? "the connection was accepted, but nothing came"
                                                          : "the server stopped answering"});
      return;
    case ProbeEnd::flood:
      report.summary = "the server sent more than a handshake can need";
      report.findings.push_back({Code::handshake_malformed, Certainty::proven, Side::server,
                                 fmt::format("more than {} octets came", tls::ProbeLimits::kOctets)});
      return;
    case ProbeEnd::closed:
      if (tls.finished) return judge_connection(seen, report);
      report.summary = "the server closed the connection in the middle of the handshake";
      append(report.findings, hung_up(seen));
      return;
    case ProbeEnd::data:
    case ProbeEnd::silence:
      if (tls.finished) return judge_connection(seen, report);
      [[fallthrough]];
    case ProbeEnd::failed:
    case ProbeEnd::not_tls:
      report.summary = "the handshake failed on this side";
      report.findings.push_back(given_up(seen));
      return;
  }
}

// -- the chains

// Where the table's remedy speaks to the owner of a configuration, this speaks to who typed the command.
std::string server_remedy(const x509::PathFailure& failure) {
  switch (failure.problem) {
    case CertificateProblem::untrusted_issuer:
    case CertificateProblem::self_signed: return "name the CA that issued it with --ca, if it is to be trusted";
    case CertificateProblem::incomplete_chain:
      return "let the server send its intermediate certificates behind the leaf; or name the CA with --ca";
    case CertificateProblem::name_mismatch:
      return "ask for a name that it holds (--server-name), or issue it with this name as subjectAltName";
    default: return {};
  }
}

void judge_server(const Observation& seen, Report& report) {
  if (seen.tls->server_chain.empty()) return;
  if (!seen.server_path) {
    report.notes.emplace_back("the server's chain was not verified: no CA was named (--ca) and the system has none");
    return;
  }
  if (!*seen.server_path) {
    const x509::PathFailure& failure = seen.server_path->error();
    report.findings.push_back({failure.code, Certainty::proven, Side::server,
                               fmt::format("{} (judged by {})", failure.detail, seen.trust), server_remedy(failure)});
    return;
  }
  for (const x509::Finding& warning : (*seen.server_path)->warnings) {
    report.notes.push_back(fmt::format("server's chain, certificate {}: {}", warning.index, warning.words));
  }
}

void judge_client(const Observation& seen, Report& report) {
  for (Finding& finding : client_facts(seen)) {
    const auto same = [&](const Finding& other) { return other.code == finding.code; };
    if (std::none_of(report.findings.begin(), report.findings.end(), same)) {
      report.findings.push_back(std::move(finding));
    }
  }
  if (!seen.tls->certificate_sent || fits_ca_names(seen.client_chain, seen.tls->ca_names)) return;
  report.notes.push_back(
      fmt::format("the client's issuer ({}) is not among the CA names that the server sent; "
                  "browsers would not offer this certificate",
                  seen.client_chain.back().issuer().text()));
}

}  // namespace

Report diagnose(const Observation& seen) {
  if (seen.unreachable) return way_report(seen);
  if (seen.tls->end == ProbeEnd::not_tls) return no_tls(seen);
  Report report;
  judge_handshake(seen, report);
  judge_server(seen, report);
  judge_client(seen, report);
  return report;
}

}  // namespace symbolon::check
