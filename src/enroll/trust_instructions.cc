// `symbolon trust --print`: the steps for machines that we cannot reach.
#include <fmt/format.h>

#include "enroll/trust_store.h"

namespace symbolon::enroll {

std::string trust_instructions(const x509::Certificate& root, const std::string& file) {
  const std::string title = root.subject().common_name().value_or(root.subject().text());
  return fmt::format(
      R"(# How to trust {subject}
# SHA-256 {fingerprint}
# Copy {file} to the machine first, and compare the fingerprint there:
openssl x509 -in {file} -noout -fingerprint -sha256

# Debian, Ubuntu, Alpine
sudo cp {file} /usr/local/share/ca-certificates/{name}.crt
sudo update-ca-certificates
#   undo: sudo rm /usr/local/share/ca-certificates/{name}.crt && sudo update-ca-certificates --fresh

# Fedora, RHEL, Rocky
sudo cp {file} /etc/pki/ca-trust/source/anchors/{name}.crt
sudo update-ca-trust extract

# Arch
sudo trust anchor --store {file}

# macOS (Safari, Chrome, curl of the system)
sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}

# Windows (Edge, Chrome), in a terminal as administrator
certutil -addstore -f Root {file}

# Chromium and Chrome on Linux (of your own user)
certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n {name} -i {file}

# Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import: tick "identify websites"; or
certutil -d sql:PROFILE_FOLDER -A -t "C,," -n {name} -i {file}
#   many machines: the policy "Certificates": {{"Install": ["{name}.pem"]}} in policies.json

# Java (the password of its cacerts is "changeit" unless you changed it)
keytool -importcert -noprompt -cacerts -alias {name} -file {file}

# Node.js: NODE_EXTRA_CA_CERTS={file}   Python requests: REQUESTS_CA_BUNDLE={file}   Go: SSL_CERT_FILE={file}

# curl, once
curl --cacert {file} https://...

# iOS, iPadOS: mail or AirDrop {file}; Settings, Profile Downloaded, Install; then General, About,
#   Certificate Trust Settings: switch "{title}" on.
# Android: Settings, Security, Encryption & credentials, Install a certificate, CA certificate: choose {file}.
#   Apps other than the browser trust it only if they say so.
)",
      fmt::arg("subject", root.subject().text()), fmt::arg("fingerprint", to_colon_hex(root.fingerprint().octets)),
      fmt::arg("file", file), fmt::arg("name", trust_name(root)), fmt::arg("title", title));
}

}  // namespace symbolon::enroll
