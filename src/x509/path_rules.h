// Our blocking list: what a candidate path must keep beside what X509_verify_cert checks. None of it costs a signature
// check, so it runs first; where both check the same, this one has the numbers for the message.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "x509/certificate.h"
#include "x509/finding.h"
#include "x509/path_problem.h"
#include "x509/path_verification.h"

namespace symbolon::x509 {

// `path`: leaf first, anchor last. The first fault in the order of PathStage, nothing when there is none:
//   every certificate  can be read whole, no extension twice, no empty extendedKeyUsage; a strong key (RSA 2048 to 8192
//   bits, odd exponent from 65537, at
//                      most 64 bits; P-256 and above, Ed25519, Ed448); within its validity, both ends included
//   below the anchor   no MD5 or SHA-1 signature
//   issuers            a name, version 3, basicConstraints CA, keyCertSign where there is keyUsage, pathLenConstraint,
//   depth leaf               no control characters (NUL) in a name, names in ASCII, addresses of 4 or 16 octets; not a
//   CA, digitalSignature where there is keyUsage leaf and issuers   extended key usage, nested: who has the extension
//   must list the purpose (in a CA anyExtendedKeyUsage does,
//                      too; in a leaf it does not, as in OpenSSL). A leaf without it is accepted (RFC 5280 §4.2.1.12),
//                      under `strict` not
//   strict             also authorityKeyIdentifier must name the issuer's key
std::optional<PathFault> check_path_rules(std::span<const Certificate> path, const PathOptions& options);

// The CAs that are to stand above leaves, the issuing one first: what the list above says of issuers, as if a leaf
// stood below. `index` is the place in `cas`.
std::optional<PathFault> check_issuers(std::span<const Certificate> cas, UnixSeconds at);

// Only the validity, at another time: for paths out of the cache.
std::optional<PathFault> check_validity(std::span<const Certificate> path, UnixSeconds at);

// What `strict` would refuse in a path that is otherwise valid, each with its remedy (RFC 5280 §4.2).
std::vector<Finding> path_warnings(std::span<const Certificate> path, PeerRole role);

// MD5, SHA-1 and what is older, by OpenSSL's number.
bool is_weak_digest(int nid);
// Is it signed with one of these, or with less than 112 bits of security? Not for algorithms that OpenSSL does not
// know.
bool is_weak_signature(const Certificate& certificate);

// Is this key too weak (or so large that checking with it is an attack)? The words, if so.
std::optional<std::string> weakness_of(const crypto::PublicKey& key);

}  // namespace symbolon::x509
