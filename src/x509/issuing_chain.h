// The chain of a certificate out of others that stand in no order.
#pragma once

#include <vector>

#include "x509/certificate.h"

namespace symbolon::x509 {

// `subject`, and behind each certificate the one of `others` whose key signed it, as far as they reach; a self-signed
// one is the end. Names and key identifiers say which are tried; one signature check each, and a bounded number of
// them.
std::vector<Certificate> issuing_chain(const Certificate& subject, const std::vector<Certificate>& others);

}  // namespace symbolon::x509
