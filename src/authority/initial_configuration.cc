// The configuration that `symbolon init` writes: short, commented, valid as it stands.
#include "authority/init.h"

namespace symbolon::authority {
namespace {

// A double-quoted scalar of YAML 1.2 §7.3.1.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return out;
}

}  // namespace

std::string initial_configuration(std::string_view organization, std::string_view state) {
  return fmt::format(R"(# symbolon.yaml: {}
# Every key is explained in docs/configuration.md; `symbolon config check` reads this file and says what is wrong.

# Ledger, CA certificates and keys. A relative path starts at this file's folder.
state: {}

# authority:
#   listen: 127.0.0.1:8440         # the API over mutual TLS, for admin certificates (admin.crt, admin.key)
#   name: ca.example.internal      # what its own certificate says
#   profiles:                      # beside those that `symbolon profiles` shows
#     partner:
#       base: client
#       when: "a partner's system that calls our API"
#       names: {{ dns: ["*.partner.example"] }}
#       lifetime: 30d

# gateway:
#   routes:
#     - name: web
#       listen: :8443
#       certificate: {{ from: authority, names: [app.example] }}
#       clients:
#         verify: require
#         trust: [authority]
#         allow: any_verified      # or rules: [ {{ dns: "*.example.com" }}, {{ profile: person }} ]
#       to: 127.0.0.1:3000
)",
                     one_line(organization), quoted(state));
}

}  // namespace symbolon::authority
