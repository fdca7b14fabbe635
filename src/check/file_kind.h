// What octets are, by their structure: names and labels are not believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace symbolon::check {

enum class FileKind : std::uint8_t {
  certificate,    // RFC 5280 §4.1; also OpenSSL's TRUSTED CERTIFICATE, a certificate with something behind it
  request,        // RFC 2986 §4
  crl,            // RFC 5280 §5.1
  private_key,    // RFC 5958 §2, RFC 8017 Appendix A.1.2, RFC 5915 §3
  encrypted_key,  // RFC 5958 §3, or the traditional forms with their encryption
  public_key,     // RFC 5280 §4.1.2.7
  pkcs12,         // RFC 7292 §4
  unknown,
};
std::string_view name(FileKind kind);

// Of what begins there, in DER (PKCS#12 also in BER). The first 64 KiB suffice; the rest may be damaged or missing.
FileKind kind_of_der(ByteView beginning);

// What a PEM label promises (RFC 7468); unknown for other labels.
FileKind kind_of_label(std::string_view label);

// A format that others read, and how it becomes one that is read here.
struct OtherFormat {
  std::string_view what;     // "a Java keystore (JKS)"
  std::string_view command;  // with FILE in the file's place; empty: there is none
};
std::optional<OtherFormat> other_format(ByteView beginning);
std::optional<OtherFormat> other_label(std::string_view label);

}  // namespace symbolon::check
