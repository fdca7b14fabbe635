#include "revocation/crl_reader.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>

#include "crypto/signature_check.h"
#include "revocation/crl_parser.h"
#include "revocation/pem_source.h"
#include "x509/der_reader.h"

namespace symbolon::revocation {
namespace {

constexpr std::size_t kMostKeys = 8;  // of issuers of one name that are tried

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

// The keys that may have signed a list; each takes in what is signed while the list is read.
class SignatureSearch {
 public:
  // Fails with crl_malformed, crl_wrong_issuer, crl_issuer_may_not_sign or crl_bad_signature, before the entries are
  // read.
  static Result<SignatureSearch> begin(const CrlHead& head, const std::vector<x509::Certificate>& issuers);
  void add(ByteView octets) {
    for (Candidate& one : candidates_) {
      if (one.check) one.check->add(octets);
    }
  }
  Result<x509::Certificate> issuer(const CrlTail& tail);

 private:
  struct Candidate {
    x509::Certificate certificate;
    std::optional<crypto::SignatureCheck> check;  // none: its key does not go with the algorithm
  };
  std::vector<Candidate> candidates_;
  std::string name_;
};

Result<SignatureSearch> SignatureSearch::begin(const CrlHead& head, const std::vector<x509::Certificate>& issuers) {
  const auto name = x509::DistinguishedName::from_der(head.issuer);
  if (!name) return fail(Code::crl_malformed, "its issuer's name cannot be read: {}", name.error().words);
  SignatureSearch out;
  out.name_ = name->text();
  const x509::Certificate* may_not_sign = nullptr;
  for (const x509::Certificate& issuer : issuers) {
    if (issuer.subject() != *name) continue;
    // RFC 5280 §6.3.3 (f): "If a key usage extension is present in the CRL issuer's certificate, verify that the
    // cRLSign bit is set."
    if (const auto usage = issuer.key_usage(); usage && (*usage & x509::crl_sign) == 0) {
      may_not_sign = &issuer;
      continue;
    }
    const bool known = std::ranges::any_of(out.candidates_, [&](const Candidate& one) {
      return one.certificate.public_key().spki_sha256() == issuer.public_key().spki_sha256();
    });
    if (known || out.candidates_.size() == kMostKeys) continue;
    out.candidates_.push_back({issuer, crypto::SignatureCheck::begin(issuer.public_key(), head.algorithm)});
  }
  if (!out.candidates_.empty()) {
    TRY(check_algorithm(head.algorithm));
    if (std::ranges::none_of(out.candidates_, [](const Candidate& one) { return one.check.has_value(); })) {
      return fail(Code::crl_bad_signature, "no key of {} goes with its algorithm", out.name_);
    }
    return out;
  }
  if (may_not_sign != nullptr) {
    return fail(Code::crl_issuer_may_not_sign, "{}: its keyUsage lacks cRLSign", may_not_sign->text());
  }
  return fail(Code::crl_wrong_issuer, "it is of {}, which is not known", out.name_);
}

// Those whose key identifier it names come first.
Result<x509::Certificate> SignatureSearch::issuer(const CrlTail& tail) {
  std::ranges::partition(candidates_, [&](const Candidate& one) {
    return tail.authority_key_id && one.certificate.subject_key_identifier() == tail.authority_key_id;
  });
  for (Candidate& one : candidates_) {
    if (one.check && one.check->fits(tail.signature)) return one.certificate;
  }
  return fail(Code::crl_bad_signature, "no key of {} verifies it", name_);
}

Status check_dates(const CrlHead& crl, const CrlReading& reading) {
  const UnixSeconds now = reading.now;
  if (crl.this_update > now + kCrlClockTolerance) {
    return fail(Code::crl_not_yet_valid, "thisUpdate {} lies {} after {}", to_rfc3339(crl.this_update),
                to_words(crl.this_update - now), to_rfc3339(now));
  }
  if (reading.stale == StaleCrl::refuse && crl.next_update < now) {
    return fail(Code::crl_stale, "nextUpdate {} lies {} before {}", to_rfc3339(crl.next_update),
                to_words(now - crl.next_update), to_rfc3339(now));
  }
  return {};
}

// Where the entries go; whether they are of a full list or a delta is only known behind them.
class EntryTables {
 public:
  explicit EntryTables(const CrlStream& stream) : stream_(stream) {}
  void add(const CrlEntry& entry);
  void move_into(CrlFile& file);

 private:
  const CrlStream& stream_;
  SerialTable others_;
  SerialTable on_hold_;
  SerialTable removed_;
  std::size_t count_ = 0;
  std::size_t octets_ = 0;  // of so many entries
  std::size_t impossible_ = 0;
};

void EntryTables::add(const CrlEntry& entry) {
  constexpr std::size_t kSample = 1024;  // entries, of which the lengths of the others are guessed
  const auto serial = x509::SerialNumber::from_der_content(entry.serial);
  octets_ += entry.octets;
  if (++count_ == kSample) {
    const std::uint64_t whole = std::min(stream_.entries_octets(), kLargestFile);
    others_.will_grow(static_cast<double>(whole) / static_cast<double>(octets_));
  }
  if (!serial) {
    ++impossible_;
    return;
  }
  using Reason = CrlEntry::Reason;
  if (entry.reason == Reason::certificate_hold) on_hold_.add(*serial, entry.since);
  (entry.reason == Reason::remove_from_crl ? removed_ : others_).add(*serial, entry.since);
}

void EntryTables::move_into(CrlFile& file) {
  // RFC 5280 §5.3.1: "The removeFromCRL (8) reasonCode value may only appear in delta CRLs". What a full list lists is
  // revoked, whatever it says of it.
  if (!file.is_delta()) {
    removed_.for_each([this](ByteView magnitude, UnixSeconds since) {
      others_.add(*x509::SerialNumber::from_magnitude(magnitude), since);
    });
    removed_ = {};
  }
  file.entries = std::move(others_);
  file.on_hold = std::move(on_hold_);
  file.removed = std::move(removed_);
  for (SerialTable* table : {&file.entries, &file.on_hold, &file.removed}) table->sort();
  file.impossible = impossible_;
}

Result<CrlFile> read_one(OctetSource& der, const std::vector<x509::Certificate>& issuers, const CrlReading& reading) {
  CrlStream stream(der, reading.deltas);
  const CrlHead head = TRY(stream.head());
  SignatureSearch signature = TRY(SignatureSearch::begin(head, issuers));
  stream.tap_signed([&](ByteView octets) { signature.add(octets); });
  EntryTables tables(stream);
  TRY(stream.entries([&](const CrlEntry& entry) { tables.add(entry); }));
  CrlTail tail = TRY(stream.tail());
  x509::Certificate issuer = TRY(signature.issuer(tail));
  TRY(check_dates(head, reading));
  // RFC 5280 §5.2.3: "If a CRL issuer generates delta CRLs in addition to complete CRLs for a given scope, the complete
  // CRLs and delta CRLs MUST share one numbering sequence."
  if (tail.base_number && !tail.number) return fail(Code::crl_malformed, "a delta CRL without cRLNumber");
  CrlFile file{.issuer = issuer,
               .issuer_key = IssuerKey::of(issuer),
               .this_update = head.this_update,
               .next_update = head.next_update,
               .number = std::move(tail.number),
               .base_number = std::move(tail.base_number),
               .coverage = std::move(tail.coverage)};
  file.coverage.next_update = head.next_update;
  tables.move_into(file);
  return file;
}

// What was looked at already, and then the rest.
class LookedAt final : public OctetSource {
 public:
  static Result<LookedAt> look(OctetSource& source, std::size_t count);
  ByteView seen() const { return seen_; }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (at_ == seen_.size()) return source_.read(into);
    const std::size_t count = std::min(into.size(), seen_.size() - at_);
    std::copy_n(seen_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }

 private:
  explicit LookedAt(OctetSource& source) : source_(source) {}
  OctetSource& source_;
  Bytes seen_;
  std::size_t at_ = 0;
};

Result<LookedAt> LookedAt::look(OctetSource& source, std::size_t count) {
  LookedAt out(source);
  out.seen_.resize(count);
  std::size_t used = 0;
  while (used < count) {
    const std::size_t got = TRY(source.read(std::span(out.seen_).subspan(used)));
    if (got == 0) break;
    used += got;
  }
  out.seen_.resize(used);
  return out;
}

// Text may begin with "0" (0x30, a SEQUENCE), but goes on in ASCII: as a short length, which no list has but the
// shortest.
bool is_der(ByteView beginning) {
  const auto header = x509::der::header_of(beginning);
  return header && header->tag == x509::der::tag::sequence &&
         (header->header_size > 2 || header->size() == beginning.size());
}

}  // namespace

Result<std::vector<CrlFile>> read_crls(OctetSource& der_or_pem, const std::vector<x509::Certificate>& issuers,
                                       const CrlReading& reading) {
  constexpr std::size_t kLook = 256;
  LookedAt source = TRY(LookedAt::look(der_or_pem, kLook));
  std::vector<CrlFile> out;
  if (is_der(source.seen())) {
    out.push_back(TRY(read_one(source, issuers, reading)));
    return out;
  }
  PemSource pem(source, kLabel);
  while (TRY(pem.next_block())) out.push_back(TRY(read_one(pem, issuers, reading)));
  if (!out.empty()) return out;
  if (!pem.is_pem()) return fail(Code::crl_malformed, "octet 0: neither a DER SEQUENCE nor PEM");
  return fail(Code::pem_malformed, "no block with the label '{}'", kLabel);
}

Result<CrlFile> read_crl(ByteView der_or_pem, const std::vector<x509::Certificate>& issuers, UnixSeconds now,
                         StaleCrl stale) {
  ViewSource source(der_or_pem);
  auto all = TRY(read_crls(source, issuers, {.now = now, .stale = stale}));
  if (all.size() > 1) return fail(Code::crl_malformed, "{} CRLs where one was expected", all.size());
  return std::move(all.front());
}

}  // namespace symbolon::revocation
