#include "x509/serial_number.h"

#include <algorithm>

namespace symbolon::x509 {

Result<SerialNumber> SerialNumber::from_magnitude(ByteView octets) {
  while (octets.size() > 1 && octets.front() == 0) octets = octets.subspan(1);
  if (octets.empty()) return fail(Code::certificate_malformed, "a serial number without octets");
  if (octets.size() > kMost) {
    return fail(Code::certificate_malformed, "a serial number of {} octets; at most {} are allowed", octets.size(),
                kMost);
  }
  SerialNumber serial;
  serial.size_ = static_cast<std::uint8_t>(octets.size());
  std::ranges::copy(octets, serial.octets_.begin());
  return serial;
}

Result<SerialNumber> SerialNumber::from_der_content(ByteView content) {
  if (!content.empty() && (content.front() & 0x80U) != 0) {
    return fail(Code::certificate_malformed, "a negative serial number");
  }
  return from_magnitude(content);
}

Result<SerialNumber> SerialNumber::parse(std::string_view text) {
  if (text.starts_with("dec:")) {
    const std::string_view digits = text.substr(4);
    Bytes octets(kMost + 1, 0);
    if (digits.empty() || digits.size() > 60) return fail(Code::bad_request, "'{}' is not a serial number", text);
    for (const char c : digits) {
      if (c < '0' || c > '9') return fail(Code::bad_request, "'{}' is not a decimal serial number", text);
      unsigned carry = static_cast<unsigned>(c - '0');
      for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet) {
        carry += *octet * 10U;
        *octet = static_cast<std::uint8_t>(carry);
        carry >>= 8;
      }
      if (carry != 0) return fail(Code::bad_request, "'{}' is longer than {} octets", text, kMost);
    }
    return from_magnitude(octets);
  }
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  const bool odd = text.find(':') == std::string_view::npos && text.size() % 2 == 1;
  const std::string padded = fmt::format("{}{}", odd ? "0" : "", text);
  auto octets = from_hex(padded);
  if (!octets || octets->empty() || octets->size() > kMost + 1) {
    return fail(Code::bad_request, "'{}' is not a serial number (write it in hexadecimal, or dec: and decimal)", text);
  }
  return from_magnitude(*octets);
}

Bytes SerialNumber::der_content() const {
  Bytes out = to_bytes(magnitude());
  if ((out.front() & 0x80U) != 0) out.insert(out.begin(), 0);
  return out;
}

std::string SerialNumber::decimal() const {
  Bytes rest = to_bytes(magnitude());
  std::string digits;
  while (std::ranges::any_of(rest, [](std::uint8_t octet) { return octet != 0; })) {
    unsigned remainder = 0;
    for (std::uint8_t& octet : rest) {
      const unsigned value = remainder << 8 | octet;
      octet = static_cast<std::uint8_t>(value / 10);
      remainder = value % 10;
    }
    digits += static_cast<char>('0' + remainder);
  }
  if (digits.empty()) digits += '0';
  std::ranges::reverse(digits);
  return digits;
}

Result<Fingerprint> Fingerprint::parse(std::string_view text) {
  const auto octets = from_hex(text);
  Fingerprint out;
  if (!octets || octets->size() != out.octets.size()) {
    return fail(Code::bad_request, "'{}' is not a SHA-256 fingerprint (64 hexadecimal digits)", text);
  }
  std::ranges::copy(*octets, out.octets.begin());
  return out;
}

}  // namespace symbolon::x509
