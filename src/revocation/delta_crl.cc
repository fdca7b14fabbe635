#include "revocation/delta_crl.h"

namespace symbolon::revocation {

bool is_less(const Bytes& a, const Bytes& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

DeltaFit fit_of(const CrlFile& delta, const CrlFile& full) {
  ENSURE(delta.base_number && delta.number && !full.is_delta());
  // "The complete CRL and delta CRL have the same issuer", "the same scope".
  if (full.issuer_key != delta.issuer_key || !full.coverage.same_scope(delta.coverage)) return DeltaFit::unrelated;
  // "The CRL number of the complete CRL is equal to or greater than the BaseCRLNumber specified in the delta CRL."
  if (!full.number || is_less(*full.number, *delta.base_number)) return DeltaFit::base_missing;
  // "The CRL number of the complete CRL is less than the CRL number of the delta CRL."
  return is_less(*full.number, *delta.number) ? DeltaFit::combines : DeltaFit::superseded;
}

}  // namespace symbolon::revocation
