// `diagnose(Observation) -> Report`: what happened, whose fault it is, what mends it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.h"
#include "check/observation.h"

namespace symbolon::check {

enum class Certainty : std::uint8_t { proven, likely, possible };
std::string_view name(Certainty certainty);

// error: it does not work, or would not with the next peer; warning: it works and should be mended; info: worth
// knowing.
enum class Severity : std::uint8_t { error, warning, info };
std::string_view name(Severity severity);
Severity severity_of(Code code);

// Who has to mend it.
enum class Side : std::uint8_t { client, server, network };
std::string_view name(Side side);

// What became of the client's certificate, or of the whole attempt.
enum class Outcome : std::uint8_t {
  accepted,         // proven: the server asked for it, got it, and answered the request
  likely_accepted,  // the handshake finished and no refusal came; nobody answered either
  open,             // the handshake finished and no client certificate was asked for
  anonymous,        // one was asked for, none was sent, and the server went on (as far as it can be seen)
  refused,          // the server ended it
  failed,           // the handshake could not be done
  not_tls,          // something else than TLS answered
  unreachable,      // there was no connection
};
std::string_view name(Outcome outcome);

// A row of the code table with its evidence.
struct Finding {
  Code code = Code::internal;
  Certainty certainty = Certainty::proven;
  Side side = Side::server;
  std::string words;                   // the evidence, with the numbers
  std::string remedy = {};             // empty: the code's own
  std::optional<Severity> eased = {};  // where it does no harm here: milder than the code's

  // Candidates are info: which of them is to be mended is not known.
  Severity severity() const {
    return certainty == Certainty::possible ? Severity::info : eased.value_or(severity_of(code));
  }
  // For people: of a candidate it only may be so.
  std::string sentence() const {
    return std::string(certainty == Certainty::possible ? "perhaps " : "") + std::string(row(code).sentence);
  }
  std::string_view remedy_text() const { return remedy.empty() ? row(code).remedy : std::string_view(remedy); }
};

// An attempt beside the first.
struct AttemptReport {
  AttemptKind kind = AttemptKind::plain_http;
  std::string result;   // what came
  std::string decided;  // what follows from it
};

// The exit status of `symbolon check`; 2 is that of a command line that cannot be understood.
inline constexpr int kSound = 0;        // nothing was found but what is worth knowing
inline constexpr int kFound = 1;        // an error or a warning
inline constexpr int kUnreachable = 3;  // there was no connection

struct Report {
  Outcome outcome = Outcome::failed;
  std::string summary;             // one sentence
  std::vector<Finding> findings;   // what decided first, info last
  std::vector<std::string> notes;  // worth knowing, nothing to mend
  std::vector<AttemptReport> attempts = {};
  int exit_code() const;
};

// Pure.
Report diagnose(const Observation& observation);

// For people: what was reached, both chains, the findings. Ends with a line break.
std::string to_text(const Observation& observation, const Report& report);
// One JSON object (schema: src/check/README.md); ends with a line break.
std::string to_json(const Observation& observation, const Report& report);

}  // namespace symbolon::check
