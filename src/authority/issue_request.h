// What is asked for when a certificate is asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/records.h"
#include "x509/name.h"
#include "x509/request.h"

namespace symbolon::authority {

struct IssueRequest {
  std::string profile;
  x509::CertificateRequest request;             // proves possession of the key
  std::vector<x509::GeneralName> names = {};    // given: they stand instead of the request's
  std::optional<std::string> common_name = {};  // given: it stands instead of the request's
  std::optional<Seconds> lifetime = {};         // absent: the profile's, cut to the issuer's end
  std::optional<std::string> issuer = {};       // by name; absent: the one in use
  std::string requester = {};  // who asks, for the ledger: "unix: uid 0", "certificate CN=ops (serial 0a)"
  std::optional<ledger::Repeatable> repeatable = {};  // its notes are filled in on the way
};

}  // namespace symbolon::authority
