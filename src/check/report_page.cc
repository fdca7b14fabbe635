#include "check/report_page.h"

#include <algorithm>

namespace symbolon::check {

Tone tone_of(Severity severity) {
  switch (severity) {
    case Severity::error: return Tone::bad;
    case Severity::warning: return Tone::strong;
    case Severity::info: return Tone::plain;
  }
  return Tone::plain;
}

Tone tone_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
    case Outcome::likely_accepted: return Tone::good;
    case Outcome::open:
    case Outcome::anonymous: return Tone::strong;
    case Outcome::refused:
    case Outcome::failed:
    case Outcome::not_tls:
    case Outcome::unreachable: return Tone::bad;
  }
  return Tone::plain;
}

std::string words_of(Outcome outcome) {
  std::string out(name(outcome));
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string reached_text(const Observation& seen) {
  std::string out = seen.endpoint.text();
  if (!seen.address.empty() && seen.address != out) out += " (" + seen.address + ")";
  if (seen.tls && !seen.server_name.empty()) out += ", asked for the name " + seen.server_name;
  return out;
}

std::string agreed_text(const Observation& seen) {
  if (!seen.tls || seen.tls->version.empty()) return "";
  std::string out = seen.tls->version;
  if (!seen.tls->cipher.empty()) out += ", " + seen.tls->cipher;
  if (!seen.tls->group.empty()) out += ", " + seen.tls->group;
  if (seen.tls->version == "TLSv1.3" && !seen.tls->group.empty() && !seen.tls->post_quantum_offered) {
    out += " (no post-quantum group was offered: this TLS library has none)";
  }
  if (!seen.tls->application_protocol.empty()) out += ", " + seen.tls->application_protocol;
  return seen.tls->finished ? out : out + " (the handshake did not finish)";
}

}  // namespace symbolon::check
