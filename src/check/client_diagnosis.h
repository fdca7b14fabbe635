// What a server's behaviour says about the client's certificate.
#pragma once

#include <vector>

#include "check/report.h"

namespace symbolon::check {

// Does one of the chain's issuers stand in the server's list? An empty list takes everything.
bool fits_ca_names(const std::vector<x509::Certificate>& chain, const std::vector<x509::DistinguishedName>& names);

// The same, where intermediates that the client's chain lacks may stand in the server's, or in the verified path.
bool leads_to_ca_names(const Observation& observation);

// What is wrong with the client's own files, by the clock, the certificates and the CAs that --ca named; each is
// proven.
std::vector<Finding> client_facts(const Observation& observation);

// Is something wrong with the client's certificate that a server would refuse it for, as far as this side can see?
bool explains_refusal(const Observation& observation);

// How the server said no: by an alert, in HTTP, or by hanging up.
struct Refusal {
  std::string words;            // "the server answered bad_certificate (42): ..."
  int alert = -1;               // -1: it was none
  bool of_certificate = false;  // it says itself that the certificate is why
};

// The server asked for a client certificate and then refused: why, what decided first.
std::vector<Finding> explain_refusal(const Observation& observation, const Refusal& refusal);

}  // namespace symbolon::check
