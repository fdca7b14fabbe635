// The code table: one row for every refusal, finding and failure (see codes.inc, which is the table).
//
// A code is stable and machine-readable; sentence and remedy are for people and may change.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace symbolon {

enum class Code : std::uint16_t {
#define CODE(name, ...) name,
#define CERTIFICATE(problem, ...) client_certificate_##problem, server_certificate_##problem,
#include "base/codes.inc"
#undef CERTIFICATE
#undef CODE
};

// Whose fault it is, so that an operator knows where to look first.
enum class Fault : std::uint8_t { peer, configuration, environment, policy, internal };

struct CodeRow {
  Code code;
  std::string_view name;
  Fault fault;
  int exit_code;    // of the command line
  int http_status;  // RFC 9457 `status`
  int x509_error;   // X509_V_ERR_... set in the verify callback; 0: libssl decides
  int tls_alert;    // RFC 8446 §6.2, as really sent in TLS 1.3; 0: none
  std::string_view section;
  std::string_view sentence;
  std::string_view remedy;
};

// Every row, in the order of the enum.
std::span<const CodeRow> code_table();

const CodeRow& row(Code code);
std::string_view name(Code code);
std::optional<Code> code_from_name(std::string_view name);
std::string_view name(Fault fault);

// What can be wrong with a peer's certificate; each is a client_certificate_... and a server_certificate_... row.
enum class CertificateProblem : std::uint8_t {
#define CODE(...)
#define CERTIFICATE(problem, ...) problem,
#include "base/codes.inc"
#undef CERTIFICATE
#undef CODE
};

// Whose certificate is judged.
enum class PeerRole : std::uint8_t { client, server };

Code certificate_code(PeerRole role, CertificateProblem problem);

// RFC 8446 §6.2 name of an alert ("bad_certificate"), "unknown alert" for numbers without one.
std::string_view alert_name(int alert);

}  // namespace symbolon
