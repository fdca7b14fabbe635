// A CRL of any size, read once from its first octet to its last, with nothing held of it but the facts.
#pragma once

#include <vector>

#include "base/octet_source.h"
#include "check/file_observation.h"

namespace symbolon::check {

// `known`: certificates that may have signed it, and whose serials are looked for. Unlike revocation::read_crls it
// takes a list that nobody known has signed, and a stale one. Fails with crl_malformed, crl_unknown_critical_extension
// or crl_indirect, and as the source does.
Result<SeenCrl> read_seen_crl(OctetSource& der, const std::vector<x509::Certificate>& known);

}  // namespace symbolon::check
