// The places where programs of this machine look for CAs they trust: the system's, NSS databases (Firefox, Chromium),
// Java key stores. Ours stand there under names that begin with "symbolon-", and only those are ever removed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "x509/certificate.h"

namespace symbolon::enroll {

// The name of a root of ours in every store: "symbolon-example-corp-root-3f9a12c4" (of its CN and fingerprint).
std::string trust_name(const x509::Certificate& root);

struct TrustedRoot {
  std::string name;  // in the store
  x509::Certificate certificate;
};

// What a change came to: doing it twice is no error.
enum class TrustChange : std::uint8_t { done, already_so };

// Synchronous; one thread. Fails with tool_missing, tool_failed, file_unwritable (with the hint to be root) and as the
// files do.
class TrustStore {
 public:
  virtual ~TrustStore() = default;
  virtual std::string text() const = 0;  // "the system's store (/usr/local/share/ca-certificates)"
  // Fails with trust_unusable when `root` is no CA.
  virtual Result<TrustChange> install(const x509::Certificate& root) = 0;
  // Whatever of ours has this fingerprint.
  virtual Result<TrustChange> remove(const x509::Certificate& root) = 0;
  // Ours, by name.
  virtual Result<std::vector<TrustedRoot>> list() = 0;
};

// How a distribution lays out its store.
struct SystemLayout {
  std::string distribution;                         // "debian", "fedora"
  Path anchors;                                     // where a PEM file ending in .crt becomes an anchor
  std::string program;                              // that rebuilds the bundle
  std::vector<std::string> arguments = {};          // after an anchor was added
  std::vector<std::string> removal_arguments = {};  // after one was removed
};
// That of this machine; fails with tool_missing where it is neither Debian's nor Fedora's kind.
Result<SystemLayout> detect_system_layout();

std::unique_ptr<TrustStore> system_trust_store(SystemLayout layout);

// `folder` holds (or will hold: it is made, without a password) cert9.db. `password_file` only for a database that has
// one.
std::unique_ptr<TrustStore> nss_trust_store(Path folder, std::optional<Path> password_file = {});

// A JKS or PKCS#12 file for keytool, made if absent. The password goes by the environment; "changeit" is Java's own.
std::unique_ptr<TrustStore> java_trust_store(Path keystore, Secret password);

// `trust ... --print`: what to do on machines that we cannot reach (Debian, Fedora, macOS, Windows, Firefox, Chromium,
// Java, Android, iOS, curl). `file`: how the root's PEM file will be called there.
std::string trust_instructions(const x509::Certificate& root, const std::string& file);

}  // namespace symbolon::enroll
