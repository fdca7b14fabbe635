// What new connections are judged by: made whole from configuration and files, then only read.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/service_dialer.h"
#include "tls/context.h"
#include "x509/path_cache.h"

namespace symbolon::gateway {

struct Route {
  std::string name;
  std::shared_ptr<const tls::ServerContext> context;  // null: clients speak plain
  std::shared_ptr<const tls::Credential> credential;  // what clients are shown; null: they speak plain
  ServiceTarget service;
  OnwardConfig onward;
  std::shared_ptr<LimitCounts> limits;  // null: none of its own
  std::chrono::seconds handshake_timeout;
  std::chrono::seconds idle_timeout;
  OnExpiry on_expiry = OnExpiry::close;
};

// The routes of one listening address.
struct AddressRoutes {
  std::shared_ptr<const tls::ServerRoutes> by_name;  // null: clients speak plain, and all has one route
  std::vector<std::shared_ptr<const Route>> all;
  ProxySources proxies;                       // whose connections begin with a PROXY protocol header
  std::chrono::seconds handshake_timeout{0};  // the longest, since it runs before the route is known

  const std::shared_ptr<const Route>& of(const tls::ServerContext& context) const;
};

// By the listening address as the configuration writes it.
using Snapshot = std::map<std::string, std::shared_ptr<const AddressRoutes>>;

// What was read and checked for one side of a route.
struct SideMaterial {
  std::shared_ptr<const tls::Credential> credential;   // null: none is presented
  std::shared_ptr<const x509::TrustBundle> trust;      // null: nobody is verified
  std::shared_ptr<const policy::AccessPolicy> access;  // null: no rules
  x509::PathCheck check = x509::PathCheck::rfc5280;
};

// The same for one route; shared by the threads.
struct RouteMaterial {
  const RouteConfig* config = nullptr;
  SideMaterial clients;
  SideMaterial server;
  std::shared_ptr<const net::TunnelProxy> via;
  std::shared_ptr<LimitCounts> limits;           // null: none of its own
  std::shared_ptr<tls::StapleSlot> staple;       // null: nothing is stapled
  std::shared_ptr<tls::SessionTickets> tickets;  // null: no session is resumed
};

struct Materials {
  std::vector<RouteMaterial> routes;
  std::vector<std::string> warnings;
};

// The error with the route's place where it has none of its own.
Error at_route(Error error, const RouteConfig& route);

Result<x509::TrustBundle> read_trust_file(const Path& file, UnixSeconds now);

// Reads every file and asks the inputs. `config` must outlive the result.
Result<Materials> read_materials(const GatewayConfig& config, const GatewayInputs& inputs);

// One thread's contexts (two threads on one SSL_CTX cost each a third more). `cache` must outlive the snapshot.
Result<Snapshot> make_snapshot(const GatewayConfig& config, const Materials& materials, const GatewayInputs& inputs,
                               x509::PathCache& cache);

}  // namespace symbolon::gateway
