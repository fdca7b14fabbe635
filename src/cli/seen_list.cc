#include "cli/seen_list.h"

#include "api/codec.h"
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

std::string SeenHere::words_of(const api::CertificateSummary& certificate) const {
  constexpr int kRoutes = 20;
  std::string out;
  if (ask_ && !certificate.fingerprint.empty()) {
    const auto page = ask_({.query = certificate.serial, .after = {}, .limit = kRoutes});
    for (const api::SeenCertificate& one : page ? page->certificates : std::vector<api::SeenCertificate>()) {
      if (one.fingerprint != certificate.fingerprint) continue;
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", printable(one.route), to_rfc3339(one.last_seen));
    }
  }
  return out.empty() ? "-" : out;
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
