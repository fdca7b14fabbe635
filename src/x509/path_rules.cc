#include "x509/path_rules.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace symbolon::x509 {
namespace {

using P = CertificateProblem;
using Fault = std::optional<PathFault>;
using Path = std::span<const Certificate>;

constexpr int kMostRsaBits = 8192;
constexpr int kMostExtensions = 128;
constexpr int kLeastHashSecurity = 112;  // bits; SHA-224 and better

// RFC 5280 §4.2: "A certificate MUST NOT include more than one instance of a particular extension."
bool has_extension_twice(const X509* certificate) {
  const int count = X509_get_ext_count(certificate);
  if (count > kMostExtensions) return true;
  for (int i = 0; i < count; ++i) {
    const ASN1_OBJECT* const object = X509_EXTENSION_get_object(X509_get_ext(certificate, i));
    if (X509_get_ext_by_OBJ(certificate, object, i) >= 0) return true;
  }
  return false;
}

Fault check_reading(const Certificate& certificate, std::size_t index) {
  std::string detail;
  if (!certificate.malformed().empty()) {
    detail = fmt::format("its {} cannot be read", certificate.malformed());
  } else if (certificate.public_key().get() == nullptr) {
    detail = "its public key cannot be read";
  } else if (certificate.extended_key_usage().empty() &&
             X509_get_ext_by_NID(certificate.get(), NID_ext_key_usage, -1) >= 0) {
    detail = "its extendedKeyUsage is empty";  // RFC 5280 §4.2.1.12: SIZE (1..MAX)
  } else if (has_extension_twice(certificate.get())) {
    detail = "an extension stands twice";
  } else {
    return {};
  }
  return PathFault{P::malformed, index, "RFC 5280 §4.1", fmt::format("{}: {}", certificate.text(), detail)};
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool has_high_octet(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// NUL and other control characters stand in a name to be read in two ways; no honest name holds them. IA5String is
// ASCII.
Fault check_leaf_names(const Certificate& leaf) {
  for (const GeneralName& name : leaf.subject_alt_names()) {
    const bool is_text = name.kind == NameKind::dns || name.kind == NameKind::email || name.kind == NameKind::uri;
    if (is_text && (has_control(name.value) || has_high_octet(name.value))) {
      return PathFault{P::malformed, 0, "RFC 5280 §4.2.1.6",
                       "a subjectAltName holds control characters or is not ASCII"};
    }
    if (name.kind == NameKind::ip && name.octets.size() != 4 && name.octets.size() != 16) {
      return PathFault{P::malformed, 0, "RFC 5280 §4.2.1.6",
                       fmt::format("an iPAddress of {} octets", name.octets.size())};
    }
  }
  for (const NameAttribute& attribute : leaf.subject().attributes()) {
    if (has_control(attribute.value)) {
      return PathFault{P::malformed, 0, "RFC 5280 §4.1.2.4",
                       fmt::format("{} of the subject holds control characters", attribute.type)};
    }
  }
  return {};
}

Fault check_algorithms(const Certificate& certificate, std::size_t index, bool is_anchor) {
  if (const auto weakness = weakness_of(certificate.public_key())) {
    return PathFault{P::weak_key, index, "RFC 5280 §4.1.2.7", fmt::format("{}: {}", certificate.text(), *weakness)};
  }
  if (!is_anchor && is_weak_signature(certificate)) {
    return PathFault{P::weak_signature, index, "RFC 9155",
                     fmt::format("{} is signed with {}", certificate.text(), certificate.signature_algorithm())};
  }
  return {};
}

Fault check_issuer(Path path, std::size_t index) {
  const Certificate& issuer = path[index];
  const auto fault = [&](P problem, std::string rule, std::string detail) {
    return PathFault{problem, index, std::move(rule), fmt::format("{}: {}", issuer.text(), detail)};
  };
  // RFC 5280 §6.1.4 (k): "If certificate i is a version 3 certificate, verify that the basicConstraints extension is
  // present and that cA is set to TRUE." Older versions cannot say so; we take none.
  if (issuer.version() != 3) {
    return fault(P::issuer_not_ca, "RFC 5280 §6.1.4 (k)", fmt::format("version {} certificate", issuer.version()));
  }
  if (!issuer.basic_constraints().present) {
    return fault(P::issuer_not_ca, "RFC 5280 §6.1.4 (k)", "it has no basicConstraints");
  }
  if (!issuer.is_ca()) return fault(P::issuer_not_ca, "RFC 5280 §6.1.4 (k)", "its basicConstraints say CA:FALSE");
  // RFC 5280 §4.1.2.6: "If the subject is a CA ..., then the subject field MUST be populated with a non-empty
  // distinguished name".
  if (issuer.subject().empty()) return fault(P::issuer_not_ca, "RFC 5280 §4.1.2.6", "a CA without a name");
  // RFC 5280 §6.1.4 (n): "If a key usage extension is present, verify that the keyCertSign bit is set."
  if (issuer.key_usage() && (*issuer.key_usage() & key_cert_sign) == 0) {
    return fault(P::issuer_key_usage, "RFC 5280 §6.1.4 (n)", "its keyUsage lacks keyCertSign");
  }
  // RFC 5280 §6.1.4 (l), (m): self-issued certificates do not count.
  if (const auto most = issuer.basic_constraints().path_length) {
    const auto below =
        std::ranges::count_if(path.subspan(1, index - 1), [](const Certificate& ca) { return !ca.self_issued(); });
    if (below > *most) {
      return fault(P::path_length_exceeded, "RFC 5280 §6.1.4 (m)",
                   fmt::format("{} intermediate CAs stand below it, its pathLenConstraint allows {}", below, *most));
    }
  }
  return {};
}

Fault check_depth(Path path, int depth) {
  const int intermediates = static_cast<int>(path.size()) - 2;
  if (intermediates <= depth) return {};
  return PathFault{P::depth_exceeded, path.size() - 2, "RFC 5280 §6.1",
                   fmt::format("{} intermediate certificates, depth allows {}", intermediates, depth)};
}

Fault check_leaf_usage(const Certificate& leaf) {
  if (leaf.is_ca()) {
    return PathFault{P::is_ca, 0, "RFC 5280 §4.2.1.9", fmt::format("{} is a CA", leaf.text())};
  }
  if (leaf.key_usage() && (*leaf.key_usage() & digital_signature) == 0) {
    return PathFault{P::wrong_key_usage, 0, "RFC 5280 §4.2.1.3",
                     fmt::format("{}: its keyUsage lacks digitalSignature", leaf.text())};
  }
  return {};
}

std::string eku_name(std::string_view oid) {
  if (oid == eku::kClientAuth) return "clientAuth";
  if (oid == eku::kServerAuth) return "serverAuth";
  return std::string(oid);
}

std::vector<std::string> required_purposes(const PathOptions& options) {
  if (!options.required_eku.empty()) return options.required_eku;
  return {std::string(options.role == PeerRole::client ? eku::kClientAuth : eku::kServerAuth)};
}

Fault check_extended_key_usage(Path path, const PathOptions& options) {
  const std::vector<std::string> required = required_purposes(options);
  if (std::ranges::find(required, eku::kAny) != required.end()) return {};
  for (std::size_t index = 0; index < path.size(); ++index) {
    const std::vector<std::string>& allowed = path[index].extended_key_usage();
    if (allowed.empty()) continue;
    const auto has = [&](std::string_view oid) { return std::ranges::find(allowed, oid) != allowed.end(); };
    if (index > 0 && has(eku::kAny)) continue;
    for (const std::string& purpose : required) {
      if (has(purpose)) continue;
      return PathFault{P::wrong_extended_key_usage, index, "RFC 5280 §4.2.1.12",
                       fmt::format("{}: its extendedKeyUsage lacks {}", path[index].text(), eku_name(purpose))};
    }
  }
  return {};
}

Fault check_strict(Path path, const PathOptions& options) {
  // RFC 5280 §4.2.1.1: the key identifier names the key that signed. Where none is, OpenSSL's strict check says so.
  for (std::size_t index = 0; index + 1 < path.size(); ++index) {
    const auto& claimed = path[index].authority_key_identifier();
    const auto& actual = path[index + 1].subject_key_identifier();
    if (claimed && actual && *claimed != *actual) {
      return PathFault{P::strict_violation, index, "RFC 5280 §4.2.1.1",
                       fmt::format("{}: its authorityKeyIdentifier {} is not the issuer's {}", path[index].text(),
                                   to_hex(*claimed), to_hex(*actual))};
    }
  }
  // What OpenSSL's strict check lets pass: it does not look at a path of one certificate, nor for the leaf's purpose.
  const std::vector<Finding> findings = path_warnings(path, options.role);
  if (findings.empty()) return {};
  return PathFault{P::strict_violation, findings.front().index, "RFC 5280 §4.2", findings.front().words};
}

}  // namespace

bool is_weak_digest(int nid) {
  return nid == NID_md5 || nid == NID_sha1 || nid == NID_md4 || nid == NID_md2 || nid == NID_mdc2 ||
         nid == NID_ripemd160;
}

std::optional<std::string> weakness_of(const crypto::PublicKey& key) {
  if (key.get() == nullptr) return "the key cannot be read";
  const int kind = EVP_PKEY_get_base_id(key.get());
  if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_RSA_PSS) {
    const Status strong = key.check_strength();
    return strong ? std::nullopt : std::optional(strong.error().words);
  }
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < 2048 || bits > kMostRsaBits) return fmt::format("RSA {} bits; 2048 to {} are taken", bits, kMostRsaBits);
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &raw) != 1) {
    ERR_clear_error();
    return "RSA without an exponent";
  }
  const crypto::Handle<BIGNUM, BN_free> exponent(raw);
  const int size = BN_num_bits(exponent.get());
  if (BN_is_odd(exponent.get()) == 0 || size < 17 || size > 64) {
    return "RSA with an exponent that is even, below 65537 or above 64 bits";
  }
  return {};
}

std::optional<PathFault> check_validity(std::span<const Certificate> path, UnixSeconds at) {
  // From the anchor down: an expired CA explains more than the leaf below it.
  for (std::size_t index = path.size(); index-- > 0;) {
    const Certificate& certificate = path[index];
    const auto [not_before, not_after] = certificate.validity();
    // RFC 5280 §6.1.3 (a)(2): "The certificate validity period includes the current time."
    if (at > not_after) {
      return PathFault{index == 0 ? P::expired : P::issuer_expired, index, "RFC 5280 §6.1.3 (a)(2)",
                       fmt::format("{} ended {}, {} before {}", certificate.text(), to_rfc3339(not_after),
                                   to_words(at - not_after), to_rfc3339(at)),
                       not_after};
    }
    if (at < not_before) {
      return PathFault{index == 0 ? P::not_yet_valid : P::issuer_not_yet_valid, index, "RFC 5280 §6.1.3 (a)(2)",
                       fmt::format("{} begins {}, {} after {}", certificate.text(), to_rfc3339(not_before),
                                   to_words(not_before - at), to_rfc3339(at)),
                       not_before};
    }
  }
  return {};
}

// Algorithms that OpenSSL knows nothing about are left to it: it cannot verify them.
bool is_weak_signature(const Certificate& certificate) {
  X509* const raw = certificate.get();
  int digest = NID_undef;
  int security = 0;
  if (X509_get_signature_info(raw, &digest, nullptr, &security, nullptr) == 1) {
    return is_weak_digest(digest) || security < kLeastHashSecurity;
  }
  ERR_clear_error();
  return OBJ_find_sigid_algs(X509_get_signature_nid(raw), &digest, nullptr) == 1 && is_weak_digest(digest);
}

std::optional<PathFault> check_path_rules(std::span<const Certificate> path, const PathOptions& options) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (auto fault = check_reading(path[i], i)) return fault;
  }
  if (auto fault = check_leaf_names(path[0])) return fault;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (auto fault = check_algorithms(path[i], i, i + 1 == path.size())) return fault;
  }
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (auto fault = check_issuer(path, i)) return fault;
  }
  if (auto fault = check_depth(path, options.depth)) return fault;
  if (auto fault = check_validity(path, options.at)) return fault;
  if (auto fault = check_leaf_usage(path[0])) return fault;
  if (auto fault = check_extended_key_usage(path, options)) return fault;
  if (options.check == PathCheck::strict) return check_strict(path, options);
  return {};
}

std::optional<PathFault> check_issuers(std::span<const Certificate> cas, UnixSeconds at) {
  std::vector<Certificate> path(cas.begin(), cas.end());
  path.insert(path.begin(), cas.front());  // for the leaf, which these rules do not look at
  Fault fault;
  for (std::size_t i = 1; i < path.size() && !fault; ++i) {
    fault = check_reading(path[i], i);
    if (!fault) fault = check_algorithms(path[i], i, i + 1 == path.size());
    if (!fault) fault = check_issuer(path, i);
  }
  if (fault) {
    --fault->index;
    return fault;
  }
  return check_validity(cas, at);
}

std::vector<Finding> path_warnings(std::span<const Certificate> path, PeerRole role) {
  std::vector<Finding> out;
  const Code code = certificate_code(role, P::strict_violation);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Certificate& certificate = path[i];
    const auto warn = [&](std::string_view what, std::string_view remedy) {
      out.push_back({code, i, fmt::format("{}: {}", certificate.text(), what), std::string(remedy)});
    };
    const bool is_issuer = i > 0;
    if (is_issuer && !certificate.key_usage()) {
      warn("the CA has no keyUsage", "reissue the CA with keyUsage = critical, keyCertSign, cRLSign");
    }
    if (is_issuer && !certificate.basic_constraints().critical) {
      warn("the CA's basicConstraints are not critical", "reissue the CA with basicConstraints = critical, CA:TRUE");
    }
    if (is_issuer && !certificate.subject_key_identifier()) {
      warn("the CA has no subjectKeyIdentifier", "reissue the CA with subjectKeyIdentifier = hash");
    }
    if (!certificate.authority_key_identifier() && i + 1 < path.size()) {
      warn("it has no authorityKeyIdentifier", "reissue it with authorityKeyIdentifier = keyid");
    }
    const int constraints = X509_get_ext_by_NID(certificate.get(), NID_name_constraints, -1);
    if (!is_issuer && constraints >= 0) {
      warn("a leaf with nameConstraints", "reissue it without nameConstraints");
    } else if (constraints >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate.get(), constraints)) == 0) {
      warn("the CA's nameConstraints are not critical", "reissue the CA with nameConstraints = critical");
    }
    if (certificate.serial().magnitude().size() == 1 && certificate.serial().magnitude()[0] == 0) {
      warn("its serial number is zero", "reissue it with a serial number of at least 64 random bits");
    }
    if (!is_issuer && certificate.version() != 3) {
      warn("it is not a version 3 certificate", "reissue it with extensions");
    }
    if (!is_issuer && certificate.extended_key_usage().empty()) {
      warn("it has no extendedKeyUsage, so it is good for any purpose",
           role == PeerRole::client ? "reissue it with extendedKeyUsage = clientAuth"
                                    : "reissue it with extendedKeyUsage = serverAuth");
    }
  }
  return out;
}

}  // namespace symbolon::x509
