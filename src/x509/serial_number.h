// Certificate serial numbers (RFC 5280 §4.1.2.2) and fingerprints: one form each inside, several to read.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace symbolon::x509 {

// 1 to 20 octets, big-endian, without leading zero octets; never negative. Foreign CAs may use zero: one zero octet.
class SerialNumber {
 public:
  static constexpr std::size_t kMost = 20;  // octets; RFC 5280 §4.1.2.2

  // The magnitude of a DER INTEGER. Fails with certificate_malformed when empty, negative or longer than 20 octets.
  static Result<SerialNumber> from_der_content(ByteView content);
  // Magnitude octets, leading zeros dropped.
  static Result<SerialNumber> from_magnitude(ByteView octets);
  // Hexadecimal ("0a1b", "0x0A1B"), colon hexadecimal ("0A:1B"), or or decimal with the prefix
  // "dec:". Fails with bad_request.
  static Result<SerialNumber> parse(std::string_view text);

  SerialNumber() : size_(1) {}  // zero

  ByteView magnitude() const { return {octets_.data(), size_}; }
  // With a leading zero octet where the first bit is set: the content of a DER INTEGER.
  Bytes der_content() const;
  std::string hex() const { return to_hex(magnitude()); }  // the canonical text
  std::string decimal() const;

  auto operator<=>(const SerialNumber&) const = default;

 private:
  std::uint8_t size_;
  std::array<std::uint8_t, kMost> octets_{};
};

// SHA-256 over the certificate's DER.
struct Fingerprint {
  crypto::Sha256 octets{};
  std::string hex() const { return to_hex(octets); }
  static Result<Fingerprint> parse(std::string_view text);
  auto operator<=>(const Fingerprint&) const = default;
};

}  // namespace symbolon::x509
