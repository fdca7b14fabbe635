#include "check/asked_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/client_diagnosis.h"

namespace symbolon::check {
namespace {

std::string request_words(const tls::Transcript& tls) {
  if (!tls.certificate_requested) return "the server asks for no client certificate";
  if (tls.ca_names.empty()) return "the server asks for a client certificate of any CA";
  if (tls.ca_names.size() == 1) return "the server asks for a client certificate of this CA";
  return fmt::format("the server asks for a client certificate of one of these {} CAs", tls.ca_names.size());
}

void add_fits(AskedView& out, const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  if (!tls.ca_names.empty()) {
    const bool fits = fits_ca_names(seen.client_chain, tls.ca_names);
    out.remarks.push_back({fmt::format("its issuer is {}among the CAs that the server names", fits ? "" : "NOT "),
                           fits ? Tone::good : Tone::bad});
  }
  const std::string key = seen.client_chain.front().public_key().description();
  switch (fits_signature_algorithms(key, tls.signature_algorithms, tls.version)) {
    case Fit::yes:
      out.remarks.push_back({fmt::format("its key ({}) can sign as the server asks for", key), Tone::good});
      break;
    case Fit::no:
      out.remarks.push_back({fmt::format("its key ({}) can NOT sign as the server asks for", key), Tone::bad});
      break;
    case Fit::unknown: break;
  }
}

std::string sent_words(const Observation& seen) {
  const std::size_t count = seen.client_chain.size();
  if (seen.tls->certificate_sent) return fmt::format("sent: {} certificate{}", count, count == 1 ? "" : "s");
  return count == 0 ? "sent: an empty list, since no certificate was given" : "sent: no certificate";
}

}  // namespace

AskedView asked_view(const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  AskedView out;
  out.words = request_words(tls);
  if (!tls.certificate_requested) return out;
  for (const x509::DistinguishedName& ca : tls.ca_names) {
    out.ca_names.push_back(ca.empty() ? "(an empty name)" : ca.text());
  }
  out.signature_algorithms = tls.signature_algorithms;
  out.certificate_types = tls.certificate_types;
  if (!seen.client_chain.empty()) add_fits(out, seen);
  out.remarks.push_back({sent_words(seen)});
  return out;
}

Fit fits_signature_algorithms(std::string_view key, const std::vector<std::string>& algorithms,
                              std::string_view version) {
  if (algorithms.empty()) return Fit::unknown;
  std::vector<std::string_view> wanted;  // beginnings
  const bool tls13 = version == "TLSv1.3";
  if (key.starts_with("RSA ")) {
    wanted = tls13 ? std::vector<std::string_view>{"rsa_pss_rsae_"}
                   : std::vector<std::string_view>{"rsa_pss_rsae_", "rsa_pkcs1_"};
  } else if (key == "P-256") {
    wanted = {tls13 ? "ecdsa_secp256r1_" : "ecdsa_"};
  } else if (key == "P-384") {
    wanted = {tls13 ? "ecdsa_secp384r1_" : "ecdsa_"};
  } else if (key == "EC secp521r1") {
    wanted = {tls13 ? "ecdsa_secp521r1_" : "ecdsa_"};
  } else if (key == "Ed25519") {
    wanted = {"ed25519"};
  } else {
    return Fit::unknown;
  }
  const auto fits = [&](const std::string& algorithm) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](std::string_view begin) { return algorithm.starts_with(begin); });
  };
  return std::any_of(algorithms.begin(), algorithms.end(), fits) ? Fit::yes : Fit::no;
}

}  // namespace symbolon::check
