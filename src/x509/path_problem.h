// What goes wrong with a path: one table from OpenSSL's verify errors to our problems, and how far into the judgement
// each problem lies.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/codes.h"

namespace symbolon::x509 {

// A candidate path's fault.
struct PathFault {
  CertificateProblem problem = CertificateProblem::rejected;
  std::size_t index = 0;  // certificate of the path, 0 is the leaf
  std::string rule = {};  // the sentence of the standard that decides: "RFC 5280 §6.1.3 (a)(2)"
  std::string detail = {};
  std::optional<UnixSeconds> limit = {};
};

struct PathProblemRow {
  int x509_error;                // X509_V_ERR_...
  CertificateProblem of_leaf;    // when the leaf is to blame
  CertificateProblem of_issuer;  // when a certificate above it is
};

// Every X509_V_ERR_ of OpenSSL 3.0 but those that only CRL checking, DANE or OCSP can give (we never switch these on).
std::span<const PathProblemRow> path_problem_table();

// Errors that the table does not know become `rejected`.
CertificateProblem problem_of(int x509_error, std::size_t index);

// Stages of the judgement, earliest first. Of several failed candidates the one in the latest stage is reported.
enum class PathStage {
  search,      // no path to an anchor: untrusted_issuer, incomplete_chain, self_signed
  bound,       // path_too_complex
  reading,     // malformed
  signature,   // bad_signature: most often another CA of the same name
  algorithm,   // weak_key, weak_signature
  issuer,      // issuer_not_ca, issuer_key_usage, path_length_exceeded, depth_exceeded
  validity,    // issuer_expired, expired, ...
  extensions,  // unknown_critical_extension, policy_violation, strict_violation, rejected
  names,       // name_constraint
  usage,       // is_ca, wrong_key_usage, wrong_extended_key_usage
  reference,   // name_mismatch
  revocation,  // revocation_unknown, issuer_revoked, revoked
};
PathStage stage_of(CertificateProblem problem);

}  // namespace symbolon::x509
