#include "authority/imported_ca.h"

#include <algorithm>

#include "x509/path_library.h"
#include "x509/path_rules.h"
#include "x509/pem.h"
#include "x509/pkcs12.h"

namespace symbolon::authority {
namespace {

struct Material {
  std::vector<x509::Certificate> certificates;
  crypto::PrivateKey key;
};

Result<Material> read_material(const ImportedCa& import) {
  if (x509::looks_like_pem(import.certificate)) {
    auto certificates = TRY(x509::Certificate::from_pem(import.certificate, import.where));
    // A file that holds both is common: `cat ca.crt ca.key`.
    const Secret& key = import.key;
    const Secret same = key.empty() ? Secret(import.certificate) : Secret();
    auto opened = TRY(crypto::PrivateKey::from_pem(key.empty() ? same : key, import.passphrase));
    return Material{std::move(certificates), std::move(opened)};
  }
  auto content = TRY(x509::read_pkcs12(as_bytes(import.certificate), import.passphrase));
  if (!import.key.empty()) {
    content.key = TRY(crypto::PrivateKey::from_pem(import.key, import.passphrase));
  }
  if (!content.key) return fail(Code::key_mismatch, "the file holds no key");
  return Material{std::move(content.certificates), std::move(*content.key)};
}

Status check_ca(const x509::Certificate& ca, UnixSeconds now) {
  if (!ca.is_ca()) return fail(Code::bad_request, "{} is no CA (basicConstraints)", ca.text());
  if (const auto usage = ca.key_usage(); usage && (*usage & x509::key_cert_sign) == 0) {
    return fail(Code::bad_request, "{} may not sign certificates (keyUsage)", ca.text());
  }
  if (!ca.malformed().empty()) return fail(Code::certificate_malformed, "{}: {}", ca.text(), ca.malformed());
  if (ca.subject().empty()) return fail(Code::bad_request, "the CA has no subject");
  if (now > ca.validity().not_after) {
    return fail(Code::ca_expired, "{} expired {}", ca.text(), to_rfc3339(ca.validity().not_after));
  }
  return ca.public_key().check_strength();
}

bool stands_above(const x509::Certificate& upper, const x509::Certificate& lower) {
  return upper.subject() == lower.issuer() && x509::signed_by(lower, upper);
}

// Those that signed `ca`, then those that signed these, and so on. Nothing may be left.
Result<std::vector<x509::Certificate>> order_above(const x509::Certificate& ca, std::vector<x509::Certificate> others) {
  std::erase(others, ca);
  std::vector<x509::Certificate> chain{ca};
  for (std::size_t at = 0; at < chain.size(); ++at) {
    const auto above = std::ranges::stable_partition(
        others, [&](const x509::Certificate& other) { return !stands_above(other, chain[at]); });
    const std::vector<x509::Certificate> found(above.begin(), above.end());
    others.erase(above.begin(), above.end());
    chain.insert(chain.end(), found.begin(), found.end());
  }
  if (!others.empty()) {
    return fail(Code::ca_chain_broken, "{} signed neither {} nor one above it", others.front().text(), ca.text());
  }
  chain.erase(chain.begin());
  return chain;
}

// The first path upwards, judged when the CA can first sign.
Status check_path(const x509::Certificate& ca, const std::vector<x509::Certificate>& above, UnixSeconds now) {
  std::vector<x509::Certificate> path{ca};
  for (const x509::Certificate& next : above) {
    if (!path.back().self_issued() && stands_above(next, path.back())) path.push_back(next);
  }
  const x509::PathOptions options{.at = std::max(now, ca.validity().not_before)};
  auto fault = x509::check_issuers(path, options.at);
  if (!fault) fault = x509::verify_with_library(path, options).fault;
  if (fault) return fail(Code::ca_chain_broken, "{}", fault->detail);
  return {};
}

Result<OpenedCa> open(const ImportedCa& import, UnixSeconds now) {
  Material material = TRY(read_material(import));
  auto& certificates = material.certificates;
  const auto own = std::ranges::find_if(
      certificates, [&](const x509::Certificate& one) { return material.key.belongs_to(one.public_key()); });
  if (own == certificates.end()) return fail(Code::key_mismatch, "no certificate of the file belongs to the key");
  TRY(check_ca(*own, now));
  const x509::Certificate ca = *own;
  auto above = TRY(order_above(ca, std::move(certificates)));
  TRY(check_path(ca, above, now));
  return OpenedCa{.certificate = ca, .key = std::move(material.key), .above = std::move(above)};
}

}  // namespace

Result<OpenedCa> open_imported(const ImportedCa& import, UnixSeconds now) {
  auto opened = open(import, now);
  if (!opened && opened.error().where.empty()) {
    Error error = std::move(opened).error();
    error.where = import.where;
    return std::unexpected(std::move(error));
  }
  return opened;
}

Result<Issuer> adopt(ledger::Ledger& ledger, OpenedCa opened, const CaOptions& options) {
  auto signer = TRY(crypto::make_signer(std::move(opened.key)));
  for (const x509::Certificate& one : opened.above) {
    const auto known = TRY(ledger.issuers());
    const auto is_it = [&](const ledger::Issuer& issuer) { return issuer.fingerprint == one.fingerprint(); };
    if (std::ranges::any_of(known, is_it)) continue;
    const std::string_view base = one.self_issued() ? kRootName : std::string_view("above");
    TRY(ledger.add_issuer({.name = free_issuer_name(base, known),
                           .certificate = to_bytes(one.der()),
                           .key_reference = {},
                           .actor = options.actor}));
  }
  const ledger::IssuerId id = TRY(ledger.add_issuer({.name = options.name,
                                                     .certificate = to_bytes(opened.certificate.der()),
                                                     .key_reference = options.name + ".key",
                                                     .actor = options.actor}));
  return Issuer{.id = id,
                .name = options.name,
                .certificate = std::move(opened.certificate),
                .signer = std::shared_ptr<const crypto::Signer>(std::move(signer))};
}

}  // namespace symbolon::authority
