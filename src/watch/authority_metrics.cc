#include "watch/authority_metrics.h"

#include <map>

#include "enroll/authority_client.h"

namespace symbolon::watch {
namespace {

using namespace std::chrono_literals;

double real(std::int64_t count) { return static_cast<double>(count); }

}  // namespace

void add_authority_metrics(Families& families, const std::optional<api::StatusInfo>& status) {
  families.gauge("symbolon_authority_up", "1: the authority answers.", status ? 1 : 0);
  if (!status) return;
  families.counter("symbolon_authority_certificates_issued_total", "Certificates on record that were issued.",
                   real(status->issued));
  families.counter("symbolon_authority_certificates_revoked_total", "Revocations on record.", real(status->revoked));
  families.gauge("symbolon_authority_intents_unfinished", "Serials that were reserved and never completed.",
                 real(status->unfinished));
  families.gauge("symbolon_authority_start_time_seconds", "When the authority was started.",
                 real(status->started_at.count));
  if (status->last_issued_at)
    families.gauge("symbolon_authority_last_issued_timestamp_seconds", "When it issued last.",
                   real(status->last_issued_at->count));
  families.counter("symbolon_ledger_audit_entries_total", "Entries of the audit chain.", real(status->ledger.entries));
  families.counter("symbolon_ledger_commits_total", "Commits since the start; each may hold many writes.",
                   real(status->ledger.commits));
  families.gauge("symbolon_ledger_waiting_writes", "Writes that wait for the next commit.",
                 real(status->ledger.waiting));
  families.gauge("symbolon_ledger_size_bytes", "The ledger on disk, its journal included.",
                 real(status->ledger.octets));
  for (const api::CrlInfo& crl : status->crls) {
    const auto gauge = [&](const char* name, const char* help, double value) {
      families.gauge(name, help, value, {{"issuer", crl.issuer}});
    };
    gauge("symbolon_authority_crl_number", "cRLNumber of the CRL that is published.", real(crl.number));
    gauge("symbolon_authority_crl_entries", "Entries of it.", real(crl.entries));
    gauge("symbolon_authority_crl_made_timestamp_seconds", "Its thisUpdate.", real(crl.this_update.count));
    gauge("symbolon_authority_crl_ends_timestamp_seconds", "Its nextUpdate: from then on nobody takes it.",
          real(crl.next_update.count));
  }
  std::map<Code, int> warnings;
  for (const api::Warning& warning : status->warnings) ++warnings[warning.code];
  for (const auto& [code, count] : warnings)
    families.gauge("symbolon_authority_warnings", "What `symbolon status` warns of, by code.", count,
                   {{"code", std::string(name(code))}});
}

std::optional<api::StatusInfo> ask_authority(const Path& socket) {
  auto client = enroll::AuthorityClient::over_unix(socket, {.connect = 2s, .call = 2s});
  if (!client) return std::nullopt;
  auto status = client->status();
  if (!status) return std::nullopt;
  return *std::move(status);
}

}  // namespace symbolon::watch
