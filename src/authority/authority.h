// The authority: the operations of its API over an opened state.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authority/hierarchy.h"
#include "authority/imported_ca.h"
#include "authority/issuance.h"
#include "authority/operations.h"
#include "authority/profile_config.h"
#include "authority/state.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "revocation/revocation_source.h"

namespace symbolon::authority {

struct AuthorityOptions {
  Path state;
  std::string name = {};                               // of the authority, for status; empty: its CA's organization
  std::map<std::string, ProfileConfig> profiles = {};  // of the configuration, beside the built-ins
  IssuanceOptions issuance = {};
};

struct NewIssuerOptions {
  Secret root_passphrase;                        // opens state/root.key
  std::optional<crypto::KeyType> key_type = {};  // absent: the type of the root's key
  Seconds lifetime = kIssuingLifetime;
  x509::NameConstraints name_constraints = {};
  std::string actor;
};

// Thread-safe.
class Authority final : public Operations {
 public:
  // The clock is borrowed and outlives it. Fails as open_state and configure.
  static Result<std::unique_ptr<Authority>> open(AuthorityOptions options, const Clock& clock);
  ~Authority() override;

  Result<api::IssueAnswer> issue(const api::IssueRequest& request, const std::string& requester) override;
  Result<api::ListPage> list(const api::ListQuery& query) override;
  Result<api::CertificateDetails> show(const std::string& what) override;
  Result<api::RevocationAnswer> revoke(const api::RevocationRequest& request, const std::string& requester) override;
  Result<api::ProfileList> profiles() override;
  Result<api::IssuerList> issuers() override;
  Result<api::StatusInfo> status() override;
  Result<api::LedgerVerifyAnswer> verify_ledger(const OnProgress& on_progress) override;
  Result<api::LedgerBackupAnswer> backup_ledger(const api::LedgerBackupRequest& request,
                                                const OnProgress& on_progress) override;
  Result<Standing> standing_of(const x509::Certificate& issuer, const x509::Certificate& leaf) const override;
  void record_refusal(const std::string& requester, const std::string& call, const Error& why) override;

  // A further issuing CA from the root, in use at once; its files lie beside the others when this returns. Fails with
  // file_missing (the root's key is elsewhere: bring it back for this), passphrase_wrong, ca_expired.
  Result<x509::Certificate> make_new_issuer(const NewIssuerOptions& options);
  // An issuing CA that somebody brings; in use at once if it ends last.
  Result<x509::Certificate> import_issuer(const ImportedCa& import, const std::string& actor);

  // What gateways of this process judge by; changed before revoke() returns.
  std::shared_ptr<const revocation::RevocationSource> revocations() const;
  // What everybody who trusts this authority needs.
  std::vector<x509::Certificate> roots() const;
  // For the parts of this process: issuance without the API.
  Issuance& issuance();
  const StateLayout& layout() const;

 private:
  struct Impl;
  explicit Authority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// ca_expires_soon for each profile whose lifetime will not fit into its CA's rest of life any more within this time,
// in one warning; ca_expired if no CA is left.
inline constexpr Seconds kIssuerNotice = kDay * 120;
std::vector<api::Warning> issuer_life_warnings(const IssuerSet& issuers, const ProfileSet& profiles, UnixSeconds now);

}  // namespace symbolon::authority
