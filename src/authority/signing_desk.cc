#include "authority/signing_desk.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "authority/crl_content.h"
#include "authority/head_book.h"
#include "authority/intent_check.h"
#include "authority/ocsp_content.h"
#include "authority/responder_key.h"
#include "authority/state.h"
#include "base/acting_as_owner.h"
#include "base/log.h"
#include "ledger/intent_reader.h"
#include "ledger/sqlite_ledger.h"
#include "revocation/issuer_key.h"

namespace symbolon::authority {

namespace {

// The issuer's certificate and those above it, as this ledger would have them revoked. By name and key, as
// IssuerSet::revoked: one CA may have been entered twice.
std::vector<ledger::CaSerial> path_of(const Issuer& issuer, const IssuerSet& set) {
  std::vector<x509::Certificate> path = issuer.above();
  path.insert(path.begin(), issuer.certificate);
  std::vector<ledger::CaSerial> out;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const auto above = revocation::IssuerKey::of(path[i + 1]);
    for (const Issuer& known : set.issuers) {
      if (revocation::IssuerKey::of(known.certificate) == above) out.push_back({known.id, path[i].serial()});
    }
  }
  return out;
}

constexpr std::size_t kMostBases = 100'000;  // of one CA: a full CRL each second for a day

struct Responder {
  OcspIssuer issuer;
  ResponderKey key;
};
using Responders = std::map<ledger::IssuerId, Responder>;

// One for each CA whose key is here.
Result<Responders> make_responders(const IssuerSet& issuers) {
  Responders out;
  for (const Issuer& issuer : issuers.issuers) {
    if (!issuer.can_sign()) continue;
    auto key = TRY(ResponderKey::make());
    out.emplace(issuer.id, Responder{OcspIssuer::of(issuer, issuers), std::move(key)});
  }
  return out;
}

HeadSource source_in(ledger::IntentReader& ledger) {
  return {.audit_head = [&ledger] { return ledger.audit_head(); },
          .audit = [&ledger](std::uint64_t after, std::size_t limit) { return ledger.audit(after, limit); },
          .revocations = [&ledger](std::uint64_t after, const auto& each) { return ledger.revocations(after, each); },
          .issuers = [&ledger] { return ledger.issuers(); }};
}

// Null where there is none: certificates are signed without it.
std::unique_ptr<HeadBook> open_heads(const SigningDeskOptions& options, const IssuerSet& issuers,
                                     ledger::IntentReader& ledger, const Clock& clock) {
  const HeadKeySource source = options.head_key ? options.head_key : head_key_in_files({options.state}, {});
  const bool encrypted = std::ranges::any_of(issuers.issuers, &Issuer::key_encrypted);
  auto key = source(encrypted ? AtRest::encrypted : AtRest::plain);
  if (key) return std::make_unique<HeadBook>(source_in(ledger), *std::move(key), clock);
  log(LogLevel::error, key.error());
  return nullptr;
}

}  // namespace

struct SigningDesk::Impl {
  const StateLayout layout;
  const Clock& clock;
  std::unique_ptr<ledger::IntentReader> intents;
  std::shared_ptr<const IssuerSet> issuers;
  ProfileSet profiles;
  CrlPlaces places;
  std::string ocsp_url;
  Seconds crl_next_update;
  std::map<ledger::IssuerId, std::vector<ledger::CaSerial>> paths;
  Seconds ocsp_next_update;
  Responders responders;
  std::unique_ptr<HeadBook> heads;  // null: its key is not here

  // Null: none.
  const crypto::PublicKey* responder_of(ledger::IssuerId id) const {
    const auto found = responders.find(id);
    return found == responders.end() ? nullptr : &found->second.key.request().public_key();
  }

  CrlFacts facts() {
    return {.walk = [this](const auto& range, const auto& each) { return intents->revocations(range, each); },
            .newest = [this] { return intents->newest_revocation(); }};
  }

  struct SignedCrl {
    signer::CrlName name;
    std::size_t octets = 0;  // of its final entries
    crypto::Sha256 digest = crypto::sha256({});
    crypto::Sha256 digest_of_all = crypto::sha256({});  // with what is on hold
  };
  // One of a CA, by the first CA certificate of one name and key.
  using CrlKey = std::pair<ledger::IssuerId, CrlPart>;
  // Full CRLs that were signed, oldest first: what delta CRLs may add to.
  struct Base {
    std::uint64_t number = 0;
    std::uint64_t revocations = 0;
  };
  std::mutex mutex = {};                  // guards what follows
  std::map<CrlKey, SignedCrl> crls = {};  // the last one of each part, in the life of this process
  std::map<ledger::IssuerId, std::deque<Base>> bases = {};
  // Before the ledger is walked, and after it; then `crl` is the last one.
  Result<SignedCrl> check_name(const CrlKey& key, const signer::CrlName& crl);
  Status check_successor(const CrlKey& key, const signer::CrlName& crl, const SignedCrl& before,
                         const CrlContent& content);
  // Of a delta CRL.
  Result<Base> base_of(ledger::IssuerId ca, const signer::CrlName& crl);
};

Result<std::unique_ptr<SigningDesk>> SigningDesk::open(const SigningDeskOptions& options, const Clock& clock) {
  const StateLayout layout{options.state};
  {
    const ActingAsOwner owner(options.state);  // what is made there is for the authority to write
    TRY(ledger::SqliteLedger::bring_up_to_date(layout.ledger(), {.clock = &clock}));
  }
  auto intents = TRY(ledger::IntentReader::open(layout.ledger(), options.threads));
  auto issuers = TRY(load_issuers(layout, TRY(intents->issuers()), options.keys));
  auto profiles = TRY(configure(builtin_profiles(organization_of(*issuers, clock.now())), options.profiles));
  std::map<ledger::IssuerId, std::vector<ledger::CaSerial>> paths;
  for (const Issuer& issuer : issuers->issuers) paths.emplace(issuer.id, path_of(issuer, *issuers));
  auto responders = options.ocsp_next_update ? TRY(make_responders(*issuers)) : Responders();
  auto heads = open_heads(options, *issuers, *intents, clock);
  auto impl = std::unique_ptr<Impl>(new Impl{layout, clock, std::move(intents), std::move(issuers), std::move(profiles),
                                             options.crls, options.ocsp_url, options.crl_next_update, std::move(paths),
                                             options.ocsp_next_update.value_or(Seconds{0}), std::move(responders),
                                             std::move(heads)});
  return std::unique_ptr<SigningDesk>(new SigningDesk(std::move(impl)));
}

SigningDesk::SigningDesk(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SigningDesk::~SigningDesk() = default;

std::vector<signer::OfferedKey> SigningDesk::keys() const {
  std::vector<signer::OfferedKey> out;
  for (const Issuer& issuer : impl_->issuers->issuers) {
    if (!issuer.can_sign() || out.size() == signer::kMostKeys) continue;
    const auto responder = impl_->responders.find(issuer.id);
    const bool answers = responder != impl_->responders.end();
    out.push_back({.issuer = issuer.id.value,
                   .spki = to_bytes(issuer.signer->public_key().spki()),
                   .algorithm = to_bytes(issuer.signer->algorithm_identifier()),
                   .encrypted = issuer.key_encrypted,
                   .responder = answers ? to_bytes(responder->second.key.request().der()) : Bytes()});
  }
  return out;
}

Bytes SigningDesk::head_key() const { return impl_->heads ? to_bytes(impl_->heads->key().spki()) : Bytes(); }

Result<revocation::SignedHead> SigningDesk::sign_head(revocation::HeadKind kind) {
  if (impl_->heads) return impl_->heads->sign(kind);
  return fail(Code::file_missing, "the signer has no key of heads: its log says why");
}

std::vector<Path> SigningDesk::key_files() const {
  std::vector<Path> out;
  if (impl_->heads) out.push_back(impl_->layout.head_key());
  for (const Issuer& issuer : impl_->issuers->issuers) {
    if (issuer.can_sign()) out.push_back(impl_->layout.key(issuer.name));
  }
  return out;
}

Result<Bytes> SigningDesk::sign(const signer::IntentName& intent) {
  const Issuer* const issuer = impl_->issuers->find({intent.issuer});
  if (issuer == nullptr || !issuer->can_sign()) {
    return fail(Code::issuer_unknown, "the signer has no key of issuer {}", intent.issuer);
  }
  const auto recorded = impl_->intents->find(issuer->id, intent.serial, impl_->paths.at(issuer->id));
  if (!recorded && recorded.error().code == Code::not_found) {
    return fail(Code::intent_missing, "{}", recorded.error().words);
  }
  if (!recorded) return std::unexpected(recorded.error());
  const IntentRules rules{.profiles = impl_->profiles,
                          .crls = impl_->places,
                          .ocsp_url = impl_->ocsp_url,
                          .responder = impl_->responder_of(issuer->id)};
  TRY(check_intent(*recorded, *issuer, rules, impl_->clock.now()));
  return issuer->signer->sign(recorded->tbs);
}

// A request that comes again is answered again: the same octets are signed.
Result<SigningDesk::Impl::SignedCrl> SigningDesk::Impl::check_name(const CrlKey& key, const signer::CrlName& crl) {
  const std::lock_guard lock(mutex);
  const SignedCrl& last = crls[key];
  if (last.name == crl || (crl.number > last.name.number && crl.revocations >= last.name.revocations)) return last;
  return fail(Code::crl_not_of_ledger, "CRL {} of issuer {}, up to revocation {}: signed was {}, up to {}", crl.number,
              crl.issuer, crl.revocations, last.name.number, last.name.revocations);
}

Status SigningDesk::Impl::check_successor(const CrlKey& key, const signer::CrlName& crl, const SignedCrl& before,
                                          const CrlContent& content) {
  if (content.digest_of_first != before.digest) {
    return fail(Code::crl_not_of_ledger, "CRL {} of issuer {} lacks entries of CRL {}, or has others in their place",
                crl.number, crl.issuer, before.name.number);
  }
  if (before.name == crl && content.digest_of_all != before.digest_of_all) {
    return fail(Code::crl_not_of_ledger, "CRL {} of issuer {} was signed with other entries", crl.number, crl.issuer);
  }
  const std::lock_guard lock(mutex);
  SignedCrl& last = crls[key];
  if (last.name != before.name) {
    return fail(Code::overloaded, "another CRL of issuer {} was signed meanwhile", crl.issuer);
  }
  last = {crl, content.octets, content.digest, content.digest_of_all};
  if (key.second != CrlPart{} || before.name == crl) return {};
  auto& signed_ones = bases[key.first];
  if (signed_ones.size() == kMostBases) signed_ones.pop_front();
  signed_ones.push_back({crl.number, crl.revocations});
  return {};
}

Result<SigningDesk::Impl::Base> SigningDesk::Impl::base_of(ledger::IssuerId ca, const signer::CrlName& crl) {
  const std::lock_guard lock(mutex);
  const signer::CrlName& full = crls[{ca, CrlPart{}}].name;
  if (full.issuer != crl.issuer || full.number != crl.number || full.revocations != crl.revocations ||
      full.this_update != crl.this_update) {
    return fail(Code::crl_not_of_ledger, "the full CRL of issuer {} has number {}, this delta CRL {}", crl.issuer,
                full.number, crl.number);
  }
  const auto& signed_ones = bases[ca];
  const auto found = std::ranges::find(signed_ones, crl.base, &Base::number);
  if (found != signed_ones.end()) return *found;
  return fail(Code::crl_base_missing, "this signer has not signed CRL {} of issuer {}", crl.base, crl.issuer);
}

Result<Bytes> SigningDesk::sign_crl(const signer::CrlName& crl) {
  const Issuer* const issuer = impl_->issuers->find({crl.issuer});
  if (issuer == nullptr || !issuer->can_sign()) {
    return fail(Code::issuer_unknown, "the signer has no key of issuer {}", crl.issuer);
  }
  const UnixSeconds now = impl_->clock.now();
  TRY(check_crl_name(crl, impl_->crl_next_update, now));
  const CrlIssuer all = CrlIssuer::of(*issuer, *impl_->issuers);
  const CrlFacts facts = impl_->facts();
  CrlContentOptions options{.places = impl_->places};
  if (crl.base != 0) {
    options.base_revocations = TRY(impl_->base_of(all.ids.front(), crl)).revocations;
    const CrlContent content = TRY(crl_content(*issuer, all, crl, facts, options));
    TRY(check_crl_content(content, crl, now));
    return issuer->signer->sign(content.tbs);
  }
  const Impl::CrlKey key{all.ids.front(), CrlPart::of(crl)};
  const Impl::SignedCrl before = TRY(impl_->check_name(key, crl));
  options.first_octets = before.octets;
  const CrlContent content = TRY(crl_content(*issuer, all, crl, facts, options));
  TRY(check_crl_content(content, crl, now));
  TRY(impl_->check_successor(key, crl, before, content));
  return issuer->signer->sign(content.tbs);
}

std::vector<Result<signer::SignedOcsp>> SigningDesk::sign_ocsp(const std::vector<signer::OcspName>& responses) {
  std::vector<const Responder*> responders;  // null: none
  std::vector<ledger::SerialsOf> asked;
  for (const signer::OcspName& response : responses) {
    const auto found = impl_->responders.find({response.issuer});
    responders.push_back(found == impl_->responders.end() ? nullptr : &found->second);
    asked.push_back(responders.back() ? serials_of(responders.back()->issuer, response) : ledger::SerialsOf());
  }
  const auto found = impl_->intents->serial_statuses(asked);
  const ResponderKey::Bounds bounds{.longest = impl_->ocsp_next_update, .now = impl_->clock.now()};
  std::vector<Result<signer::SignedOcsp>> out;
  out.reserve(responses.size());
  for (std::size_t i = 0; i < responses.size(); ++i) {
    if (responders[i] == nullptr) {
      out.push_back(
          fail(Code::issuer_unknown, "the signer has no key that answers by OCSP for issuer {}", responses[i].issuer));
    } else if (!found) {
      out.push_back(std::unexpected(found.error()));
    } else {
      const Responder& by = *responders[i];
      out.push_back(by.key.sign(by.issuer, responses[i], cert_statuses((*found)[i]), bounds));
    }
  }
  return out;
}

}  // namespace symbolon::authority
