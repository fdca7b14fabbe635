// `explain(FileObservation, now, trust) -> FileReport`: what files hold, what is wrong with it, and what mends that.
#pragma once

#include <string>
#include <vector>

#include "check/file_observation.h"
#include "check/report.h"
#include "x509/trust_bundle.h"

namespace symbolon::check {

struct FileFinding {
  Finding finding;    // without a side: whoever has the file has to mend it
  std::string where;  // "web.pem:12"
  Severity severity() const;
};

// A certificate with those above it, as far as they are here.
struct FileChain {
  enum class End : std::uint8_t {
    self_signed,     // it ends at a certificate that signed itself; nothing was named to trust
    issuer_missing,  // the next issuer's certificate is not here; nothing was named to trust
    trusted,         // it verifies by the CAs that were named
    refused,         // it does not
  };
  std::vector<x509::Certificate> certificates;  // the lowest first
  End end = End::self_signed;
};
std::string_view name(FileChain::End end);

// A private key and what holds its public key: a certificate or a request. Places in FileObservation::objects.
struct KeyPair {
  std::size_t key = 0;
  std::size_t holder = 0;
};

struct FileReport {
  std::string summary;                // one sentence
  std::vector<FileFinding> findings;  // errors first
  std::vector<std::string> notes;     // worth knowing, nothing to mend
  std::vector<KeyPair> pairs;
  std::vector<FileChain> chains;
  bool unreadable = false;  // a file could not be opened

  // 2: a file could not be opened; 1: something is to be mended; 0: sound.
  int exit_code() const;
};

// Pure. `trust`: the CAs that were named; null: none were.
FileReport explain(const FileObservation& observation, UnixSeconds now, const x509::TrustBundle* trust);

// For people; ends with a line break.
std::string to_text(const FileObservation& observation, const FileReport& report, UnixSeconds now);
// One JSON object (schema: src/check/README.md); ends with a line break.
std::string to_json(const FileObservation& observation, const FileReport& report, UnixSeconds now);

}  // namespace symbolon::check
