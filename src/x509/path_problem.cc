#include "x509/path_problem.h"

#include <openssl/x509_vfy.h>

namespace symbolon::x509 {
namespace {

using P = CertificateProblem;

constexpr PathProblemRow kTable[] = {
    {X509_V_ERR_UNSPECIFIED, P::rejected, P::rejected},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, P::bad_signature, P::bad_signature},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, P::malformed, P::malformed},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, P::bad_signature, P::bad_signature},
    {X509_V_ERR_CERT_NOT_YET_VALID, P::not_yet_valid, P::issuer_not_yet_valid},
    {X509_V_ERR_CERT_HAS_EXPIRED, P::expired, P::issuer_expired},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, P::malformed, P::malformed},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, P::malformed, P::malformed},
    {X509_V_ERR_OUT_OF_MEM, P::rejected, P::rejected},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, P::self_signed, P::self_signed},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, P::incomplete_chain, P::incomplete_chain},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, P::depth_exceeded, P::depth_exceeded},
    {X509_V_ERR_CERT_REVOKED, P::revoked, P::issuer_revoked},
    {X509_V_ERR_NO_ISSUER_PUBLIC_KEY, P::malformed, P::malformed},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, P::path_length_exceeded, P::path_length_exceeded},
    {X509_V_ERR_INVALID_PURPOSE, P::wrong_extended_key_usage, P::wrong_extended_key_usage},
    {X509_V_ERR_CERT_UNTRUSTED, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_CERT_REJECTED, P::rejected, P::rejected},
    {X509_V_ERR_SUBJECT_ISSUER_MISMATCH, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_AKID_SKID_MISMATCH, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH, P::untrusted_issuer, P::untrusted_issuer},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, P::issuer_key_usage, P::issuer_key_usage},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, P::unknown_critical_extension, P::unknown_critical_extension},
    {X509_V_ERR_INVALID_NON_CA, P::is_ca, P::rejected},
    {X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED, P::rejected, P::rejected},
    {X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, P::wrong_key_usage, P::wrong_key_usage},
    {X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED, P::rejected, P::rejected},
    {X509_V_ERR_INVALID_EXTENSION, P::malformed, P::malformed},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, P::policy_violation, P::policy_violation},
    {X509_V_ERR_NO_EXPLICIT_POLICY, P::policy_violation, P::policy_violation},
    {X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE, P::rejected, P::rejected},
    {X509_V_ERR_UNNESTED_RESOURCE, P::name_constraint, P::name_constraint},
    {X509_V_ERR_PERMITTED_VIOLATION, P::name_constraint, P::name_constraint},
    {X509_V_ERR_EXCLUDED_VIOLATION, P::name_constraint, P::name_constraint},
    {X509_V_ERR_SUBTREE_MINMAX, P::name_constraint, P::name_constraint},
    {X509_V_ERR_APPLICATION_VERIFICATION, P::rejected, P::rejected},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, P::name_constraint, P::name_constraint},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, P::name_constraint, P::name_constraint},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, P::name_constraint, P::name_constraint},
    {X509_V_ERR_PATH_LOOP, P::rejected, P::rejected},
    {X509_V_ERR_SUITE_B_INVALID_VERSION, P::rejected, P::rejected},
    {X509_V_ERR_SUITE_B_INVALID_ALGORITHM, P::rejected, P::rejected},
    {X509_V_ERR_SUITE_B_INVALID_CURVE, P::rejected, P::rejected},
    {X509_V_ERR_SUITE_B_INVALID_SIGNATURE_ALGORITHM, P::rejected, P::rejected},
    {X509_V_ERR_SUITE_B_LOS_NOT_ALLOWED, P::rejected, P::rejected},
    {X509_V_ERR_SUITE_B_CANNOT_SIGN_P_384_WITH_P_256, P::rejected, P::rejected},
    {X509_V_ERR_HOSTNAME_MISMATCH, P::name_mismatch, P::name_mismatch},
    {X509_V_ERR_EMAIL_MISMATCH, P::name_mismatch, P::name_mismatch},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, P::name_mismatch, P::name_mismatch},
    {X509_V_ERR_EE_KEY_TOO_SMALL, P::weak_key, P::weak_key},
    {X509_V_ERR_CA_KEY_TOO_SMALL, P::weak_key, P::weak_key},
    {X509_V_ERR_CA_MD_TOO_WEAK, P::weak_signature, P::weak_signature},
    {X509_V_ERR_INVALID_CALL, P::rejected, P::rejected},
    {X509_V_ERR_STORE_LOOKUP, P::rejected, P::rejected},
    {X509_V_ERR_NO_VALID_SCTS, P::rejected, P::rejected},
    {X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION, P::rejected, P::rejected},
    {X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM, P::weak_signature, P::weak_signature},
    {X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, P::bad_signature, P::bad_signature},
    {X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY, P::strict_violation, P::strict_violation},
    {X509_V_ERR_INVALID_CA, P::issuer_not_ca, P::issuer_not_ca},
    {X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA, P::strict_violation, P::strict_violation},
    {X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN, P::strict_violation, P::strict_violation},
    {X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA, P::strict_violation, P::strict_violation},
    {X509_V_ERR_ISSUER_NAME_EMPTY, P::strict_violation, P::strict_violation},
    {X509_V_ERR_SUBJECT_NAME_EMPTY, P::strict_violation, P::strict_violation},
    {X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER, P::strict_violation, P::strict_violation},
    {X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER, P::strict_violation, P::strict_violation},
    {X509_V_ERR_EMPTY_SUBJECT_ALT_NAME, P::strict_violation, P::strict_violation},
    {X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL, P::strict_violation, P::strict_violation},
    {X509_V_ERR_CA_BCONS_NOT_CRITICAL, P::strict_violation, P::strict_violation},
    {X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL, P::strict_violation, P::strict_violation},
    {X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL, P::strict_violation, P::strict_violation},
    {X509_V_ERR_CA_CERT_MISSING_KEY_USAGE, P::strict_violation, P::strict_violation},
    {X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3, P::strict_violation, P::strict_violation},
    {X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, P::weak_key, P::weak_key},
};

}  // namespace

std::span<const PathProblemRow> path_problem_table() { return kTable; }

CertificateProblem problem_of(int x509_error, std::size_t index) {
  for (const PathProblemRow& row : kTable) {
    if (row.x509_error == x509_error) return index == 0 ? row.of_leaf : row.of_issuer;
  }
  return P::rejected;
}

PathStage stage_of(CertificateProblem problem) {
  switch (problem) {
    case P::missing:
    case P::untrusted_issuer:
    case P::incomplete_chain:
    case P::self_signed:
    case P::chain_order: return PathStage::search;  // no path fails by it: `check` finds it
    case P::path_too_complex: return PathStage::bound;
    case P::malformed: return PathStage::reading;
    case P::bad_signature: return PathStage::signature;
    case P::weak_key:
    case P::weak_signature: return PathStage::algorithm;
    case P::issuer_not_ca:
    case P::issuer_key_usage:
    case P::path_length_exceeded:
    case P::depth_exceeded: return PathStage::issuer;
    case P::expired:
    case P::issuer_expired:
    case P::not_yet_valid:
    case P::issuer_not_yet_valid:
    case P::expires_soon: return PathStage::validity;
    case P::unknown_critical_extension:
    case P::policy_violation:
    case P::strict_violation:
    case P::rejected: return PathStage::extensions;
    case P::name_constraint: return PathStage::names;
    case P::is_ca:
    case P::wrong_key_usage:
    case P::wrong_extended_key_usage: return PathStage::usage;
    case P::name_mismatch: return PathStage::reference;
    case P::revocation_unknown:
    case P::revoked:
    case P::issuer_revoked: return PathStage::revocation;
  }
  return PathStage::search;
}

}  // namespace symbolon::x509
