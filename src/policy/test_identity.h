// Identities for the tests of this folder, each field a foreign certificate could hold.
#pragma once

#include "policy/ip_pattern.h"
#include "x509/identity.h"

namespace symbolon::policy::test {

inline x509::Identity ann() {
  x509::Identity out{};
  out.common_names = {"Ann Example"};
  out.organizational_units = {"Sales", "EU"};
  out.organizations = {"Example Corp"};
  out.dns = {"web.example.com", "api.example.com"};
  out.uris = {"spiffe://example.com/billing/web"};
  out.emails = {"ann@Example.com"};
  out.ips = {ip_octets("192.0.2.7"), ip_octets("2001:db8::7")};
  out.subject = "CN=Ann Example,OU=EU,OU=Sales,O=Example Corp";
  out.issuer = *x509::DistinguishedName::parse("CN=Issuing CA,O=Example Corp");
  out.serial = *x509::SerialNumber::parse("0a1b2c");
  out.fingerprint.octets.fill(0x11);
  out.spki_sha256.fill(0x22);
  out.profile = "person";
  return out;
}

inline x509::Identity nobody() {
  x509::Identity out{};
  out.serial = *x509::SerialNumber::parse("ff");
  return out;
}

}  // namespace symbolon::policy::test
