// A certificate chain with its private key: what one side of a handshake presents.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::tls {

// Immutable; shared as shared_ptr<const Credential>.
class Credential {
 public:
  // Leaf first. A self-signed root at the end is left out of what is sent. Fails with certificate_malformed (none)
  // or key_mismatch.
  static Result<std::shared_ptr<const Credential>> make(std::vector<x509::Certificate> chain, crypto::PrivateKey key);
  // From PEM files; `key_file` must be private to us (key_file_exposed). Fails as read_file, PEM and make do.
  static Result<std::shared_ptr<const Credential>> load(const std::string& certificate_file,
                                                        const std::string& key_file);

  const std::vector<x509::Certificate>& chain() const { return chain_; }
  const x509::Certificate& leaf() const { return chain_.front(); }
  // The root that was left out of the chain; none: no root stood there.
  const std::optional<x509::Certificate>& left_out() const { return left_out_; }
  const crypto::PrivateKey& key() const { return key_; }

 private:
  Credential(std::vector<x509::Certificate> chain, std::optional<x509::Certificate> left_out, crypto::PrivateKey key)
      : chain_(std::move(chain)), left_out_(std::move(left_out)), key_(std::move(key)) {}
  std::vector<x509::Certificate> chain_;
  std::optional<x509::Certificate> left_out_;
  crypto::PrivateKey key_;
};

}  // namespace symbolon::tls
