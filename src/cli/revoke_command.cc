// revoke: one certificate, or all that a query matches.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <ranges>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/certificate_words.h"
#include "cli/commands.h"
#include "cli/enforcement.h"
#include "cli/seen_list.h"

namespace symbolon::cli {
namespace {

struct RevokeOptions {
  std::vector<std::string> what;
  std::string reason = "unspecified";
  std::optional<std::string> invalid_since;
  bool all = false;
  bool unknown = false;
  std::optional<std::string> issuer;
  std::optional<std::string> at_most;
  bool dry_run = false;
  bool wait = false;
  std::string timeout = "30s";
};

// What the options say, read.
struct Revocation {
  std::string what;  // or the query
  api::RevocationReason reason = api::RevocationReason::unspecified;
  std::optional<UnixSeconds> invalid_since;
  std::int64_t at_most = api::RevokeMatchingRequest::kMost;
  Seconds timeout;
};

Result<std::int64_t> number_of(const std::string& text) {
  constexpr std::int64_t kMost = api::RevokeMatchingRequest::kMost;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 0 || out > kMost) {
    return fail(Code::usage, "--at-most {} is not a number of 0 to {}", text, kMost);
  }
  return out;
}

Result<Revocation> read(const RevokeOptions& options) {
  Revocation out;
  const auto reason = api::reason_from_name(options.reason);
  if (!reason || reason == api::RevocationReason::remove_from_crl) {
    return fail(Code::usage,
                "'{}' is not a reason (unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, "
                "cessationOfOperation, certificateHold, privilegeWithdrawn)",
                options.reason);
  }
  out.reason = *reason;
  out.timeout = TRY(parse_duration(options.timeout));
  if (options.invalid_since) out.invalid_since = TRY(parse_time(*options.invalid_since));
  if (!options.all && options.what.size() > 1) {
    return fail(Code::usage, "one certificate at a time; --all revokes everything that a query matches");
  }
  if (options.all && options.unknown) return fail(Code::usage, "--unknown goes with one serial, not with --all");
  if (options.dry_run && options.unknown) return fail(Code::usage, "--unknown cannot be tried with --dry-run");
  if (!options.unknown && options.issuer) return fail(Code::usage, "--issuer goes with --unknown");
  if (!options.all && options.at_most) return fail(Code::usage, "--at-most goes with --all");
  if (options.at_most) out.at_most = TRY(number_of(*options.at_most));
  out.what = joined(options.what, " ");
  if (!options.all) out.what = TRY(certificate_meant(out.what));
  return out;
}

void print_revocation(const api::RevocationAnswer& answer, const RevokeOptions& options, const Session& session) {
  const Terminal& terminal = session.terminal();
  if (session.json()) return terminal.print(api::encode(answer));
  const api::CertificateSummary& certificate = answer.certificate;
  if (answer.outcome == api::RevocationOutcome::was_revoked_already) {
    terminal.print(fmt::format("revoked already: {} (serial {}), at {}", printable(who(certificate)),
                               certificate.serial,
                               certificate.revocation ? to_rfc3339(certificate.revocation->at) : "?"));
  } else {
    terminal.print(fmt::format("{}: {} (serial {}, {})", terminal.styled(Style::good, "revoked"),
                               printable(who(certificate)), certificate.serial, options.reason));
  }
  print_enforcement(answer.enforcement, options.wait, terminal);
}

// The answer, each certificate with `seen`: as `list --seen --json` says it.
std::string dry_run_json(const api::RevokeMatchingAnswer& answer, const SeenHere& seen) {
  namespace json = boost::json;
  json::value out = json::parse(api::encode(answer));
  for (std::size_t i = 0; i < answer.certificates.size(); ++i) {
    json::array places;
    for (const api::SeenCertificate& one : seen.of(answer.certificates[i]))
      places.push_back(json::parse(api::encode(one)));
    out.at("certificates").at(i).as_object()["seen"] = std::move(places);
  }
  return json::serialize(out);
}

// What would go, and where the gateway here has seen it.
void print_dry_run(const api::RevokeMatchingAnswer& answer, const Session& session) {
  const Terminal& terminal = session.terminal();
  const SeenHere seen(session);
  if (session.json()) return terminal.print(dry_run_json(answer, seen));
  const UnixSeconds now = session.clock().now();
  std::vector<std::vector<std::string>> rows;
  rows.reserve(answer.certificates.size());
  for (const api::CertificateSummary& certificate : answer.certificates) {
    rows.push_back({certificate.serial, certificate.profile, standing(certificate, now),
                    to_rfc3339(certificate.not_after), seen.words_of(certificate), printable(who(certificate))});
  }
  if (!rows.empty()) terminal.table({"SERIAL", "PROFILE", "STATE", "ENDS", "LAST SEEN", "NAMES"}, rows);
  if (std::cmp_greater(answer.matched, answer.certificates.size())) {
    terminal.note(fmt::format("and {} more", answer.matched - std::ssize(answer.certificates)));
  }
  terminal.note(fmt::format("would be revoked: {}; nothing was changed", answer.matched));
}

void print_revocations(const api::RevokeMatchingAnswer& answer, const RevokeOptions& options, const Session& session) {
  if (options.dry_run) return print_dry_run(answer, session);
  const Terminal& terminal = session.terminal();
  if (session.json()) return terminal.print(api::encode(answer));
  constexpr std::size_t kShown = 20;
  for (const api::CertificateSummary& certificate : answer.certificates | std::views::take(kShown)) {
    terminal.print(fmt::format("{} (serial {})", printable(who(certificate)), certificate.serial));
  }
  if (std::cmp_greater(answer.matched, kShown)) terminal.print("...");
  terminal.print(fmt::format("{}: {} ({})", terminal.styled(Style::good, "revoked"), answer.matched, options.reason));
  print_enforcement(answer.enforcement, options.wait && answer.matched > 0, terminal);
}

Waiting waiting_of(const RevokeOptions& options, const Revocation& revocation) {
  return {.wanted = options.wait, .at_most = revocation.timeout};
}

Status revoke_matching(const RevokeOptions& options, const Revocation& revocation, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const auto on_progress = [&](const api::Progress& progress) {
    session.terminal().progress("revoking", progress.done, progress.of);
  };
  auto answer = link.client().revoke_matching({.query = revocation.what,
                                               .reason = revocation.reason,
                                               .invalid_since = revocation.invalid_since,
                                               .at_most = revocation.at_most,
                                               .dry_run = options.dry_run},
                                              on_progress);
  session.terminal().end_progress();
  if (!answer) {
    std::ignore = link.finish();  // some of them may be revoked
    return std::unexpected(answer.error());
  }
  if (options.dry_run) {
    print_revocations(*answer, options, session);
    return {};
  }
  return conclude(answer->enforcement, waiting_of(options, revocation), link,
                  [&] { print_revocations(*answer, options, session); });
}

// As a revocation would find it.
Status show_what_would_go(const Revocation& revocation, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::CertificateDetails details = TRY(link.client().show(revocation.what));
  api::RevokeMatchingAnswer answer;
  const auto& stands = details.summary.revocation;
  constexpr auto kHold = api::RevocationReason::certificate_hold;
  const bool goes = !stands || (stands->reason == kHold && revocation.reason != kHold);
  if (goes) answer = {.matched = 1, .certificates = {details.summary}};
  print_dry_run(answer, session);
  return {};
}

Status revoke(const RevokeOptions& options, const Session& session) {
  const Revocation revocation = TRY(read(options));
  if (options.all) return revoke_matching(options, revocation, session);
  if (options.dry_run) return show_what_would_go(revocation, session);
  AuthorityLink link = TRY(AuthorityLink::open(session));
  api::RevocationAnswer answer = TRY(link.client().revoke({.what = revocation.what,
                                                           .reason = revocation.reason,
                                                           .invalid_since = revocation.invalid_since,
                                                           .unknown = options.unknown,
                                                           .issuer = options.issuer}));
  return conclude(answer.enforcement, waiting_of(options, revocation), link,
                  [&] { print_revocation(answer, options, session); });
}

}  // namespace

Command revoke_command() {
  auto options = std::make_shared<RevokeOptions>();
  Command command("revoke", "Revoke a certificate: gateways of this authority refuse it from now on");
  command
      .argument(
          "WHAT", &options->what,
          "a serial (hexadecimal, with or without colons, or dec:...), fingerprint, name or file; with --all a query")
      .details(
          "With --all WHAT is a query as `symbolon list` takes it, and every certificate goes that it matches and "
          "that\n"
          "is neither a CA nor revoked nor ended. --dry-run shows them first; --at-most N revokes none where more "
          "match.")
      .option("--reason REASON", &options->reason,
              "keyCompromise, superseded, cessationOfOperation, ... (RFC 5280 §5.3.1); certificateHold can be released")
      .values({"keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "certificateHold",
               "privilegeWithdrawn"})
      .option("--invalid-since TIME", &options->invalid_since,
              "when the key was lost, or may have been: 2026-11-21, or with a time of day (RFC 5280 §5.3.2)")
      .option("--all", &options->all, "everything that a query matches")
      .option("--unknown", &options->unknown,
              "WHAT is a serial that the ledger does not know: a certificate of before a restored backup")
      .option("--issuer NAME", &options->issuer, "with --unknown: the CA that issued it (default: the one in use)")
      .option("--at-most N", &options->at_most, "with --all: revoke nothing where more than N match")
      .option("--dry-run", &options->dry_run,
              "revoke nothing; show what would go, and which routes it was last seen on")
      .option("--wait", &options->wait, "until every gateway confirms that it refuses it; fails if one does not")
      .option("--timeout DURATION", &options->timeout, "with --wait: for so long at most (default 30s)")
      .example("symbolon revoke laptop --reason keyCompromise",
               "if `laptop` names one certificate; else the candidates are listed")
      .example("symbolon revoke laptop --wait", "which gateways refuse it, and how long that took")
      .example("symbolon revoke laptop --reason certificateHold", "until `symbolon release laptop`, or for good")
      .example("symbolon revoke ./stolen.pem --invalid-since 2026-11-20", "the certificate in a file")
      .example("symbolon revoke --all 'requester:alice profile:client' --dry-run", "what would go")
      .calls("revoke")
      .action([options](Session& session) { return revoke(*options, session); });
  return command;
}

}  // namespace symbolon::cli
