// CRLs of CAs whose key is not here, the root's above all: made here, signed where the key is, published here.
#include "authority/crl_publisher_impl.h"
#include "authority/published_crl.h"
#include "revocation/crl_builder.h"

namespace symbolon::authority {

Result<UnsignedCrl> CrlPublisher::prepare(const Issuer& issuer, Seconds next_update) {
  Impl& impl = *impl_;
  const auto set = impl.issuers();
  const CrlIssuer all = CrlIssuer::of(issuer, *set);
  const std::lock_guard lock(impl.making);
  std::optional<UnixSeconds> last;
  if (impl.publishes()) {
    auto content = impl.folder.read(issuer.name);
    const auto there = content ? read_published(issuer, {}, *std::move(content)) : std::nullopt;
    if (there) {
      const CrlComparison found = TRY(compare(impl.ledger, all, *there));
      if (found.beyond != 0) return ahead(impl.folder.file(issuer.name), *there->crl, found);
      last = there->crl->this_update;
    }
  }
  UnsignedCrl out;
  out.name = {.issuer = issuer.id.value,
              .revocations = TRY(impl.ledger.status()).revocations,
              .number = TRY(impl.folder.claim_number(all.names, impl.clock.now())),
              .this_update = TRY(impl.this_update_after(last))};
  out.name.next_update = out.name.this_update + next_update;
  CrlContentOptions options;
  options.on_entry = [&out](const ledger::Revocation& entry) { out.entries.push_back(entry); };
  out.tbs = TRY(crl_content(issuer, all, out.name, facts_of(impl.ledger), options)).tbs;
  return out;
}

Result<std::shared_ptr<const Crl>> CrlPublisher::complete(const Issuer& issuer, const UnsignedCrl& crl,
                                                          ByteView signature) {
  const ByteView algorithm = issuer.signer->algorithm_identifier();
  if (!crypto::verify_signature(issuer.certificate.public_key(), algorithm, crl.tbs, signature)) {
    return fail(Code::crypto_failed, "the signature of CRL {} does not verify with the key of {}", crl.name.number,
                issuer.certificate.text());
  }
  auto made = std::make_shared<const Crl>(
      Crl{.issuer = issuer.name,
          .part = {},
          .der = std::string(as_text(revocation::assemble_crl(crl.tbs, algorithm, signature))),
          .number = crl.name.number,
          .this_update = crl.name.this_update,
          .next_update = crl.name.next_update,
          .entries = crl.entries.size(),
          .revocations = crl.name.revocations});
  const std::lock_guard lock(impl_->making);
  auto published = impl_->publish(issuer, std::move(made));
  impl_->looked_at.erase(issuer.name);
  if (published) issuers_changed();  // the thread looks at it
  return published;
}

}  // namespace symbolon::authority
