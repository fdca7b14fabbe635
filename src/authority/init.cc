#include "authority/init.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "authority/head_key.h"
#include "authority/issuance.h"
#include "authority/state.h"
#include "base/acting_as_owner.h"
#include "base/errno_text.h"
#include "contain/privileges.h"
#include "ledger/sqlite_ledger.h"
#include "x509/request.h"

namespace symbolon::authority {
namespace {

constexpr unsigned kPrivateFolder = 0700;
constexpr unsigned kPrivateFile = 0600;

Status write_key(const Path& file, const Secret& pem) { return write_file(file, pem.reveal(), {.mode = kPrivateFile}); }

// Everything that goes into the folder, step by step.
class Building {
 public:
  Building(const InitOptions& options, const Clock& clock, Path folder)
      : options_(options), clock_(clock), layout_{std::move(folder)} {}

  Result<InitResult> run() {
    ledger_ = TRY(ledger::SqliteLedger::create(layout_.ledger(), {.clock = &clock_}));
    if (options_.issuing) {
      issuing_ = TRY(import_issuing());
    } else {
      const Issuer root = options_.root ? TRY(import_root()) : TRY(new_root());
      issuing_ = TRY(new_issuing(root));
    }
    TRY(ledger_->use_issuer(issuing_->id, options_.actor));
    TRY(make_head_key(layout_, options_.issuing_passphrase));
    const auto passphrase = [this](const Path&) -> Result<Secret> { return options_.issuing_passphrase.duplicate(); };
    const auto issuers = TRY(load_issuers(layout_, TRY(ledger_->issuers()), keys_in_files(layout_, passphrase)));
    const Issuer& issuing = *TRY(issuers->select(std::string(kIssuingName), clock_.now()));
    TRY(write_certificates(*issuers));
    auto admin = TRY(make_admin(issuers));
    if (!issuing.root) {
      notes_.emplace_back("the root of the imported CA is not known: some programs trust nothing without it");
    } else if (issuing.anchor != issuing.root) {
      notes_.emplace_back("`trust: [authority]` means the imported issuing CA alone, not all that is below its root");
    }
    return InitResult{
        .root = issuing.root, .issuing = issuing.certificate, .admin = std::move(admin), .notes = std::move(notes_)};
  }

 private:
  CaOptions ca_options(std::string_view name, Seconds lifetime) const {
    return {.name = std::string(name), .subject = {}, .lifetime = lifetime, .actor = options_.actor};
  }

  Status write_issuing_key(const crypto::PrivateKey& key) const {
    const Secret& passphrase = options_.issuing_passphrase;
    auto pem = passphrase.empty() ? key.to_pem() : key.to_encrypted_pem(passphrase);
    if (!pem) return std::unexpected(pem.error());
    return write_key(layout_.key(kIssuingName), *pem);
  }

  Result<Issuer> new_root() {
    if (options_.root_passphrase.empty()) {
      return fail(Code::passphrase_needed, "the root's key needs a passphrase");
    }
    auto key = TRY(crypto::PrivateKey::generate(options_.key_type));
    TRY(write_key(layout_.key(kRootName), TRY(key.to_encrypted_pem(options_.root_passphrase))));
    CaOptions options = ca_options(kRootName, options_.root_lifetime);
    options.subject = TRY(ca_subject(options_.organization, "Root CA"));
    return make_root(*ledger_, clock_, std::move(key), options);
  }

  Result<Issuer> import_root() {
    OpenedCa opened = TRY(open_imported(*options_.root, clock_.now()));
    if (!opened.certificate.self_issued()) {
      return fail_at(options_.root->where, Code::bad_request, "{} is no root; import it as issuing CA",
                     opened.certificate.text());
    }
    if (options_.root_passphrase.empty()) {
      notes_.emplace_back("the root's key was not kept: a further issuing CA will need it again");
    } else {
      TRY(write_key(layout_.key(kRootName), TRY(opened.key.to_encrypted_pem(options_.root_passphrase))));
    }
    return adopt(*ledger_, std::move(opened), ca_options(kRootName, {}));
  }

  Result<Issuer> new_issuing(const Issuer& root) {
    auto key = TRY(crypto::PrivateKey::generate(options_.key_type));
    TRY(write_issuing_key(key));
    CaOptions options = ca_options(kIssuingName, options_.issuing_lifetime);
    options.subject = TRY(ca_subject(options_.organization, "Issuing CA"));
    options.name_constraints = options_.name_constraints;
    return make_issuing_ca(*ledger_, clock_, root, std::move(key), options);
  }

  Result<Issuer> import_issuing() {
    OpenedCa opened = TRY(open_imported(*options_.issuing, clock_.now()));
    TRY(write_issuing_key(opened.key));
    return adopt(*ledger_, std::move(opened), ca_options(kIssuingName, {}));
  }

  Status write_certificates(const IssuerSet& issuers) const {
    for (const Issuer& issuer : issuers.issuers) {
      TRY(write_file(layout_.certificate(issuer.name), issuer.certificate.pem(), {}));
    }
    return write_anchors(layout_, issuers);
  }

  Result<x509::Certificate> make_admin(std::shared_ptr<const IssuerSet> issuers) {
    auto profiles = std::make_shared<ProfileSet>(builtin_profiles(options_.organization));
    Issuance issuance(*ledger_, clock_, std::move(profiles), std::move(issuers));
    const auto key = TRY(crypto::PrivateKey::generate(crypto::KeyType::p256));
    const auto issued = TRY(issuance.issue({.profile = "admin",
                                            .request = TRY(x509::make_request(key, {}, {})),
                                            .common_name = "admin",
                                            .issuer = std::string(kIssuingName),
                                            .requester = options_.actor}));
    TRY(write_key(layout_.key("admin"), TRY(key.to_pem())));
    TRY(write_file(layout_.certificate("admin"), issued.pem() + x509::to_pem(issued.issuer().chain), {}));
    return x509::Certificate::from_der(issued.der());
  }

  const InitOptions& options_;
  const Clock& clock_;
  StateLayout layout_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::optional<Issuer> issuing_;
  std::vector<std::string> notes_;
};

// "/var/lib/symbolon" is built as "/var/lib/.symbolon.init".
Path building_folder(const Path& state) {
  return state.parent_path() / fmt::format(".{}.init", state.filename().string());
}

Path normal(const Path& path) {
  Path out = std::filesystem::absolute(path).lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

// What a gateway without an authority has left in the state, or uses: the authority moves in beside it.
constexpr std::string_view kOfGateway = "gateway";

Status check_free(const Path& state) {
  std::error_code problem;
  if (!std::filesystem::exists(state, problem)) return {};
  const auto foreign = [](const auto& entry) { return entry.path().filename() != kOfGateway; };
  const std::filesystem::directory_iterator entries(state, problem);
  if (!problem && std::ranges::none_of(entries, foreign)) return {};
  return fail_at(state.string(), Code::already_exists, "something is there already; nothing was changed");
}

bool lies_in(const Path& file, const Path& folder) { return file.parent_path() == folder; }

std::string configuration_for(const InitOptions& options, const Path& config, const Path& state) {
  return initial_configuration(options.organization, lies_in(config, state) ? "." : state.string());
}

// A configuration that is octet for octet what we would write is left from an init that was interrupted.
Status check_configuration(const Path& config, const std::string& content) {
  std::error_code problem;
  if (!std::filesystem::exists(config, problem)) return {};
  const auto present = read_file(config);
  if (present && *present == content) return {};
  return fail_at(config.string(), Code::file_exists, "a configuration is there already; it was not touched");
}

// Where the signer has a user of its own, the key of the issuing CA is for it (and root) alone, that of the root for
// root.
Status give_keys_to_signer(const Path& to, const Path& from) {
  const auto owner = ::geteuid() == 0 ? contain::owner_of(to) : std::nullopt;
  const auto signer = owner ? contain::signer_of(*owner) : std::nullopt;
  if (!signer) return {};
  const StateLayout layout{from};
  const contain::User root{.name = "root", .user = 0, .group = 0};
  TRY(give_keys_to(root, {layout.key(kRootName)}));  // which nothing that runs needs
  return give_keys_to(*signer, {layout.key(kIssuingName), layout.head_key()});
}

Status publish(const Path& from, const Path& to) {
  TRY(give_to_owner_of(to, from));
  TRY(give_keys_to_signer(to, from));
  const Path used = to / kOfGateway;
  const Path taken_along = from / kOfGateway;
  const bool moved = std::rename(used.c_str(), taken_along.c_str()) == 0;
  // rename(2) replaces an empty folder and nothing else.
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    const int problem = errno;
    if (moved) std::rename(taken_along.c_str(), used.c_str());
    if (problem == ENOTEMPTY || problem == EEXIST) {
      return fail_at(to.string(), Code::already_exists, "something is there already; nothing was changed");
    }
    const char* const hint = problem == EBUSY ? " (a mount point: name a folder in it)" : "";
    return fail_at(to.string(), Code::file_unwritable, "{}{}", errno_text(problem), hint);
  }
  const int folder = ::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || ::fsync(folder) != 0) {
    const int problem = errno;
    if (folder >= 0) ::close(folder);
    return fail_at(to.string(), Code::file_unwritable, "{}", errno_text(problem));
  }
  ::close(folder);
  return {};
}

Result<InitResult> build(const InitOptions& options, const Clock& clock, const Path& state, const Path& temporary) {
  const Path config = options.config.empty() ? Path() : normal(options.config);
  const std::string content = config.empty() ? std::string() : configuration_for(options, config, state);
  if (!config.empty()) TRY(check_configuration(config, content));
  InitResult result = TRY(Building(options, clock, temporary).run());
  if (!config.empty() && lies_in(config, state)) {
    TRY(write_file(temporary / config.filename(), content, {}));
  } else if (!config.empty()) {
    TRY(make_folder(config.parent_path(), 0755));
    TRY(write_file(config, content, {.existing = Existing::replace}));
  }
  TRY(publish(temporary, state));
  return result;
}

}  // namespace

Result<InitResult> init(const InitOptions& options, const Clock& clock) {
  if (options.organization.empty()) return fail(Code::name_malformed, "the authority needs a name");
  const Path state = normal(options.state);
  const Path temporary = building_folder(state);
  TRY(check_free(state));
  TRY(make_folder(temporary, kPrivateFolder));
  const FileLock lock = TRY(FileLock::take(temporary / "lock"));
  std::error_code problem;
  for (const auto& left : std::filesystem::directory_iterator(temporary, problem)) {
    if (left.path().filename() != "lock") std::filesystem::remove_all(left.path(), problem);
  }
  auto result = build(options, clock, state, temporary);
  if (!result) std::filesystem::remove_all(temporary, problem);
  return result;
}

}  // namespace symbolon::authority
