// Java key stores, by keytool.
#include <fmt/format.h>

#include <system_error>

#include "enroll/program.h"
#include "enroll/trust_entries.h"

namespace symbolon::enroll {
namespace {

constexpr const char* kPasswordVariable = "SYMBOLON_STOREPASS";

class JavaTrustStore final : public TrustStore {
 public:
  JavaTrustStore(Path keystore, Secret password) : keystore_(std::move(keystore)), password_(std::move(password)) {}

  std::string text() const override { return fmt::format("the Java key store {}", keystore_.string()); }

  Result<TrustChange> install(const x509::Certificate& root) override {
    TRY(check_is_root(root));
    if (find_root(TRY(list()), root) != nullptr) return TrustChange::already_so;
    TRY(keytool({"-importcert", "-noprompt", "-alias", trust_name(root)}, root.pem()));
    return TrustChange::done;
  }

  Result<TrustChange> remove(const x509::Certificate& root) override {
    bool removed = false;
    const std::vector<TrustedRoot> roots = TRY(list());
    for (const TrustedRoot& one : roots) {
      if (one.certificate != root) continue;
      TRY(keytool({"-delete", "-alias", one.name}));
      removed = true;
    }
    return removed ? TrustChange::done : TrustChange::already_so;
  }

  Result<std::vector<TrustedRoot>> list() override {
    std::vector<TrustedRoot> out;
    std::error_code ignored;
    if (!std::filesystem::exists(keystore_, ignored)) return out;
    const ProgramOutput listing = TRY(keytool({"-list", "-rfc"}));
    for (const KeytoolEntry& entry : keytool_entries_of_ours(listing.out)) {
      auto certificates = TRY(x509::Certificate::from_pem(entry.pem, entry.alias));
      if (!certificates.empty()) out.push_back({entry.alias, std::move(certificates.front())});
    }
    return out;
  }

 private:
  // keytool complains in its standard output. The -J option only makes it start faster.
  Result<ProgramOutput> keytool(std::vector<std::string> arguments, std::string input = {}) const {
    arguments.insert(arguments.end(), {"-keystore", keystore_.string(), "-storepass:env", kPasswordVariable,
                                       "-J-XX:TieredStopAtLevel=1"});
    auto output = run_to_success({.program = "keytool",
                                  .arguments = std::move(arguments),
                                  .environment = {{kPasswordVariable, std::string(password_.reveal())}},
                                  .input = std::move(input)});
    if (!output && output.error().words.find("password was incorrect") != std::string::npos) {
      return fail_at(keystore_.string(), Code::passphrase_wrong, "the password does not open the key store");
    }
    return output;
  }

  Path keystore_;
  Secret password_;
};

}  // namespace

std::unique_ptr<TrustStore> java_trust_store(Path keystore, Secret password) {
  return std::make_unique<JavaTrustStore>(std::move(keystore), std::move(password));
}

}  // namespace symbolon::enroll
