#include "check/client_diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/alert_meaning.h"

namespace symbolon::check {
namespace {

Finding of_client(Code code, Certainty certainty, std::string words, std::string remedy = {}) {
  return {code, certainty, Side::client, std::move(words), std::move(remedy)};
}

Finding fact(Code code, std::string words) { return of_client(code, Certainty::proven, std::move(words)); }

void append_as(std::vector<Finding>& to, std::vector<Finding> from, Certainty certainty) {
  for (Finding& finding : from) {
    finding.certainty = certainty;
    to.push_back(std::move(finding));
  }
}

// Servers say these for whatever they do not like: Java 46, Go 42, GnuTLS 49 (and 50 for none at all).
bool is_general(int alert) {
  return alert == 40 || alert == 41 || alert == 42 || alert == 46 || alert == 49 || alert == 80;
}

// By the CA names that the server sent, or by the CAs that --ca named.
bool has_no_path(const Observation& seen) {
  return !fits_ca_names(seen.client_chain, seen.tls->ca_names) || (seen.client_path && !*seen.client_path);
}

std::vector<Finding> none_was_sent(const Observation& seen, int alert) {
  std::vector<Finding> out;
  const std::string words = fmt::format("the server asked for a client certificate, got none and answered {}: {}",
                                        alert_text(alert), alert_meaning(alert));
  if (!seen.client_chain.empty()) {
    out.push_back(of_client(
        Code::no_shared_signature_algorithm, Certainty::likely,
        fmt::format("the certificate with a {} key was not sent: the server takes none of the signatures it can make",
                    seen.client_chain.front().public_key().description()),
        "use a key of a type that the server's signature algorithms name"));
  }
  const bool says_so = alert == 116;
  const bool common = is_general(alert) || alert == 43 || alert == 48 || alert == 50;
  if (says_so || common) {
    out.push_back(of_client(Code::client_certificate_missing, says_so ? Certainty::proven : Certainty::likely, words,
                            seen.client_chain.empty() ? "give one with --cert and --key" : ""));
  } else {
    out.push_back({Code::alert_received, Certainty::proven, Side::server, words});
  }
  return out;
}

// unknown_ca, or a general refusal where the issuer is not among the CA names.
Finding issuer_is_unknown(const Observation& seen) {
  const auto& chain = seen.client_chain;
  const auto& names = seen.tls->ca_names;
  const std::string issuer = chain.back().issuer().text();
  if (seen.client_path && !*seen.client_path) {
    const x509::PathFailure& failure = seen.client_path->error();
    return of_client(failure.code, Certainty::likely,
                     fmt::format("by the CAs of {} it has no path either: {}", seen.trust, failure.detail));
  }
  const bool lone_leaf = chain.size() == 1 && !chain.front().self_issued();
  if (names.empty()) {
    return of_client(Code::client_certificate_untrusted_issuer, Certainty::likely,
                     fmt::format("the server names no CAs; the chain sent ends at issuer {}{}", issuer,
                                 lone_leaf ? ", and no intermediate certificate was sent" : ""));
  }
  if (fits_ca_names(chain, names)) {
    return of_client(
        Code::client_certificate_untrusted_issuer, Certainty::likely,
        fmt::format("the server names the CA {}, but does not accept the path: perhaps its CA of that name "
                    "has another key, or the path is deeper than it allows",
                    issuer),
        "compare the key of the server's CA with the one that issued this certificate; look at its depth "
        "setting");
  }
  const auto of_path = [&](const x509::Certificate& certificate) {
    return std::find(names.begin(), names.end(), certificate.subject()) != names.end();
  };
  if (lone_leaf && seen.client_path &&
      std::any_of((*seen.client_path)->certificates.begin() + 1, (*seen.client_path)->certificates.end(), of_path)) {
    return of_client(Code::client_certificate_incomplete_chain, Certainty::likely,
                     fmt::format("the server knows a CA above {}, but that one's certificate was not sent", issuer));
  }
  return of_client(Code::client_certificate_untrusted_issuer, Certainty::likely,
                   fmt::format("{} is not among the {} CA names that the server sent", issuer, names.size()));
}

std::vector<Finding> what_the_alert_says(const Observation& seen, int alert) {
  const std::string words = fmt::format("the server answered {}: {}", alert_text(alert), alert_meaning(alert));
  switch (alert) {
    case 44: return {of_client(Code::client_certificate_revoked, Certainty::proven, words)};
    case 49: return {of_client(Code::not_allowed_by_policy, Certainty::likely, words)};
    case 48: return {issuer_is_unknown(seen)};
    case 43:
      return {of_client(Code::client_certificate_wrong_extended_key_usage, Certainty::likely, words,
                        "issue it with clientAuth in extKeyUsage, or with a type of key that the server takes")};
    case 51:
      return {of_client(Code::possession_unproven, Certainty::possible, words,
                        "update the server's CA file: a CA of the same name may have another key")};
    case 45:
      return {{Code::client_certificate_revocation_unknown, Certainty::likely, Side::server,
               words + "; by this machine's clock the client's chain is within its dates, so a stale CRL at the server "
                       "is the usual reason",
               "renew the CRL at the server, and compare the clocks"}};
    default: break;
  }
  if (is_general(alert)) {
    return {of_client(Code::client_certificate_refused,
                      alert == 42 || alert == 46 ? Certainty::proven : Certainty::likely, words)};
  }
  return {{Code::alert_received, Certainty::proven, Side::server, words}};
}

}  // namespace

bool fits_ca_names(const std::vector<x509::Certificate>& chain, const std::vector<x509::DistinguishedName>& names) {
  if (names.empty()) return true;
  return std::any_of(chain.begin(), chain.end(), [&](const x509::Certificate& certificate) {
    return std::find(names.begin(), names.end(), certificate.issuer()) != names.end();
  });
}

std::vector<Finding> client_facts(const Observation& seen) {
  std::vector<Finding> out;
  if (seen.client_chain.empty()) return out;
  const x509::Certificate& leaf = seen.client_chain.front();
  const auto& [not_before, not_after] = leaf.validity();
  if (seen.at > not_after) {
    out.push_back(
        fact(Code::client_certificate_expired,
             fmt::format("{} ended {}, {} ago", leaf.text(), to_rfc3339(not_after), to_words(seen.at - not_after))));
  }
  if (seen.at < not_before) {
    out.push_back(
        fact(Code::client_certificate_not_yet_valid,
             fmt::format("{} begins {}, in {}", leaf.text(), to_rfc3339(not_before), to_words(not_before - seen.at))));
  }
  for (std::size_t i = 1; i < seen.client_chain.size(); ++i) {
    const x509::Certificate& issuer = seen.client_chain[i];
    if (seen.at > issuer.validity().not_after) {
      out.push_back(fact(Code::client_certificate_issuer_expired,
                         fmt::format("{} ended {}", issuer.text(), to_rfc3339(issuer.validity().not_after))));
    }
  }
  const auto& usages = leaf.extended_key_usage();
  const auto allows = [](const std::string& oid) { return oid == x509::eku::kClientAuth || oid == x509::eku::kAny; };
  if (!usages.empty() && std::none_of(usages.begin(), usages.end(), allows)) {
    out.push_back(fact(Code::client_certificate_wrong_extended_key_usage,
                       fmt::format("{} has an extKeyUsage without clientAuth", leaf.text())));
  }
  const auto key_usage = leaf.key_usage();
  if (key_usage && (*key_usage & x509::digital_signature) == 0) {
    out.push_back(fact(Code::client_certificate_wrong_key_usage,
                       fmt::format("{} has a keyUsage without digitalSignature", leaf.text())));
  }
  if (leaf.is_ca()) out.push_back(fact(Code::client_certificate_is_ca, fmt::format("{} is a CA", leaf.text())));
  if (const Status strength = leaf.public_key().check_strength(); !strength) {
    out.push_back(fact(Code::client_certificate_weak_key, strength.error().words));
  }
  return out;
}

std::vector<Finding> explain_client_alert(const Observation& seen, int alert) {
  if (!seen.tls->certificate_sent) return none_was_sent(seen, alert);
  std::vector<Finding> facts = client_facts(seen);
  const auto agrees = [alert](const Finding& finding) {
    return row(finding.code).tls_alert == alert ||
           (alert == 45 && finding.code == Code::client_certificate_issuer_expired);
  };
  const auto rest = std::stable_partition(facts.begin(), facts.end(), agrees);
  std::vector<Finding> others(std::make_move_iterator(rest), std::make_move_iterator(facts.end()));
  facts.erase(rest, facts.end());

  std::vector<Finding> out;
  if (!facts.empty()) {  // the alert and the certificate say the same
    const Certainty certainty = is_general(alert) ? Certainty::likely : Certainty::proven;
    for (Finding& finding : facts) finding.words += fmt::format("; the server answered {}", alert_text(alert));
    append_as(out, std::move(facts), certainty);
    append_as(out, std::move(others), Certainty::possible);
  } else if (is_general(alert)) {
    out = explain_unnamed_refusal(seen, what_the_alert_says(seen, alert).front());
  } else {
    out = what_the_alert_says(seen, alert);
    append_as(out, std::move(others), Certainty::possible);
  }
  return out;
}

std::vector<Finding> explain_unnamed_refusal(const Observation& seen, Finding refusal) {
  std::vector<Finding> out;
  append_as(out, client_facts(seen), Certainty::likely);
  if (out.empty() && has_no_path(seen)) out.push_back(issuer_is_unknown(seen));
  if (!out.empty() && refusal.code == Code::not_allowed_by_policy) refusal.certainty = Certainty::possible;
  out.push_back(std::move(refusal));
  return out;
}

std::vector<Finding> explain_client_silence(const Observation& seen) {
  std::vector<Finding> out;
  if (!seen.tls->certificate_sent) {
    out.push_back(of_client(Code::client_certificate_missing, Certainty::likely,
                            "the server asked for a client certificate, got none and hung up without an alert",
                            "give one with --cert and --key"));
    return out;
  }
  return explain_unnamed_refusal(seen, of_client(Code::client_certificate_refused, Certainty::likely,
                                                 "the server got the client's certificate and hung up without an alert",
                                                 "look at the server's log: the alert may have been lost to a reset"));
}

}  // namespace symbolon::check
