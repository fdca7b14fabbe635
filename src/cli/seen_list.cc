#include "cli/seen_list.h"

#include <algorithm>
#include <set>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/configuration.h"
#include "cli/watching.h"
#include "enroll/gateway_client.h"
#include "gateway/inventory.h"

namespace symbolon::cli {
namespace {

using Ask = std::function<Result<api::SeenPage>(const api::SeenQuery&)>;

Result<Ask> whom_to_ask(const Session& session) {
  const GatewayLayout layout{TRY(load_configuration(session)).state};
  const enroll::GatewayClient client(layout.socket());
  const auto probe = client.seen({.query = {}, .after = {}, .limit = 1});
  if (probe) return [client](const api::SeenQuery& query) { return client.seen(query); };
  if (probe.error().code != Code::gateway_unreachable) return std::unexpected(probe.error());
  std::shared_ptr<gateway::Inventory> left = TRY(gateway::Inventory::open(layout.seen()));
  return [left](const api::SeenQuery& query) { return left->list(query); };
}

}  // namespace

SeenHere::SeenHere(const Session& session) {
  if (auto ask = whom_to_ask(session)) ask_ = *std::move(ask);
}

std::vector<api::SeenCertificate> SeenHere::of(const api::CertificateSummary& certificate) const {
  constexpr int kRoutes = 20;
  if (!ask_ || certificate.fingerprint.empty()) return {};
  auto page = ask_({.query = certificate.serial, .after = {}, .limit = kRoutes});
  if (!page) return {};
  std::erase_if(page->certificates,
                [&](const api::SeenCertificate& one) { return one.fingerprint != certificate.fingerprint; });
  return std::move(page->certificates);
}

std::string SeenHere::words_of(const api::CertificateSummary& certificate) const {
  std::string out;
  for (const api::SeenCertificate& one : of(certificate)) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", printable(one.route), to_rfc3339(one.last_seen));
  }
  return out.empty() ? "-" : out;
}

namespace {

// What the gateway here has seen.
Result<std::vector<api::SeenCertificate>> unknown_here(const std::string& words, AuthorityLink& link,
                                                       const Session& session) {
  const Ask ask = TRY(whom_to_ask(session));
  std::set<std::string> ours;
  for (const api::IssuerInfo& issuer : TRY(link.client().issuers()).issuers) ours.insert(issuer.subject);
  std::vector<api::SeenCertificate> out;
  api::SeenQuery query{.query = words, .after = {}, .limit = api::ListQuery::kMostPerPage};
  for (std::optional<std::string> next = ""; next;) {
    query.after = *next;
    const api::SeenPage page = TRY(ask(query));
    for (const api::SeenCertificate& one : page.certificates) {
      if (!ours.contains(one.issuer)) continue;
      const auto known = link.client().show(one.fingerprint);
      if (known || known.error().code != Code::not_found) continue;
      out.push_back(one);
    }
    next = page.next;
  }
  return out;
}

// What gateways have told the authority, the one here included.
Result<std::vector<api::SeenCertificate>> unknown_elsewhere(const std::string& words, AuthorityLink& link,
                                                            UnixSeconds now) {
  const auto told = link.client().seen_unknown();
  if (!told && told.error().code == Code::not_found) return std::vector<api::SeenCertificate>();  // an older authority
  const auto all = gateway::Inventory::of_text("");
  all->merge(TRY(told).certificates, now);
  return TRY(all->list({.query = words, .after = {}, .limit = api::SeenQuery::kMostPerPage})).certificates;
}

}  // namespace

Status list_seen_unknown(const std::string& words, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  api::SeenPage unknown{.certificates = TRY(unknown_here(words, link, session)), .next = {}};
  for (api::SeenCertificate& one : TRY(unknown_elsewhere(words, link, session.clock().now()))) {
    const auto same = std::ranges::find(unknown.certificates, one.fingerprint, &api::SeenCertificate::fingerprint);
    if (same == unknown.certificates.end()) unknown.certificates.push_back(std::move(one));
  }
  const Terminal& terminal = session.terminal();
  if (session.json()) {
    terminal.print(api::encode(unknown));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const api::SeenCertificate& one : unknown.certificates) {
    rows.push_back({one.serial, printable(one.issuer), printable(one.identity), printable(one.route),
                    to_rfc3339(one.last_seen), to_rfc3339(one.not_after)});
  }
  if (rows.empty()) {
    terminal.note("the ledger knows every certificate of its CAs that gateways have seen");
    return {};
  }
  terminal.table({"SERIAL", "ISSUER", "IDENTITY", "ROUTE", "LAST SEEN", "ENDS"}, rows);
  const CodeRow& code = row(Code::certificate_not_in_ledger);
  terminal.note(fmt::format("{}: {}; {}", name(Code::certificate_not_in_ledger), code.sentence, code.remedy));
  return {};
}

Status list_seen(api::SeenQuery query, Pages pages, const Session& session) {
  const Ask ask = TRY(whom_to_ask(session));
  const Terminal& terminal = session.terminal();
  const UnixSeconds now = session.clock().now();
  std::vector<std::vector<std::string>> rows;
  std::optional<std::string> next;
  do {
    const api::SeenPage page = TRY(ask(query));
    if (session.json()) terminal.print(api::encode(page));
    for (const api::SeenCertificate& one : page.certificates)
      rows.push_back({to_rfc3339(one.not_after), one.not_after < now ? "ended" : to_words(one.not_after - now),
                      one.route, to_rfc3339(one.last_seen), one.address, std::to_string(one.times), one.serial,
                      one.identity});
    next = page.next;
    query.after = next.value_or("");
  } while (next && pages == Pages::all);
  if (!session.json() && !rows.empty())
    terminal.table({"ENDS", "LEFT", "ROUTE", "LAST SEEN", "FROM", "TIMES", "SERIAL", "IDENTITY"}, rows);
  if (!session.json() && rows.empty()) terminal.note("nothing matches");
  if (next) terminal.note(fmt::format("more: --after {} (or --all)", *next));
  return {};
}

}  // namespace symbolon::cli
