// Gateways that revocations must reach: the parts of the writer and of the readers. They come and go rarely, so their
// statements are prepared as they are needed.
#include "ledger/audit_chain.h"
#include "ledger/sqlite_reader.h"
#include "ledger/sqlite_writer.h"

namespace symbolon::ledger {
namespace {

Result<std::optional<KnownGateway>> find(sql::Connection& connection, const std::string& name) {
  sql::Statement row = TRY(connection.prepare("SELECT since FROM gateways WHERE name = ?"));
  TRY(row.start(name));
  if (!TRY(row.step())) return std::optional<KnownGateway>();
  return std::optional(KnownGateway{name, UnixSeconds{row.integer(0)}});
}

}  // namespace

Result<KnownGateway> SqliteWriter::add_gateway(const std::string& name) {
  const auto known = TRY(find(connection_, name));
  if (known) return *known;
  const KnownGateway added{name, now()};
  sql::Statement insert = TRY(connection_.prepare("INSERT INTO gateways (name, since) VALUES (?, ?)"));
  TRY(insert.run(added.name, added.since));
  TRY(append(added.since, {.actor = name,
                           .action = action::add_gateway,
                           .details = json_object({{"name", name}}),
                           .digest = gateway_digest(added)}));
  return added;
}

Result<KnownGateway> SqliteWriter::forget_gateway(const std::string& name, const std::string& actor) {
  auto known = TRY(find(connection_, name));
  if (!known) return fail(Code::not_found, "no gateway is called '{}'", name);
  sql::Statement erase = TRY(connection_.prepare("DELETE FROM gateways WHERE name = ?"));
  TRY(erase.run(name));
  TRY(append(now(), {.actor = actor,
                     .action = action::forget_gateway,
                     .details = json_object({{"name", name}}),
                     .digest = gateway_digest(*known)}));
  return *std::move(known);
}

Result<std::vector<KnownGateway>> SqliteReader::gateways() {
  sql::Statement rows = TRY(connection_.prepare("SELECT name, since FROM gateways ORDER BY name"));
  std::vector<KnownGateway> out;
  TRY(rows.start());
  while (TRY(rows.step())) out.push_back({std::string(rows.text(0)), UnixSeconds{rows.integer(1)}});
  return out;
}

}  // namespace symbolon::ledger
