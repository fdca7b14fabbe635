#include "check/file_crl.h"

#include <algorithm>
#include <map>

#include "crypto/signature_check.h"
#include "revocation/crl_parser.h"
#include "x509/der_reader.h"

namespace symbolon::check {
namespace {

using x509::Certificate;

struct AlgorithmRow {
  std::string_view oid;
  std::string_view name;
  bool weak;
};
constexpr AlgorithmRow kAlgorithms[] = {
    {"1.2.840.113549.1.1.4", "md5WithRSAEncryption", true},
    {"1.2.840.113549.1.1.5", "sha1WithRSAEncryption", true},
    {"1.2.840.10040.4.3", "dsaWithSHA1", true},
    {"1.2.840.10045.4.1", "ecdsa-with-SHA1", true},
    {"1.2.840.113549.1.1.10", "rsassaPss", false},
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption", false},
    {"1.2.840.113549.1.1.12", "sha384WithRSAEncryption", false},
    {"1.2.840.113549.1.1.13", "sha512WithRSAEncryption", false},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256", false},
    {"1.2.840.10045.4.3.3", "ecdsa-with-SHA384", false},
    {"1.2.840.10045.4.3.4", "ecdsa-with-SHA512", false},
    {"1.3.101.112", "Ed25519", false},
};

struct Algorithm {
  std::string name;
  bool weak = false;
};

Algorithm algorithm_of(ByteView identifier) {
  const auto body = x509::der::only(identifier, x509::der::tag::sequence);
  const auto id = body ? x509::der::Reader(body->content).next(x509::der::tag::object_identifier) : std::nullopt;
  const auto oid = id ? x509::der::oid_text(id->content) : std::nullopt;
  if (!oid) return {"unreadable"};
  const auto* const row = std::ranges::find(kAlgorithms, *oid, &AlgorithmRow::oid);
  if (row == std::end(kAlgorithms)) return {*oid};
  return {std::string(row->name), row->weak};
}

// The keys that may have signed the list, each taking in what is signed.
class Signers {
 public:
  Signers(const x509::DistinguishedName& issuer, ByteView algorithm, const std::vector<Certificate>& known) {
    constexpr std::size_t kMostKeys = 8;  // of one name
    for (const Certificate& one : known) {
      if (one.subject() != issuer) continue;
      // RFC 5280 §6.3.3 (f): "verify that the cRLSign bit is set."
      if (one.key_usage() && (*one.key_usage() & x509::crl_sign) == 0) {
        may_not_sign_ = true;
        continue;
      }
      const bool again = std::ranges::any_of(candidates_, [&](const Candidate& other) {
        return other.certificate.public_key().spki_sha256() == one.public_key().spki_sha256();
      });
      if (again || candidates_.size() == kMostKeys) continue;
      candidates_.push_back({one, crypto::SignatureCheck::begin(one.public_key(), algorithm)});
    }
  }
  void add(ByteView octets) {
    for (Candidate& one : candidates_) {
      if (one.check) one.check->add(octets);
    }
  }
  void judge(ByteView signature, bool weak, SeenCrl& crl) {
    for (Candidate& one : candidates_) {
      if (!one.check || !one.check->fits(signature)) continue;
      crl.signature = weak ? CrlSignature::weak : CrlSignature::verified;
      crl.signer = one.certificate;
      return;
    }
    crl.signature = !candidates_.empty() ? CrlSignature::wrong
                    : may_not_sign_      ? CrlSignature::issuer_may_not_sign
                                         : CrlSignature::issuer_missing;
  }

 private:
  struct Candidate {
    Certificate certificate;
    std::optional<crypto::SignatureCheck> check;  // none: its key does not go with the algorithm
  };
  std::vector<Candidate> candidates_;
  bool may_not_sign_ = false;
};

// The known certificates of that issuer, by what an entry holds.
using Wanted = std::multimap<std::string, x509::Fingerprint, std::less<>>;

Wanted wanted_of(const x509::DistinguishedName& issuer, const std::vector<Certificate>& known) {
  Wanted out;
  for (const Certificate& one : known) {
    if (one.issuer() != issuer) continue;
    const Bytes content = one.serial().der_content();
    out.emplace(std::string(as_text(content)), one.fingerprint());
  }
  return out;
}

void note_entry(const revocation::CrlEntry& entry, const Wanted& wanted, SeenCrl& crl) {
  using Reason = revocation::CrlEntry::Reason;
  const bool on_hold = entry.reason == Reason::certificate_hold;
  ++crl.entries;
  if (on_hold) ++crl.on_hold;
  const auto [begin, end] = wanted.equal_range(as_text(entry.serial));
  for (auto one = begin; one != end; ++one) {
    crl.listed.push_back({one->second, entry.since, on_hold, entry.reason == Reason::remove_from_crl});
  }
}

}  // namespace

Result<SeenCrl> read_seen_crl(OctetSource& der, const std::vector<Certificate>& known) {
  revocation::CrlStream stream(der, revocation::Deltas::take);
  const revocation::CrlHead head = TRY(stream.head());
  auto issuer = x509::DistinguishedName::from_der(head.issuer);
  if (!issuer) return fail(Code::crl_malformed, "its issuer's name cannot be read: {}", issuer.error().words);
  SeenCrl crl{.issuer = *std::move(issuer), .this_update = head.this_update, .next_update = head.next_update};
  const Algorithm algorithm = algorithm_of(head.algorithm);
  crl.algorithm = algorithm.name;
  Signers signers(crl.issuer, head.algorithm, known);
  stream.tap_signed([&](ByteView octets) { signers.add(octets); });
  const Wanted wanted = wanted_of(crl.issuer, known);
  TRY(stream.entries([&](const revocation::CrlEntry& entry) { note_entry(entry, wanted, crl); }));
  revocation::CrlTail tail = TRY(stream.tail());
  signers.judge(tail.signature, algorithm.weak, crl);
  crl.number = std::move(tail.number);
  crl.base_number = std::move(tail.base_number);
  crl.coverage = std::move(tail.coverage);
  // RFC 5280 §5.3.1: only delta CRLs take a certificate out again; what a full one lists is revoked.
  if (!crl.base_number) {
    for (ListedCertificate& one : crl.listed) one.removed = false;
  }
  return crl;
}

}  // namespace symbolon::check
