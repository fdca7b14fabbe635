// status: what the authority has done, what the gateway does, and what needs attention.
#include <algorithm>
#include <memory>

#include "api/codec.h"
#include "authority/state.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/live_view.h"
#include "cli/watching.h"
#include "enroll/gateway_client.h"

namespace symbolon::cli {
namespace {

using Lines = std::vector<std::string>;

struct Seen {
  std::optional<api::StatusInfo> authority;
  std::optional<api::GatewayStatus> gateway;
};

std::string octets(std::int64_t count) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(count);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) value /= 1024, ++unit;
  return unit == 0 ? fmt::format("{} B", count) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::int64_t sum_of(const std::vector<api::CodeCount>& counts) {
  std::int64_t sum = 0;
  for (const api::CodeCount& one : counts) sum += one.count;
  return sum;
}

// "in 12 days", or when it ended.
std::string left(UnixSeconds end, UnixSeconds now) {
  return now < end ? to_words(end - now) : "ended " + to_words(now - end) + " ago";
}

void add_warnings(Lines& out, const std::vector<api::Warning>& warnings, const Terminal& terminal) {
  for (const api::Warning& warning : warnings) {
    out.push_back(terminal.styled(Style::bad, "warning: " + printable(warning.words)));
    out.push_back(fmt::format("  remedy     {}", row(warning.code).remedy));
  }
}

void add_authority(Lines& out, const api::StatusInfo& info, const Terminal& terminal) {
  out.push_back(fmt::format("authority    {}", info.name.empty() ? "(unnamed)" : printable(info.name)));
  out.push_back(fmt::format("version      {}", info.version));
  out.push_back(
      fmt::format("up           {} (since {})", to_words(info.now - info.started_at), to_rfc3339(info.started_at)));
  out.push_back(fmt::format("issued       {}", info.issued));
  out.push_back(fmt::format("revoked      {}", info.revoked));
  out.push_back(fmt::format("unfinished   {}", info.unfinished));
  if (info.last_issued_at) out.push_back(fmt::format("last issued  {}", to_rfc3339(*info.last_issued_at)));
  out.push_back(fmt::format("ledger       {} entries, {}", info.ledger.entries, octets(info.ledger.octets)));
  for (const api::CrlInfo& crl : info.crls) {
    out.push_back(fmt::format("CRL          {}: number {}, {} entries, made {} ago, counts for {}",
                              printable(crl.issuer), crl.number, crl.entries, to_words(info.now - crl.this_update),
                              left(crl.next_update, info.now)));
  }
  for (const api::GatewayInfo& gateway : info.gateways) {
    out.push_back(fmt::format("follows      {}: {}, enforces entry {}{}", printable(gateway.name),
                              gateway.follows ? terminal.styled(Style::good, "heard of just now")
                              : gateway.last_seen
                                  ? terminal.styled(Style::bad, "silent for " + to_words(info.now - *gateway.last_seen))
                                  : terminal.styled(Style::bad, "not heard of since the start"),
                              gateway.enforced, gateway.behind == 0 ? "" : fmt::format(", {} behind", gateway.behind)));
  }
  add_warnings(out, info.warnings, terminal);
}

std::string first_end(const std::vector<api::OwnCertificate>& certificates, UnixSeconds now) {
  const auto first = std::ranges::min_element(certificates, {}, &api::OwnCertificate::not_after);
  return first == certificates.end() ? "-" : left(first->not_after, now);
}

void add_routes(Lines& out, const api::GatewayStatus& info, const Terminal& terminal) {
  std::vector<Lines> rows;
  for (const api::RouteStatus& route : info.routes) {
    std::string to;
    for (const std::string& one : route.to) to += (to.empty() ? "" : " ") + one;
    rows.push_back({route.name, route.listen, to, std::to_string(route.open), std::to_string(route.admitted),
                    std::to_string(sum_of(route.refused)), octets(route.received), octets(route.sent),
                    first_end(route.certificates, info.now),
                    route.soonest ? left(route.soonest->not_after, info.now) : "-"});
  }
  for (std::string& line : terminal.table_lines({"ROUTE", "LISTENS ON", "TO", "OPEN", "ADMITTED", "REFUSED", "RECEIVED",
                                                 "SENT", "OWN CERTIFICATE", "SOONEST CLIENT"},
                                                rows))
    out.push_back(std::move(line));
}

void add_refusals(Lines& out, const api::GatewayStatus& info, const Terminal& terminal) {
  std::vector<Lines> rows;
  const auto add = [&](const std::string& route, const std::vector<api::CodeCount>& counts) {
    for (const api::CodeCount& one : counts)
      rows.push_back(
          {std::to_string(one.count), route, std::string(name(one.code)), std::string(row(one.code).sentence)});
  };
  for (const api::RouteStatus& route : info.routes) add(route.name, route.refused);
  add("-", info.refused);
  if (rows.empty()) return;
  out.emplace_back();
  for (std::string& line : terminal.table_lines({"REFUSED", "ROUTE", "CODE", "BECAUSE"}, rows))
    out.push_back(std::move(line));
}

void add_gateway(Lines& out, const api::GatewayStatus& info, const Terminal& terminal) {
  const bool serving = info.phase == api::GatewayPhase::serving;
  out.push_back(fmt::format("gateway      {}, {} of {} connections, {} threads",
                            terminal.styled(serving ? Style::good : Style::bad, api::name(info.phase)), info.open,
                            info.most_open, info.threads));
  out.push_back(
      fmt::format("up           {} (since {})", to_words(info.now - info.started_at), to_rfc3339(info.started_at)));
  out.push_back(
      fmt::format("loaded       {} (generation {})", to_rfc3339(info.reload.loaded_at), info.reload.generation));
  out.push_back(fmt::format("clients      {} certificates seen (symbolon list --seen)", info.certificates_seen));
  if (info.threads_silent != 0)
    out.push_back(terminal.styled(Style::bad, fmt::format("silent       {} threads", info.threads_silent)));
  if (info.records_lost != 0)
    out.push_back(terminal.styled(Style::bad, fmt::format("lost         {} records", info.records_lost)));
  if (info.reload.problem)
    out.push_back(terminal.styled(Style::bad, "not loaded   " + printable(info.reload.problem->words)));
  out.emplace_back();
  add_routes(out, info, terminal);
  add_refusals(out, info, terminal);
  for (const api::RouteStatus& route : info.routes) add_warnings(out, route.hindrances, terminal);
  for (const std::string& warning : info.warnings)
    out.push_back(terminal.styled(Style::bad, "warning: " + printable(warning)));
}

Lines lines_of(const Seen& seen, const Terminal& terminal) {
  Lines out;
  if (seen.authority) add_authority(out, *seen.authority, terminal);
  if (seen.authority && seen.gateway) out.emplace_back();
  if (seen.gateway) add_gateway(out, *seen.gateway, terminal);
  if (out.empty()) out.emplace_back("neither an authority nor a gateway answers");
  return out;
}

// The authority's members, and `gateway` where one answers.
std::string json_of(const Seen& seen) {
  std::string out = seen.authority ? api::encode(*seen.authority) : "{}";
  if (!seen.gateway) return out;
  out.pop_back();
  return out + (seen.authority ? "," : "") + "\"gateway\":" + api::encode(*seen.gateway) + "}";
}

// None: none runs here.
std::optional<api::GatewayStatus> ask_gateway(const Path& state) {
  auto status = enroll::GatewayClient(GatewayLayout{state}.socket()).status();
  if (!status) return std::nullopt;
  return *std::move(status);
}

// A configuration that cannot be read now is no reason not to ask a gateway that runs with the one before.
Result<Path> find_gateway(const Session& session, bool& unreadable) {
  auto loaded = load_configuration(session);
  if (loaded) return loaded->state;
  const Path state = session.default_places().state;
  std::error_code ignored;
  unreadable = std::filesystem::exists(GatewayLayout{state}.socket(), ignored);
  if (!unreadable) return std::unexpected(std::move(loaded).error());
  session.terminal().warn(loaded.error().text());
  return state;
}

// An authority that does not run is opened, as every command does, unless a gateway runs here without one.
Result<Seen> ask(const Session& session) {
  Seen seen;
  bool unreadable = false;
  if (!session.remote_authority()) seen.gateway = ask_gateway(TRY(find_gateway(session, unreadable)));
  auto link = AuthorityLink::open(session);
  if (!link && seen.gateway && (unreadable || link.error().code == Code::state_missing)) return seen;
  if (!link) return std::unexpected(std::move(link).error());
  seen.authority = TRY(link->client().status());
  return seen;
}

// Only those that run are asked: nothing is opened, and nothing locked, each second anew.
Status watch(const Session& session) {
  const Path state = TRY(load_configuration(session)).state;
  const auto lines = [&] {
    Seen seen{.authority = {}, .gateway = ask_gateway(state)};
    if (auto client = enroll::AuthorityClient::over_unix(authority::StateLayout{state}.socket())) {
      if (auto status = client->status()) seen.authority = *std::move(status);
    }
    return seen;
  };
  return show_live([&]() -> Lines {
    if (session.json()) return {json_of(lines())};
    return lines_of(lines(), session.terminal());
  });
}

Status status(bool live, const Session& session) {
  if (live) return watch(session);
  const Seen seen = TRY(ask(session));
  if (session.json()) {
    session.terminal().print(json_of(seen));
    return {};
  }
  for (const std::string& line : lines_of(seen, session.terminal())) session.terminal().print(line);
  return {};
}

}  // namespace

Command status_command() {
  auto live = std::make_shared<bool>(false);
  Command command("status", "What the authority has done, what the gateway does, and what needs attention");
  command.option("--watch", live.get(), "draw it anew each second; q or Ctrl-C ends")
      .example("symbolon status", "")
      .example("symbolon status --watch", "routes, connections and refusals, live")
      .calls("status")
      .action([live](Session& session) { return status(*live, session); });
  return command;
}

}  // namespace symbolon::cli
