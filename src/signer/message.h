// What authority and signer say to each other, a packet each (AF_UNIX, SOCK_SEQPACKET). Both ends are the same program.
//
//   authority -> signer   hello      which keys are there?
//                         sign       names of intents: CA and serial, never the bytes to be signed
//                         sign_crl   names of CRLs: CA, dates, numbers, never their entries
//                         sign_ocsp  names of OCSP responses: CA, dates, serials, never what is said of them
//                         sign_head  which chain, never how far it goes
//   signer -> authority   keys       what it can sign for, and the key of heads
//                         answers    a signature or an error for each
//
// A packet is: version (1 octet), kind (1), count (2), then `count` entries. Numbers are big-endian.
//   sign      number (8), issuer (8), length (1), serial
//   sign_crl  number (8), issuer (8), revocations (8), cRLNumber (8), thisUpdate (8), nextUpdate (8), base (8), shards
//   (2),
//             shard (2)
//   sign_ocsp number (8), issuer (8), responder (32), thisUpdate (8), nextUpdate (8), length (1), nonce, certificates
//   (2),
//             then for each: hash (1: 0 SHA-1, 1 SHA-256), length (1), serial
//   sign_head number (8), chain (1: 0 audit, 1 feed)
//   keys      issuer (8), file (1: 0 plain, 1 encrypted), length (2), SubjectPublicKeyInfo, length (2),
//             AlgorithmIdentifier, length (2), CertificationRequest of the OCSP responder (0 octets: there is none);
//             after all of them: length (2), SubjectPublicKeyInfo of the key of heads (0 octets: there is none)
//   answers   number (8), outcome (1: 0 signature, 1 error), length (2), signature; or name of the code, LF, words
//
// The signature of a head comes with what was signed: count (8), hash (32), time (8), signature. That of an OCSP
// response comes with the SHA-256 of the octets that were signed (32), certificates (2), then for each what they say of
// it: status (1, its tag), and where it is revoked: reason (1), date (8).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "revocation/ocsp_response.h"
#include "revocation/signed_head.h"
#include "x509/serial_number.h"

namespace symbolon::signer {

inline constexpr std::size_t kMostInPacket = 16;           // requests; few, so that all threads of the signer have some
inline constexpr std::size_t kMostKeys = 32;               // CAs of one authority that can sign
inline constexpr std::size_t kMostOcspEntries = 100;       // certificates of one OCSP response
inline constexpr std::size_t kMostOcspNonce = 128;         // octets; RFC 9654 §2.1
inline constexpr std::size_t kLargestField = 2048;         // octets: keys, signatures and words
inline constexpr std::size_t kLargestPacket = 256 * 1024;  // octets: more than any packet of ours

// How a CertID names the issuer (RFC 6960 §4.1.1).
enum class OcspHash : std::uint8_t { sha1, sha256 };

// The intent that shall be signed. `issuer` is the ledger's number of the CA.
struct IntentName {
  std::int64_t issuer = 0;
  x509::SerialNumber serial;
  bool operator==(const IntentName&) const = default;
};

// The CRL that shall be signed: of this CA, with its revocations among the ledger's first `revocations`. Whoever reads
// the ledger builds the same octets from it (authority/crl_content.h).
struct CrlName {
  std::int64_t issuer = 0;
  std::uint64_t revocations = 0;  // Revocation::sequence of the last one that counts; 0: none
  std::uint64_t number = 0;       // cRLNumber
  UnixSeconds this_update = {};
  UnixSeconds next_update = {};
  std::uint64_t base = 0;    // BaseCRLNumber of a delta CRL; 0: it is none
  std::uint16_t shards = 0;  // distribution points that the CA's certificates are divided among; 0: it is about all
  std::uint16_t shard = 0;   // which of them
  bool operator==(const CrlName&) const = default;
};

// The OCSP response that shall be signed: of one CA, about these certificates, in their order. What it says of each,
// whoever reads the ledger finds for themselves (authority/ocsp_content.h).
struct OcspName {
  std::int64_t issuer = 0;
  crypto::Sha256 responder{};    // over the SubjectPublicKeyInfo of the key that shall sign
  UnixSeconds this_update = {};  // producedAt, too
  UnixSeconds next_update = {};
  Bytes nonce = {};  // at most kMostOcspNonce; empty: none
  struct Entry {
    OcspHash hash = OcspHash::sha1;  // of its CertID
    x509::SerialNumber serial;
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;  // 1 to kMostOcspEntries
  bool operator==(const OcspName&) const = default;
};

// Has it as many entries and as long a nonce as may be?
bool fits(const OcspName& name);

struct Hello {
  bool operator==(const Hello&) const = default;
};
struct SignRequest {
  std::uint64_t number = 0;  // comes back with the answer
  IntentName intent;
  bool operator==(const SignRequest&) const = default;
};
struct SignRequests {
  std::vector<SignRequest> entries;  // 1 to kMostInPacket
  bool operator==(const SignRequests&) const = default;
};
struct CrlRequest {
  std::uint64_t number = 0;  // comes back with the answer
  CrlName crl;
  bool operator==(const CrlRequest&) const = default;
};
struct CrlRequests {
  std::vector<CrlRequest> entries;  // 1 to kMostInPacket
  bool operator==(const CrlRequests&) const = default;
};
struct OcspRequest {
  std::uint64_t number = 0;  // comes back with the answer
  OcspName response;
  bool operator==(const OcspRequest&) const = default;
};
struct OcspRequests {
  std::vector<OcspRequest> entries;  // 1 to kMostInPacket
  bool operator==(const OcspRequests&) const = default;
};
// The newest head of that chain, as the ledger has it when it is asked.
struct HeadRequest {
  std::uint64_t number = 0;  // comes back with the answer
  revocation::HeadKind kind = revocation::HeadKind::audit;
  bool operator==(const HeadRequest&) const = default;
};
struct HeadRequests {
  std::vector<HeadRequest> entries;  // 1 to kMostInPacket
  bool operator==(const HeadRequests&) const = default;
};
struct OfferedKey {
  std::int64_t issuer = 0;
  Bytes spki;              // DER
  Bytes algorithm;         // DER AlgorithmIdentifier of its signatures
  bool encrypted = false;  // its file was
  Bytes responder = {};    // DER of the PKCS#10 request for the key that answers by OCSP for this CA; empty: none does
  bool operator==(const OfferedKey&) const = default;
};
struct Keys {
  std::vector<OfferedKey> entries;  // at most kMostKeys
  Bytes heads = {};                 // SubjectPublicKeyInfo of the key of heads; empty: none is here
  bool operator==(const Keys&) const = default;
};
struct Answer {
  std::uint64_t number = 0;
  Result<Bytes> signature;  // of an error, code and words arrive; the place does not
};
struct Answers {
  std::vector<Answer> entries;  // 1 to kMostInPacket
};

using Message = std::variant<Hello, SignRequests, CrlRequests, OcspRequests, HeadRequests, Keys, Answers>;

// Words beyond kLargestField are cut. Aborts for more entries than are allowed, and for a nonce that is longer.
Bytes encode(const Message& message);
// Total. Fails with signer_protocol.
Result<Message> decode(ByteView packet);

// A signature, and what was signed: whoever builds the same octets from what they say need not verify it to know that
// they are the same.
struct SignedOcsp {
  crypto::Sha256 octets{};                   // SHA-256 of them
  std::vector<revocation::CertStatus> said;  // of each certificate that was named; at most kMostOcspEntries
  Bytes signature;
  bool operator==(const SignedOcsp&) const = default;
};
// What Answer::signature holds for an OcspRequest. Reading fails with signer_protocol.
Bytes encode_ocsp(const SignedOcsp& response);
Result<SignedOcsp> decode_ocsp(ByteView octets);

// What Answer::signature holds for a HeadRequest. Reading fails with signer_protocol.
Bytes encode_head(const revocation::SignedHead& head);
Result<revocation::SignedHead> decode_head(revocation::HeadKind kind, ByteView octets);

}  // namespace symbolon::signer
