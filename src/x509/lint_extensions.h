// Lint of the extensions (RFC 5280 §4.2), and of the names against the issuer's name constraints.
#pragma once

#include <vector>

#include "crypto/key.h"
#include "x509/lint.h"
#include "x509/tbs_reader.h"

namespace symbolon::x509 {

void lint_extensions(const TbsFields& fields, const crypto::PublicKey& key, const LintRules& rules,
                     std::vector<Finding>& findings);

// lint_outside_issuer_constraints, if the issuer or a CA above it has nameConstraints. Costs a decoding of the whole
// certificate only then.
void lint_issuer_constraints(ByteView tbs, const LintRules& rules, std::vector<Finding>& findings);

}  // namespace symbolon::x509
