#include "x509/identity.h"

namespace symbolon::x509 {
namespace {

std::string lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

Identity identity_of(const Certificate& certificate) {
  Identity out;
  const DistinguishedName& subject = certificate.subject();
  out.common_names = subject.values("CN");
  out.organizational_units = subject.values("OU");
  out.organizations = subject.values("O");
  for (const GeneralName& name : certificate.subject_alt_names()) {
    switch (name.kind) {
      case NameKind::dns: out.dns.push_back(lowered(name.value)); break;
      case NameKind::uri: out.uris.push_back(name.value); break;
      case NameKind::email: out.emails.push_back(name.value); break;
      case NameKind::ip: out.ips.push_back(name.octets); break;
      case NameKind::directory:
      case NameKind::registered_id:
      case NameKind::other: break;
    }
  }
  out.subject_emails = subject.values("emailAddress");
  out.subject = subject.text();
  out.issuer = certificate.issuer();
  out.serial = certificate.serial();
  out.fingerprint = certificate.fingerprint();
  out.spki_sha256 = certificate.public_key().spki_sha256();
  out.profile = certificate.profile();
  return out;
}

std::string Identity::text() const {
  for (const std::string& uri : uris) {
    if (uri.starts_with("spiffe://")) return uri;
  }
  if (!emails.empty()) return emails.front();
  if (!dns.empty()) return dns.front();
  if (!common_names.empty()) return common_names.back();
  if (!subject.empty()) return subject;
  return serial.hex();
}

}  // namespace symbolon::x509
