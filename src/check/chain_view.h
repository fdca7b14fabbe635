// A chain as people are shown it, on a terminal and on the report page alike. Values are foreign text as it stands in
// the certificates: whoever shows them escapes them.
#pragma once

#include <string>
#include <vector>

#include "check/observation.h"
#include "check/paint.h"

namespace symbolon::check {

struct Fact {
  std::string label;  // "issuer"
  std::string value;
  Tone tone = Tone::plain;
};

struct CertificateView {
  std::string title;                  // the subject
  std::vector<Fact> facts;            // names, issuer, validity, key, usages, serial, fingerprint
  int spent = 0;                      // of its life, in percent
  std::vector<std::string> troubles;  // what is wrong with this one
  std::string gap;                    // why the chain breaks between this one and the one after it; empty: it does not
};

struct ChainView {
  std::string title;                          // "server's chain", "client's chain: not asked for, not sent"
  std::vector<CertificateView> certificates;  // leaf first, as presented; bounded
  std::string omitted;                        // "and 190 more"; empty: all are shown
  std::string verdict;                        // "verified by ca.pem, up to CN=Root"; empty: nobody judged it
  Tone tone = Tone::plain;                    // of the verdict

  bool empty() const { return certificates.empty(); }
};

struct ChainLimits {
  static constexpr std::size_t kCertificates = 12;  // shown of one chain
  static constexpr std::size_t kNames = 8;          // shown of one certificate
};

ChainView server_chain_view(const Observation& observation);  // needs observation.tls
ChainView client_chain_view(const Observation& observation);

// "2026-12-16 to 2027-12-16 (11 months left)", with the times of day.
std::string life_text(const x509::Validity& validity, UnixSeconds at);

// "digitalSignature, keyEncipherment; for serverAuth, clientAuth; a CA with no CA below it"
std::string usage_text(const x509::Certificate& certificate);

}  // namespace symbolon::check
