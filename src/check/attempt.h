// Further attempts at an endpoint: each is made for one reason, where it decides something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "tls/probe.h"

namespace symbolon::check {

struct Observation;

enum class AttemptKind : std::uint8_t {
  plain_http,           // nothing came that is TLS: does the port speak HTTP in plain?
  tls12,                // TLS 1.2 alone
  tls13,                // TLS 1.3 alone
  old_versions,         // TLS 1.0 and 1.1 alone
  every_suite,          // every cipher suite that our library has
  small_hello,          // a ClientHello with few groups
  without_certificate,  // would the server have gone on without a client certificate?
  without_server_name,  // does it show another certificate then?
  split_hello,          // the ClientHello in two records and two segments
  split_records,        // in two records
  split_segments,       // in two TCP segments
};
std::string_view name(AttemptKind kind);
// Why it is made, for people.
std::string_view reason(AttemptKind kind);

struct Attempt {
  AttemptKind kind = AttemptKind::plain_http;
  std::optional<Error> unreachable = {};
  tls::Transcript tls = {};       // nothing of it with plain_http
  std::string plain_answer = {};  // with plain_http: what came, as far as it is remembered

  // A ServerHello came with a version that was offered: what was offered is spoken there.
  bool got_through() const { return !tls.version.empty() && tls.version_offered; }
};

// The attempt of that kind, if it was made; null: not.
const Attempt* attempt_of(const Observation& observation, AttemptKind kind);

// Which attempt decides something now; none: nothing more is to be found out. Pure. A bounded number follows on any
// observation.
std::optional<AttemptKind> next_attempt(const Observation& observation);

// What came of it, for people: "alert protocol_version (70)", "ServerHello: TLSv1.2, ECDHE-...", "nothing came".
std::string result_text(const Attempt& attempt);

}  // namespace symbolon::check
