#include "revocation/crl_reader.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>

#include "crypto/key.h"
#include "revocation/crl_parser.h"
#include "x509/pem.h"

namespace symbolon::revocation {
namespace {

constexpr std::size_t kMostSignatureChecks = 4;  // issuers of one name with different keys that are tried

// Name in PEM; deltas and attribute lists have others.
constexpr std::string_view kLabel = "X509 CRL";

std::string algorithm_name(ByteView algorithm_identifier, int& digest) {
  const unsigned char* at = algorithm_identifier.data();
  const crypto::X509AlgorithmHandle algorithm(
      d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm_identifier.size())));
  ERR_clear_error();
  if (!algorithm) return "an unreadable algorithm";
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm.get());
  const int nid = OBJ_obj2nid(object);
  if (OBJ_find_sigid_algs(nid, &digest, nullptr) != 1) digest = NID_undef;
  return nid == NID_undef ? "an unknown algorithm" : OBJ_nid2ln(nid);
}

Status check_algorithm(ByteView algorithm_identifier) {
  int digest = NID_undef;
  const std::string name = algorithm_name(algorithm_identifier, digest);
  if (digest == NID_sha1 || digest == NID_md5 || digest == NID_md4 || digest == NID_md2) {
    return fail(Code::crl_bad_signature, "it is signed with {}", name);
  }
  return {};
}

// Those with the CRL's issuer name; those whose key identifier it names come first.
std::vector<x509::Certificate> issuers_named(const CrlSyntax& crl, const x509::DistinguishedName& name,
                                             const std::vector<x509::Certificate>& issuers) {
  std::vector<x509::Certificate> out;
  std::vector<x509::Certificate> others;
  for (const x509::Certificate& issuer : issuers) {
    if (issuer.subject() != name) continue;
    const bool is_named = crl.authority_key_id && issuer.subject_key_identifier() == crl.authority_key_id;
    (is_named ? out : others).push_back(issuer);
  }
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

Result<x509::Certificate> find_issuer(const CrlSyntax& crl, const std::vector<x509::Certificate>& issuers) {
  auto name = x509::DistinguishedName::from_der(crl.issuer);
  if (!name) return fail(Code::crl_malformed, "its issuer's name cannot be read: {}", name.error().words);
  const std::vector<x509::Certificate> named = issuers_named(crl, *name, issuers);
  if (named.empty()) return fail(Code::crl_wrong_issuer, "it is of {}, which is not known", name->text());
  TRY(check_algorithm(crl.algorithm));
  std::vector<crypto::Sha256> tried;
  bool may_sign = false;
  for (const x509::Certificate& issuer : named) {
    // RFC 5280 §6.3.3 (f): "If a key usage extension is present in the CRL issuer's certificate, verify that the
    // cRLSign bit is set."
    if (issuer.key_usage() && (*issuer.key_usage() & x509::crl_sign) == 0) continue;
    may_sign = true;
    const crypto::Sha256& key = issuer.public_key().spki_sha256();
    if (std::ranges::find(tried, key) != tried.end()) continue;
    if (tried.size() == kMostSignatureChecks) break;
    tried.push_back(key);
    if (crypto::verify_signature(issuer.public_key(), crl.algorithm, crl.to_be_signed, crl.signature)) return issuer;
  }
  if (!may_sign) {
    return fail(Code::crl_issuer_may_not_sign, "{}: its keyUsage lacks cRLSign", named.front().text());
  }
  return fail(Code::crl_bad_signature, "no key of {} verifies it", name->text());
}

Status check_dates(const CrlSyntax& crl, UnixSeconds now, StaleCrl stale) {
  if (crl.this_update > now) {
    return fail(Code::crl_not_yet_valid, "thisUpdate {} lies {} after {}", to_rfc3339(crl.this_update),
                to_words(crl.this_update - now), to_rfc3339(now));
  }
  if (stale == StaleCrl::refuse && crl.next_update < now) {
    return fail(Code::crl_stale, "nextUpdate {} lies {} before {}", to_rfc3339(crl.next_update),
                to_words(now - crl.next_update), to_rfc3339(now));
  }
  return {};
}

}  // namespace

Result<std::vector<Bytes>> split_crls(std::string_view content) {
  std::vector<Bytes> out;
  if (!x509::looks_like_pem(content)) {
    out.push_back(to_bytes(as_bytes(content)));
    return out;
  }
  for (x509::PemBlock& block : TRY(x509::parse_pem(content))) {
    if (block.label == kLabel) out.push_back(std::move(block.der));
  }
  if (out.empty()) return fail(Code::pem_malformed, "no block with the label '{}'", kLabel);
  return out;
}

Result<CrlFile> read_crl(ByteView der_or_pem, const std::vector<x509::Certificate>& issuers, UnixSeconds now,
                         StaleCrl stale) {
  Bytes decoded;
  ByteView der = der_or_pem;
  if (x509::looks_like_pem(as_text(der_or_pem))) {
    std::vector<Bytes> blocks = TRY(split_crls(as_text(der_or_pem)));
    if (blocks.size() > 1) return fail(Code::crl_malformed, "{} CRLs where one was expected", blocks.size());
    decoded = std::move(blocks.front());
    der = decoded;
  }
  const CrlSyntax crl = TRY(parse_crl(der));
  x509::Certificate issuer = TRY(find_issuer(crl, issuers));
  TRY(check_dates(crl, now, stale));
  CrlFile file{.issuer = issuer,
               .issuer_key = IssuerKey::of(issuer),
               .this_update = crl.this_update,
               .next_update = crl.next_update,
               .number = crl.number,
               .coverage = crl.coverage};
  file.coverage.next_update = crl.next_update;
  TRY(for_each_entry(der, crl, [&](ByteView content, UnixSeconds since) {
    const auto serial = x509::SerialNumber::from_der_content(content);
    if (serial) {
      file.entries.add(*serial, since);
    } else {
      ++file.impossible;
    }
  }));
  file.entries.sort();
  return file;
}

}  // namespace symbolon::revocation
