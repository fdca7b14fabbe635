#include "check/client_diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/alert_meaning.h"
#include "check/asked_view.h"
#include "check/chain_facts.h"
#include "check/http_answer.h"
#include "x509/path_problem.h"

namespace symbolon::check {
namespace {

using x509::Certificate;
using x509::DistinguishedName;
using P = CertificateProblem;

constexpr std::size_t kMostSteps = 16;  // up a chain of names

Finding of_client(Code code, Certainty certainty, std::string words, std::string remedy = {}) {
  return {code, certainty, Side::client, std::move(words), std::move(remedy)};
}

void append_possible(std::vector<Finding>& to, std::vector<Finding> from) {
  for (Finding& finding : from) finding.certainty = Certainty::possible;
  append_new(to, std::move(from));
}

bool holds(const std::vector<DistinguishedName>& names, const DistinguishedName& name) {
  return std::ranges::find(names, name) != names.end();
}

// Up by issuer names: our chain, what the server sent, and what a verified path holds.
const Certificate* issuer_of(const Certificate& certificate, const Observation& seen) {
  const auto among = [&](const std::vector<Certificate>& pool) -> const Certificate* {
    const auto found =
        std::ranges::find_if(pool, [&](const Certificate& one) { return one.subject() == certificate.issuer(); });
    return found == pool.end() ? nullptr : &*found;
  };
  if (const Certificate* found = among(seen.client_chain)) return found;
  if (const Certificate* found = among(seen.tls->server_chain)) return found;
  return seen.client_path && *seen.client_path ? among((*seen.client_path)->certificates) : nullptr;
}

// Stages of the search say nothing of a server that may trust other CAs than --ca named.
bool depends_on_trust(P problem) {
  switch (x509::stage_of(problem)) {
    case x509::PathStage::search:
    case x509::PathStage::bound:
    case x509::PathStage::signature:
    case x509::PathStage::revocation: return true;
    default: return false;
  }
}

std::vector<Finding> path_facts(const Observation& seen) {
  std::vector<Finding> out;
  if (!seen.client_path || *seen.client_path) return out;
  if (seen.client_path_completed) {
    const Certificate& missing = seen.client_path_completed->issuer();
    out.push_back(of_client(
        Code::client_certificate_incomplete_chain, Certainty::proven,
        fmt::format("{} issued {} and is not in the client's chain; with it, as the server sends "
                    "it, there is a path to {}",
                    missing.text(), seen.client_chain.front().text(), seen.client_path_completed->anchor().text()),
        "put the issuing CA's certificate behind the client's in the file of --cert"));
    // RFC 8446 §4.4.2: "a certificate that specifies a trust anchor MAY be omitted from the chain, provided that
    // supported peers are known to possess any omitted certificates."
    if (holds(seen.tls->ca_names, seen.client_chain.back().issuer())) {
      out.back().words += "; this server names the missing CA and so has it, others may not";
      out.back().eased = Severity::info;
    }
    return out;
  }
  const x509::PathFailure& failure = seen.client_path->error();
  if (!depends_on_trust(failure.problem)) {
    out.push_back(
        of_client(failure.code, Certainty::proven, fmt::format("{} (judged by {})", failure.detail, seen.trust)));
  }
  return out;
}

// -- why the issuer may be unknown to the server

struct IssuerDoubt {
  bool names_exclude = false;  // the CAs that the server names leave the issuer out
  std::string words;
  std::string remedy = {};
};

std::optional<IssuerDoubt> doubt_issuer(const Observation& seen) {
  const auto& names = seen.tls->ca_names;
  const Certificate& last = seen.client_chain.back();
  const bool failed = seen.client_path && !*seen.client_path;
  if (!leads_to_ca_names(seen)) {
    return IssuerDoubt{
        true, fmt::format("{} is not among the {} CA names that the server sent", last.issuer().text(), names.size())};
  }
  if (names.empty() && last.self_signed()) {
    return IssuerDoubt{false, fmt::format("{} is signed by its own key: no CA issued it", last.text())};
  }
  if (failed && seen.client_path->error().problem == P::bad_signature) {
    return IssuerDoubt{false, fmt::format("by the CAs of {}: {}", seen.trust, seen.client_path->error().detail),
                       "compare the key of the server's CA with the one that issued this certificate: two CAs have the "
                       "same name"};
  }
  if (failed && names.empty() && depends_on_trust(seen.client_path->error().problem)) {
    return IssuerDoubt{
        false, fmt::format("by the CAs of {} it has no path either: {}", seen.trust, seen.client_path->error().detail)};
  }
  return {};
}

// Self-signed: the server would have to hold this very certificate.
Code code_of_unknown_issuer(const Observation& seen) {
  return seen.client_chain.front().self_signed() ? Code::client_certificate_self_signed
                                                 : Code::client_certificate_untrusted_issuer;
}

Finding issuer_unknown(const Observation& seen, const Refusal& refusal) {
  const auto doubt = doubt_issuer(seen);
  const std::string issuer = seen.client_chain.back().issuer().text();
  // access_denied means that the certificate is valid; silence means nothing.
  const bool says_so = refusal.alert == 48;
  const bool agrees = doubt && refusal.of_certificate && refusal.alert != 49 && doubt->names_exclude;
  const Certainty certainty = (says_so && doubt) || agrees ? Certainty::proven : Certainty::likely;
  std::string words = doubt ? doubt->words
                      : seen.tls->ca_names.empty()
                          ? fmt::format("the server names no CAs; the chain sent ends at issuer {}", issuer)
                          : fmt::format(
                                "the server names the CA {}, but does not accept the path: perhaps its CA of "
                                "that name has another key, or the path is deeper than it allows",
                                issuer);
  return of_client(code_of_unknown_issuer(seen), certainty, words + "; " + refusal.words,
                   doubt ? doubt->remedy : "look at the server's CA file and at its depth setting");
}

// -- refusals

// The alerts that name a reason. Behind the others (42 and 46 too) any of several causes stands.
bool names_reason(int alert) { return alert == 43 || alert == 44 || alert == 45 || alert == 48 || alert == 51; }

bool agrees(const Finding& finding, int alert) {
  if (row(finding.code).tls_alert == alert) return true;
  switch (finding.code) {  // by the clock: servers say expired of what has not begun, and of a CA of the path
    case Code::client_certificate_not_yet_valid:
    case Code::client_certificate_issuer_expired:
    case Code::client_certificate_issuer_not_yet_valid: return alert == 45;
    default: return false;
  }
}

// The issuer is unknown to the server, whatever else is wrong with the certificate: it says so, or blames the
// certificate and leaves the issuer out of the CAs that it names.
bool is_of_issuer(const Observation& seen, const Refusal& refusal) {
  const auto doubt = doubt_issuer(seen);
  if (!doubt) return false;
  return refusal.alert == 48 ||
         (refusal.of_certificate && !names_reason(refusal.alert) && refusal.alert != 49 && doubt->names_exclude);
}

bool can_be_about_a_certificate(int alert) { return (alert >= 40 && alert <= 49 && alert != 47) || alert == 116; }

std::vector<Finding> none_was_sent(const Observation& seen, const Refusal& refusal) {
  std::vector<Finding> out;
  const bool given = !seen.client_chain.empty();
  if (given) {
    const std::string key = seen.client_chain.front().public_key().description();
    const bool cannot = fits_signature_algorithms(key, seen.tls->signature_algorithms, seen.tls->version) == Fit::no;
    out.push_back(of_client(
        Code::no_shared_signature_algorithm, cannot ? Certainty::proven : Certainty::likely,
        fmt::format("the certificate with a {} key was not sent: the server takes none of the signatures it can make",
                    key),
        "use a key of a type that the server's signature algorithms name"));
  }
  const bool vague = refusal.alert == 50 || refusal.alert == 80 || refusal.alert == 10 || refusal.alert == -1;
  const bool says_so = can_be_about_a_certificate(refusal.alert) || refusal.of_certificate;
  if (!says_so && !vague) return {{Code::alert_received, Certainty::proven, Side::server, refusal.words}};
  out.push_back(of_client(Code::client_certificate_missing, says_so ? Certainty::proven : Certainty::likely,
                          "the server asked for a client certificate and got none; " + refusal.words,
                          given ? "" : "give one with --cert and --key"));
  return out;
}

// What the server may hold differently than its CA names show; access_denied means that it does not.
std::vector<Finding> trust_candidates(const Observation& seen) {
  std::vector<Finding> out{of_client(Code::client_certificate_untrusted_issuer, Certainty::possible,
                                     "the server's CA of that name may have another key",
                                     "compare the server's CA file with the CA that issued this certificate")};
  if (seen.client_chain.size() > 1) {
    out.push_back(
        of_client(Code::client_certificate_depth_exceeded, Certainty::possible,
                  fmt::format("{} certificates were sent; the server may allow fewer", seen.client_chain.size()),
                  "raise the depth at the server (nginx: ssl_verify_depth, Apache: SSLVerifyDepth)"));
  }
  return out;
}

// Nothing in our hands is wrong, and the server does not say what is: no one outside can know.
std::vector<Finding> unnamed(const Observation& seen, const Refusal& refusal) {
  const Attempt* without = attempt_of(seen, AttemptKind::without_certificate);
  const bool only_with = without != nullptr && served(without->tls, seen.asked_http);
  const bool sure = refusal.of_certificate || only_with;
  std::vector<Finding> out;
  out.push_back(of_client(Code::client_certificate_refused, sure ? Certainty::proven : Certainty::likely,
                          refusal.words + (only_with ? "; without a certificate it goes on" : ""),
                          "look at the server's log for the reason that it did not send"));
  const std::string nothing = "the certificate itself shows nothing wrong, and the server does not name its reason";
  const Finding rule = of_client(Code::not_allowed_by_policy, Certainty::possible, nothing,
                                 "add a rule for this identity at the server, or use another certificate");
  const Finding revoked = of_client(Code::client_certificate_revoked, Certainty::possible, nothing);
  const Finding stale{Code::crl_stale, Certainty::possible, Side::server, nothing, "renew the CRL at the server"};
  if (refusal.alert == 49) out.push_back(rule);
  out.push_back(revoked);
  out.push_back(stale);
  if (refusal.alert != 49) out.push_back(rule);
  if (refusal.alert != 49) append_new(out, trust_candidates(seen));
  if (refusal.alert == -1 && seen.tls->finished && seen.tls->application_data.empty()) {
    out.push_back({Code::backend_unreachable, Certainty::possible, Side::server,
                   "the certificate may well be accepted: a proxy whose service is away hangs up without a word, too",
                   "see whether the service behind the server runs"});
  }
  return out;
}

// The server names a reason, and our own look at the certificate finds nothing.
std::vector<Finding> named(const Observation& seen, const Refusal& refusal) {
  switch (refusal.alert) {
    case 45:
      return {{Code::crl_stale, Certainty::likely, Side::server,
               refusal.words + "; by this machine's clock the client's chain is within its dates, so a stale CRL at "
                               "the server is the usual reason",
               "renew the CRL at the server, and compare the clocks"}};
    case 48: return {issuer_unknown(seen, refusal)};
    case 43:
      return {of_client(Code::client_certificate_wrong_extended_key_usage, Certainty::likely, refusal.words,
                        "issue it with clientAuth in extKeyUsage, or with a type of key that the server takes")};
    case 51: {
      const bool agrees =
          seen.client_path && !*seen.client_path && seen.client_path->error().problem == P::bad_signature;
      return {of_client(Code::client_certificate_bad_signature, agrees ? Certainty::proven : Certainty::likely,
                        refusal.words, "update the server's CA file: a CA of the same name may have another key")};
    }
    default: break;
  }
  if (refusal.alert != -1 && !refusal.of_certificate && !can_be_about_a_certificate(refusal.alert) &&
      refusal.alert != 80) {
    return {{Code::alert_received, Certainty::proven, Side::server, refusal.words}};
  }
  if (!doubt_issuer(seen)) return unnamed(seen, refusal);
  std::vector<Finding> out{issuer_unknown(seen, refusal)};
  append_new(out, unnamed(seen, refusal));
  return out;
}

std::vector<Finding> error_facts(const Observation& seen) {
  std::vector<Finding> out = client_facts(seen);
  std::erase_if(out, [](const Finding& fact) { return fact.severity() != Severity::error; });
  return out;
}

}  // namespace

bool fits_ca_names(const std::vector<Certificate>& chain, const std::vector<DistinguishedName>& names) {
  if (names.empty()) return true;
  return std::ranges::any_of(chain, [&](const Certificate& one) { return holds(names, one.issuer()); });
}

bool leads_to_ca_names(const Observation& seen) {
  const auto& names = seen.tls->ca_names;
  if (fits_ca_names(seen.client_chain, names)) return true;
  const Certificate* at = seen.client_chain.empty() ? nullptr : &seen.client_chain.front();
  for (std::size_t steps = 0; at != nullptr && steps < kMostSteps; ++steps) {
    if (holds(names, at->issuer())) return true;
    if (at->self_issued()) return false;
    at = issuer_of(*at, seen);
  }
  return false;
}

std::vector<Finding> client_facts(const Observation& seen) {
  std::vector<Finding> out;
  if (seen.client_problem) {
    out.push_back(of_client(seen.client_problem->code, Certainty::proven,
                            seen.client_problem->text() + ": nothing was presented to the server",
                            "name the key that was made with this certificate's request (--key)"));
  }
  append_new(out, chain_facts(seen.client_chain, PeerRole::client, seen.at));
  append_new(out, path_facts(seen));
  return out;
}

bool explains_refusal(const Observation& seen) {
  if (!error_facts(seen).empty()) return true;
  const auto doubt = seen.client_chain.empty() ? std::nullopt : doubt_issuer(seen);
  return doubt && doubt->names_exclude;
}

std::vector<Finding> explain_refusal(const Observation& seen, const Refusal& refusal) {
  if (seen.client_problem) return client_facts(seen);
  if (!seen.tls->certificate_sent) return none_was_sent(seen, refusal);
  if (refusal.alert == 44) {
    std::vector<Finding> out{of_client(Code::client_certificate_revoked, Certainty::proven, refusal.words)};
    append_new(out, client_facts(seen));
    return out;
  }
  std::vector<Finding> facts = error_facts(seen);
  if (facts.empty()) return named(seen, refusal);
  for (Finding& fact : facts) fact.words += "; " + refusal.words;
  std::ranges::stable_partition(facts, [&](const Finding& fact) { return agrees(fact, refusal.alert); });
  if (agrees(facts.front(), refusal.alert)) return facts;
  // What is wrong as well is not why, where the server names another reason.
  const bool other_reason = refusal.alert == 45 || is_of_issuer(seen, refusal);
  std::vector<Finding> out;
  if (other_reason) out.push_back(refusal.alert == 45 ? named(seen, refusal).front() : issuer_unknown(seen, refusal));
  append_new(out, std::move(facts));
  if (!other_reason && refusal.alert == 48) append_possible(out, {issuer_unknown(seen, refusal)});
  return out;
}

}  // namespace symbolon::check
