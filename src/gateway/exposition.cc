#include "gateway/exposition.h"

namespace symbolon::gateway {
namespace {

double real(auto count) { return static_cast<double>(count); }

void add_traffic(Families& out, const std::string& name, const RouteCounts& route) {
  for (const auto& [kind, count] : route.handshakes) {
    const std::string_view outcome = kind.refused ? symbolon::name(*kind.refused) : "admitted";
    out.counter("symbolon_handshakes_total",
                "Handshakes by route, peer, version, group, session (full or resumed) and outcome: admitted, or the "
                "code of the refusal.",
                real(count),
                {{"route", name},
                 {"peer", std::string(symbolon::gateway::name(kind.peer))},
                 {"version", std::string(kind.version)},
                 {"group", std::string(kind.group)},
                 {"session", kind.resumed ? "resumed" : "full"},
                 {"outcome", std::string(outcome)}});
  }
  for (const auto& [reason, count] : route.declined)
    out.counter("symbolon_sessions_declined_total",
                "Sessions that clients offered and that were not resumed, by reason; a full handshake followed.",
                real(count), {{"route", name}, {"reason", std::string(reason)}});
  for (const auto& [code, count] : route.refused)
    out.counter("symbolon_connections_refused_total",
                "Connections refused for another reason than their handshake, by code.", real(count),
                {{"route", name}, {"code", std::string(symbolon::name(code))}});
  if (name.empty()) return;  // whoever found no route never had a connection to anything
  out.counter("symbolon_connections_opened_total", "Connections that were admitted.", real(route.opened),
              {{"route", name}});
  out.gauge("symbolon_connections_open", "Admitted connections that are open.", real(route.open), {{"route", name}});
  for (const auto& [reason, count] : route.closed)
    out.counter("symbolon_connections_closed_total", "Admitted connections that have ended, by reason.", real(count),
                {{"route", name}, {"reason", std::string(symbolon::name(reason))}});
  out.counter("symbolon_received_bytes_total", "Octets from clients, decrypted.", real(route.received),
              {{"route", name}});
  out.counter("symbolon_sent_bytes_total", "Octets to clients, before encryption.", real(route.sent),
              {{"route", name}});
  out.histogram("symbolon_handshake_duration_seconds", "From accept to admission.", route.handshake, {{"route", name}});
  out.histogram("symbolon_first_byte_duration_seconds", "From admission to the first octet of the service.",
                route.first_octet, {{"route", name}});
}

void add_certificates(Families& out, const Exposed& exposed) {
  for (const RouteFacts& route : exposed.routes) {
    for (const SideFacts& side : route.sides) {
      if (!side.certificate) continue;
      out.gauge("symbolon_certificate_remaining_seconds", "Until the certificate that the route presents ends.",
                real((side.certificate->validity().not_after - exposed.now).count),
                {{"route", route.name}, {"peer", std::string(name(side.peer))}});
    }
    if (route.staple) {
      const auto staple = route.staple->latest();
      out.gauge("symbolon_staple_remaining_seconds",
                "Until the stapled OCSP response of the route's certificate ends; 0 or less: none is sent.",
                staple ? real((staple->next_update - exposed.now).count) : 0, {{"route", route.name}});
    }
    if (const auto first = exposed.soonest.find(route.name); first != exposed.soonest.end())
      out.gauge("symbolon_client_certificate_remaining_seconds",
                "Until the first of the client certificates seen on the route ends.",
                real((first->second.not_after - exposed.now).count), {{"route", route.name}});
    out.gauge("symbolon_route_ready", "1: somebody can be admitted; 0: see /readyz.",
              hindrances_of(route, exposed.now).empty() ? 1 : 0, {{"route", route.name}});
  }
  out.gauge("symbolon_client_certificates_seen", "Client certificates and routes in the inventory.",
            real(exposed.certificates_seen));
  out.counter("symbolon_client_sightings_lost_total", "Sightings that the inventory had no room for.",
              real(exposed.counts.sightings_lost));
}

void add_crls(Families& out, const CrlFacts& crls, UnixSeconds now) {
  for (const CrlFacts::List& list : crls.lists) {
    const Labels labels = {{"issuer", list.issuer}, {"source", list.source}};
    out.gauge("symbolon_crl_next_update_seconds",
              "Until the CRL of another CA should be renewed; below 0: it should have been.",
              real((list.next_update - now).count), labels);
    out.gauge("symbolon_crl_entries", "Revoked certificates in the CRL of another CA.", real(list.entries), labels);
  }
  for (const CrlFacts::Source& source : crls.sources)
    out.counter("symbolon_crl_refresh_failures_total",
                "CRLs of other CAs that could not be fetched or read, by source.", real(source.failures),
                {{"source", source.source}});
}

void add_gateway(Families& out, const Exposed& exposed) {
  out.gauge("symbolon_gateway_connections", "Open connections, those in their handshake included.",
            real(exposed.connections));
  out.gauge("symbolon_gateway_connections_limit", "Open connections at most.", real(exposed.limits.connections));
  out.gauge("symbolon_gateway_handshakes", "Handshakes that are running.", real(exposed.handshaking));
  out.gauge("symbolon_gateway_handshakes_limit", "Handshakes at a time at most.", real(exposed.limits.handshakes));
  out.gauge("symbolon_gateway_sources", "Addresses of clients that limits are counted for.", real(exposed.sources));
  const auto chains = [&](const char* result, std::uint64_t count) {
    out.counter("symbolon_chain_cache_lookups_total",
                "Chains of certificates that came: verified before, failed before, or new.", real(count),
                {{"result", result}});
  };
  chains("verified", exposed.chains.verified);
  chains("failed", exposed.chains.failed);
  chains("new", exposed.chains.fresh);
  out.gauge("symbolon_gateway_threads", "Threads that serve.", real(exposed.threads));
  out.gauge("symbolon_gateway_threads_silent", "Threads that did not answer this scrape in time.",
            real(exposed.threads_silent));
  out.gauge("symbolon_gateway_draining", "1: the gateway is ending.",
            exposed.phase == api::GatewayPhase::draining ? 1 : 0);
  out.counter("symbolon_records_lost_total", "Records of connections that could not be written.",
              real(exposed.records_lost));
  out.gauge("symbolon_config_generation", "Counts the configurations that were put in force.",
            real(exposed.reload.generation));
  out.gauge("symbolon_config_last_reload_successful", "0: the last attempt failed, what was in force stays.",
            exposed.reload.failure ? 0 : 1);
  out.counter("symbolon_config_reload_failures_total", "Attempts that failed.", real(exposed.reload.failures));
  out.gauge("symbolon_config_loaded_timestamp_seconds", "When the configuration in force was loaded.",
            real(exposed.reload.loaded_at.count));
}

}  // namespace

std::vector<prometheus::MetricFamily> families_of(const Exposed& exposed) {
  Families out;
  for (const auto& [name, route] : exposed.counts.routes) add_traffic(out, name, route);
  add_certificates(out, exposed);
  add_crls(out, exposed.crls, exposed.now);
  add_gateway(out, exposed);
  return std::move(out).take();
}

}  // namespace symbolon::gateway
