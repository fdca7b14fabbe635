// list, show, profiles: what the authority knows.
#include <memory>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/certificate_words.h"
#include "cli/commands.h"
#include "cli/seen_list.h"

namespace symbolon::cli {
namespace {

struct ListOptions {
  std::vector<std::string> query;
  std::string limit = "50";
  std::optional<std::string> after;
  bool all = false;
  bool seen = false;
  bool unknown = false;
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
  if (options.unknown && !options.seen) return fail(Code::usage, "--unknown goes with --seen");
  if (options.unknown) return list_seen_unknown(query.query, session);
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
  rows.reserve(list.issuers.size());
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

Status profiles(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::ProfileList list = TRY(link.client().profiles());
  const Terminal& terminal = session.terminal();
  if (session.json()) {
    terminal.print(api::encode(list));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(list.profiles.size());
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
      .option("--unknown", &options->unknown,
              "with --seen: those of this authority's CAs that its ledger does not know (a backup was restored), also "
              "where gateways elsewhere have seen them")
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

Command profiles_command() {
  Command command("profiles", "The kinds of certificates, and when to use which");
  command.calls("profiles").action([](Session& session) { return profiles(session); });
  return command;
}

}  // namespace symbolon::cli
