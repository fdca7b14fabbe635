// Debian's and Fedora's stores: a folder of anchors, and a program that makes the bundle from it.
#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "enroll/program.h"
#include "enroll/trust_entries.h"

namespace symbolon::enroll {
namespace {

namespace fs = std::filesystem;

class SystemTrustStore final : public TrustStore {
 public:
  explicit SystemTrustStore(SystemLayout layout) : layout_(std::move(layout)) {}

  std::string text() const override { return fmt::format("the system's store ({})", layout_.anchors.string()); }

  Result<TrustChange> install(const x509::Certificate& root) override {
    TRY(check_is_root(root));
    const std::vector<TrustedRoot> before = TRY(list());
    const Path file = layout_.anchors / (trust_name(root) + ".crt");
    const bool there = find_root(before, root) != nullptr;
    if (!there) {
      TRY(with_hint(write_file(file, root.pem(), {.mode = 0644, .existing = Existing::replace})));
    }
    // The bundle is made anew even then: it may have been forgotten the last time.
    const Status rebuilt = rebuild(layout_.arguments);
    if (!rebuilt && !there) {
      std::error_code ignored;
      fs::remove(file, ignored);
    }
    TRY(rebuilt);
    return there ? TrustChange::already_so : TrustChange::done;
  }

  Result<TrustChange> remove(const x509::Certificate& root) override {
    bool removed = false;
    const std::vector<TrustedRoot> roots = TRY(list());
    for (const TrustedRoot& one : roots) {
      if (one.certificate != root) continue;
      std::error_code error;
      fs::remove(layout_.anchors / (one.name + ".crt"), error);
      if (error) {
        TRY(with_hint(
            fail_at((layout_.anchors / (one.name + ".crt")).string(), Code::file_unwritable, "{}", error.message())));
      }
      removed = true;
    }
    if (!removed) return TrustChange::already_so;
    TRY(rebuild(layout_.removal_arguments));
    return TrustChange::done;
  }

  Result<std::vector<TrustedRoot>> list() override {
    std::vector<TrustedRoot> out;
    std::error_code error;
    for (fs::directory_iterator at(layout_.anchors, error), end; !error && at != end; at.increment(error)) {
      const Path& file = at->path();
      const std::string stem = file.stem().string();
      if (!stem.starts_with(kTrustPrefix) || file.extension() != ".crt") continue;
      const std::string content = TRY(read_file(file));
      auto certificates = TRY(x509::Certificate::from_file_content(content, file.string()));
      if (!certificates.empty()) out.push_back({stem, std::move(certificates.front())});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return out;
  }

 private:
  static Status with_hint(Status status) {
    if (!status) status.error().words += "; run it as root (sudo)";
    return status;
  }

  Status rebuild(const std::vector<std::string>& arguments) const {
    TRY(run_to_success({.program = layout_.program, .arguments = arguments}));
    return {};
  }

  SystemLayout layout_;
};

}  // namespace

Result<SystemLayout> detect_system_layout() {
  std::error_code ignored;
  if (fs::exists("/usr/local/share/ca-certificates", ignored) || fs::exists("/etc/debian_version", ignored)) {
    // update-ca-certificates(8): after a removal the links to what is gone go only with --fresh.
    return SystemLayout{"debian", "/usr/local/share/ca-certificates", "update-ca-certificates", {}, {"--fresh"}};
  }
  if (fs::exists("/etc/pki/ca-trust/source/anchors", ignored)) {
    return SystemLayout{"fedora", "/etc/pki/ca-trust/source/anchors", "update-ca-trust", {"extract"}, {"extract"}};
  }
  return fail(Code::tool_missing,
              "the system's store is neither of Debian's nor of Fedora's kind: `symbolon trust install --print` says "
              "what to do by hand");
}

std::unique_ptr<TrustStore> system_trust_store(SystemLayout layout) {
  return std::make_unique<SystemTrustStore>(std::move(layout));
}

}  // namespace symbolon::enroll
