#include "cli/check_files.h"

#include <optional>

#include "check/file_read.h"
#include "check/file_report.h"

namespace symbolon::cli {
namespace {

Result<std::optional<x509::TrustBundle>> read_trust(const std::optional<std::string>& file, UnixSeconds now) {
  if (!file) return std::optional<x509::TrustBundle>();
  const std::string content = TRY(read_file(*file));
  auto certificates = TRY(x509::Certificate::from_file_content(content, *file));
  return std::optional(TRY(x509::TrustBundle::for_report(std::move(certificates), now, *file)));
}

Result<check::FileObservation> read(const CheckFiles& what, check::FileReading how, const Session& session) {
  const std::vector<Path> paths(what.files.begin(), what.files.end());
  if (what.passphrase_file) how.passphrase = TRY(session.passphrase(what.passphrase_file, {}));
  check::FileObservation seen = check::read_files(paths, how);
  if (what.passphrase_file || !seen.needs_passphrase() || !session.terminal().can_ask()) return seen;
  how.passphrase = TRY(session.passphrase({}, "The passphrase (empty: leave it closed)"));
  if (how.passphrase.empty()) return seen;
  return check::read_files(paths, how);
}

}  // namespace

Status cannot_use(const Error& error, std::string_view remedy, Session& session) {
  session.terminal().error(error, remedy);
  session.exit_with(row(Code::usage).exit_code);
  return {};
}

Status check_files(const CheckFiles& what, Session& session) {
  const UnixSeconds now = session.clock().now();
  const auto trust = read_trust(what.ca, now);
  if (!trust) return cannot_use(trust.error(), row(trust.error().code).remedy, session);
  const std::optional<x509::TrustBundle>& given = *trust;
  const x509::TrustBundle* const bundle = given ? &*given : nullptr;
  check::FileReading how;
  if (bundle != nullptr) how.issuers = bundle->anchors();
  const auto seen = read(what, std::move(how), session);
  if (!seen) return cannot_use(seen.error(), row(seen.error().code).remedy, session);
  const check::FileReport report = check::explain(*seen, now, bundle);
  const std::string text = session.json() ? check::to_json(*seen, report, now) : check::to_text(*seen, report, now);
  session.terminal().print(std::string_view(text).substr(0, text.size() - 1));
  session.exit_with(report.exit_code());
  return {};
}

}  // namespace symbolon::cli
