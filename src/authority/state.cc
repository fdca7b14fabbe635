#include "authority/state.h"

#include <algorithm>

#include "authority/hierarchy.h"
#include "ledger/sqlite_ledger.h"
#include "x509/path_library.h"

namespace symbolon::authority {
namespace {

bool issued_by(const x509::Certificate& certificate, const x509::Certificate& issuer) {
  if (certificate.issuer() != issuer.subject()) return false;
  const auto& wanted = certificate.authority_key_identifier();
  const auto& own = issuer.subject_key_identifier();
  return (!wanted || !own || *wanted == *own) && x509::signed_by(certificate, issuer);
}

// From each CA upwards to its root; CAs that the ledger does not know end the chain early.
void link_chains(IssuerSet& set) {
  for (Issuer& issuer : set.issuers) {
    const Issuer* at = &issuer;
    while (at != nullptr && !at->is_root() && issuer.chain.size() < set.issuers.size()) {
      issuer.chain.push_back(at->certificate);
      if (at->ours) issuer.anchor = at->certificate;
      const auto above = std::ranges::find_if(set.issuers, [&](const Issuer& other) {
        return &other != at && issued_by(at->certificate, other.certificate);
      });
      at = above == set.issuers.end() ? nullptr : &*above;
    }
    if (at == nullptr || !at->is_root()) continue;
    issuer.root = at->certificate;
    if (at->ours) issuer.anchor = at->certificate;
  }
}

}  // namespace

Result<State> open_state(const Path& folder, const Clock& clock, const KeySource& keys) {
  const StateLayout layout{folder};
  std::error_code ignored;
  if (!std::filesystem::exists(layout.ledger(), ignored)) {
    return fail_at(folder.string(), Code::state_missing, "there is no ledger here");
  }
  auto taken = FileLock::take(layout.lock());
  if (!taken && taken.error().code == Code::file_unwritable) {
    return fail_at(layout.lock().string(), Code::ledger_read_only, "{}", taken.error().words);
  }
  FileLock lock = TRY(std::move(taken));
  auto ledger = TRY(ledger::SqliteLedger::open(layout.ledger(), {.clock = &clock}));
  auto issuers = TRY(load_issuers(layout, TRY(ledger->issuers()), keys));
  return State{.layout = layout, .lock = std::move(lock), .ledger = std::move(ledger), .issuers = std::move(issuers)};
}

Result<std::shared_ptr<const IssuerSet>> load_issuers(const StateLayout& layout,
                                                      const std::vector<ledger::Issuer>& listed,
                                                      const KeySource& keys) {
  auto set = std::make_shared<IssuerSet>();
  for (const ledger::Issuer& entry : listed) {
    auto certificate = x509::Certificate::from_der(entry.certificate);
    if (!certificate) {
      return fail_at(layout.ledger().string(), Code::ledger_corrupt, "the certificate of the issuer '{}': {}",
                     entry.name, certificate.error().words);
    }
    Issuer issuer{.id = entry.id,
                  .name = entry.name,
                  .certificate = std::move(*certificate),
                  .ours = !entry.key_reference.empty(),
                  .state = entry.state,
                  .in_use = entry.in_use,
                  .key_reference = entry.key_reference};
    const bool for_running = entry.name != kRootName && !entry.key_reference.empty();
    if (for_running && entry.state == ledger::IssuerState::active) {
      SourcedKey key = TRY(keys(entry, issuer.certificate));
      issuer.signer = std::move(key.signer);
      issuer.key_encrypted = key.encrypted;
    }
    set->issuers.push_back(std::move(issuer));
  }
  link_chains(*set);
  return std::shared_ptr<const IssuerSet>(std::move(set));
}

Status write_anchors(const StateLayout& layout, const IssuerSet& issuers) {
  const std::string content = x509::to_pem(issuers.anchors());
  const auto present = read_file(layout.anchors());
  if (present && *present == content) return {};
  return write_file(layout.anchors(), content, {.existing = Existing::replace});
}

}  // namespace symbolon::authority
