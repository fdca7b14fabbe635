#include "cli/authority_servers.h"

#include <optional>
#include <utility>

#include "authority/crl_server.h"
#include "authority/revocation_feed.h"
#include "cli/role_bounds.h"

namespace symbolon::cli {
namespace {

constexpr std::size_t kApiThreads = 2;
// Responses that must be signed. Few threads, so that more is asked together: a packet to the signer, and its look into
// the ledger, cost as much for one as for all.
constexpr http::GatheringLimits kOcspLimits{
    .threads = 2, .waiting = 512, .together = 16, .linger = std::chrono::microseconds(500)};

std::vector<authority::GatewayWish> wishes_for_desk(const std::optional<gateway::GatewayConfig>& config) {
  std::vector<authority::GatewayWish> out;
  if (!config) return out;
  for (const gateway::RouteConfig& route : config->routes) {
    for (auto& wish : wishes_of(route)) out.push_back({std::move(wish.profile), std::move(wish.names)});
  }
  return out;
}

}  // namespace

AuthorityServers::AuthorityServers(Inputs inputs)
    : in_(std::move(inputs)),
      admins_({.credential = [this] { return in_.renewal.credential("server", {in_.loaded.content.authority->name}); },
               .trust = in_.trust,
               .revocation = in_.authority.revocations(),
               .records = in_.records,
               .clock = &in_.clock}) {}

AuthorityServers::~AuthorityServers() {
  if (in_.authority.ocsp()) in_.authority.ocsp()->stop();  // nobody waits for a signature any more
  for (const auto& server : public_servers_) server->stop();
  if (gateway_api_) gateway_api_->stop();
  if (api_) api_->stop();
  work_.reset();
  for (std::thread& thread : threads_) thread.join();
}

Result<std::unique_ptr<AuthorityServers>> AuthorityServers::start(Inputs inputs) {
  std::unique_ptr<AuthorityServers> servers(new AuthorityServers(std::move(inputs)));
  TRY(servers->listen());
  return servers;
}

Status AuthorityServers::listen() {
  // What trusts this authority trusts its new CAs, too.
  in_.authority.on_issuers_changed([&authority = in_.authority, &renewal = in_.renewal] {
    renewal.hurry();
    authority.feed()->issuers_changed();
  });
  in_.authority.keep_heads();
  api_ = std::make_unique<authority::ApiServer>(context_, in_.authority, api_options());
  const net::Endpoint socket{net::Endpoint::Kind::unix_path, in_.authority.layout().socket().string(), 0};
  TRY(api_->http().listen(socket));
  TRY(serve_gateways());
  const auto& section = in_.loaded.content.authority;
  if (section) TRY(serve_publicly(*section));
  for (std::size_t i = 0; i < kApiThreads; ++i) threads_.emplace_back([this] { context_.run(); });
  started_.push_back("authority: " + socket.text());
  if (section && section->listen) TRY(serve_admins(*section->listen));
  return {};
}

authority::ApiOptions AuthorityServers::api_options() {
  authority::ApiOptions options;
  options.http.on_refusal = [this](const tls::Refusal& refusal, const net::PeerAddress& peer) {
    admins_.record(refusal, peer);
  };
  options.look_up = in_.look_up;
  const auto& section = in_.loaded.content.authority;
  if (section && section->own_records) options.own_records = authority::OwnRecords::for_holders;
  return options;
}

Status AuthorityServers::serve_gateways() {
  // The gateway may have read a changed configuration before us.
  auto look_again = [this]() -> Result<std::vector<authority::GatewayWish>> {
    const LoadedConfiguration now = TRY(in_.load_again());
    return wishes_for_desk(now.content.gateway);
  };
  gateway_desk_ = std::make_unique<authority::GatewayDesk>(in_.authority, wishes_for_desk(in_.loaded.content.gateway),
                                                           std::move(look_again));
  authority::ApiOptions options{.threads = 2, .local_roles = authority::kGatewayRoles};
  gateway_api_ = std::make_unique<authority::ApiServer>(context_, *gateway_desk_, std::move(options));
  const Path socket = in_.authority.layout().gateways_socket();
  TRY(gateway_api_->http().listen({net::Endpoint::Kind::unix_path, socket.string(), 0}));
  return {};
}

Status AuthorityServers::serve_publicly(const AuthoritySection& section) {
  if (section.crl) in_.authority.publish_crls();
  in_.authority.answer_ocsp();
  if (section.ocsp) ocsp_pool_ = authority::ocsp_pool(*in_.authority.ocsp(), kOcspLimits);
  for (const net::Endpoint& endpoint : section.public_endpoints()) {
    const bool crls = section.crl && section.crl->listen == endpoint;
    const bool ocsp = section.ocsp && section.ocsp->listen.value_or(endpoint) == endpoint;
    http::Handler handler = crls ? authority::crl_handler(in_.authority.crls()) : authority::nothing_here();
    http::ServerOptions options = authority::crl_server_options();
    if (ocsp) {
      handler = authority::ocsp_handler(*in_.authority.ocsp(), *ocsp_pool_, section.ocsp->path(), std::move(handler));
      options = authority::ocsp_server_options();
    }
    auto server = std::make_unique<http::Server>(context_, std::move(handler), std::move(options));
    const auto bound = TRY(server->listen(endpoint));
    if (crls) started_.push_back("authority: CRLs at http://" + bound.text());
    if (ocsp) started_.push_back(fmt::format("authority: OCSP at http://{}{}", bound.text(), section.ocsp->path()));
    public_servers_.push_back(std::move(server));
  }
  return {};
}

Status AuthorityServers::serve_admins(const net::Endpoint& endpoint) {
  TRY(admins_.refresh());
  const auto bound = TRY(admins_.listen(api_->http(), endpoint));
  started_.push_back("authority: https://" + bound.text() + " for admin certificates");
  return {};
}

Status AuthorityServers::refresh() {
  const auto& section = in_.loaded.content.authority;
  return section && section->listen ? admins_.refresh() : Status();
}

}  // namespace symbolon::cli
