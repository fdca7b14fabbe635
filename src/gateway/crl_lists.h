// What a source of CRLs gives, read and held against what was there before. Private to this folder.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/crl_config.h"
#include "revocation/crl_reader.h"

namespace symbolon::gateway {

using CrlFiles = std::vector<std::shared_ptr<const revocation::CrlFile>>;

// The error with this place where it has none of its own, and with what it is about.
Error at_crl(Error error, const CrlConfig& crl);

// Fails as Certificate::from_file_content and read_file, or with trust_empty.
Result<std::vector<x509::Certificate>> read_crl_issuers(const Path& file);

// Every list of a file or a body, those whose nextUpdate has passed, too. Fails as split_crls and read_crl.
Result<CrlFiles> read_crl_lists(std::string_view content, const std::vector<x509::Certificate>& issuers,
                                UnixSeconds now);

// Fails with crl_number_went_back where one of `next` is older than the one of `before` that it would replace.
Status check_successors(const CrlFiles& before, const CrlFiles& next);

}  // namespace symbolon::gateway
