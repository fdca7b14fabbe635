// list, show, revoke, profiles: what the authority knows.
#include <chrono>
#include <memory>
#include <thread>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/seen_list.h"

namespace symbolon::cli {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : std::string(separator)) + word;
  return out;
}

// "revoked", "expired", else what the ledger says.
std::string standing(const api::CertificateSummary& certificate, UnixSeconds now) {
  if (certificate.state == api::CertificateState::issued && certificate.not_after < now) return "expired";
  return std::string(api::name(certificate.state));
}

std::string who(const api::CertificateSummary& certificate) {
  return certificate.names.empty() ? certificate.subject : joined(certificate.names, " ");
}

struct ListOptions {
  std::vector<std::string> query;
  std::string limit = "50";
  std::optional<std::string> after;
  bool all = false;
  bool seen = false;
};

Status list(const ListOptions& options, const Session& session) {
  api::ListQuery query;
  query.query = joined(options.query, " ");
  query.limit = 0;
  for (const char c : options.limit) {
    if (c < '0' || c > '9' || query.limit > api::ListQuery::kMostPerPage)
      return fail(Code::usage, "--limit {} is not a number of 1 to {}", options.limit, api::ListQuery::kMostPerPage);
    query.limit = query.limit * 10 + (c - '0');
  }
  if (query.limit < 1 || query.limit > api::ListQuery::kMostPerPage) {
    return fail(Code::usage, "--limit must be 1 to {}", api::ListQuery::kMostPerPage);
  }
  query.after = options.after.value_or("");
  if (options.seen)
    return list_seen({.query = query.query, .after = query.after, .limit = query.limit},
                     options.all ? Pages::all : Pages::one, session);
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const Terminal& terminal = session.terminal();
  const UnixSeconds now = session.clock().now();
  std::vector<std::vector<std::string>> rows;
  while (true) {
    const api::ListPage page = TRY(link.client().list(query));
    if (session.json()) terminal.print(api::encode(page));
    for (const api::CertificateSummary& certificate : page.certificates) {
      rows.push_back({certificate.serial, certificate.profile, standing(certificate, now),
                      to_rfc3339(certificate.not_after), who(certificate)});
    }
    if (!page.next) break;
    if (!options.all) {
      if (!session.json()) terminal.table({"SERIAL", "PROFILE", "STATE", "ENDS", "NAMES"}, rows);
      terminal.note(fmt::format("more: --after {} (or --all)", *page.next));
      return {};
    }
    query.after = *page.next;
  }
  if (session.json()) return {};
  if (rows.empty()) {
    terminal.note("nothing matches");
    return {};
  }
  terminal.table({"SERIAL", "PROFILE", "STATE", "ENDS", "NAMES"}, rows);
  return {};
}

Status show_issuers(AuthorityLink& link, const Session& session) {
  const api::IssuerList list = TRY(link.client().issuers());
  if (session.json()) {
    session.terminal().print(api::encode(list));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const api::IssuerInfo& issuer : list.issuers) {
    rows.push_back({issuer.name, issuer.role, issuer.in_use ? "in use" : "", issuer.key, to_rfc3339(issuer.not_after),
                    issuer.subject});
  }
  session.terminal().table({"NAME", "ROLE", "", "KEY", "ENDS", "SUBJECT"}, rows);
  return {};
}

Status show(const std::string& what, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  if (what == "issuers") return show_issuers(link, session);
  const api::CertificateDetails details = TRY(link.client().show(what));
  const Terminal& terminal = session.terminal();
  if (session.json()) {
    terminal.print(api::encode(details));
    return {};
  }
  const api::CertificateSummary& summary = details.summary;
  terminal.print(fmt::format("serial       {}", summary.serial));
  terminal.print(fmt::format("subject      {}", printable(summary.subject)));
  for (const std::string& name : summary.names) terminal.print(fmt::format("name         {}", printable(name)));
  terminal.print(fmt::format("profile      {}", summary.profile));
  terminal.print(fmt::format("issuer       {}", summary.issuer));
  terminal.print(fmt::format("requester    {}", printable(summary.requester)));
  terminal.print(fmt::format("state        {}", standing(summary, session.clock().now())));
  terminal.print(fmt::format("valid        {} to {}", to_rfc3339(summary.not_before), to_rfc3339(summary.not_after)));
  terminal.print(fmt::format("issued       {}", to_rfc3339(summary.issued_at)));
  if (!summary.fingerprint.empty()) terminal.print(fmt::format("fingerprint  {}", summary.fingerprint));
  if (summary.revocation) {
    terminal.print(fmt::format("revoked      {} ({}) by {}", to_rfc3339(summary.revocation->at),
                               api::name(summary.revocation->reason), printable(summary.revocation->by)));
  }
  if (!details.certificate.empty())
    terminal.print("\n" + details.certificate.substr(0, details.certificate.size() - 1));
  return {};
}

struct RevokeOptions {
  std::string what;
  std::string reason = "unspecified";
  bool wait = false;
  std::string timeout = "30s";
};

// Asks until every gateway confirms the entry, or the time is over. `enforcement` then says how it stands.
Status await_enforcement(api::Enforcement& enforcement, Seconds most, enroll::AuthorityClient& client) {
  using std::chrono::milliseconds;
  constexpr milliseconds kPause{100};
  const milliseconds before{enforcement.milliseconds};
  const auto begin = std::chrono::steady_clock::now();
  while (!enforcement.missing.empty() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(most.count)) {
    std::this_thread::sleep_for(kPause);
    const api::GatewayList list = TRY(client.gateways());
    const auto confirmed = enforcement.acknowledged;
    enforcement.gateways = static_cast<std::int64_t>(list.gateways.size());
    enforcement.acknowledged = 0;
    enforcement.missing.clear();
    for (const api::GatewayInfo& gateway : list.gateways) {
      const bool enforces = gateway.enforced >= enforcement.number;
      enforcement.acknowledged += enforces ? 1 : 0;
      if (!enforces) enforcement.missing.push_back(gateway.name);
    }
    if (enforcement.acknowledged <= confirmed) continue;
    const auto taken = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
    enforcement.milliseconds = (before + taken).count();
  }
  return {};
}

std::string words_of(const api::Enforcement& enforcement) {
  std::string out = fmt::format("enforced by {} of {} gateways", enforcement.acknowledged, enforcement.gateways);
  if (enforcement.acknowledged > 0) out += fmt::format(", slowest {} ms", enforcement.milliseconds);
  if (!enforcement.missing.empty()) out += fmt::format("; not by {}", joined(enforcement.missing, ", "));
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
  if (answer.enforcement) {
    terminal.print("  " + printable(words_of(*answer.enforcement)));
  } else if (options.wait) {
    terminal.note("no gateway in a process of its own follows this authority: there is nobody to wait for");
  }
}

Status revoke(const RevokeOptions& options, const Session& session) {
  const auto reason = api::reason_from_name(options.reason);
  if (!reason) {
    return fail(Code::usage,
                "'{}' is not a reason (unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, "
                "cessationOfOperation, privilegeWithdrawn)",
                options.reason);
  }
  const Seconds most = TRY(parse_duration(options.timeout));
  AuthorityLink link = TRY(AuthorityLink::open(session));
  api::RevocationAnswer answer = TRY(link.client().revoke({options.what, *reason}));
  auto& enforcement = answer.enforcement;
  Status waited;
  if (options.wait && enforcement) waited = await_enforcement(*enforcement, most, link.client());
  if (waited && options.wait && enforcement && !enforcement->missing.empty())
    waited = fail(Code::revocation_not_enforced, "{}", words_of(*enforcement));
  print_revocation(answer, options, session);
  const Status published = link.finish();
  return waited ? published : waited;
}

Status profiles(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::ProfileList list = TRY(link.client().profiles());
  const Terminal& terminal = session.terminal();
  if (session.json()) {
    terminal.print(api::encode(list));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const api::ProfileInfo& profile : list.profiles) {
    rows.push_back({profile.name, to_text(profile.lifetime), joined(profile.extended_key_usage, " "),
                    joined(profile.names, " "), profile.summary});
  }
  terminal.table({"PROFILE", "LIFETIME", "USE", "NAMES", "WHEN TO USE IT"}, rows);
  return {};
}

}  // namespace

Command list_command() {
  auto options = std::make_shared<ListOptions>();
  Command command("list", "List certificates, newest first");
  command.optional_argument("QUERY", &options->query, "words and field:value pairs; all must match")
      .details(
          "A bare word looks in subject, names, serial and fingerprint. Fields: subject, san, serial, fingerprint, "
          "profile,\n"
          "requester, issuer, state (reserved, issued, revoked, expired, valid); expires<30d, expires>2027-01-01,\n"
          "issued>2026-01-01; sort:expires for the soonest ending first.")
      .option("--limit N", &options->limit, "at most so many (default 50, at most 1000 a page)")
      .option("--after CURSOR", &options->after, "go on where the page before ended")
      .option("--all", &options->all, "every page")
      .option("--seen", &options->seen,
              "instead: the client certificates that the gateway has seen, soonest ending first; QUERY is words")
      .example("symbolon list", "the newest 50")
      .example("symbolon list state:valid 'expires<30d' sort:expires", "what must be renewed soon")
      .example("symbolon list --seen", "who comes with a certificate that ends soon")
      .calls("list")
      .action([options](Session& session) { return list(*options, session); });
  return command;
}

Command show_command() {
  auto what = std::make_shared<std::string>();
  Command command("show", "Show one certificate, or the issuers");
  command.argument("WHAT", what.get(), "a serial, fingerprint or name; or `issuers`")
      .values({"issuers"})
      .example("symbolon show web.example", "the one certificate of that name")
      .example("symbolon show issuers", "the CAs of this authority")
      .calls("show")
      .action([what](Session& session) { return show(*what, session); });
  return command;
}

Command revoke_command() {
  auto options = std::make_shared<RevokeOptions>();
  Command command("revoke", "Revoke a certificate: gateways of this authority refuse it from now on");
  command
      .argument("WHAT", &options->what,
                "a serial (hexadecimal, with or without colons, or dec:...), fingerprint or name")
      .option("--reason REASON", &options->reason,
              "keyCompromise, superseded, cessationOfOperation, ... (RFC 5280 §5.3.1)")
      .values({"keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"})
      .option("--wait", &options->wait, "until every gateway confirms that it refuses it; fails if one does not")
      .option("--timeout DURATION", &options->timeout, "with --wait: for so long at most (default 30s)")
      .example("symbolon revoke laptop --reason keyCompromise",
               "if `laptop` names one certificate; else the candidates are listed")
      .example("symbolon revoke laptop --wait", "which gateways refuse it, and how long that took")
      .calls("revoke")
      .action([options](Session& session) { return revoke(*options, session); });
  return command;
}

Command profiles_command() {
  Command command("profiles", "The kinds of certificates, and when to use which");
  command.calls("profiles").action([](Session& session) { return profiles(session); });
  return command;
}

}  // namespace symbolon::cli
