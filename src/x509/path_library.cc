#include "x509/path_library.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "crypto/handles.h"

namespace symbolon::x509 {
namespace {

// OpenSSL frees a stack of borrowed certificates with a macro.
void free_borrowed(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using BorrowedStack = crypto::Handle<STACK_OF(X509), free_borrowed>;
using StoreContext = crypto::Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

struct Step {
  std::span<const Certificate> path;
  UnixSeconds at;
};

const Step* step_of(X509_STORE_CTX* context) { return static_cast<const Step*>(X509_STORE_CTX_get_app_data(context)); }

// The only issuer of a certificate is its successor in the path. (Left to itself OpenSSL takes the first trusted
// certificate of the right name, and with it fails when CAs share a name.)
int is_next_of_path(X509_STORE_CTX* context, X509* subject, X509* issuer) {
  const auto path = step_of(context)->path;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (path[i].get() == subject && path[i + 1].get() == issuer) return 1;
  }
  return 0;
}

// RFC 5280 §4.1.2.5: notAfter is the last second of the validity; OpenSSL calls it expired then.
int accept_last_second(int ok, X509_STORE_CTX* context) {
  if (ok == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_CERT_HAS_EXPIRED) return ok;
  const Step* const step = step_of(context);
  const auto index = static_cast<std::size_t>(X509_STORE_CTX_get_error_depth(context));
  if (index >= step->path.size() || step->path[index].validity().not_after != step->at) return 0;
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

// One store for the process: it holds the rule above and no certificate. Never changed after it is made.
X509_STORE* rule_store() {
  static X509_STORE* const kStore = [] {
    X509_STORE* const store = X509_STORE_new();
    ENSURE(store != nullptr);
    X509_STORE_set_check_issued(store, is_next_of_path);
    X509_STORE_set_verify_cb(store, accept_last_second);
    return store;
  }();
  return kStore;
}

// RFC 5280 §6.1.5 (g): policies are processed as soon as a CA demands or narrows them; without such an extension they
// cannot decide, and their tree costs time.
bool constrains_policies(std::span<const Certificate> path) {
  return std::ranges::any_of(path.subspan(1), [](const Certificate& certificate) {
    return X509_get_ext_by_NID(certificate.get(), NID_policy_constraints, -1) >= 0 ||
           X509_get_ext_by_NID(certificate.get(), NID_inhibit_any_policy, -1) >= 0 ||
           X509_get_ext_by_NID(certificate.get(), NID_policy_mappings, -1) >= 0;
  });
}

void set_parameters(X509_STORE_CTX* context, std::span<const Certificate> path, const PathOptions& options) {
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context);
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST;
  if (options.check == PathCheck::strict) flags |= X509_V_FLAG_X509_STRICT;
  if (constrains_policies(path)) flags |= X509_V_FLAG_POLICY_CHECK;
  X509_VERIFY_PARAM_set_flags(parameters, flags);
  X509_VERIFY_PARAM_set_time(parameters, options.at.count);
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(PathLimits::kCertificates));
  // RFC 5280 §6.1.1 (c): "user-initial-policy-set ... contains the special value any-policy if the user is not
  // concerned about certificate policy".
  X509_VERIFY_PARAM_add0_policy(parameters, OBJ_nid2obj(NID_any_policy));
  // No host flags: where a leaf has no dNSName, its common name, if it looks like a host, is held against the DNS name
  // constraints. Access rules may match it.
}

PathFault fault_of(X509_STORE_CTX* context, std::span<const Certificate> path) {
  const int error = X509_STORE_CTX_get_error(context);
  const int depth = X509_STORE_CTX_get_error_depth(context);
  const std::size_t index = std::min(static_cast<std::size_t>(std::max(depth, 0)), path.size() - 1);
  PathFault fault{problem_of(error, index), index, {}, {}};
  fault.detail = fmt::format("{}: {} (OpenSSL {})", path[index].text(), X509_verify_cert_error_string(error), error);
  fault.rule = row(certificate_code(PeerRole::client, fault.problem)).section;
  return fault;
}

}  // namespace

LibraryVerdict verify_with_library(std::span<const Certificate> path, const PathOptions& options) {
  LibraryVerdict verdict;
  const BorrowedStack trusted(sk_X509_new_null());
  const BorrowedStack untrusted(sk_X509_new_null());
  const StoreContext context(X509_STORE_CTX_new());
  bool ready = trusted && untrusted && context && sk_X509_push(trusted.get(), path.back().get()) > 0;
  for (std::size_t i = 1; ready && i + 1 < path.size(); ++i) {
    ready = sk_X509_push(untrusted.get(), path[i].get()) > 0;
  }
  if (!ready || X509_STORE_CTX_init(context.get(), rule_store(), path[0].get(), untrusted.get()) != 1) {
    ERR_clear_error();
    verdict.fault = {CertificateProblem::rejected, 0, {}, "the library could not begin"};
    return verdict;
  }
  Step step{path, options.at};
  X509_STORE_CTX_set_app_data(context.get(), &step);
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
  set_parameters(context.get(), path, options);

  const bool valid = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  const auto chain_length =
      static_cast<std::size_t>(std::max(0, sk_X509_num(X509_STORE_CTX_get0_chain(context.get()))));
  verdict.signature_checks = path.size() - 1;
  if (valid && X509_STORE_CTX_get_error(context.get()) == X509_V_OK && chain_length == path.size()) return verdict;
  verdict.fault = fault_of(context.get(), path);
  // OpenSSL checks signatures from the anchor down, so those above the fault did match.
  if (verdict.fault->problem == CertificateProblem::bad_signature) {
    verdict.unsigned_step = verdict.fault->index;
    verdict.signature_checks = path.size() - 1 - verdict.fault->index;
  }
  return verdict;
}

bool signed_by(const Certificate& subject, const Certificate& issuer) {
  EVP_PKEY* const key = issuer.public_key().get();
  const bool matches = key != nullptr && X509_verify(subject.get(), key) == 1;
  ERR_clear_error();
  return matches;
}

}  // namespace symbolon::x509
