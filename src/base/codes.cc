#include "base/codes.h"

#include <array>
#include <string>
#include <unordered_map>

namespace symbolon {
namespace {

constexpr CodeRow kTable[] = {
#define CODE(name, fault, exit, http, x509, alert, section, sentence, remedy) \
  {Code::name, #name, Fault::fault, exit, http, x509, alert, section, sentence, remedy},
#define CERTIFICATE(problem, x509, alert, section, sentence, remedy) \
  {Code::client_certificate_##problem,                               \
   "client_certificate_" #problem,                                   \
   Fault::peer,                                                      \
   5,                                                                \
   400,                                                              \
   x509,                                                             \
   alert,                                                            \
   section,                                                          \
   sentence,                                                         \
   remedy},                                                          \
      {Code::server_certificate_##problem,                           \
       "server_certificate_" #problem,                               \
       Fault::peer,                                                  \
       5,                                                            \
       400,                                                          \
       x509,                                                         \
       alert,                                                        \
       section,                                                      \
       sentence,                                                     \
       remedy},
#include "base/codes.inc"
#undef CERTIFICATE
#undef CODE
};

}  // namespace

std::span<const CodeRow> code_table() { return kTable; }

const CodeRow& row(Code code) { return kTable[static_cast<std::size_t>(code)]; }

std::string_view name(Code code) { return row(code).name; }

std::optional<Code> code_from_name(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, Code> map;
    for (const auto& entry : kTable) map.emplace(entry.name, entry.code);
    return map;
  }();
  const auto found = kByName.find(name);
  if (found == kByName.end()) return std::nullopt;
  return found->second;
}

std::string_view name(Fault fault) {
  switch (fault) {
    case Fault::peer: return "peer";
    case Fault::configuration: return "configuration";
    case Fault::environment: return "environment";
    case Fault::policy: return "policy";
    case Fault::internal: return "internal";
  }
  return "internal";
}

Code certificate_code(PeerRole role, CertificateProblem problem) {
  switch (problem) {
#define CODE(...)
#define CERTIFICATE(problem, ...)   \
  case CertificateProblem::problem: \
    return role == PeerRole::client ? Code::client_certificate_##problem : Code::server_certificate_##problem;
#include "base/codes.inc"
#undef CERTIFICATE
#undef CODE
  }
  return Code::internal;
}

std::string_view alert_name(int alert) {
  switch (alert) {
    case 0: return "close_notify";
    case 10: return "unexpected_message";
    case 20: return "bad_record_mac";
    case 21: return "decryption_failed";
    case 22: return "record_overflow";
    case 30: return "decompression_failure";
    case 40: return "handshake_failure";
    case 41: return "no_certificate";
    case 42: return "bad_certificate";
    case 43: return "unsupported_certificate";
    case 44: return "certificate_revoked";
    case 45: return "certificate_expired";
    case 46: return "certificate_unknown";
    case 47: return "illegal_parameter";
    case 48: return "unknown_ca";
    case 49: return "access_denied";
    case 50: return "decode_error";
    case 51: return "decrypt_error";
    case 70: return "protocol_version";
    case 71: return "insufficient_security";
    case 80: return "internal_error";
    case 86: return "inappropriate_fallback";
    case 90: return "user_canceled";
    case 100: return "no_renegotiation";
    case 109: return "missing_extension";
    case 110: return "unsupported_extension";
    case 112: return "unrecognized_name";
    case 113: return "bad_certificate_status_response";
    case 115: return "unknown_psk_identity";
    case 116: return "certificate_required";
    case 120: return "no_application_protocol";
    default: return "unknown alert";
  }
}

}  // namespace symbolon
