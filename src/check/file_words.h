// How what files hold is called, for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/file_observation.h"

namespace symbolon::check {

// "web.pem", or "web.pem:12" where it stands in PEM.
std::string place_of(const FileObservation& observation, const FileObject& object);
std::string place_of(const SeenFile& file, int line = 0);
// As a shell takes it; what would mislead is escaped, and then it is quoted.
std::string shell_word(std::string_view file_name);
// The command with the file's name in the place of FILE.
std::string command_for(std::string_view command, std::string_view file_name);

// "digitalSignature, keyCertSign"; nothing without the extension.
std::optional<std::string> key_usage_text(std::optional<std::uint16_t> bits);
std::vector<std::string> key_usage_names(std::uint16_t bits);
std::string purpose_name(std::string_view oid);  // "serverAuth", else the OID
// "2026-11-27T00:00:00Z to ... (29 days left)"
std::string life_text(UnixSeconds begin, UnixSeconds end, UnixSeconds now);
// The first few, and how many more.
std::string names_text(const std::vector<x509::GeneralName>& names);
// "all certificates", "only CAs", ...
std::string scope_text(const revocation::Coverage& coverage);
std::string number_text(const Bytes& magnitude);  // decimal as far as 64 bits go, else 0x...

}  // namespace symbolon::check
