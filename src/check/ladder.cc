#include "check/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "check/alert_meaning.h"
#include "check/printable.h"

namespace symbolon::check {
namespace {

using tls::ProbeDirection;
using tls::ProbeEnd;
using tls::ProbeMessage;
using tls::Transcript;

// RFC 8446 §5.1 and §4.
constexpr std::uint8_t kChangeCipherSpec = 20;
constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kCertificate = 11;
constexpr std::uint8_t kCertificateRequest = 13;
constexpr std::uint8_t kCompressedCertificate = 25;
constexpr std::size_t kOctetsQuoted = 24;  // of what is no TLS

bool is_tls13(const Transcript& tls) { return tls.version == "TLSv1.3"; }

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string certificate_detail(const ProbeMessage& message, const Transcript& tls) {
  if (message.direction == ProbeDirection::sent) return tls.certificate_sent ? "" : "empty";
  return tls.server_chain.empty() ? "" : counted(tls.server_chain.size(), "certificate");
}

std::string detail_of(const ProbeMessage& message, const Transcript& tls) {
  if (message.content_type == kChangeCipherSpec) return is_tls13(tls) ? "for middleboxes" : "";
  switch (message.handshake_type) {
    case kServerHello:
      if (message.retry) return "asks for another ClientHello";
      return tls.cipher.empty() ? tls.version : fmt::format("{}, {}", tls.version, tls.cipher);
    case kCertificate:
    case kCompressedCertificate: return certificate_detail(message, tls);
    case kCertificateRequest: return tls.ca_names.empty() ? "of any CA" : "of " + counted(tls.ca_names.size(), "CA");
    default: return "";
  }
}

Rung rung_of(const ProbeMessage& message, const Transcript& tls) {
  Rung out;
  out.direction = message.direction;
  out.octets = message.octets;
  out.at = message.at;
  if (message.content_type == kAlert) {
    out.kind = RungKind::alert;
    out.name = "alert " + alert_text(message.alert);
    out.detail = message.alert_level == 2 ? "fatal" : "warning";
    return out;
  }
  if (message.content_type == kChangeCipherSpec) {
    out.name = "ChangeCipherSpec";
  } else if (message.content_type == kHandshake) {
    out.name = message.retry ? "HelloRetryRequest" : handshake_name(message.handshake_type);
  } else {
    out.name = fmt::format("record of type {}", message.content_type);
  }
  out.detail = detail_of(message, tls);
  return out;
}

// The beginning and the end; `remembered` is full when there may have been more.
std::vector<Rung> shown(const Transcript& tls) {
  const auto& all = tls.messages;
  std::vector<Rung> out;
  const bool whole = all.size() <= LadderLimits::kFirst + LadderLimits::kLast + 1;
  const std::size_t omitted = whole ? 0 : all.size() - LadderLimits::kFirst - LadderLimits::kLast;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!whole && i == LadderLimits::kFirst) {
      out.push_back({.kind = RungKind::omitted, .name = fmt::format("and {} more", omitted)});
      i += omitted;
    }
    out.push_back(rung_of(all[i], tls));
  }
  if (all.size() >= tls::ProbeLimits::kMessages) {
    out.push_back({.kind = RungKind::omitted, .name = "and what came after them"});
  }
  return out;
}

std::string not_tls_detail(const Transcript& tls) {
  const std::string_view octets = as_text(tls.first_octets).substr(0, kOctetsQuoted);
  return fmt::format("\"{}\"{}", printable(octets), tls.first_octets.size() > octets.size() ? "..." : "");
}

Rung end_of(const Transcript& tls) {
  Rung out;
  out.kind = RungKind::end;
  switch (tls.end) {
    case ProbeEnd::alert: out.name = "the server ended it by its alert"; break;
    case ProbeEnd::data: out.name = "the server answered"; break;
    case ProbeEnd::closed: out.name = "the server closed the connection in order"; break;
    case ProbeEnd::cut: out.name = "the connection ended without close_notify"; break;
    case ProbeEnd::reset: out.name = "the connection was reset"; break;
    case ProbeEnd::silence: out.name = "silence: nothing more came"; break;
    case ProbeEnd::timeout: out.name = "silence: the handshake did not finish in time"; break;
    case ProbeEnd::not_tls:
      out.name = "what came is no TLS";
      out.detail = not_tls_detail(tls);
      break;
    case ProbeEnd::flood: out.name = "more came than any handshake needs"; break;
    case ProbeEnd::failed: out.name = "this side gave up"; break;
  }
  return out;
}

}  // namespace

std::string_view name(RungKind kind) {
  switch (kind) {
    case RungKind::message: return "message";
    case RungKind::alert: return "alert";
    case RungKind::data: return "data";
    case RungKind::omitted: return "omitted";
    case RungKind::end: return "end";
  }
  return "";
}

std::vector<Rung> ladder(const Transcript& tls) {
  std::vector<Rung> out = shown(tls);
  if (!tls.application_data.empty()) {
    const bool cut = tls.application_data.size() >= tls::ProbeLimits::kApplicationOctets;
    // Nothing but the farewell, an alert, follows application data.
    const bool farewell = !tls.messages.empty() && tls.messages.back().content_type == kAlert &&
                          tls.messages.back().direction == ProbeDirection::received &&
                          out.back().kind == RungKind::alert;
    out.insert(out.end() - (farewell ? 1 : 0), Rung{.kind = RungKind::data,
                                                    .direction = ProbeDirection::received,
                                                    .name = "application data",
                                                    .detail = cut ? "and more" : "",
                                                    .octets = tls.application_data.size(),
                                                    .at = tls.application_data_at});
  }
  out.push_back(end_of(tls));
  return out;
}

std::string handshake_name(std::uint8_t type) {
  switch (type) {
    case 0: return "HelloRequest";
    case 1: return "ClientHello";
    case kServerHello: return "ServerHello";
    case 3: return "HelloVerifyRequest";
    case 4: return "NewSessionTicket";
    case 5: return "EndOfEarlyData";
    case 6: return "HelloRetryRequest";  // of the drafts of TLS 1.3
    case 8: return "EncryptedExtensions";
    case kCertificate: return "Certificate";
    case 12: return "ServerKeyExchange";
    case kCertificateRequest: return "CertificateRequest";
    case 14: return "ServerHelloDone";
    case 15: return "CertificateVerify";
    case 16: return "ClientKeyExchange";
    case 20: return "Finished";
    case 21: return "CertificateURL";
    case 22: return "CertificateStatus";
    case 23: return "SupplementalData";
    case 24: return "KeyUpdate";
    case kCompressedCertificate: return "CompressedCertificate";
    default: return fmt::format("type {}", type);
  }
}

std::string milliseconds(std::chrono::microseconds span) {
  return fmt::format("{:.1f} ms", static_cast<double>(span.count()) / 1000);
}

}  // namespace symbolon::check
