// `check` with what our gateway has recorded: both ends of one failure in one report.
#pragma once

#include <optional>
#include <string>

#include "check/report.h"
#include "cli/rejection_lookup.h"
#include "cli/session.h"

namespace symbolon::cli {

// --id and --own
struct OtherEnd {
  std::optional<std::string> id;
  bool own = false;
  bool is_asked() const { return id.has_value() || own; }
};

// The records alone; the exit status is that of a finding where there are any. Fails as rejection_lookup.h.
Status show_records(const OtherEnd& end, const OwnCertificate& certificate, Session& session);

// Says it and ends with one of the exit statuses of `check`: 3 when nobody was reached, else 2 (id, certificate or
// command line are of no use).
Status fail_looking_up(const Error& error, Session& session);

// Nothing of it does anything where nothing is asked.
class BothEnds {
 public:
  // The session outlives it.
  BothEnds(OtherEnd end, OwnCertificate certificate, const Session& session)
      : end_(std::move(end)), certificate_(std::move(certificate)), session_(session) {}

  // Before the probe: the record of the id, or what there is of one's own. Fails as rejection_lookup.h.
  Status ask();
  // After it: to the report's text, or into its JSON as `records`. Without an id, what has come since ask().
  Status add_to(std::string& text, const check::Report& report);

 private:
  Status ask_again(const check::Report& report);

  const OtherEnd end_;
  const OwnCertificate certificate_;
  const Session& session_;
  api::RejectionList found_;
};

}  // namespace symbolon::cli
