// Further CAs of a running authority, and what their remaining life says.
#include <boost/json.hpp>

#include "authority/authority_impl.h"

namespace symbolon::authority {
namespace {

Status write_key(const Path& file, const crypto::PrivateKey& key) {
  const Secret pem = TRY(key.to_pem());
  return write_file(file, pem.reveal(), {.mode = 0600});
}

// The number behind the name: 2 of "issuing-2".
int number_of(const std::string& name) {
  const auto dash = name.rfind('-');
  return dash == std::string::npos ? 1 : std::atoi(name.c_str() + dash + 1);
}

Result<Issuer> open_root(const State& state, const Secret& passphrase) {
  const auto& issuers = state.issuers->issuers;
  const auto root = std::ranges::find(issuers, kRootName, &Issuer::name);
  if (root == issuers.end()) return fail(Code::issuer_unknown, "this authority has no root of its own");
  const Path file = state.layout.key(kRootName);
  const Secret pem = TRY(read_private_file(file));
  auto key = crypto::PrivateKey::from_pem(pem, passphrase);
  if (!key) return fail_at(file.string(), key.error().code, "{}", key.error().words);
  if (!key->belongs_to(root->certificate.public_key())) {
    return fail_at(file.string(), Code::key_mismatch, "it is not the key of {}", root->certificate.text());
  }
  Issuer out = *root;
  out.signer = std::shared_ptr<const crypto::Signer>(TRY(crypto::make_signer(std::move(*key))));
  return out;
}

}  // namespace

Result<x509::Certificate> Authority::make_new_issuer(const NewIssuerOptions& options) {
  const std::lock_guard lock(impl_->issuers_mutex);
  State& state = impl_->state;
  const Issuer root = TRY(open_root(state, options.root_passphrase));
  const std::string name = free_issuer_name(kIssuingName, TRY(state.ledger->issuers()));
  const auto type = options.key_type ? options.key_type : root.certificate.public_key().type();
  auto key = TRY(crypto::PrivateKey::generate(type.value_or(crypto::KeyType::p256)));
  const auto organization = root.certificate.subject().values("O");
  CaOptions ca{.name = name,
               .subject = TRY(ca_subject(organization.empty() ? root.certificate.subject().common_name().value_or(name)
                                                              : organization.front(),
                                         "Issuing CA", number_of(name))),
               .lifetime = options.lifetime,
               .name_constraints = options.name_constraints,
               .actor = options.actor};
  TRY(write_key(state.layout.key(name), key));
  const Issuer made = TRY(make_issuing_ca(*state.ledger, impl_->clock, root, std::move(key), ca));
  TRY(write_file(state.layout.certificate(name), made.certificate.pem(), {}));
  state.issuers = TRY(load_issuers(state.layout, *state.ledger));
  impl_->revocations->add_issuer(made);
  impl_->issuance.use(state.issuers);
  return made.certificate;
}

Result<x509::Certificate> Authority::import_issuer(const ImportedCa& import, const std::string& actor) {
  const std::lock_guard lock(impl_->issuers_mutex);
  State& state = impl_->state;
  OpenedCa opened = TRY(open_imported(import, impl_->clock.now()));
  const std::string name = free_issuer_name(kIssuingName, TRY(state.ledger->issuers()));
  TRY(write_key(state.layout.key(name), opened.key));
  const Issuer made =
      TRY(adopt(*state.ledger, std::move(opened), {.name = name, .subject = {}, .lifetime = {}, .actor = actor}));
  state.issuers = TRY(load_issuers(state.layout, *state.ledger));
  for (const Issuer& issuer : state.issuers->issuers) {
    impl_->revocations->add_issuer(issuer);
    TRY(write_file(state.layout.certificate(issuer.name), issuer.certificate.pem(), {.existing = Existing::replace}));
  }
  impl_->issuance.use(state.issuers);
  return made.certificate;
}

void Authority::record_refusal(const std::string& requester, const std::string& call, const Error& why) {
  const boost::json::object details{{"call", call}, {"code", symbolon::name(why.code)}, {"words", why.words}};
  // Best effort: the refusal stands, whether or not it could be noted.
  static_cast<void>(
      impl_->state.ledger->note({.actor = requester, .action = "refuse", .details = boost::json::serialize(details)}));
}

std::vector<api::Warning> issuer_life_warnings(const IssuerSet& issuers, const ProfileSet& profiles, UnixSeconds now) {
  const auto selected = issuers.select(std::nullopt, now);
  if (!selected) return {{selected.error().code, selected.error().words}};
  const Issuer& issuer = **selected;
  const Seconds rest = issuer.certificate.validity().not_after - now;
  std::string affected;
  for (const auto& [name, profile] : profiles) {
    if (rest < profile.lifetime + kIssuerNotice) affected += (affected.empty() ? "" : ", ") + name;
  }
  if (affected.empty()) return {};
  return {{Code::ca_expires_soon,
           fmt::format("the CA '{}' ends {} (in {}); soon too short for: {}", issuer.name,
                       to_rfc3339(issuer.certificate.validity().not_after), to_words(rest), affected)}};
}

}  // namespace symbolon::authority
