#include "x509/path_problem.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <set>

namespace symbolon::x509 {
namespace {

// What only CRL checking, DANE, OCSP or certificate transparency can give; none of them is ever switched on.
const std::set<int> kNeverSeen = {
    X509_V_ERR_UNABLE_TO_GET_CRL,
    X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
    X509_V_ERR_CRL_SIGNATURE_FAILURE,
    X509_V_ERR_CRL_NOT_YET_VALID,
    X509_V_ERR_CRL_HAS_EXPIRED,
    X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,
    X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
    X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
    X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
    X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
    X509_V_ERR_DIFFERENT_CRL_SCOPE,
    X509_V_ERR_CRL_PATH_VALIDATION_ERROR,
    X509_V_ERR_DANE_NO_MATCH,
    X509_V_ERR_OCSP_VERIFY_NEEDED,
    X509_V_ERR_OCSP_VERIFY_FAILED,
    X509_V_ERR_OCSP_CERT_UNKNOWN,
};

TEST(PathProblem, EveryVerifyErrorHasOneRow) {
  for (int error = 1; error <= X509_V_ERR_EC_KEY_EXPLICIT_PARAMS; ++error) {
    const auto rows = std::ranges::count(path_problem_table(), error, &PathProblemRow::x509_error);
    EXPECT_EQ(rows, kNeverSeen.contains(error) ? 0 : 1) << error << " " << X509_verify_cert_error_string(error);
  }
}

TEST(PathProblem, AnErrorThatNobodyKnowsIsARejection) {
  EXPECT_EQ(problem_of(99999, 0), CertificateProblem::rejected);
  EXPECT_EQ(problem_of(X509_V_ERR_CERT_HAS_EXPIRED, 0), CertificateProblem::expired);
  EXPECT_EQ(problem_of(X509_V_ERR_CERT_HAS_EXPIRED, 1), CertificateProblem::issuer_expired);
}

// The error that a code sets inside the handshake means, where this table has it, that code's problem again.
TEST(PathProblem, TheErrorOfACodeIsOneOfItsProblem) {
  for (const CodeRow& row : code_table()) {
    if (row.x509_error == 0 || !row.name.starts_with("client_certificate_")) continue;
    // These borrow the error of a neighbour, for the sake of its alert.
    static const std::set<Code> kBorrowed = {
        Code::client_certificate_incomplete_chain, Code::client_certificate_issuer_expired,
        Code::client_certificate_wrong_key_usage,  Code::client_certificate_is_ca,
        Code::client_certificate_path_too_complex, Code::client_certificate_revocation_unknown,
        Code::client_certificate_malformed,        Code::client_certificate_issuer_not_ca,
        Code::client_certificate_issuer_key_usage,
    };
    if (kBorrowed.contains(row.code)) continue;
    const bool fits = row.code == certificate_code(PeerRole::client, problem_of(row.x509_error, 0)) ||
                      row.code == certificate_code(PeerRole::client, problem_of(row.x509_error, 1));
    EXPECT_TRUE(fits) << row.name << " sets " << row.x509_error;
  }
}

}  // namespace
}  // namespace symbolon::x509
