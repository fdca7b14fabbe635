#include "check/server_diagnosis.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/chain_facts.h"
#include "check/client_diagnosis.h"
#include "check/http_answer.h"
#include "check/printable.h"
#include "revocation/ocsp_reader.h"
#include "x509/must_staple.h"
#include "x509/trust_bundle.h"

namespace symbolon::check {
namespace {

constexpr Seconds kSkew = kMinute * 5;  // between two clocks, before it is worth a word

Finding of_server(Code code, Certainty certainty, std::string words, std::string remedy = {}) {
  return {code, certainty, Side::server, std::move(words), std::move(remedy)};
}
Finding fact(Code code, std::string words, std::string remedy = {}) {
  return of_server(code, Certainty::proven, std::move(words), std::move(remedy));
}

// Where the table's remedy speaks to the owner of a configuration, this speaks to who typed the command.
std::string chain_remedy(CertificateProblem problem) {
  switch (problem) {
    case CertificateProblem::untrusted_issuer:
    case CertificateProblem::self_signed: return "name the CA that issued it with --ca, if it is to be trusted";
    case CertificateProblem::incomplete_chain:
      return "let the server send its intermediate certificates behind the leaf; or name the CA with --ca";
    case CertificateProblem::name_mismatch:
      return "ask for a name that it holds (--server-name), or issue it with this name as subjectAltName";
    default: return {};
  }
}

Finding of_path(const Observation& seen) {
  if (seen.server_path_completed) {
    const x509::Certificate& missing = seen.server_path_completed->issuer();
    return fact(Code::server_certificate_incomplete_chain,
                fmt::format("the server does not send {}, which issued its certificate; with it, as it stands in the "
                            "client's chain, there is a path to {}",
                            missing.text(), seen.server_path_completed->anchor().text()),
                chain_remedy(CertificateProblem::incomplete_chain));
  }
  const x509::PathFailure& failure = seen.server_path->error();
  return fact(failure.code, fmt::format("{} (judged by {})", failure.detail, seen.trust),
              chain_remedy(failure.problem));
}

bool is_forward_secret(std::string_view cipher) {
  return cipher.starts_with("ECDHE-") || cipher.starts_with("DHE-") || cipher.starts_with("TLS_");
}

bool is_aead(std::string_view cipher) {
  for (const std::string_view word : {"GCM", "CCM", "CHACHA20"}) {
    if (cipher.find(word) != std::string_view::npos) return true;
  }
  return false;
}

void judge_cipher(const Observation& seen, std::vector<Finding>& out) {
  const std::string& cipher = seen.tls->cipher;
  if (cipher.empty()) return;
  if (!is_forward_secret(cipher) || !is_aead(cipher)) {
    out.push_back(fact(Code::weak_cipher, fmt::format("it chose {}{}{}", cipher,
                                                      is_forward_secret(cipher) ? "" : ", without forward secrecy",
                                                      is_aead(cipher) ? "" : ", without AEAD")));
  }
  const auto& leaf = seen.tls->server_chain.front();
  const bool is_rsa = leaf.public_key().description().starts_with("RSA");
  if (!is_rsa || !leaf.key_usage() || (*leaf.key_usage() & x509::key_encipherment) != 0) return;
  if (is_forward_secret(cipher)) {
    // NSS's own verification wants it of every RSA key of a server, also where the key only signs.
    Finding only_for_nss = fact(Code::server_key_usage_for_nss,
                                fmt::format("{} has an RSA key and its keyUsage lacks keyEncipherment", leaf.text()));
    only_for_nss.eased = Severity::info;
    out.push_back(std::move(only_for_nss));
  } else {
    out.push_back(
        fact(Code::server_key_usage_for_nss,
             fmt::format("{} is used for RSA key exchange and its keyUsage lacks keyEncipherment", leaf.text())));
  }
}

void judge_protocol(const Observation& seen, std::vector<Finding>& out) {
  if (seen.protocols.empty() || !seen.tls->finished || !seen.tls->application_protocol.empty()) return;
  std::string list;
  for (const std::string& one : seen.protocols) list += (list.empty() ? "" : ", ") + printable(one);
  out.push_back(fact(Code::no_application_protocol, fmt::format("offered were {}; the server chose none", list),
                     "offer a protocol with --alpn that the server has, or switch ALPN on there"));
}

void judge_staple(const Observation& seen, std::vector<Finding>& out) {
  const tls::Transcript& tls = *seen.tls;
  const x509::Certificate& leaf = tls.server_chain.front();
  if (!tls.staple) {
    if (x509::must_be_stapled(leaf)) {
      out.push_back(fact(Code::staple_required, leaf.text()));
    } else if (!leaf.ocsp_urls().empty()) {
      out.push_back(fact(Code::staple_not_sent,
                         fmt::format("{} names {}", leaf.text(), without_controls(leaf.ocsp_urls().front()))));
    }
    return;
  }
  if (!seen.server_path || !*seen.server_path) return;  // by whom it is to be signed is not known
  const auto reading = revocation::read_ocsp(*tls.staple, {leaf, (*seen.server_path)->issuer()}, seen.at);
  if (!reading) {
    out.push_back(fact(reading.error().code, "the stapled OCSP response: " + reading.error().words,
                       "let the server fetch a new response; nginx: look at ssl_stapling_verify and the resolver"));
  } else if (reading->status == revocation::OcspStatus::revoked) {
    out.push_back(fact(Code::server_certificate_revoked,
                       fmt::format("the stapled OCSP response says: revoked {}", to_rfc3339(reading->revoked_at))));
  } else if (reading->status == revocation::OcspStatus::unknown) {
    out.push_back(fact(Code::server_certificate_revocation_unknown,
                       "the stapled OCSP response says that the responder does not know the certificate"));
  }
}

void judge_ca_names(const Observation& seen, std::vector<Finding>& out) {
  std::size_t octets = 0;
  for (const x509::DistinguishedName& one : seen.tls->ca_names) octets += 2 + one.der().size();
  if (octets < x509::kManyCaNameOctets) return;
  out.push_back(fact(Code::ca_names_near_limit,
                     fmt::format("{} names of {} octets; the list can hold 65535, and some clients fail above {}",
                                 seen.tls->ca_names.size(), octets, x509::kManyCaNameOctets)));
}

void judge_pieces(const Observation& seen, std::vector<Finding>& out) {
  const Attempt* both = attempt_of(seen, AttemptKind::split_hello);
  if (both == nullptr || both->unreachable || both->got_through()) return;
  // Does the server answer a second connection at all?
  if (std::ranges::none_of(seen.further, &Attempt::got_through)) return;
  const auto fails = [&](AttemptKind kind) {
    const Attempt* one = attempt_of(seen, kind);
    return one != nullptr && !one->unreachable && !one->got_through();
  };
  const bool records = fails(AttemptKind::split_records);
  const bool segments = fails(AttemptKind::split_segments);
  const std::string_view what = records && segments ? "in two records, and in two TCP segments"
                                : records           ? "in two records"
                                : segments          ? "in two TCP segments"
                                                    : "in two records that come in two TCP segments";
  out.push_back(fact(Code::client_hello_split, fmt::format("{}: {}", what, result_text(*both))));
}

void judge_name(const Observation& seen, std::vector<Finding>& out) {
  const Attempt* without = attempt_of(seen, AttemptKind::without_server_name);
  if (without == nullptr || without->unreachable || seen.tls->server_chain.empty()) return;
  const auto& chain = without->tls.server_chain;
  if (chain.empty() && without->tls.end != tls::ProbeEnd::alert) return;  // not that it says no
  if (!chain.empty() && chain.front() == seen.tls->server_chain.front()) return;
  out.push_back(fact(Code::server_name_needed, chain.empty()
                                                   ? "without a server name: " + result_text(*without)
                                                   : "without a server name it shows " + chain.front().text()));
}

void judge_client_demand(const Observation& seen, std::vector<Finding>& out) {
  const tls::Transcript& tls = *seen.tls;
  const Attempt* without = attempt_of(seen, AttemptKind::without_certificate);
  const bool now = !tls.certificate_sent && served(tls, seen.asked_http);
  const bool then = without != nullptr && without->tls.certificate_requested && served(without->tls, seen.asked_http);
  if (!tls.certificate_requested || (!now && !then)) return;
  out.push_back(fact(Code::client_certificate_optional, "it answered the request without one"));
}

void judge_clock(const Observation& seen, std::vector<Finding>& out) {
  const auto answer = read_http_answer(seen.tls->application_data);
  if (!answer || !answer->date) return;
  const Seconds ahead = *answer->date - seen.at;
  if (ahead <= kSkew && Seconds{} - ahead <= kSkew) return;
  out.push_back({Code::clock_skew, Certainty::likely, Side::server,
                 fmt::format("its Date field says {}, this machine's clock {}: {} apart", to_rfc3339(*answer->date),
                             to_rfc3339(seen.at), to_words(ahead))});
}

}  // namespace

std::vector<Finding> judge_server_chain(const Observation& seen) {
  std::vector<Finding> out;
  if (seen.tls->server_chain.empty()) return out;
  if (seen.server_path && !*seen.server_path) out.push_back(of_path(seen));
  append_new(out, chain_facts(seen.tls->server_chain, PeerRole::server, seen.at));
  return out;
}

std::vector<Finding> judge_choices(const Observation& seen) {
  std::vector<Finding> out;
  if (seen.tls->server_chain.empty()) return out;
  judge_protocol(seen, out);
  judge_staple(seen, out);
  judge_cipher(seen, out);
  if (seen.tls->secure_renegotiation == false) {
    out.push_back(fact(Code::insecure_renegotiation, "its ServerHello has no renegotiation_info"));
  }
  judge_ca_names(seen, out);
  if (seen.tls->post_quantum_offered && seen.tls->finished && seen.tls->group.find("MLKEM") == std::string::npos) {
    out.push_back(
        fact(Code::no_post_quantum_group, fmt::format("X25519MLKEM768 was offered, the server chose {}",
                                                      seen.tls->group.empty() ? seen.tls->version : seen.tls->group)));
  }
  return out;
}

std::vector<Finding> judge_surroundings(const Observation& seen) {
  std::vector<Finding> out;
  judge_clock(seen, out);
  if (const Attempt* old = attempt_of(seen, AttemptKind::old_versions); old != nullptr && old->got_through()) {
    out.push_back(
        fact(Code::old_protocol_version, fmt::format("it answers {} with {}", old->tls.version, old->tls.cipher)));
  }
  judge_pieces(seen, out);
  for (const Fetched& one : seen.fetched) {
    if (!one.failure) continue;
    const Code code = one.what == Fetched::What::crl ? Code::crl_unreachable : Code::issuer_unreachable;
    out.push_back({code, Certainty::proven, Side::network,
                   fmt::format("{} names {}: {}", one.certificate, one.url, one.failure->words)});
  }
  judge_client_demand(seen, out);
  judge_name(seen, out);
  return out;
}

}  // namespace symbolon::check
