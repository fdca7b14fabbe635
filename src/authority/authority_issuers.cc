// Further CAs of a running authority (the root's key is elsewhere, docs/decisions), and what their remaining life says.
#include <boost/json.hpp>
#include <charconv>

#include "api/codec.h"
#include "authority/authority_impl.h"
#include "base/acting_as_owner.h"

namespace symbolon::authority {
namespace {

// A key that was written for a CA which did not come to be is of no use: it goes, so that the next try finds its place
// free. What was there before is never touched.
class NewKeyFile {
 public:
  // Fails with file_exists, file_unwritable.
  static Result<NewKeyFile> write(const Path& path, const Secret& pem) {
    TRY(write_file(path, pem.reveal(), {.mode = 0600}));
    return NewKeyFile(path);
  }
  ~NewKeyFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  NewKeyFile(NewKeyFile&& other) noexcept : path_(std::exchange(other.path_, Path())) {}
  NewKeyFile& operator=(NewKeyFile&&) = delete;

  void keep() { path_.clear(); }

 private:
  explicit NewKeyFile(Path path) : path_(std::move(path)) {}
  Path path_;  // empty: it stays
};

// The number behind the name: 2 of "issuing-2".
int number_of(const std::string& name) {
  const auto dash = name.rfind('-');
  int number = 1;
  if (dash != std::string::npos) std::from_chars(name.data() + dash + 1, name.data() + name.size(), number);
  return number;
}

constexpr Seconds kSignWithin = kHour;
constexpr std::size_t kMostWaiting = 8;

// The root as the issuer of what somebody else will sign.
Result<Issuer> absent_root(const State& state) {
  const auto& issuers = state.issuers->issuers;
  const auto root = std::ranges::find(issuers, kRootName, &Issuer::name);
  if (root == issuers.end()) return fail(Code::issuer_unknown, "this authority has no root of its own");
  Issuer out = *root;
  out.signer = std::shared_ptr<const crypto::Signer>(TRY(crypto::make_absent_signer(root->certificate.public_key())));
  return out;
}

Result<CaOptions> options_of(const api::NewIssuerRequest& request, const Issuer& root, const std::string& name,
                             const std::string& actor) {
  const auto organization = root.certificate.subject().values("O");
  const std::string owner =
      organization.empty() ? root.certificate.subject().common_name().value_or(name) : organization.front();
  return CaOptions{.name = name,
                   .subject = TRY(ca_subject(owner, "Issuing CA", number_of(name))),
                   .lifetime = request.lifetime.value_or(kIssuingLifetime),
                   .name_constraints = TRY(x509::NameConstraints::parse(request.permit, request.exclude)),
                   .actor = actor};
}

// All that another person must see to approve it.
std::string words_of(const CaOptions& options, crypto::KeyType type) {
  const auto list = [](const std::vector<x509::NameSubtree>& subtrees) {
    std::string out;
    for (const x509::NameSubtree& one : subtrees) out += (out.empty() ? "" : ", ") + one.text();
    return out.empty() ? std::string("none") : out;
  };
  return fmt::format("a further issuing CA, '{}': {}, key {}, for {}; permit: {}; exclude: {}", options.name,
                     options.subject.text(), crypto::name(type), to_text(options.lifetime),
                     list(options.name_constraints.permitted), list(options.name_constraints.excluded));
}

std::string words_of(const OpenedCa& opened, const api::ImportIssuerRequest& request) {
  return fmt::format("the issuing CA {}, until {}, SHA-256 of its key {}{}", opened.certificate.text(),
                     to_rfc3339(opened.certificate.validity().not_after),
                     to_hex(opened.certificate.public_key().spki_sha256()), request.use ? ", in use" : "");
}

}  // namespace

// The key file of a free one may be there: a process ended between key and ledger.
std::string Authority::Impl::free_name(std::vector<ledger::Issuer> taken) const {
  for (const auto& [serial, waiting] : waiting_issuers) taken.emplace_back().name = waiting.options.name;
  std::error_code ignored;
  std::string name = free_issuer_name(kIssuingName, taken);
  while (std::filesystem::exists(state.layout.key(name), ignored)) {
    taken.emplace_back().name = name;
    name = free_issuer_name(kIssuingName, taken);
  }
  return name;
}

// Whoever wanted to sign them did not: nothing of them is out but bytes without a signature.
void Authority::Impl::give_up_old() {
  for (auto at = waiting_issuers.begin(); at != waiting_issuers.end();) {
    if (at->second.until >= clock.now()) {
      ++at;
      continue;
    }
    static_cast<void>(issuance.give_up(std::move(at->second.reserved), "the root's signature did not come"));
    at = waiting_issuers.erase(at);
  }
}

// Does a key of an issuing CA lie encrypted? Then all do.
Result<bool> Authority::Impl::keys_are_encrypted() const {
  if (options.keys_are_encrypted) return options.keys_are_encrypted();
  const ActingAsOneself oneself;
  for (const Issuer& issuer : state.issuers->issuers) {
    if (issuer.name == kRootName || !issuer.ours) continue;
    const auto pem = read_private_file(state.layout.key(issuer.name), KeyOwner::anybody);
    if (!pem && pem.error().code == Code::file_missing) continue;
    if (!pem) return std::unexpected(pem.error());
    if (crypto::is_encrypted_key(pem->reveal())) return true;
  }
  return false;
}

Result<Secret> Authority::Impl::pem_of(const crypto::PrivateKey& key, const std::string& name) const {
  const bool encrypted = TRY(keys_are_encrypted());
  if (!encrypted) return key.to_pem();
  const Path file = state.layout.key(name);
  if (options.ask_passphrase) return key.to_encrypted_pem(TRY(options.ask_passphrase(file)));
  return fail_at(file.string(), Code::passphrase_needed,
                 "the other issuing keys are encrypted, and this process has no passphrase: stop it, then do this");
}

Status Authority::Impl::take(const IssuerSet& issuers) {
  auto set = std::make_shared<IssuerSet>(issuers);
  set->revocations = revocations->source();
  for (const Issuer& issuer : set->issuers) revocations->add_issuer(issuer);
  TRY(write_anchors(state.layout, *set));
  state.issuers = std::move(set);
  issuance.use(state.issuers);
  crls.issuers_changed();
  return {};
}

Status Authority::Impl::reload_issuers() {
  const auto loaded = TRY(load_issuers(state.layout, TRY(state.ledger->issuers()), options.keys));
  for (const Issuer& issuer : loaded->issuers) {
    TRY(write_file(state.layout.certificate(issuer.name), issuer.certificate.pem(), {.existing = Existing::replace}));
  }
  return take(*loaded);
}

Status Authority::Impl::reload_issuers_with(ledger::IssuerId id) {
  const Status there = options.on_new_key ? options.on_new_key(id) : Status();
  TRY(reload_issuers());  // the CA is in the ledger, whether or not its key can be used yet
  return there;
}

api::IssuerInfo Authority::Impl::info_of(ledger::IssuerId id) const {
  const Issuer* const issuer = state.issuers->find(id);
  ENSURE(issuer != nullptr);
  return view_of(*issuer, issuer->in_use ? issuer : nullptr);
}

Result<api::NewIssuerAnswer> Authority::new_issuer(const api::NewIssuerRequest& request, const Requester& requester) {
  const std::lock_guard lock(impl_->issuers_mutex);
  State& state = impl_->state;
  impl_->give_up_old();
  if (impl_->waiting_issuers.size() >= kMostWaiting) {
    return fail(Code::overloaded, "{} CAs wait for the root's signature", kMostWaiting);
  }
  const Issuer root = TRY(absent_root(state));
  const std::string name = impl_->free_name(TRY(state.ledger->issuers()));
  CaOptions options = TRY(options_of(request, root, name, requester.text));
  auto type = root.certificate.public_key().type();
  if (request.key_type) {
    type = crypto::key_type_from_name(*request.key_type);
    if (!type) return fail(Code::bad_request, "'key_type': '{}' is not a type of key", *request.key_type);
  }
  TRY(check_ca_life(options.lifetime, root, impl_->clock.now()));
  const crypto::KeyType key_type = type.value_or(crypto::KeyType::p256);
  TRY(impl_->need_second_person("new_issuer", words_of(options, key_type), api::encode(request), requester));
  auto key = TRY(crypto::PrivateKey::generate(key_type));
  Issuance issuance(*state.ledger, impl_->clock, std::make_shared<ProfileSet>(),
                    std::make_shared<IssuerSet>(IssuerSet{.issuers = {root}}));
  auto linted = TRY(issuance.prepare_ca({.key = key.public_key(),
                                         .subject = options.subject,
                                         .lifetime = options.lifetime,
                                         .name_constraints = options.name_constraints,
                                         .issuer = root.name,
                                         .requester = options.actor}));
  ReservedCertificate reserved = TRY(issuance.reserve(std::move(linted)));
  const LintedCertificate& content = reserved.linted();
  const UnixSeconds until = impl_->clock.now() + kSignWithin;
  api::NewIssuerAnswer answer{.serial = content.content().serial.hex(),
                              .name = name,
                              .subject = options.subject.text(),
                              .not_after = content.content().validity.not_after,
                              .sign_before = until,
                              .root = root.certificate.pem(),
                              .to_be_signed = to_base64(content.tbs())};
  impl_->waiting_issuers.emplace(answer.serial,
                                 Impl::WaitingIssuer{std::move(reserved), std::move(key), std::move(options), until});
  return answer;
}

Result<api::IssuerInfo> Authority::sign_issuer(const std::string& serial, const api::IssuerSignature& signature,
                                               const Requester& requester) {
  api::IssuerInfo info;
  {
    const std::lock_guard lock(impl_->issuers_mutex);
    impl_->give_up_old();
    const auto found = impl_->waiting_issuers.find(serial);
    if (found == impl_->waiting_issuers.end()) {
      return fail(Code::not_found, "no CA with serial {} waits for a signature", serial);
    }
    Impl::WaitingIssuer& waiting = found->second;
    ledger::Ledger& ledger = *impl_->state.ledger;
    if (TRY(ledger.certificate(waiting.reserved.intent())).revocation) {
      impl_->waiting_issuers.erase(found);
      return fail(Code::ca_revoked, "serial {} was revoked before it was signed", serial);
    }
    const auto octets = from_base64(signature.signature);
    if (!octets) return fail(Code::bad_request, "'signature': {}", octets.error().words);
    // The key first: a CA in the ledger whose key was lost could never be used.
    const Secret pem = TRY(impl_->pem_of(waiting.key, waiting.options.name));
    NewKeyFile file = TRY(NewKeyFile::write(impl_->state.layout.key(waiting.options.name), pem));
    auto signed_ca = TRY(Issuance::take_signature(std::move(waiting.reserved), *octets));
    auto issued = impl_->issuance.complete(std::move(signed_ca));
    if (!issued) {                                                   // the same signature may come again
      waiting.reserved = Issuance::take_back(std::move(signed_ca));  // NOLINT(bugprone-use-after-move): it is as it was
      return std::unexpected(issued.error());
    }
    file.keep();
    Impl::WaitingIssuer taken = std::move(waiting);
    impl_->waiting_issuers.erase(found);
    auto certificate = TRY(x509::Certificate::from_der(issued->der()));
    auto signer = TRY(crypto::make_signer(std::move(taken.key)));
    const Issuer made = TRY(enter_ca(ledger, taken.options, std::move(certificate), std::move(signer)));
    TRY(ledger.use_issuer(made.id, requester.text));
    TRY(impl_->reload_issuers_with(made.id));
    info = impl_->info_of(made.id);
  }
  impl_->on_issuers_changed();
  return info;
}

Result<api::IssuerInfo> Authority::use_issuer(const std::string& name, const Requester& requester) {
  const std::lock_guard lock(impl_->issuers_mutex);
  const State& state = impl_->state;
  const Issuer& chosen = *TRY(state.issuers->select(name, impl_->clock.now()));
  const ledger::IssuerId id = chosen.id;
  if (!chosen.in_use) {
    TRY(impl_->need_second_person("use_issuer", fmt::format("certificates come from the CA '{}'", name), name,
                                  requester));
    TRY(state.ledger->use_issuer(id, requester.text));
    TRY(impl_->reload_issuers());
  }
  return impl_->info_of(id);
}

Result<api::IssuerInfo> Authority::import_issuer(const api::ImportIssuerRequest& request, const Requester& requester) {
  api::IssuerInfo info;
  {
    const std::lock_guard lock(impl_->issuers_mutex);
    State& state = impl_->state;
    const ImportedCa import{.certificate = request.certificates, .key = Secret(request.key)};
    OpenedCa opened = TRY(open_imported(import, impl_->clock.now()));
    const auto taken = TRY(state.ledger->issuers());
    const auto there = [&](const ledger::Issuer& one) { return one.fingerprint == opened.certificate.fingerprint(); };
    if (std::ranges::any_of(taken, there)) {
      return fail(Code::already_exists, "{} is here already", opened.certificate.text());
    }
    const UnixSeconds begin = opened.certificate.validity().not_before;
    if (request.use && impl_->clock.now() < begin) {
      return fail(Code::ca_not_yet_valid, "it begins {}; nothing was imported", to_rfc3339(begin));
    }
    const std::string what = words_of(opened, request);
    TRY(impl_->need_second_person("import_issuer", what, what + request.certificates, requester));
    const std::string name = impl_->free_name(taken);
    const Secret pem = TRY(impl_->pem_of(opened.key, name));
    NewKeyFile file = TRY(NewKeyFile::write(state.layout.key(name), pem));
    const Issuer made = TRY(adopt(*state.ledger, std::move(opened),
                                  {.name = name, .subject = {}, .lifetime = {}, .actor = requester.text}));
    file.keep();
    if (request.use) TRY(state.ledger->use_issuer(made.id, requester.text));
    TRY(impl_->reload_issuers_with(made.id));
    info = impl_->info_of(made.id);
  }
  impl_->on_issuers_changed();
  return info;
}

void Authority::on_issuers_changed(std::function<void()> hook) { impl_->on_issuers_changed = std::move(hook); }

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
