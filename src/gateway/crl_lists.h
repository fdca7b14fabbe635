// What a source of CRLs gives, read and held against what was there before. Private to this folder.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/octet_source.h"
#include "gateway/crl_config.h"
#include "revocation/crl_reader.h"

namespace symbolon::gateway {

using CrlFiles = std::vector<std::shared_ptr<const revocation::CrlFile>>;

// The error with this place where it has none of its own, and with what it is about.
Error at_crl(Error error, const CrlConfig& crl);

// Fails as Certificate::from_file_content and read_file, or with trust_empty.
Result<std::vector<x509::Certificate>> read_crl_issuers(const Path& file);

struct ReadLists {
  CrlFiles lists;
  crypto::Sha256 digest;  // of the octets that they came in
};
// Every list of a file or a body, deltas and those whose nextUpdate has passed, too. Fails as read_crls.
Result<ReadLists> read_crl_lists(OctetSource& source, const std::vector<x509::Certificate>& issuers, UnixSeconds now);
// Of all octets that are left. Fails as the source does.
Result<crypto::Sha256> digest_of(OctetSource& source);

// Fails with crl_number_went_back where one of `next` is older than the one of `before` that it would replace.
Status check_successors(const CrlFiles& before, const CrlFiles& next);

// crl_base_missing, with the numbers.
Error base_missing(const revocation::CrlFile& delta);

// What an entry gave.
struct ReadEntry {
  const CrlConfig* config;                        // borrowed, as `issuers`
  const std::vector<x509::Certificate>* issuers;  // whose lists these may be
  CrlFiles lists;
};
// The entries, by their places, that have a delta from a file whose full list is in none of them, and that no URL may
// bring yet; at most one error each.
std::vector<std::pair<std::size_t, Error>> check_bases(const std::vector<ReadEntry>& entries);

}  // namespace symbolon::gateway
