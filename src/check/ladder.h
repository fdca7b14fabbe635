// The ladder: what passed in a handshake, rung by rung, in the standard's names.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tls/probe.h"

namespace symbolon::check {

enum class RungKind : std::uint8_t {
  message,  // of the handshake, or ChangeCipherSpec
  alert,
  data,     // application data
  omitted,  // stands for rungs that are not shown
  end,      // how the watching ended
};
std::string_view name(RungKind kind);

struct Rung {
  RungKind kind = RungKind::message;
  tls::ProbeDirection direction = tls::ProbeDirection::sent;  // neither for `omitted` and `end`
  std::string name = {};    // "ClientHello", "alert unknown_ca (48)", "and 400 more", "the connection was reset"
  std::string detail = {};  // "2 certificates"; empty: there is nothing to add
  std::size_t octets = 0;   // of the message, without its record
  std::optional<std::chrono::microseconds> at = {};  // since the first octet was sent

  bool crosses() const { return kind != RungKind::omitted && kind != RungKind::end; }
};

// What is shown of a handshake that does not end: its beginning and its end.
struct LadderLimits {
  static constexpr std::size_t kFirst = 40;
  static constexpr std::size_t kLast = 8;
};

// In order; the last rung is the end. Pure, total: a message of a type that no standard names is "type 77".
std::vector<Rung> ladder(const tls::Transcript& transcript);

// RFC 8446 §4 and RFC 5246 §7.4 (with what later standards add): "CertificateVerify", "type 77".
std::string handshake_name(std::uint8_t type);

// "12.3 ms", for people.
std::string milliseconds(std::chrono::microseconds span);

}  // namespace symbolon::check
