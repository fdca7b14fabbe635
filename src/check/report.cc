#include "check/report.h"

#include <algorithm>

namespace symbolon::check {

std::string_view name(Certainty certainty) {
  switch (certainty) {
    case Certainty::proven: return "proven";
    case Certainty::likely: return "likely";
    case Certainty::possible: return "possible";
  }
  return "";
}

std::string_view name(Side side) {
  switch (side) {
    case Side::client: return "client";
    case Side::server: return "server";
    case Side::network: return "network";
  }
  return "";
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted: return "accepted";
    case Outcome::likely_accepted: return "likely_accepted";
    case Outcome::open: return "open";
    case Outcome::anonymous: return "anonymous";
    case Outcome::refused: return "refused";
    case Outcome::failed: return "failed";
    case Outcome::not_tls: return "not_tls";
    case Outcome::unreachable: return "unreachable";
  }
  return "";
}

int Report::exit_code() const {
  const auto decisive = std::find_if(findings.begin(), findings.end(),
                                     [](const Finding& finding) { return row(finding.code).exit_code != 0; });
  return decisive == findings.end() ? 0 : row(decisive->code).exit_code;
}

}  // namespace symbolon::check
