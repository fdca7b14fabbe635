// What a gateway says about itself over the Unix socket of its state folder: status, and whom it has seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/authority_info.h"
#include "base/clock.h"
#include "base/codes.h"

namespace symbolon::api {

enum class GatewayPhase : std::uint8_t { starting, serving, draining };
std::string_view name(GatewayPhase phase);

// How often something was refused or ended with this code since the start.
struct CodeCount {
  Code code = Code::internal;
  std::int64_t count = 0;
  bool operator==(const CodeCount&) const = default;
};

// A client's certificate, after its possession was proven on this route.
struct SeenCertificate {
  std::string fingerprint;  // SHA-256, hex
  std::string serial;       // hex
  std::string issuer;       // RFC 4514
  std::string subject;      // RFC 4514
  std::string identity;     // what a person would call it
  std::string route;
  std::string address;  // where it came from last, without the port
  UnixSeconds not_after;
  UnixSeconds first_seen;
  UnixSeconds last_seen;
  std::int64_t times = 0;
  bool operator==(const SeenCertificate&) const = default;
};

// A certificate that a route presents.
struct OwnCertificate {
  std::string shown_to;  // "client" or "service"
  std::string subject;   // RFC 4514
  std::string serial;
  UnixSeconds not_after;
  bool operator==(const OwnCertificate&) const = default;
};

struct RouteStatus {
  std::string name;
  std::string listen;           // with the port that was bound
  std::vector<std::string> to;  // services behind
  std::int64_t open = 0;        // connections now
  std::int64_t admitted = 0;
  std::vector<CodeCount> refused;
  std::int64_t received = 0;  // octets from clients
  std::int64_t sent = 0;
  std::vector<OwnCertificate> certificates;
  std::optional<SeenCertificate> soonest;  // of the certificates seen that have not ended, the one that ends first
  std::vector<Warning> hindrances;         // why nobody can be admitted here; empty: somebody can
  bool operator==(const RouteStatus&) const = default;
};

// What the configuration in force is, and how the last attempt to replace it went.
struct ReloadStatus {
  std::int64_t generation = 1;  // counts what was put in force
  UnixSeconds loaded_at;
  std::int64_t failures = 0;       // since the start
  std::optional<Warning> problem;  // why the last attempt failed; absent: it did not
  std::optional<UnixSeconds> failed_at;
  bool operator==(const ReloadStatus&) const = default;
};

// GET /v1/gateway/status
struct GatewayStatus {
  std::string version;
  GatewayPhase phase = GatewayPhase::starting;
  UnixSeconds now;
  UnixSeconds started_at;
  std::int64_t threads = 0;
  std::int64_t threads_silent = 0;  // that did not answer in time: their figures are those of the time before
  std::int64_t open = 0;            // connections, those that are not on a route yet included
  std::int64_t most_open = 0;
  std::int64_t records_lost = 0;
  std::int64_t certificates_seen = 0;  // in the inventory
  ReloadStatus reload;
  std::vector<RouteStatus> routes;
  std::vector<CodeCount> refused;     // before a route was known
  std::vector<std::string> warnings;  // about configuration and files, as they were read last
  bool operator==(const GatewayStatus&) const = default;
};

// GET /v1/gateway/seen?query=&after=&limit=
struct SeenQuery {
  static constexpr int kMostPerPage = 1000;
  std::string query;  // words, all of which must stand in it, whatever their case
  std::string after;  // SeenPage::next of the page before
  int limit = 50;     // 1..kMostPerPage
  bool operator==(const SeenQuery&) const = default;
};

// Also what a gateway tells its authority (POST /v1/feed/seen), and what the authority's ledger does not know of that.
struct SeenPage {
  std::vector<SeenCertificate> certificates;  // soonest ending first
  std::optional<std::string> next;            // absent on the last page
  bool operator==(const SeenPage&) const = default;
};

}  // namespace symbolon::api
