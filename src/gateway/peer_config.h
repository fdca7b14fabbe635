// What is common to both sides of a route: which certificate we present, and by what the peer's is judged.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "config/place.h"
#include "config/table.h"
#include "net/endpoint.h"
#include "policy/access_policy.h"
#include "policy/rules_value.h"
#include "x509/path_verification.h"

namespace symbolon::gateway {

// { from: authority, names: [app.example] }: issued and renewed by the authority.
struct CertificateFromAuthority {
  std::vector<std::string> names;
  std::string profile;
};
// { cert: app.crt, key: app.key }
struct CertificateFiles {
  Path cert;
  Path key;
};
using CertificateSource = std::variant<CertificateFromAuthority, CertificateFiles>;

// `authority`, or a file with PEM certificates.
struct TrustSource {
  std::optional<Path> file;  // none: the authority
};

struct JudgementConfig {
  static constexpr int kDepth = 3;
  std::optional<int> depth;  // none: kDepth
  std::vector<TrustSource> trust;
  std::optional<policy::AllowList> allow;
  std::vector<policy::Rule> deny;
  std::optional<x509::PathCheck> path_check;  // none: strict where only the authority is trusted, else rfc5280
  config::Place place;
};

config::Value<net::Endpoint> endpoint_value();
// `profile` is what the authority is asked for where nothing is said.
config::Value<CertificateSource> certificate_value(const std::string& profile);
config::Value<int> depth_value();
config::Value<std::vector<TrustSource>> trust_value();
config::Value<x509::PathCheck> path_check_value();
// Application protocols (RFC 7301).
config::Value<std::vector<std::string>> protocols_value();

}  // namespace symbolon::gateway
