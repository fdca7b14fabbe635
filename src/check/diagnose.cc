#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/alert_meaning.h"
#include "check/chain_facts.h"
#include "check/client_diagnosis.h"
#include "check/hello_diagnosis.h"
#include "check/http_answer.h"
#include "check/http_refusal.h"
#include "check/report.h"
#include "check/server_diagnosis.h"
#include "check/way_report.h"

namespace symbolon::check {
namespace {

using tls::ProbeEnd;

Refusal refusal_by_alert(int alert) {
  const bool of_certificate = (alert >= 41 && alert <= 46) || alert == 48 || alert == 49 || alert == 116;
  return {fmt::format("the server answered {}: {}", alert_text(alert), alert_meaning(alert)), alert, of_certificate};
}

// -- after Finished

bool refused_in_http(const Observation& seen, Report& report) {
  const auto answer = answer_to_request(*seen.tls, seen.asked_http);
  if (!answer || !seen.tls->certificate_requested) return false;
  report.findings = explain_http_refusal(seen, *answer);
  if (report.findings.empty()) return false;
  report.outcome = Outcome::refused;
  report.summary = fmt::format("the handshake finished, and the answer was \"{}\"", answer->line);
  return true;
}

std::string what_came(const Observation& seen) {
  if (const auto answer = answer_to_request(*seen.tls, seen.asked_http)) {
    return fmt::format("it answered the request with \"{}\"", answer->line);
  }
  if (seen.tls->application_data.empty()) {
    return seen.asked_http ? "it did not refuse within the time waited, and did not answer either"
                           : "it did not refuse within the time waited, and did not answer either, since nothing was "
                             "asked";
  }
  return fmt::format("it sent {} octets {}", seen.tls->application_data.size(),
                     seen.asked_http ? "that are no answer in HTTP/1.1" : "though nothing was asked");
}

// Where nothing proves that the server let the client in: what would?
std::string what_would_prove(const Observation& seen) {
  if (seen.tls->application_protocol == "h2") {
    return "the server chose h2, in which --http does not ask: with --alpn http/1.1 it does";
  }
  if (seen.asked_http) return "only an answer in HTTP to the request would prove it";
  if (!seen.tls->application_data.empty()) return "who speaks first says the same to everybody; --http asks";
  return "nginx judges a client's certificate only when a request comes (--http)";
}

void judge_connection(const Observation& seen, Report& report) {
  const tls::Transcript& tls = *seen.tls;
  if (refused_in_http(seen, report)) return;
  const auto answer = answer_to_request(tls, seen.asked_http);
  if (!tls.certificate_requested) {
    report.outcome = Outcome::open;
    report.summary = "the handshake finished without the server asking for a client certificate";
    report.findings.push_back({Code::client_certificate_not_requested, Certainty::likely, Side::server,
                               "no CertificateRequest came in the handshake; some servers ask later, for certain paths "
                               "only"});
  } else if (!tls.certificate_sent) {
    report.outcome = Outcome::anonymous;
    report.summary =
        fmt::format("the server asked for a client certificate, got none, and went on: {}", what_came(seen));
    if (served(tls, seen.asked_http)) {
      report.notes.emplace_back("client certificates are optional at this server");
    } else if (!answer) {
      report.notes.push_back("client certificates are optional here, or judged only when a request comes: " +
                             what_would_prove(seen));
    }
  } else {
    report.outcome = answer ? Outcome::accepted : Outcome::likely_accepted;
    report.summary = fmt::format("the server asked for a client certificate and got it; {}", what_came(seen));
    if (!answer) report.notes.push_back("acceptance is likely, not proven: " + what_would_prove(seen));
  }
  if (tls.end == ProbeEnd::closed && tls.application_data.empty()) {
    report.notes.emplace_back("the server closed the connection in order (close_notify) without sending anything");
  }
}

void judge_end_without_words(const Observation& seen, Report& report) {
  const tls::Transcript& tls = *seen.tls;
  const bool asked = tls.certificate_requested;
  report.outcome = asked ? Outcome::refused : Outcome::failed;
  report.summary = tls.end != ProbeEnd::closed ? "the server hung up without an alert"
                   : tls.finished ? "the server closed the connection after the handshake, without an answer"
                                  : "the server closed the connection in the middle of the handshake";
  std::vector<Finding> how = explain_early_end(seen);
  if (asked) {
    // Where TLS 1.3 is finished for us before the server has judged, its alert may be lost: TLS 1.2 has it in order.
    const Attempt* again = attempt_of(seen, AttemptKind::tls12);
    const bool told = again != nullptr && again->tls.certificate_sent && again->tls.end == ProbeEnd::alert;
    report.findings = explain_refusal(
        seen, told ? refusal_by_alert(again->tls.alert_received->description)
                   : Refusal{"the server hung up without an alert; it may have been lost to a reset", -1, false});
  }
  append_new(report.findings, std::move(how));
}

void judge_handshake(const Observation& seen, Report& report) {
  const tls::Transcript& tls = *seen.tls;
  switch (tls.end) {
    case ProbeEnd::alert: {
      const int alert = tls.alert_received ? tls.alert_received->description : 0;
      report.outcome = Outcome::refused;
      report.summary = fmt::format("the server refused with the alert {}: {}", alert_text(alert), alert_meaning(alert));
      report.findings =
          tls.certificate_requested ? explain_refusal(seen, refusal_by_alert(alert)) : explain_early_end(seen);
      return;
    }
    case ProbeEnd::cut:
    case ProbeEnd::reset: return judge_end_without_words(seen, report);
    case ProbeEnd::timeout:
      report.summary = "the handshake did not finish in time";
      report.findings = explain_early_end(seen);
      return;
    case ProbeEnd::flood:
      report.summary = "the server sent more than a handshake can need";
      report.findings.push_back({Code::peer_sends_too_much, Certainty::proven, Side::server,
                                 fmt::format("more than {} octets came, or more than {} in one message",
                                             tls::ProbeLimits::kOctets, tls::ProbeLimits::kChainOctets)});
      return;
    case ProbeEnd::closed:
      // In order, but without a word to who waits for one: nginx (stream) refuses so.
      if (tls.finished && !tls.certificate_requested) return judge_connection(seen, report);
      return judge_end_without_words(seen, report);
    case ProbeEnd::data:
    case ProbeEnd::silence:
      if (tls.finished) return judge_connection(seen, report);
      [[fallthrough]];
    case ProbeEnd::failed:
    case ProbeEnd::not_tls:
      report.summary = "the handshake failed on this side";
      report.findings = explain_giving_up(seen);
      return;
  }
}

Report no_tls(const Observation& seen) {
  return {
      Outcome::not_tls, fmt::format("{} does not speak TLS", seen.endpoint.text()), explain_what_is_no_tls(seen), {}};
}

// -- the whole

void judge_ca_names(const Observation& seen, Report& report) {
  if (!seen.tls->certificate_sent || seen.client_chain.empty() || leads_to_ca_names(seen)) return;
  const auto unknown = [](const Finding& f) {
    return f.code == Code::client_certificate_untrusted_issuer || f.code == Code::client_certificate_self_signed;
  };
  if (std::ranges::any_of(report.findings, unknown)) return;  // its words say so
  report.findings.push_back({Code::client_certificate_outside_ca_names, Certainty::proven, Side::server,
                             fmt::format("{} is not among the {} CA names that the server sent; browsers, Java and Go "
                                         "would not offer this certificate",
                                         seen.client_chain.back().issuer().text(), seen.tls->ca_names.size())});
}

void gather_notes(const Observation& seen, Report& report) {
  if (!seen.server_path) {
    if (!seen.tls->server_chain.empty()) {
      report.notes.emplace_back("the server's chain was not verified: no CA was named (--ca) and the system has none");
    }
  } else if (*seen.server_path) {
    for (const x509::Finding& warning : (*seen.server_path)->warnings) {
      report.notes.push_back(fmt::format("server's chain, certificate {}: {}", warning.index, warning.words));
    }
  }
}

// What decided stands first already. What is only worth knowing is told where nothing is to be mended; candidates are
// told always.
void put_in_order(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, {}, &Finding::severity);
  if (findings.empty() || findings.front().severity() == Severity::info) return;
  std::erase_if(findings,
                [](const Finding& f) { return f.severity() == Severity::info && f.certainty != Certainty::possible; });
}

// Without a name: is another certificate shown, or is there no answer where there was one, or the other way round?
std::string decision_of_name(const Attempt& attempt, const Observation& seen) {
  const bool with = !seen.tls->version.empty();
  const bool without = attempt.got_through();
  if (!with) return without ? "the name that was asked for is why" : "the name makes no difference";
  return without && attempt.tls.server_chain == seen.tls->server_chain ? "the name makes no difference"
                                                                       : "the server name is needed";
}

std::string decision_of_demand(const Attempt& attempt, const Observation& seen) {
  if (served(attempt.tls, seen.asked_http)) return "a client certificate is optional";
  return turned_away(attempt.tls, seen.asked_http) ? "the server wants a certificate" : "nothing";
}

std::string decision(const Attempt& attempt, const Observation& seen) {
  const bool nothing = attempt.tls.first_octets.empty() && attempt.plain_answer.empty();
  if (attempt.unreachable || (nothing && attempt.tls.end == ProbeEnd::timeout)) return "nothing";
  if (!attempt.tls.version_offered) return "the server has no version that was offered";
  const bool through = attempt.got_through();
  switch (attempt.kind) {
    case AttemptKind::plain_http: return answers_plain_http(seen) ? "the port speaks HTTP in plain" : "nothing";
    case AttemptKind::without_certificate: return decision_of_demand(attempt, seen);
    case AttemptKind::without_server_name: return decision_of_name(attempt, seen);
    case AttemptKind::tls12:
    case AttemptKind::tls13:
    case AttemptKind::every_suite:
    case AttemptKind::small_hello: return through ? "this makes the difference" : "this makes no difference";
    case AttemptKind::old_versions: return through ? "old versions are spoken" : "old versions are not spoken";
    case AttemptKind::split_hello:
    case AttemptKind::split_records:
    case AttemptKind::split_segments: return through ? "it is taken" : "it is not taken";
  }
  return "";
}

}  // namespace

Report diagnose(const Observation& seen) {
  if (seen.unreachable || !seen.tls) return way_report(seen);
  const bool nothing = seen.tls->first_octets.empty() && answers_plain_http(seen);
  Report report;
  if (seen.tls->end == ProbeEnd::not_tls || nothing) {
    report = no_tls(seen);
  } else {
    judge_handshake(seen, report);
    append_new(report.findings, judge_server_chain(seen));
    append_new(report.findings, client_facts(seen));
    judge_ca_names(seen, report);
    append_new(report.findings, judge_choices(seen));
    append_new(report.findings, judge_surroundings(seen));
    gather_notes(seen, report);
  }
  put_in_order(report.findings);
  for (const Attempt& one : seen.further) {
    report.attempts.push_back({one.kind, result_text(one), decision(one, seen)});
  }
  return report;
}

}  // namespace symbolon::check
