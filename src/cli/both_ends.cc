#include "cli/both_ends.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "api/codec.h"
#include "cli/rejection_words.h"

namespace symbolon::cli {
namespace {

constexpr int kFinding = 1;  // exit statuses of `check`
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;
// The gateway writes its record when its end of the connection is done, which may be after ours.
constexpr int kTries = 10;
constexpr std::chrono::milliseconds kPause{200};

Result<api::RejectionList> look_up(const OtherEnd& end, const OwnCertificate& certificate, const Session& session) {
  return end.own ? look_up_own_rejections(end.id, certificate, session) : look_up_rejection(*end.id, session);
}

std::string text_of(const api::RejectionList& list) {
  std::string out;
  for (const api::RejectionRecord& record : list.records) out += (out.empty() ? "" : "\n") + words_of(record);
  return out;
}

std::string compared(const check::Report& report, const api::RejectionRecord& record) {
  const auto is_same = [&](const check::Finding& finding) { return name(finding.code) == record.code; };
  if (std::ranges::any_of(report.findings, is_same)) return "both ends say " + record.code;
  if (report.findings.empty()) return fmt::format("this end found nothing, the other end says {}", record.code);
  return fmt::format("this end says {}, the other end {}", name(report.findings.front().code), record.code);
}

}  // namespace

Status show_records(const OtherEnd& end, const OwnCertificate& certificate, Session& session) {
  const api::RejectionList found = TRY(look_up(end, certificate, session));
  if (session.json()) {
    session.terminal().print(api::encode(found));
  } else if (found.records.empty()) {
    session.terminal().note("no refusal of this certificate is recorded");
  } else {
    const std::string text = text_of(found);
    session.terminal().print(std::string_view(text).substr(0, text.size() - 1));
  }
  if (!found.records.empty()) session.exit_with(kFinding);
  return {};
}

Status fail_looking_up(const Error& error, Session& session) {
  session.terminal().error(error);
  const bool reached = error.code != Code::authority_unreachable && error.code != Code::gateway_unreachable;
  session.exit_with(reached ? kUsage : kUnreachable);
  return {};
}

Status BothEnds::ask() {
  if (end_.is_asked()) found_ = TRY(look_up(end_, certificate_, session_));
  return {};
}

Status BothEnds::ask_again(const check::Report& report) {
  const api::RejectionList before = std::move(found_);
  const auto is_old = [&](const api::RejectionRecord& record) {
    return std::ranges::find(before.records, record) != before.records.end();
  };
  for (int i = report.findings.empty() ? kTries : 1;; ++i) {
    found_ = TRY(look_up(end_, certificate_, session_));
    std::erase_if(found_.records, is_old);
    if (!found_.records.empty() || i >= kTries) return {};
    std::this_thread::sleep_for(kPause);
  }
}

Status BothEnds::add_to(std::string& text, const check::Report& report) {
  if (!end_.is_asked()) return {};
  if (!end_.id) TRY(ask_again(report));
  if (session_.json()) {
    text.erase(text.rfind('}'));
    text += "," + api::encode(found_).substr(1) + "\n";
    return {};
  }
  text += "\nthe other end\n";
  if (found_.records.empty()) {
    text += "  it has recorded no refusal of this certificate meanwhile\n";
    return {};
  }
  text += fmt::format("  {}\n\n{}", printable(compared(report, found_.records.front())), text_of(found_));
  return {};
}

}  // namespace symbolon::cli
