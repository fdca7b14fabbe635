// What the probe of an endpoint saw: facts only.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "check/attempt.h"
#include "check/way.h"
#include "net/endpoint.h"
#include "tls/probe.h"
#include "x509/path_verification.h"

namespace symbolon::check {

using PathVerdict = std::expected<x509::VerifiedPath, x509::PathFailure>;

// An answer to the question whether what a certificate names can be fetched.
struct Fetched {
  enum class What : std::uint8_t { crl, issuer, ocsp };
  What what = What::crl;
  std::string url = {};
  std::string certificate = {};       // that names it, for people
  std::optional<Error> failure = {};  // absent: it answered
};

struct Observation {
  net::Endpoint endpoint;
  std::string server_name;  // what was asked for by SNI and expected in the certificate
  UnixSeconds at;
  bool asked_http = false;  // an HTTP request was sent after the handshake

  std::optional<Error> unreachable = {};    // connection_refused, connection_timeout, name_not_found, ...
  std::string address = {};                 // that was reached, "192.0.2.1:443"
  WaySeen way = {};                         // proxy, PROXY protocol and STARTTLS on the way
  std::optional<tls::Transcript> tls = {};  // of the first handshake, as the user asked; absent when unreachable
  std::vector<Attempt> further = {};        // in the order in which they were made

  std::vector<std::string> protocols = {};             // that were offered (ALPN)
  std::optional<tls::ProbeVersion> only_version = {};  // the client was to speak no other
  std::optional<Error> client_problem = {};            // key_mismatch: nothing was presented therefore
  std::vector<Fetched> fetched = {};                   // only of certificates on verified paths

  std::string trust = {};                       // where the trusted CAs come from; empty: none, nothing was verified
  std::optional<PathVerdict> server_path = {};  // of the server's chain, with its name
  std::vector<x509::Certificate> client_chain = {};  // ours, leaf first; empty: none was given
  std::optional<PathVerdict> client_path = {};       // of ours by the same trusted CAs: only where --ca named them
  // Where a path failed: the one that there is once the intermediates that the other side sent are added.
  std::optional<x509::VerifiedPath> server_path_completed = {};
  std::optional<x509::VerifiedPath> client_path_completed = {};
};

}  // namespace symbolon::check
