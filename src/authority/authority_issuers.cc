// Further CAs of a running authority, and what their remaining life says.
#include <boost/json.hpp>

#include "authority/authority_impl.h"

namespace symbolon::authority {
namespace {

Status write_key(const Path& file, const crypto::PrivateKey& key) {
  const Secret pem = TRY(key.to_pem());
  return write_file(file, pem.reveal(), {.mode = 0600});
}

// A key that was written for a CA which did not come to be is of no use: it goes, so that the next try finds its place
// free.
class NewKeyFile {
 public:
  explicit NewKeyFile(Path path) : path_(std::move(path)) {}
  ~NewKeyFile() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove(path_, ignored);
  }
  NewKeyFile(const NewKeyFile&) = delete;
  NewKeyFile& operator=(const NewKeyFile&) = delete;

  const Path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  Path path_;
  bool kept_ = false;
};

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
  NewKeyFile file(state.layout.key(name));
  TRY(write_key(file.path(), key));
  const Issuer made = TRY(make_issuing_ca(*state.ledger, impl_->clock, root, std::move(key), ca));
  file.keep();
  TRY(state.ledger->use_issuer(made.id, options.actor));
  TRY(impl_->reload_issuers());
  return made.certificate;
}

Result<Issuer> Authority::import_issuer(const ImportedCa& import, const ImportIssuerOptions& options) {
  const std::lock_guard lock(impl_->issuers_mutex);
  State& state = impl_->state;
  OpenedCa opened = TRY(open_imported(import, impl_->clock.now()));
  const UnixSeconds begin = opened.certificate.validity().not_before;
  if (options.use && impl_->clock.now() < begin) {
    return fail_at(import.where, Code::ca_not_yet_valid, "it begins {}; nothing was imported", to_rfc3339(begin));
  }
  const std::string name = free_issuer_name(kIssuingName, TRY(state.ledger->issuers()));
  NewKeyFile file(state.layout.key(name));
  TRY(write_key(file.path(), opened.key));
  const Issuer made = TRY(
      adopt(*state.ledger, std::move(opened), {.name = name, .subject = {}, .lifetime = {}, .actor = options.actor}));
  file.keep();
  if (options.use) TRY(state.ledger->use_issuer(made.id, options.actor));
  TRY(impl_->reload_issuers());
  return *state.issuers->find(made.id);
}

Result<Issuer> Authority::use_issuer(const std::string& name, const std::string& actor) {
  const std::lock_guard lock(impl_->issuers_mutex);
  const State& state = impl_->state;
  const Issuer& chosen = *TRY(state.issuers->select(name, impl_->clock.now()));
  const ledger::IssuerId id = chosen.id;
  TRY(state.ledger->use_issuer(id, actor));
  TRY(impl_->reload_issuers());
  return *state.issuers->find(id);
}

Status Authority::Impl::take(const IssuerSet& issuers) {
  auto set = std::make_shared<IssuerSet>(issuers);
  set->revocations = revocations->source();
  for (const Issuer& issuer : set->issuers) revocations->add_issuer(issuer);
  TRY(write_anchors(state.layout, *set));
  state.issuers = std::move(set);
  issuance.use(state.issuers);
  return {};
}

Status Authority::Impl::reload_issuers() {
  const auto loaded = TRY(load_issuers(state.layout, *state.ledger));
  for (const Issuer& issuer : loaded->issuers) {
    TRY(write_file(state.layout.certificate(issuer.name), issuer.certificate.pem(), {.existing = Existing::replace}));
  }
  return take(*loaded);
}

void Authority::record_refusal(const std::string& requester, const std::string& call, const Error& why) {
  const boost::json::object details{{"call", call}, {"code", symbolon::name(why.code)}, {"words", why.words}};
  // Best effort: the refusal stands, whether or not it could be noted.
  static_cast<void>(
      impl_->state.ledger->note({.actor = requester, .action = "refuse", .details = boost::json::serialize(details)}));
}

std::vector<api::Warning> issuer_warnings(const IssuerSet& issuers, const ProfileSet& profiles, UnixSeconds now) {
  std::vector<api::Warning> out;
  for (const Issuer& issuer : issuers.issuers) {
    if (issuer.in_use || !issuer.can_sign() || !issuers.revoked(issuer)) continue;
    out.push_back({Code::ca_revoked, fmt::format("the CA '{}' was revoked; its key is still here", issuer.name)});
  }
  const auto selected = issuers.select(std::nullopt, now);
  if (!selected) {
    out.push_back({selected.error().code, selected.error().words});
    return out;
  }
  const Issuer& issuer = **selected;
  const Seconds rest = issuer.certificate.validity().not_after - now;
  std::string affected;
  for (const auto& [name, profile] : profiles) {
    if (rest < profile.lifetime + kIssuerNotice) affected += (affected.empty() ? "" : ", ") + name;
  }
  if (affected.empty()) return out;
  out.push_back({Code::ca_expires_soon,
                 fmt::format("the CA '{}' ends {} (in {}); soon too short for: {}", issuer.name,
                             to_rfc3339(issuer.certificate.validity().not_after), to_words(rest), affected)});
  return out;
}

}  // namespace symbolon::authority
