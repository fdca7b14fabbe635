#include "check/chain_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/codes.h"
#include "check/printable.h"

namespace symbolon::check {
namespace {

using x509::Certificate;

std::string subject_of(const Certificate& certificate) {
  return certificate.subject().empty() ? "(no subject)" : certificate.subject().text();
}

void append(std::string& list, std::string_view word, std::string_view separator) {
  if (!list.empty()) list += separator;
  list += word;
}

std::string names_of(const Certificate& certificate) {
  const auto& names = certificate.subject_alt_names();
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < ChainLimits::kNames; ++i) {
    append(out, printable(names[i].text()), ", ");
  }
  if (names.size() > ChainLimits::kNames) out += fmt::format(" and {} more", names.size() - ChainLimits::kNames);
  return out;
}

// RFC 5280 §4.2.1.3, bit 0 first.
std::string key_usage_text(std::uint16_t bits) {
  static constexpr std::array<std::string_view, 9> kNames{"digitalSignature", "nonRepudiation", "keyEncipherment",
                                                          "dataEncipherment", "keyAgreement",   "keyCertSign",
                                                          "cRLSign",          "encipherOnly",   "decipherOnly"};
  std::string out;
  for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((bits >> bit & 1U) != 0) append(out, kNames[bit], ", ");
  }
  return out.empty() ? "no use at all" : out;
}

// RFC 5280 §4.2.1.12, and those of others that stand in certificates for TLS.
std::string_view purpose_name(std::string_view oid) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kNames{{
      {x509::eku::kServerAuth, "serverAuth"},
      {x509::eku::kClientAuth, "clientAuth"},
      {"1.3.6.1.5.5.7.3.3", "codeSigning"},
      {x509::eku::kEmailProtection, "emailProtection"},
      {"1.3.6.1.5.5.7.3.8", "timeStamping"},
      {x509::eku::kOcspSigning, "OCSPSigning"},
      {"1.3.6.1.5.5.7.3.17", "ipsecIKE"},
      {"1.3.6.1.5.2.3.4", "pkinitKPClientAuth"},
      {"1.3.6.1.5.2.3.5", "pkinitKPKdc"},
      {"1.3.6.1.4.1.311.20.2.2", "smartcardLogon"},
      {x509::eku::kAny, "anyExtendedKeyUsage"},
  }};
  for (const auto& [number, name] : kNames) {
    if (number == oid) return name;
  }
  return oid;
}

Tone life_tone(const x509::Validity& validity, UnixSeconds at) {
  constexpr std::int64_t kShare = 6;  // less than a sixth of its life is left: somebody should have renewed it
  if (at < validity.not_before || at > validity.not_after) return Tone::bad;
  const bool ends_soon = (validity.not_after - at) * kShare < validity.not_after - validity.not_before;
  return ends_soon ? Tone::strong : Tone::plain;
}

int percent_spent(const x509::Validity& validity, UnixSeconds at) {
  if (at <= validity.not_before) return 0;
  if (at >= validity.not_after) return 100;
  const auto part = static_cast<double>((at - validity.not_before).count);
  return static_cast<int>(100 * part / static_cast<double>((validity.not_after - validity.not_before).count));
}

CertificateView view_of(const Certificate& certificate, UnixSeconds at) {
  CertificateView out;
  out.title = subject_of(certificate);
  out.spent = percent_spent(certificate.validity(), at);
  if (!certificate.subject_alt_names().empty()) out.facts.push_back({"names", names_of(certificate)});
  out.facts.push_back({"issuer", certificate.self_issued() ? "itself" : certificate.issuer().text()});
  out.facts.push_back({"valid", life_text(certificate.validity(), at), life_tone(certificate.validity(), at)});
  out.facts.push_back({"key", fmt::format("{}, signed with {}", certificate.public_key().description(),
                                          certificate.signature_algorithm())});
  out.facts.push_back({"usage", usage_text(certificate)});
  out.facts.push_back({"serial", certificate.serial().hex()});
  out.facts.push_back({"sha256", certificate.fingerprint().hex(), Tone::faint});
  if (!certificate.malformed().empty()) {
    out.troubles.push_back(fmt::format("{} cannot be read", certificate.malformed()));
  }
  return out;
}

std::vector<CertificateView> views_of(const std::vector<Certificate>& chain, UnixSeconds at) {
  std::vector<CertificateView> out;
  for (std::size_t i = 0; i < chain.size() && i < ChainLimits::kCertificates; ++i) {
    out.push_back(view_of(chain[i], at));
    if (i + 1 < chain.size() && chain[i].issuer() != chain[i + 1].subject()) {
      out.back().gap = "the next certificate is not the issuer of this one";
    }
  }
  return out;
}

// What the verification says, at the certificate that it is about where that one was presented.
void add_verdict(ChainView& view, const std::vector<Certificate>& chain, const PathVerdict& verdict,
                 const std::string& trust) {
  if (verdict) {
    view.tone = Tone::good;
    view.verdict = fmt::format("verified by {}, up to {}", trust, subject_of(verdict->anchor()));
    return;
  }
  const x509::PathFailure& failure = verdict.error();
  view.tone = Tone::bad;
  view.verdict = fmt::format("NOT verified by {}: {}", trust, row(failure.code).sentence);
  const auto guilty = failure.certificate ? std::find(chain.begin(), chain.end(), *failure.certificate) : chain.end();
  const auto index = static_cast<std::size_t>(guilty - chain.begin());
  const std::string& words = failure.detail.empty() ? failure.rule : failure.detail;
  if (guilty != chain.end() && index < view.certificates.size()) {
    view.certificates[index].troubles.push_back(words.empty() ? std::string(row(failure.code).sentence) : words);
  } else if (!words.empty()) {
    view.verdict += fmt::format(" ({})", words);
  }
}

ChainView chain_view(const std::vector<Certificate>& chain, const std::optional<PathVerdict>& verdict,
                     const Observation& seen) {
  ChainView out;
  out.certificates = views_of(chain, seen.at);
  if (chain.size() > ChainLimits::kCertificates) {
    out.omitted = fmt::format("and {} more", chain.size() - ChainLimits::kCertificates);
  }
  if (verdict) add_verdict(out, chain, *verdict, seen.trust);
  return out;
}

std::string client_title(const Observation& seen) {
  const bool given = !seen.client_chain.empty();
  if (!seen.tls) return "client's chain: not sent";
  if (!seen.tls->certificate_requested) return given ? "client's chain: not asked for, not sent" : "";
  if (!given) return "client's chain: none was given, none was sent";
  return seen.tls->certificate_sent ? "client's chain" : "client's chain: could not be sent";
}

}  // namespace

ChainView server_chain_view(const Observation& seen) {
  ChainView out = chain_view(seen.tls->server_chain, seen.server_path, seen);
  out.title = out.empty() ? "server's chain: none was sent" : "server's chain";
  return out;
}

ChainView client_chain_view(const Observation& seen) {
  ChainView out = chain_view(seen.client_chain, seen.client_path, seen);
  out.title = client_title(seen);
  return out;
}

std::string life_text(const x509::Validity& validity, UnixSeconds at) {
  const std::string span = to_rfc3339(validity.not_before) + " to " + to_rfc3339(validity.not_after);
  if (at < validity.not_before) return fmt::format("{} (begins in {})", span, to_words(validity.not_before - at));
  if (at > validity.not_after) return fmt::format("{} (ended {} ago)", span, to_words(at - validity.not_after));
  return fmt::format("{} ({} left)", span, to_words(validity.not_after - at));
}

std::string usage_text(const Certificate& certificate) {
  std::string out;
  if (const auto bits = certificate.key_usage()) out = key_usage_text(*bits);
  std::string purposes;
  for (const std::string& oid : certificate.extended_key_usage()) append(purposes, purpose_name(oid), ", ");
  if (!purposes.empty()) append(out, "for " + purposes, "; ");
  if (out.empty()) out = "not limited";
  if (!certificate.is_ca()) return out;
  const auto& length = certificate.basic_constraints().path_length;
  append(out, "a CA", "; ");
  if (length) out += *length == 0 ? " with no CA below it" : fmt::format(" with at most {} CAs below it", *length);
  return out;
}

}  // namespace symbolon::check
