// Changes that need two persons: the parts of the writer and of the readers. They are rare, so their statements are
// prepared as they are needed.
#include "ledger/audit_chain.h"
#include "ledger/sqlite_reader.h"
#include "ledger/sqlite_rows.h"
#include "ledger/sqlite_writer.h"

namespace symbolon::ledger {
namespace {

// The first row, or none.
template <typename... Values>
Result<std::optional<Change>> first(sql::Connection& connection, std::string_view rest, const Values&... values) {
  sql::Statement row = TRY(connection.prepare(fmt::format("SELECT {} FROM changes {}", kChangeColumns, rest)));
  TRY(row.start(values...));
  if (!TRY(row.step())) return std::optional<Change>();
  Result<Change> change = read_change(row);
  return std::optional<Change>(TRY(std::move(change)));
}

}  // namespace

Result<Change> SqliteWriter::change(ChangeId id) {
  auto found = TRY(first(connection_, "WHERE id = ?", id.value));
  if (!found) return fail(Code::not_found, "there is no change {}", id.value);
  return *std::move(found);
}

Result<Change> SqliteWriter::ask_change(const NewChange& asked) {
  auto open = TRY(first(connection_, "WHERE digest = ? AND used_at IS NULL ORDER BY id DESC", asked.digest));
  if (open) return *std::move(open);
  const std::int64_t last = TRY(connection_.integer("SELECT ifnull(max(id), 0) FROM changes"));
  Change made{.id = {last + 1},
              .kind = asked.kind,
              .what = asked.what,
              .digest = asked.digest,
              .asked_by = asked.actor,
              .asked_at = now()};
  sql::Statement insert = TRY(connection_.prepare(
      "INSERT INTO changes (id, kind, what, digest, asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?)"));
  TRY(insert.run(made.id.value, made.kind, made.what, made.digest, made.asked_by, made.asked_at));
  TRY(append(made.asked_at, {.actor = made.asked_by,
                             .action = action::ask_change,
                             .object = made.id.value,
                             .details = json_object({{"kind", made.kind}, {"what", made.what}}),
                             .digest = change_digest(made)}));
  return made;
}

Result<Change> SqliteWriter::approve_change(ChangeId id, const std::string& actor) {
  Change found = TRY(change(id));
  if (found.approved_by) return found;
  if (found.asked_by == actor) return fail(Code::same_person, "{} asked for change {}", actor, id.value);
  found.approved_by = actor;
  found.approved_at = now();
  sql::Statement update =
      TRY(connection_.prepare("UPDATE changes SET approved_by = ?2, approved_at = ?3 WHERE id = ?1"));
  TRY(update.run(id.value, actor, *found.approved_at));
  TRY(append(*found.approved_at, {.actor = actor,
                                  .action = action::approve_change,
                                  .object = id.value,
                                  .details = json_object({{"kind", found.kind}, {"what", found.what}}),
                                  .digest = change_digest(found)}));
  return found;
}

Result<Change> SqliteWriter::use_change(ChangeId id, const std::string& actor) {
  Change found = TRY(change(id));
  if (!found.approved_by) return fail(Code::approval_needed, "change {} ({})", id.value, found.what);
  if (found.used_at) return fail(Code::already_exists, "change {} was made before", id.value);
  found.used_at = now();
  sql::Statement update = TRY(connection_.prepare("UPDATE changes SET used_at = ?2 WHERE id = ?1"));
  TRY(update.run(id.value, *found.used_at));
  TRY(append(*found.used_at, {.actor = actor,
                              .action = action::use_change,
                              .object = id.value,
                              .details = json_object({{"kind", found.kind}, {"what", found.what}}),
                              .digest = change_digest(found)}));
  return found;
}

Result<std::optional<Change>> SqliteReader::find_change(const crypto::Sha256& digest) {
  return first(connection_, "WHERE digest = ? ORDER BY id DESC", digest);
}

Result<std::optional<Change>> SqliteReader::change(ChangeId id) { return first(connection_, "WHERE id = ?", id.value); }

Result<std::vector<Change>> SqliteReader::changes(std::size_t limit) {
  sql::Statement rows =
      TRY(connection_.prepare(fmt::format("SELECT {} FROM changes ORDER BY id DESC LIMIT ?", kChangeColumns)));
  std::vector<Change> out;
  TRY(rows.start(static_cast<std::int64_t>(limit)));
  while (TRY(rows.step())) out.push_back(TRY(read_change(rows)));
  return out;
}

}  // namespace symbolon::ledger
