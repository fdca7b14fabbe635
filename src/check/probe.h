// `probe(request) -> Observation`: connects, does one handshake, watches.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
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
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds linger{1'500};
};

// Blocks the thread for connect + handshake + linger at most. Total: what fails is part of the observation.
Observation probe(const ProbeRequest& request, const Clock& clock);

// The command line of `symbolon check`, as it was typed.
struct ProbeArguments {
  std::string endpoint;                         // HOST:PORT, [v6]:PORT, unix:PATH; without a port: 443
  std::optional<Path> certificate = {};         // --cert: PEM, leaf first, or PKCS#12
  std::optional<Path> key = {};                 // --key; absent: it stands in the certificate's file
  std::optional<Path> ca = {};                  // --ca; absent: the system's bundle, where there is one
  std::optional<std::string> server_name = {};  // --server-name; absent: the host of the endpoint
  Ask ask = Ask::nothing;                       // --http
  Secret passphrase = {};                       // opens the key or the PKCS#12; may be empty
};

// Reads the files. Fails with usage (endpoint, --key without --cert), key_mismatch, key_unreadable,
// passphrase_needed, trust_empty, pem_malformed, file_missing and the like.
Result<ProbeRequest> read_arguments(const ProbeArguments& arguments, UnixSeconds now);

}  // namespace symbolon::check
