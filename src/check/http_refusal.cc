#include "check/http_refusal.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/chain_facts.h"
#include "check/client_diagnosis.h"
#include "http/refusal_status.h"

namespace symbolon::check {
namespace {

// The certificate was taken so far as the answer tells: a rule refuses it, or HTTP wants credentials besides.
std::vector<Finding> of_rule(const Observation& seen, const HttpAnswer& answer) {
  const bool wants_credentials = answer.status == 401;
  Finding rule{Code::not_allowed_by_policy, Certainty::likely, Side::client,
               fmt::format("the handshake finished, and the server answered {}", answer.line),
               "add a rule for this identity at the server, or use another certificate; the path may be what it "
               "forbids, too"};
  if (wants_credentials) {
    rule.words += ": it wants credentials of HTTP, beside the certificate or in its place";
    rule.remedy = "send the credentials that it asks for (WWW-Authenticate), or add a rule for this identity there";
  }
  if (!explains_refusal(seen)) return {rule};
  std::vector<Finding> out = explain_refusal(seen, {"the server answered " + answer.line, -1, false});
  rule.certainty = Certainty::possible;
  append_new(out, {rule});
  return out;
}

}  // namespace

std::vector<Finding> explain_http_refusal(const Observation& seen, const HttpAnswer& answer) {
  if (!http::refuses_client(answer.status)) return {};
  const std::string& data = seen.tls->application_data;
  const auto says = [&](std::string_view words) { return data.find(words) != std::string::npos; };
  if (says("No required SSL certificate was sent")) {
    return explain_refusal(seen, {answer.line + ": nginx says that none was sent", -1, true});
  }
  if (says("The SSL certificate error")) {
    return explain_refusal(seen, {answer.line + ": nginx says only that the certificate does not verify", -1, true});
  }
  const bool of_certificate = answer.status == 495 || answer.status == 496;
  if (answer.status == 421) return {{Code::unrecognized_name, Certainty::likely, Side::client, answer.line}};
  if (seen.tls->certificate_sent && (answer.status == 401 || answer.status == 403)) return of_rule(seen, answer);
  return explain_refusal(seen, {"the server answered " + answer.line, -1, of_certificate});
}

}  // namespace symbolon::check
