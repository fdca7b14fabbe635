#include "tls/credential.h"

#include "base/file.h"

namespace symbolon::tls {

Result<std::shared_ptr<const Credential>> Credential::make(std::vector<x509::Certificate> chain,
                                                           crypto::PrivateKey key) {
  if (chain.empty()) return fail(Code::certificate_malformed, "there is no certificate to present in it");
  if (!key.belongs_to(chain.front().public_key()))
    return fail(Code::key_mismatch, "the key does not belong to {}", chain.front().text());
  std::optional<x509::Certificate> left_out;
  if (chain.size() > 1 && chain.back().self_signed()) {
    left_out = std::move(chain.back());
    chain.pop_back();
  }
  return std::shared_ptr<const Credential>(new Credential(std::move(chain), std::move(left_out), std::move(key)));
}

Result<std::shared_ptr<const Credential>> Credential::load(const std::string& certificate_file,
                                                           const std::string& key_file) {
  const std::string content = TRY(read_file(certificate_file));
  auto chain = TRY(x509::Certificate::from_file_content(content, certificate_file));
  const Secret pem = TRY(read_private_file(key_file));
  auto key = crypto::PrivateKey::from_pem(pem, Secret());
  if (!key) return fail_at(key_file, key.error().code, "{}", key.error().words);
  auto made = make(std::move(chain), std::move(*key));
  if (!made) return fail_at(certificate_file, made.error().code, "{}", made.error().words);
  return made;
}

}  // namespace symbolon::tls
