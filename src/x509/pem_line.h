// The lines of PEM text (RFC 7468 §3), for whoever reads it line by line.
#pragma once

#include <string_view>

namespace symbolon::x509::pem_line {

inline constexpr std::string_view kBegin = "-----BEGIN ";
inline constexpr std::string_view kEnd = "-----END ";
inline constexpr std::string_view kDashes = "-----";

std::string_view trimmed(std::string_view line);  // without blanks at its ends
inline bool begins(std::string_view line) { return line.starts_with(kBegin); }
inline bool ends(std::string_view line) { return line.starts_with(kEnd); }
// The label of "-----BEGIN label-----" or of "-----END label-----", empty if the line is none.
std::string_view begun_label(std::string_view line);
std::string_view ended_label(std::string_view line);

}  // namespace symbolon::x509::pem_line
