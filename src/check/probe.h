// `probe(request) -> Observation`: connects, shakes hands as it was asked to, watches; then again where that decides.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "check/observation.h"
#include "tls/credential.h"
#include "x509/trust_bundle.h"

namespace symbolon::check {

enum class Ask : std::uint8_t {
  nothing,  // listen only
  http,     // GET / after the handshake: an answer proves acceptance, and nginx refuses in HTTP only
};

struct ProbeRequest {
  net::Endpoint endpoint;
  std::string server_name;                            // empty: no SNI and no name is expected
  std::shared_ptr<const tls::Credential> credential;  // null: no client certificate
  std::shared_ptr<const x509::TrustBundle> trust;     // null: the server's chain is not verified
  bool trust_named = false;                           // by --ca, so it is likely to be the client's CA too
  Ask ask = Ask::nothing;
  Way way = {};
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds linger{1'500};
  std::optional<tls::ProbeVersion> only_version = {};  // the client speaks no other
  std::vector<std::string> protocols = {};             // offered by ALPN
  std::vector<x509::Certificate> client_chain = {};    // where there is a certificate, but no credential,
  std::optional<Error> client_problem = {};            // this says why: key_mismatch
  std::chrono::milliseconds further_handshake{3'000};  // of each attempt beside the first
  std::chrono::milliseconds fetch{2'000};              // of what certificates name
};

// Blocks the thread: for the first attempt the way (reach.h) + handshake + linger at most, and for each of a few
// further ones (attempt.h) the way + further_handshake + linger. Total: what fails is part of the observation.
Observation probe(const ProbeRequest& request, const Clock& clock);

// The command line of `symbolon check`, as it was typed.
struct ProbeArguments {
  std::string endpoint;                  // HOST:PORT, [v6]:PORT, unix:PATH; without a port: 443, or that of --starttls
  std::optional<Path> certificate = {};  // --cert: PEM, leaf first, or PKCS#12
  std::optional<Path> key = {};          // --key; absent: it stands in the certificate's file
  std::optional<Path> ca = {};           // --ca; absent: the system's bundle, where there is one
  std::optional<std::string> server_name = {};  // --server-name; absent: the host of the endpoint
  Ask ask = Ask::nothing;                       // --http
  std::optional<std::string> version = {};      // --tls: 1.2 or 1.3, the only one
  std::vector<std::string> protocols = {};      // --alpn
  WayArguments way = {};
  Secret passphrase = {};  // opens the key or the PKCS#12; may be empty
};

// Reads the files. Fails with usage (endpoint, --key without --cert, --tls, --alpn), key_unreadable, passphrase_needed,
// trust_empty, pem_malformed, file_missing and the like. A key of another certificate is no failure but part of the
// request: it is a finding.
Result<ProbeRequest> read_arguments(const ProbeArguments& arguments, UnixSeconds now);

}  // namespace symbolon::check
