#include "tls/credential_file.h"

#include <algorithm>

#include "x509/issuing_chain.h"
#include "x509/pkcs12_bags.h"

namespace symbolon::tls {
namespace {

struct Material {
  std::vector<x509::Certificate> chain;
  std::optional<crypto::PrivateKey> key;
};

// The first key that has a certificate there, that certificate, and those above it.
Result<Material> read_pkcs12_file(const Path& file, const Secret& passphrase) {
  const Secret content = TRY(read_private_file(file));
  auto bags = TRY(x509::read_pkcs12_bags(content.bytes(), passphrase));
  std::vector<x509::Certificate> all;
  for (x509::Pkcs12Certificate& one : bags.certificates) all.push_back(std::move(one.certificate));
  for (x509::Pkcs12Key& key : bags.keys) {
    const auto own =
        std::ranges::find_if(all, [&](const x509::Certificate& one) { return key.key.belongs_to(one.public_key()); });
    if (own != all.end()) return Material{x509::issuing_chain(*own, all), std::move(key.key)};
  }
  Material out;
  if (!bags.keys.empty()) out.key = std::move(bags.keys.front().key);
  out.chain = std::move(all);
  return out;
}

// The mode of a file counts where a key stands in it.
Result<crypto::PrivateKey> read_key(const Path& file, const Secret& passphrase) {
  const auto pem = read_private_file(file);
  if (pem) return crypto::PrivateKey::from_pem(*pem, passphrase);
  if (pem.error().code == Code::key_file_exposed) {
    const Secret exposed(TRY(read_file(file)));
    const auto key = crypto::PrivateKey::from_pem(exposed, passphrase);
    const bool no_key = !key && key.error().code == Code::key_unreadable;
    if (no_key) return std::unexpected(key.error());
  }
  return std::unexpected(pem.error());
}

template <typename T>
Result<T> placed(Result<T> result, const Path& file) {
  if (!result && result.error().where.empty()) result.error().where = file.string();
  return result;
}

Result<Material> read_certificate_file(const CredentialFiles& files) {
  const std::string content = TRY(read_file(files.certificate));
  Material out;
  if (!x509::looks_like_pkcs12(as_bytes(content))) {
    const std::string where = files.certificate.string();
    if (content.empty()) return fail_at(where, Code::file_empty, "it is empty");
    out.chain = TRY(x509::Certificate::from_file_content(content, where));
    if (out.chain.empty()) return fail_at(where, Code::file_unrecognized, "it holds no certificate");
    return out;
  }
  out = TRY(placed(read_pkcs12_file(files.certificate, files.passphrase), files.certificate));
  if (!out.key && !files.key) {
    return fail_at(files.certificate.string(), Code::key_unreadable, "the PKCS#12 file holds no key");
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const Credential>> load_credential(const CredentialFiles& files) {
  Material material = TRY(read_certificate_file(files));
  if (files.key || !material.key) {
    const Path file = files.key.value_or(files.certificate);
    material.key = TRY(placed(read_key(file, files.passphrase), file));
  }
  return placed(Credential::make(std::move(material.chain), std::move(*material.key)), files.certificate);
}

Result<std::vector<x509::Certificate>> load_chain(const CredentialFiles& files) {
  Material material = TRY(read_certificate_file(files));
  return std::move(material.chain);
}

}  // namespace symbolon::tls
