// Signed heads, and what gateways know beyond a restored ledger.
#include "authority/authority_impl.h"

namespace symbolon::authority {

void Authority::keep_heads() { impl_->head_keeper.start(); }

Result<api::HeadsAnswer> Authority::heads() {
  const Heads heads = TRY(impl_->head_keeper.sign());
  return api::HeadsAnswer{
      .audit = api::view_of(heads.audit), .feed = api::view_of(heads.feed), .key = head_key_pem(heads.key)};
}

Result<api::HandBackAnswer> Authority::hand_back(const api::HandBackRequest& request) {
  return impl_->taking_back.hand_back(request, request.gateway);
}

Result<api::RollbackAcceptance> Authority::accept_rollback(const Requester& requester) {
  return impl_->taking_back.accept_rollback(requester.text);
}

}  // namespace symbolon::authority
