// `read_files(paths) -> FileObservation`: certificates, requests, CRLs, keys and PKCS#12, found by what they are.
#pragma once

#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/secret.h"
#include "check/file_observation.h"

namespace symbolon::check {

// Of a file that is held whole; of a larger one, up to kLargestFile, only CRLs are read, which are streamed.
inline constexpr std::uint64_t kLargestWholeFile = 16ULL << 20;  // octets

struct FileReading {
  Secret passphrase = {};                       // opens what is encrypted; may be empty
  std::vector<x509::Certificate> issuers = {};  // that CRLs may be of, beside those in the files
};

// Total: what is wrong with a file is part of the observation. Blocks for a pipe, some seconds at most.
FileObservation read_files(const std::vector<Path>& paths, const FileReading& how);

// The same of one file's content.
FileObservation read_content(std::string_view name, std::string_view content, const FileReading& how);

}  // namespace symbolon::check
