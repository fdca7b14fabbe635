#include "check/report.h"

#include <algorithm>

namespace symbolon::check {

std::string_view name(Certainty certainty) {
  switch (certainty) {
    case Certainty::proven: return "proven";
    case Certainty::likely: return "likely";
    case Certainty::possible: return "possible";
  }
  return "";
}

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::info: return "info";
  }
  return "";
}

Severity severity_of(Code code) {
  switch (code) {
    case Code::client_certificate_optional:
    case Code::connection_ended:
    case Code::no_post_quantum_group:
    case Code::server_name_needed:
    case Code::staple_not_sent: return Severity::info;
    case Code::ca_names_near_limit:
    case Code::client_certificate_chain_order:
    case Code::client_certificate_expires_soon:
    case Code::client_certificate_not_requested:
    case Code::client_certificate_outside_ca_names:
    case Code::client_hello_split:
    case Code::clock_skew:
    case Code::crl_unreachable:
    case Code::insecure_renegotiation:
    case Code::issuer_unreachable:
    case Code::old_protocol_version:
    case Code::server_certificate_chain_order:
    case Code::server_certificate_expires_soon:
    case Code::server_key_usage_for_nss:
    case Code::weak_cipher: return Severity::warning;
    default: return Severity::error;
  }
}

std::string_view name(Side side) {
  switch (side) {
    case Side::client: return "client";
    case Side::server: return "server";
    case Side::network: return "network";
  }
  return "";
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted: return "accepted";
    case Outcome::likely_accepted: return "likely_accepted";
    case Outcome::open: return "open";
    case Outcome::anonymous: return "anonymous";
    case Outcome::refused: return "refused";
    case Outcome::failed: return "failed";
    case Outcome::not_tls: return "not_tls";
    case Outcome::unreachable: return "unreachable";
  }
  return "";
}

int Report::exit_code() const {
  // Whoever was reached and would not go on to TLS has been found at fault.
  const bool by_peer = !findings.empty() && row(findings.front().code).fault == Fault::peer;
  if (outcome == Outcome::unreachable && !by_peer) return kUnreachable;
  const bool found = std::ranges::any_of(findings, [](const Finding& f) { return f.severity() != Severity::info; });
  return found ? kFound : kSound;
}

}  // namespace symbolon::check
