// The two OcspSigners: one whose keys are in this process, and one whose keys are the signer's.
#pragma once

#include <functional>
#include <memory>

#include "authority/issuer.h"
#include "authority/ocsp_signer.h"
#include "base/clock.h"
#include "ledger/ledger.h"
#include "signer/client.h"

namespace symbolon::authority {

// Keys of the signer process: responder() asks the one that is there now, since it certifies no key of one before it
// (IntentRules::responder). Fails with signer_unreachable.
std::unique_ptr<OcspSigner> ocsp_signer_behind(std::shared_ptr<signer::Client> client);

// Keys of this process, one for each CA that can sign, made when it is first asked for. Ledger and clock are borrowed.
// `longest`: of nextUpdate after thisUpdate.
using CurrentIssuers = std::function<std::shared_ptr<const IssuerSet>()>;
std::unique_ptr<OcspSigner> ocsp_signer_here(CurrentIssuers issuers, ledger::Ledger& ledger, const Clock& clock,
                                             Seconds longest);

}  // namespace symbolon::authority
