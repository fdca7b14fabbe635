// NSS databases (Firefox profiles, ~/.pki/nssdb of Chromium), by certutil.
#include <fmt/format.h>

#include <system_error>

#include "enroll/program.h"
#include "enroll/trust_entries.h"

namespace symbolon::enroll {
namespace {

class NssTrustStore final : public TrustStore {
 public:
  NssTrustStore(Path folder, std::optional<Path> password_file)
      : folder_(std::move(folder)), password_file_(std::move(password_file)) {}

  std::string text() const override { return fmt::format("the NSS database {}", folder_.string()); }

  Result<TrustChange> install(const x509::Certificate& root) override {
    TRY(check_is_root(root));
    TRY(make_database());
    if (find_root(TRY(list()), root) != nullptr) return TrustChange::already_so;
    // C: trusted to issue servers' certificates. Whether to trust it for clients is a server's own decision.
    TRY(certutil({"-A", "-n", trust_name(root), "-t", "C,,", "-a"}, root.pem()));
    return TrustChange::done;
  }

  Result<TrustChange> remove(const x509::Certificate& root) override {
    const std::vector<TrustedRoot> roots = TRY(list());
    const TrustedRoot* found = find_root(roots, root);
    if (found == nullptr) return TrustChange::already_so;
    TRY(certutil({"-D", "-n", found->name}));
    return TrustChange::done;
  }

  Result<std::vector<TrustedRoot>> list() override {
    std::vector<TrustedRoot> out;
    if (!exists()) return out;
    const ProgramOutput listing = TRY(certutil({"-L"}));
    for (const std::string& name : nicknames_of_ours(listing.out)) {
      const ProgramOutput pem = TRY(certutil({"-L", "-n", name, "-a"}));
      // It prints every certificate of that subject; our names tell them apart by their fingerprints.
      auto certificates = TRY(x509::Certificate::from_pem(pem.out, name));
      for (x509::Certificate& certificate : certificates) {
        if (trust_name(certificate) == name) out.push_back({name, std::move(certificate)});
      }
    }
    return out;
  }

 private:
  bool exists() const {
    std::error_code ignored;
    return std::filesystem::exists(folder_ / "cert9.db", ignored);
  }

  Status make_database() {
    if (exists()) return {};
    TRY(make_folder(folder_, 0700));
    TRY(run_to_success({.program = "certutil", .arguments = {"-N", "-d", database(), "--empty-password"}}));
    return {};
  }

  Result<ProgramOutput> certutil(std::vector<std::string> arguments, std::string input = {}) const {
    arguments.insert(arguments.end(), {"-d", database()});
    if (password_file_) arguments.insert(arguments.end(), {"-f", password_file_->string()});
    return run_to_success({.program = "certutil", .arguments = std::move(arguments), .input = std::move(input)});
  }

  std::string database() const { return "sql:" + folder_.string(); }

  Path folder_;
  std::optional<Path> password_file_;
};

}  // namespace

std::unique_ptr<TrustStore> nss_trust_store(Path folder, std::optional<Path> password_file) {
  return std::make_unique<NssTrustStore>(std::move(folder), std::move(password_file));
}

}  // namespace symbolon::enroll
