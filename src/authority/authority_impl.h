// What an Authority consists of: for authority.cc and authority_*.cc only.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "authority/authority.h"
#include "authority/head_keeper.h"
#include "authority/ledger_revocations.h"
#include "authority/ocsp_signers.h"
#include "authority/records_view.h"
#include "authority/revocation_feed.h"
#include "authority/taking_back.h"
#include "authority/ticket_key_keeper.h"
#include "authority/unknown_certificates.h"
#include "x509/pem.h"
#include "x509/request.h"

namespace symbolon::authority {

struct Authority::Impl {
  Impl(State opened, AuthorityOptions chosen, const Clock& time, std::shared_ptr<const ProfileSet> profiles,
       std::shared_ptr<LedgerRevocations> revoked, std::shared_ptr<FeedLog> entries)
      : options(std::move(chosen)),
        clock(time),
        started_at(time.now()),
        state(std::move(opened)),
        revocations(std::move(revoked)),
        ticket_keys(
            *state.ledger, clock,
            [this](const x509::Identity& identity) { return options.rights.of(identity).has(api::Role::gateway); }),
        feed(*state.ledger, clock, {}, std::move(entries)),
        head_signer(options.head_signer ? options.head_signer : sign_heads_here()),
        taking_back({.ledger = *state.ledger,
                     .history = feed.history(),
                     .clock = clock,
                     .key = [this] { return head_signer->key(); },
                     .file = state.layout.heads_behind()}),
        head_keeper(*head_signer, *state.ledger, feed.history(),
                    [this](std::shared_ptr<const Heads> heads) { feed.carry(std::move(heads)); }),
        issuance(*state.ledger, clock, std::move(profiles), state.issuers, issuance_options()),
        unknown(*state.ledger, clock, [this] { return issuance.issuers(); }),
        crls(
            *state.ledger, clock, state.layout, [this] { return issuance.issuers(); },
            crl_options(issuance.profiles())) {
    if (options.ocsp) {
      if (!options.ocsp_signer) {
        options.ocsp_signer =
            ocsp_signer_here([this] { return issuance.issuers(); }, *state.ledger, clock, options.ocsp->next_update);
      }
      ocsp = std::make_unique<OcspResponder>(OcspResponder::Parts{issuance, *revocations, *options.ocsp_signer, clock,
                                                                  [this](const Issuer& issuer) -> Status {
                                                                    TRY(taking_back.check());
                                                                    return crls.check_ledger(issuer);
                                                                  }},
                                             OcspResponderOptions{.next_update = options.ocsp->next_update});
    }
    if (const auto left = state.ledger->unfinished()) {
      for (const ledger::CertificateRecord& record : *left) unfinished_at_start.push_back(record.serial.hex());
    }
  }

  IssuanceOptions issuance_options() {
    IssuanceOptions out = options.issuance;
    out.may_issue = [this] { return taking_back.check(); };
    if (options.crl) out.crls = options.crl->places();
    if (options.ocsp && options.ocsp->url) out.ocsp_url = *options.ocsp->url;
    return out;
  }
  CrlPublisherOptions crl_options(const ProfileSet& profiles) {
    CrlPublisherOptions out{.sign = options.sign_crl, .may_publish = [this] { return taking_back.check(); }};
    if (!options.crl) return out;
    out.publish = CrlPublisherOptions::Publish::yes;
    out.next_update = options.crl->next_update;
    out.places = options.crl->places();
    out.delta = options.crl->delta;
    for (const auto& [name, profile] : profiles) {
      if (profile.crl_shards != 0) out.shards.insert(profile.crl_shards);
    }
    return out;
  }

  std::shared_ptr<HeadSigner> sign_heads_here() {
    HeadKeySource key = options.head_key ? options.head_key : head_key_in_files(state.layout, options.ask_passphrase);
    const bool encrypted = std::ranges::any_of(state.issuers->issuers, &Issuer::key_encrypted);
    return head_signer_here(std::move(key), encrypted ? AtRest::encrypted : AtRest::plain, *state.ledger, clock);
  }

  Result<IssuedCertificate> issue(const api::IssueRequest& request, const Requester& requester,
                                  std::optional<ledger::Repeatable> repeatable);
  Status check_resumable(const ledger::CertificateRecord& reserved, const Requester& requester);
  Result<api::IssueAnswer> answer_again(const ledger::FirstRequest& first, const crypto::Sha256& asked,
                                        const Requester& requester);

  Result<api::RevocationAnswer> revoke_unknown(const api::RevocationRequest& request, const Requester& requester);

  // authority_issuers.cc; all with issuers_mutex held
  void give_up_old();
  // For a further CA: what neither one of `taken`, nor one that waits, nor a key file has.
  std::string free_name(std::vector<ledger::Issuer> taken) const;
  api::IssuerInfo info_of(ledger::IssuerId id) const;
  // The key of a further CA, encrypted as the others are. Fails with passphrase_needed, file_...
  Result<Secret> pem_of(const crypto::PrivateKey& key, const std::string& name) const;
  Result<bool> keys_are_encrypted() const;

  // authority_changes.cc
  Status need_second_person(const std::string& kind, const std::string& words, std::string_view content,
                            const Requester& requester);
  Status check_approved(const Profile& profile);
  void ask_for_profiles(const std::string& organization);

  // These are the CAs from now on. Fails with file_unwritable.
  Status take(const IssuerSet& issuers);
  // As the ledger has them. Fails as load_issuers.
  Status reload_issuers();
  // Likewise, when `id` and its key are new.
  Status reload_issuers_with(ledger::IssuerId id);
  // Those of the start that nobody has revoked since.
  Result<std::vector<std::string>> left_unfinished() const {
    std::vector<std::string> out;
    if (unfinished_at_start.empty()) return out;
    for (const ledger::CertificateRecord& record : TRY(state.ledger->unfinished())) {
      std::string serial = record.serial.hex();
      if (std::ranges::find(unfinished_at_start, serial) != unfinished_at_start.end()) out.push_back(std::move(serial));
    }
    return out;
  }

  AuthorityOptions options;
  const Clock& clock;
  UnixSeconds started_at;
  State state;
  std::shared_ptr<LedgerRevocations> revocations;
  TicketKeyKeeper ticket_keys;
  RevocationFeed feed;  // after these two: who is told of a revocation finds it there
  std::shared_ptr<HeadSigner> head_signer;
  TakingBack taking_back;  // after the feed, whose history it asks
  HeadKeeper head_keeper;  // likewise
  Issuance issuance;
  UnknownCertificates unknown;                           // after the issuance, whose CAs it asks for
  CrlPublisher crls;                                     // after what it asks
  std::unique_ptr<OcspResponder> ocsp;                   // likewise; null: none is configured
  std::vector<std::string> unfinished_at_start;          // serials that were being signed when the last process ended
  std::map<std::string, crypto::Sha256> unlike_builtin;  // digests of the profiles that need approval, by name
  std::mutex issuers_mutex;                              // one new CA at a time; guards what follows
  struct WaitingIssuer {                                 // for the root's signature
    ReservedCertificate reserved;
    crypto::PrivateKey key;
    CaOptions options;
    UnixSeconds until;
  };
  std::map<std::string, WaitingIssuer> waiting_issuers;  // by serial, hex
  struct WaitingCrl {
    Issuer issuer;  // its signer has the algorithm alone
    UnsignedCrl crl;
    UnixSeconds until;
  };
  std::mutex crls_mutex;                           // guards what follows
  std::map<std::string, WaitingCrl> waiting_crls;  // by issuer's name
  std::function<void()> on_issuers_changed = [] {};
};

}  // namespace symbolon::authority
