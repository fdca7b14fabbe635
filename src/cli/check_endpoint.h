// `symbolon check ENDPOINT`: the wires of check/probe.h and check/report.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/both_ends.h"
#include "cli/session.h"

namespace symbolon::cli {

// As they were typed.
struct CheckEndpoint {
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> passphrase_file;
  std::optional<std::string> ca;
  std::optional<std::string> server_name;
  std::optional<std::string> version;
  std::vector<std::string> protocols;
  std::optional<std::string> starttls;
  std::optional<std::string> proxy;
  std::optional<std::string> proxy_credentials;
  std::optional<std::string> proxy_protocol;
  std::optional<std::string> html;
  bool http = false;
  OtherEnd other_end;
};

// The exit status is that of the report; 2 where what was given cannot be used.
Status check_endpoint(const std::string& endpoint, const CheckEndpoint& options, Session& session);

// --id or --own without an endpoint.
Status check_records(const CheckEndpoint& options, Session& session);

}  // namespace symbolon::cli
