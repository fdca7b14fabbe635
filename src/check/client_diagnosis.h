// What a server's behaviour says about the client's certificate.
#pragma once

#include <vector>

#include "check/report.h"

namespace symbolon::check {

// Does one of the chain's issuers stand in the server's list? An empty list takes everything.
bool fits_ca_names(const std::vector<x509::Certificate>& chain, const std::vector<x509::DistinguishedName>& names);

// What is wrong with the client's own chain, by the clock and the certificates alone; each certainty is proven.
std::vector<Finding> client_facts(const Observation& observation);

// The server asked for a client certificate and then ended with `alert`: why, what decided first.
std::vector<Finding> explain_client_alert(const Observation& observation, int alert);

// The server got the certificate and refused in a way (`refusal`) that names no reason: likely reasons, then that.
std::vector<Finding> explain_unnamed_refusal(const Observation& observation, Finding refusal);

// The server asked for a client certificate and then hung up without a word.
std::vector<Finding> explain_client_silence(const Observation& observation);

}  // namespace symbolon::check
