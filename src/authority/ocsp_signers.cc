#include "authority/ocsp_signers.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "authority/ocsp_content.h"
#include "authority/responder_key.h"

namespace symbolon::authority {
namespace {

class Behind final : public OcspSigner {
 public:
  explicit Behind(std::shared_ptr<signer::Client> client) : client_(std::move(client)) {}

  // A certificate for a key of before would be refused (IntentRules::responder).
  Result<x509::CertificateRequest> responder(ledger::IssuerId issuer) override {
    TRY(client_->refresh_keys());
    const auto keys = client_->keys();
    const auto key = std::ranges::find(keys, issuer.value, &signer::OfferedKey::issuer);
    if (key == keys.end() || key->responder.empty()) {
      return fail(Code::issuer_unknown, "the signer has no key that answers by OCSP for issuer {}", issuer.value);
    }
    const std::lock_guard lock(mutex_);
    auto& known = requests_[issuer];  // reading one verifies its signature
    if (!known || !std::ranges::equal(known->der(), key->responder)) {
      known = TRY(x509::CertificateRequest::from_der(key->responder));
    }
    return *known;
  }

  Result<signer::SignedOcsp> sign(const signer::OcspName& name) override { return std::move(sign_all({name}).front()); }
  std::vector<Result<signer::SignedOcsp>> sign_all(const std::vector<signer::OcspName>& names) override {
    auto out = client_->sign_ocsp(names);
    const auto changed = [](const auto& one) { return !one && one.error().code == Code::ocsp_responder_changed; };
    if (std::ranges::none_of(out, changed)) return out;
    if (const auto refreshed = client_->refresh_keys(); !refreshed) {
      std::ranges::replace_if(out, changed, Result<signer::SignedOcsp>(std::unexpected(refreshed.error())));
    }
    return out;
  }

 private:
  const std::shared_ptr<signer::Client> client_;
  std::mutex mutex_;  // guards requests_
  std::map<ledger::IssuerId, std::optional<x509::CertificateRequest>> requests_;
};

class Here final : public OcspSigner {
 public:
  Here(CurrentIssuers issuers, ledger::Ledger& ledger, const Clock& clock, Seconds longest)
      : issuers_(std::move(issuers)), ledger_(ledger), clock_(clock), longest_(longest) {}

  Result<x509::CertificateRequest> responder(ledger::IssuerId issuer) override {
    return TRY(responder_of(issuer))->key->request();
  }
  Result<signer::SignedOcsp> sign(const signer::OcspName& name) override {
    const auto responder = TRY(responder_of({name.issuer}));
    const ledger::SerialsOf asked = serials_of(responder->issuer, name);
    auto said = cert_statuses(TRY(ledger_.serial_statuses(asked.issuers, asked.serials)));
    return responder->key->sign(responder->issuer, name, std::move(said), {.longest = longest_, .now = clock_.now()});
  }

 private:
  // Immutable; of an issuer in one set.
  struct Responder {
    std::shared_ptr<const IssuerSet> set;
    OcspIssuer issuer;
    std::shared_ptr<const ResponderKey> key;  // the same through all sets
  };

  Result<std::shared_ptr<const Responder>> responder_of(ledger::IssuerId id) {
    const auto set = issuers_();
    const Issuer* const issuer = set->find(id);
    if (issuer == nullptr || !issuer->can_sign()) {
      return fail(Code::issuer_unknown, "there is no key of issuer {} here", id.value);
    }
    const std::lock_guard lock(mutex_);
    auto& known = responders_[id];
    if (known && known->set == set) return known;
    auto key = known ? known->key : std::make_shared<const ResponderKey>(TRY(ResponderKey::make()));
    known = std::make_shared<const Responder>(Responder{set, OcspIssuer::of(*issuer, *set), std::move(key)});
    return known;
  }

  const CurrentIssuers issuers_;
  ledger::Ledger& ledger_;
  const Clock& clock_;
  const Seconds longest_;
  std::mutex mutex_;  // guards responders_
  std::map<ledger::IssuerId, std::shared_ptr<const Responder>> responders_;
};

}  // namespace

std::unique_ptr<OcspSigner> ocsp_signer_behind(std::shared_ptr<signer::Client> client) {
  return std::make_unique<Behind>(std::move(client));
}

std::unique_ptr<OcspSigner> ocsp_signer_here(CurrentIssuers issuers, ledger::Ledger& ledger, const Clock& clock,
                                             Seconds longest) {
  return std::make_unique<Here>(std::move(issuers), ledger, clock, longest);
}

}  // namespace symbolon::authority
