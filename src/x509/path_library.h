// X509_verify_cert over one candidate path, alone.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "x509/path_problem.h"
#include "x509/path_verification.h"

namespace symbolon::x509 {

struct LibraryVerdict {
  std::optional<PathFault> fault;  // nothing: valid
  std::size_t signature_checks = 0;
  // Set when a signature does not match: path[i] was not signed by path[i + 1].
  std::optional<std::size_t> unsigned_step;
};

// Exactly this path (leaf first, anchor last): only its anchor is trusted, only its intermediates are given, and
// OpenSSL may take no other step than from one certificate to the next. At `options.at`; never with CRLs; purposes,
// names and depth are judged elsewhere. Name constraints do not apply to the common name as if it were a DNS name,
// since it is never matched as one.
LibraryVerdict verify_with_library(std::span<const Certificate> path, const PathOptions& options);

// Did `issuer`'s key sign `subject`? One signature check.
bool signed_by(const Certificate& subject, const Certificate& issuer);

}  // namespace symbolon::x509
