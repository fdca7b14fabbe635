#include "check/code_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/file_report.h"

namespace symbolon::check {
namespace {

using P = CertificateProblem;

constexpr ListedCode kReaching[] = {
    {Code::connection_refused, "network"},
    {Code::connection_timeout, "server, network"},
    {Code::name_not_found, "client"},
    {Code::network_unreachable, "network"},
    {Code::out_of_descriptors, "network"},
    {Code::system_error, "network"},
    {Code::proxy_refused, "network"},
    {Code::proxy_authentication, "client"},
    {Code::proxy_malformed, "network"},
    {Code::starttls_not_offered, "server"},
    {Code::starttls_refused, "server"},
    {Code::starttls_wrong_protocol, "client"},
    {Code::tls_at_once, "client"},
    {Code::peer_sends_too_much, "server, network"},
    {Code::handshake_timeout, "server"},
    {Code::handshake_reset, "server, network"},
    {Code::handshake_closed, "server, network"},
    {Code::connection_reset, "network"},
    {Code::connection_ended, "server"},
    {Code::truncated, "server"},
    {Code::not_tls, "server"},
    {Code::plain_http, "server"},
};

constexpr ListedCode kAgreeing[] = {
    {Code::protocol_version, "client, server"},
    {Code::old_protocol_version, "server"},
    {Code::no_shared_cipher, "server"},
    {Code::weak_cipher, "server"},
    {Code::no_application_protocol, "client, server"},
    {Code::unrecognized_name, "client"},
    {Code::server_name_needed, "server"},
    {Code::client_hello_large, "server"},
    {Code::client_hello_split, "server"},
    {Code::insecure_renegotiation, "server"},
    {Code::no_post_quantum_group, "server"},
    {Code::possession_unproven, "server"},
    {Code::handshake_malformed, "server"},
    {Code::handshake_failed, "server"},
    {Code::alert_received, "server"},
};

constexpr ListedCode kSurroundings[] = {
    {Code::server_key_usage_for_nss, "server"},
    {Code::staple_required, "server"},
    {Code::staple_not_sent, "server"},
    {Code::ocsp_malformed, "server"},
    {Code::ocsp_refused, "server"},
    {Code::ocsp_wrong_certificate, "server"},
    {Code::ocsp_wrong_signer, "server"},
    {Code::ocsp_bad_signature, "server"},
    {Code::ocsp_not_yet_valid, "server"},
    {Code::ocsp_stale, "server"},
    {Code::too_large, "server"},
    {Code::crl_unreachable, "network"},
    {Code::issuer_unreachable, "network"},
    {Code::clock_skew, "server"},
};

constexpr ListedCode kMutual[] = {
    {Code::client_certificate_not_requested, "server"},
    {Code::client_certificate_optional, "server"},
    {Code::client_certificate_outside_ca_names, "server"},
    {Code::ca_names_near_limit, "server"},
    {Code::no_shared_signature_algorithm, "client"},
    {Code::client_certificate_refused, "client"},
    {Code::not_allowed_by_policy, "client"},
    {Code::crl_stale, "server", true},
    {Code::backend_unreachable, "server"},
    {Code::key_mismatch, "client", true},
};

constexpr ListedCode kFiles[] = {
    {Code::file_missing, "", true},
    {Code::file_unreadable, "", true},
    {Code::file_too_large, "", true},
    {Code::file_empty, "", true},
    {Code::file_unrecognized, "", true},
    {Code::pem_malformed, "", true},
    {Code::certificate_malformed, "", true},
    {Code::request_malformed, "", true},
    {Code::request_bad_signature, "", true},
    {Code::request_weak_signature, "", true},
    {Code::name_missing, "", true},
    {Code::lint_san_missing, "", true},
    {Code::key_unreadable, "", true},
    {Code::key_weak, "", true},
    {Code::key_file_exposed, "", true},
    {Code::passphrase_needed, "", true},
    {Code::passphrase_wrong, "", true},
    {Code::pkcs12_malformed, "", true},
    {Code::ca_expired, "", true},
    {Code::ca_not_yet_valid, "", true},
    {Code::ca_revoked, "", true},
    {Code::ca_chain_broken, "", true},
    {Code::crl_malformed, "", true},
    {Code::crl_bad_signature, "", true},
    {Code::crl_issuer_may_not_sign, "", true},
    {Code::crl_not_yet_valid, "", true},
    {Code::crl_ends_soon, "", true},
    {Code::crl_indirect, "", true},
    {Code::crl_unknown_critical_extension, "", true},
};

// What a path can fail with, and a look at each certificate find.
constexpr P kOfChains[] = {
    P::malformed,        P::untrusted_issuer,
    P::incomplete_chain, P::self_signed,
    P::expired,          P::issuer_expired,
    P::not_yet_valid,    P::issuer_not_yet_valid,
    P::expires_soon,     P::chain_order,
    P::revoked,          P::wrong_extended_key_usage,
    P::wrong_key_usage,  P::is_ca,
    P::depth_exceeded,   P::path_length_exceeded,
    P::issuer_not_ca,    P::issuer_key_usage,
    P::bad_signature,    P::weak_key,
    P::weak_signature,   P::name_constraint,
    P::policy_violation, P::unknown_critical_extension,
    P::path_too_complex, P::rejected,
};

void add_chain(std::vector<ListedCode>& out, PeerRole role) {
  const std::string_view side = role == PeerRole::client ? "client" : "server";
  for (const P problem : kOfChains) out.push_back({certificate_code(role, problem), side, true});
}

std::string_view severity_text(const ListedCode& one) {
  if (!one.sides.empty()) return name(severity_of(one.code));
  FileFinding finding;
  finding.finding.code = one.code;
  return name(finding.severity());
}

}  // namespace

std::vector<ListedCode> listed_codes() {
  std::vector<ListedCode> out;
  std::ranges::copy(kReaching, std::back_inserter(out));
  std::ranges::copy(kAgreeing, std::back_inserter(out));
  add_chain(out, PeerRole::server);
  out.push_back({Code::server_certificate_name_mismatch, "server"});
  out.push_back({Code::server_certificate_revocation_unknown, "server"});
  std::ranges::copy(kSurroundings, std::back_inserter(out));
  std::ranges::copy(kMutual, std::back_inserter(out));
  out.push_back({Code::client_certificate_missing, "client"});
  add_chain(out, PeerRole::client);
  std::ranges::copy(kFiles, std::back_inserter(out));
  return out;
}

std::string code_list_page() {
  std::string page =
      "# Codes of `symbolon check`\n\n"
      "Made by `./dev docs` from `src/check/code_list.cc`. No finding of `symbolon check` has another code. `side`: "
      "who has "
      "to mend it, of\nfindings at an endpoint; `-`: only files have it. `files`: a finding of `symbolon check "
      "FILE...` can "
      "have it. A finding\nat an endpoint can be milder than its code has it, never more severe. What each means and "
      "what "
      "mends it stands in [rejections.md](rejections.md).\n\n"
      "| code | severity | side | files | section |\n| --- | --- | --- | --- | --- |\n";
  for (const ListedCode& one : listed_codes()) {
    const std::string_view section = row(one.code).section;
    page +=
        fmt::format("| `{}` | {} | {} | {} | {} |\n", name(one.code), severity_text(one),
                    one.sides.empty() ? "-" : one.sides, one.in_files ? "yes" : "-", section.empty() ? "-" : section);
  }
  return page;
}

}  // namespace symbolon::check
