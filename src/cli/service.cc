#include "cli/service.h"

#include <algorithm>
#include <tuple>

#include "base/log.h"
#include "cli/authority_servers.h"
#include "cli/renewal.h"
#include "cli/watching.h"
#include "config/same_section.h"
#include "crypto/digest.h"
#include "enroll/gateway_client.h"
#include "enroll/revocation_follower.h"
#include "gateway/gateway.h"

namespace symbolon::cli {
namespace {

constexpr enroll::ClientTimes kForTicketKeys{.connect = std::chrono::seconds(5), .call = std::chrono::seconds(5)};

// CAs made here carry every extension that strict verification asks for; imported ones may not.
x509::PathCheck check_for(const std::vector<x509::Certificate>& anchors) {
  for (const x509::Certificate& anchor : anchors) {
    const bool whole = anchor.key_usage() && anchor.subject_key_identifier() && anchor.basic_constraints().critical;
    if (!whole) return x509::PathCheck::rfc5280;
  }
  return x509::PathCheck::strict;
}

Path anchors_of(const LoadedConfiguration& loaded) {
  const auto& gateway = loaded.content.gateway;
  if (gateway && gateway->authority && gateway->authority->anchors) return *gateway->authority->anchors;
  return authority::StateLayout{loaded.state}.anchors();
}

Result<std::vector<x509::Certificate>> read_anchors(const LoadedConfiguration& loaded) {
  const Path file = anchors_of(loaded);
  const auto content = read_file(file, 1 << 20);
  if (!content && content.error().code == Code::file_missing) {
    return fail_at(loaded.state.string(), Code::state_missing, "there is no authority here");
  }
  auto roots = TRY(x509::Certificate::from_pem(TRY(content), file.string()));
  if (roots.empty()) return fail_at(file.string(), Code::trust_empty, "no certificate in it");
  return roots;
}

std::string texts_of(const std::vector<net::Endpoint>& endpoints) {
  std::string out;
  for (const net::Endpoint& one : endpoints) out += (out.empty() ? "" : ", ") + one.text();
  return out;
}

bool names_the_authority(const std::vector<gateway::TrustSource>& trust) {
  return std::ranges::any_of(trust, [](const gateway::TrustSource& source) { return !source.file; });
}

// Where the route trusts the authority by name, if it does.
std::optional<config::Place> trusts_the_authority(const gateway::RouteConfig& route) {
  if (const auto& clients = route.clients; clients && names_the_authority(clients->trust)) return clients->place;
  if (const auto& server = route.server; server && names_the_authority(server->trust)) return server->place;
  return std::nullopt;
}

// A gateway judges by an authority's revocations where it trusts it by name, and where one lives in its state: its root
// may also be trusted as a file.
bool has_revocations(const gateway::GatewayConfig& config, const Path& state) {
  std::error_code ignored;
  return config.authority || std::filesystem::exists(authority::StateLayout{state}.ledger(), ignored) ||
         std::ranges::any_of(config.routes, [](const auto& route) { return trusts_the_authority(route).has_value(); });
}

}  // namespace

struct Service::Impl {
  const Clock& clock;
  LoadedConfiguration loaded;
  bool runs_authority = false;
  bool gateway_is_elsewhere = false;  // in a process of its own
  std::vector<std::string> started;
  std::unique_ptr<authority::Authority> authority;
  std::function<Result<LoadedConfiguration>()> load_again;
  std::function<void()> renew_authority;
  std::shared_ptr<const net::InheritedSockets> inherited;
  std::shared_ptr<gateway::FileRecordSink> records;
  std::unique_ptr<Renewal> renewal;
  std::unique_ptr<AuthorityServers> authority_servers;
  std::unique_ptr<Watching> watching;
  std::unique_ptr<enroll::RevocationFollower> follower;  // of the authority, in whichever process
  std::unique_ptr<gateway::Gateway> gateway;

  Impl(const Clock& c, const LoadedConfiguration& l) : clock(c), loaded(l) {}
  ~Impl() {
    if (follower) follower->source()->on_change({});
    if (follower) follower->on_ticket_keys({});
    follower.reset();              // it calls the renewal and the gateway
    if (renewal) renewal->stop();  // it calls into the gateway and the API
    if (gateway) gateway->stop();
    watching.reset();  // it asks the gateway, also while that drains
    gateway.reset();
  }

  Status open_records();
  Result<api::RejectionList> look_up(const api::RejectionQuery& query) const;
  Status start_watching(const ServiceOptions& options, Roles roles);
  Status start_authority(AuthorityKeys keys);
  Status check_revocation_source(const gateway::GatewayConfig& config) const;
  Status check_sharing(const gateway::GatewayConfig& config) const;
  enroll::ReachAuthority way_to_the_authority() const;
  Status start_gateway(const gateway::GatewayConfig& config);
  Status renew();
  Status reload(const LoadedConfiguration& next_loaded);
  Status reload_authority(const LoadedConfiguration& next);
  Status try_to_listen(const AuthoritySection& next) const;
  Result<gateway::AuthorityTrust> trust() const;
};

// One sink for all: two would mix their lines in one file.
Status Service::Impl::open_records() {
  const auto file = loaded.content.gateway ? loaded.content.gateway->records : std::optional<Path>();
  records = TRY(gateway::FileRecordSink::open(file));
  return {};
}

// What this process has recorded; where the gateway is another one, what that has, too.
Result<api::RejectionList> Service::Impl::look_up(const api::RejectionQuery& query) const {
  if (!gateway_is_elsewhere) return records->look_up(query);
  api::RejectionList found = records->recent(query);
  auto there = enroll::GatewayClient(GatewayLayout{loaded.state}.socket()).rejections(query);
  if (!there && found.records.empty())  // without the path: holders of certificates may have asked
    return fail(Code::gateway_unreachable, "the gateway beside this authority was asked");
  if (!there) return found;
  for (api::RejectionRecord& record : there->records) {  // ours, too, where both write to one file
    if (std::ranges::find(found.records, record) == found.records.end()) found.records.push_back(std::move(record));
  }
  std::ranges::sort(found.records, [](const api::RejectionRecord& one, const api::RejectionRecord& other) {
    return std::tie(other.time, other.id) < std::tie(one.time, one.id);
  });
  if (found.records.size() > api::RejectionList::kMost) found.records.resize(api::RejectionList::kMost);
  return found;
}

Status Service::Impl::start_watching(const ServiceOptions& options, Roles roles) {
  const authority::StateLayout layout{loaded.state};
  std::error_code ignored;
  Watching::Options watched;
  if (options.metrics == Metrics::served) watched.metrics = loaded.content.metrics;
  watched.state = loaded.state;
  if (roles.gateway) watched.gateway = Watching::Gateway::expected;
  if (roles.authority) {
    watched.authority = layout.socket();
  } else if (std::filesystem::exists(layout.ledger(), ignored)) {
    watched.authority = layout.gateways_socket();
  }
  watched.rejections = [this](const api::RejectionQuery& query) { return look_up(query); };
  watched.clock = &clock;
  watching = TRY(Watching::start(std::move(watched)));
  if (!watching->started().empty()) started.push_back(watching->started());
  return {};
}

Status Service::Impl::start_authority(AuthorityKeys keys) {
  authority = TRY(open_authority(loaded, std::move(keys), clock));
  authority_servers = TRY(AuthorityServers::start(
      {.authority = *authority,
       .loaded = loaded,
       .renewal = *renewal,
       .clock = clock,
       .records = records,
       .trust = [this]() -> Result<std::shared_ptr<const x509::TrustBundle>> { return TRY(trust()).bundle; },
       .look_up = [this](const api::RejectionQuery& query) { return look_up(query); },
       .load_again = load_again}));
  const auto& lines = authority_servers->started();
  started.insert(started.end(), lines.begin(), lines.end());
  return {};
}

// Both are tried: what one lacks, the other need not miss.
Status Service::Impl::renew() {
  Status outcome;
  if (authority_servers) outcome = authority_servers->refresh();
  Status of_gateway = gateway ? gateway->refresh() : Status();
  return of_gateway ? outcome : of_gateway;
}

Result<gateway::AuthorityTrust> Service::Impl::trust() const {
  auto anchors = authority ? authority->anchors() : TRY(read_anchors(loaded));
  const x509::PathCheck check = check_for(anchors);
  auto bundle = TRY(x509::TrustBundle::make(std::move(anchors), clock.now(), "the authority's CAs"));
  return gateway::AuthorityTrust{std::make_shared<const x509::TrustBundle>(std::move(bundle)), check};
}

// Of this process: its own socket, the one for gateways, or an authority elsewhere.
enroll::ReachAuthority Service::Impl::way_to_the_authority() const {
  const authority::StateLayout layout{loaded.state};
  enroll::AuthorityPlace place;
  if (const auto& section = loaded.content.gateway; section && section->authority) {
    place = {section->authority->url, anchors_of(loaded), section->authority->cert, section->authority->key};
  } else {
    const Path socket = runs_authority ? layout.socket() : layout.gateways_socket();
    place.endpoint = {net::Endpoint::Kind::unix_path, socket.string(), 0};
  }
  return [place, &clock = clock](const enroll::ClientTimes& times) { return enroll::reach(place, clock, times); };
}

// Nothing fails open: without an authority to ask, a revoked client of it would be let in.
Status Service::Impl::check_revocation_source(const gateway::GatewayConfig& config) const {
  if (follower) return {};
  for (const gateway::RouteConfig& route : config.routes) {
    const auto place = trusts_the_authority(route);
    if (!place) continue;
    return fail_at(place->text(), Code::revocation_source_missing, "route '{}'", route.name);
  }
  return {};
}

// The feed says when keys count no more: whoever does not follow it may have none.
Status Service::Impl::check_sharing(const gateway::GatewayConfig& config) const {
  if (!config.shared_ticket_keys || follower) return {};
  return fail_at(config.place.text(), Code::config_bad_value,
                 "`shared_ticket_keys` needs an authority that the keys come from: `gateway.authority`, or one in the "
                 "state");
}

Status Service::Impl::start_gateway(const gateway::GatewayConfig& config) {
  gateway::GatewayInputs inputs;
  inputs.clock = &clock;
  inputs.records = records;
  if (has_revocations(config, loaded.state)) {
    enroll::FollowerOptions options{
        .reach = way_to_the_authority(),
        .name = std::string(api::kLocalGateway),
        .journal = watching->has_folder() ? std::optional(GatewayLayout{loaded.state}.revocations()) : std::nullopt,
        .anchors = TRY(read_anchors(loaded)),
        .process = to_hex(crypto::random_bytes(8)),
        .stale_after = config.stale_after,
        .on_issuers_changed = [this] { renewal->hurry(); }};
    follower = TRY(enroll::RevocationFollower::follow(std::move(options), clock));
    inputs.revocation = follower->source();
  }
  TRY(check_revocation_source(config));
  TRY(check_sharing(config));
  inputs.authority_trust = [this] { return trust(); };
  inputs.authority_credential = [this](const gateway::CertificateFromAuthority& wish) {
    return renewal->credential(wish.profile, wish.names);
  };
  inputs.ask_ticket_keys =
      [way = way_to_the_authority()](const api::TicketKeysRequest& request) -> Result<api::TicketKeysAnswer> {
    enroll::AuthorityClient client = TRY(way(kForTicketKeys));
    return client.ticket_keys(request);
  };
  inputs.inherited = inherited;
  if (watching->has_folder()) {
    inputs.seen = GatewayLayout{loaded.state}.seen();
    inputs.crls = GatewayLayout{loaded.state}.crls();
  }
  gateway = TRY(gateway::Gateway::start(config, std::move(inputs)));
  watching->set_gateway(gateway.get());
  for (const gateway::RouteConfig& route : config.routes) {
    started.push_back(
        fmt::format("route {}: {} to {}", route.name, gateway->address_of(route.name).text(), texts_of(route.to)));
  }
  // A revocation ends the open connections of its certificate.
  const auto judge_again = [this](const revocation::Addition* added) { gateway->judge_again(added); };
  if (follower) follower->source()->on_change(judge_again);
  if (follower)
    follower->on_ticket_keys([this](const std::string& generation) { gateway->ticket_keys_are(generation); });
  if (follower) follower->report_seen([this](const api::SeenQuery& query) { return gateway->figures().seen(query); });
  gateway->judge_again();  // it serves already: what came in between was told to nobody
  return {};
}

// On addresses that are new.
Status Service::Impl::try_to_listen(const AuthoritySection& next) const {
  const auto all_of = [](const AuthoritySection& section) {
    std::vector<net::Endpoint> out = section.public_endpoints();
    if (section.listen) out.push_back(*section.listen);
    return out;
  };
  const auto now = loaded.content.authority ? all_of(*loaded.content.authority) : std::vector<net::Endpoint>();
  for (const net::Endpoint& wish : all_of(next)) {
    if (std::ranges::count(now, wish) > 0) continue;
    if (wish.kind == net::Endpoint::Kind::unix_path) continue;  // it may bind none any more
    std::ignore = TRY(net::listen(wish, {}));
  }
  return {};
}

// What could stop the new one from starting is found out while the old one still runs.
Status Service::Impl::reload_authority(const LoadedConfiguration& next) {
  if (config::same_section("authority", loaded.text, next.text)) return {};
  if (!renew_authority) {
    log(LogLevel::warning, "`authority` was changed: it takes effect at the next start");
    return {};
  }
  if (next.content.authority) {
    TRY(try_to_listen(*next.content.authority));
    std::ignore = TRY(authority::configure(authority::builtin_profiles(""), next.content.authority->profiles));
  }
  log(LogLevel::info, "`authority` was changed: its processes are started anew");
  renew_authority();
  return {};
}

Status Service::Impl::reload(const LoadedConfiguration& next_loaded) {
  const Configuration& next = next_loaded.content;
  const auto later = [](std::string_view what) {
    log(LogLevel::warning, fmt::format("{} was changed: it takes effect at the next start", what));
  };
  const Configuration& now = loaded.content;
  if (next.state != now.state) later("`state`");
  if (next.user != now.user) later("`user`");
  if (next.insecure_no_sandbox != now.insecure_no_sandbox) later("`insecure_no_sandbox`");
  if (next.metrics != now.metrics) later("`metrics`");
  if (next.gateway && now.gateway && next.gateway->stale_after != now.gateway->stale_after)
    later("`gateway.stale_after`");
  if (next.gateway && now.gateway && next.gateway->authority != now.gateway->authority) later("`gateway.authority`");
  if (authority) TRY(reload_authority(next_loaded));
  if (next.gateway.has_value() != (gateway != nullptr) && (gateway || !now.gateway)) later("`gateway`");
  if (next.gateway) TRY(records->reopen(next.gateway->records));
  if (!gateway || !next.gateway) return {};
  Status checked = check_revocation_source(*next.gateway);
  if (checked) checked = check_sharing(*next.gateway);
  if (!checked) {
    gateway->reload_failed(checked.error());
    return checked;
  }
  return gateway->reload(*next.gateway);
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;

Result<Roles> roles_to_run(const LoadedConfiguration& loaded, Roles asked) {
  std::error_code ignored;
  const bool state_has_one = std::filesystem::exists(authority::StateLayout{loaded.state}.ledger(), ignored);
  if (state_has_one && loaded.content.gateway && loaded.content.gateway->authority) {
    return fail_at(loaded.content.gateway->authority->place.text(), Code::config_bad_value,
                   "`gateway.authority` names an authority elsewhere, and one has its ledger in {}",
                   loaded.state.string());
  }
  const Roles roles{.authority = asked.authority && (loaded.content.authority || state_has_one),
                    .gateway = asked.gateway && loaded.content.gateway};
  if (roles.authority || roles.gateway) return roles;
  return fail_at(loaded.file.string(), Code::config_missing_key, "nothing to run: neither an authority nor a gateway");
}

Result<std::unique_ptr<Service>> Service::start(const LoadedConfiguration& loaded, ServiceOptions options,
                                                const Clock& clock) {
  auto impl = std::make_unique<Impl>(clock, loaded);
  impl->inherited = std::move(options.inherited);
  impl->load_again = std::move(options.load_again);
  impl->renew_authority = std::move(options.renew_authority);
  const authority::StateLayout layout{loaded.state};
  const Roles roles = TRY(roles_to_run(loaded, options.roles));
  impl->runs_authority = roles.authority;
  impl->gateway_is_elsewhere = !roles.gateway && loaded.content.gateway;
  impl->renewal =
      std::make_unique<Renewal>(impl->way_to_the_authority(), roles.authority ? layout.own() : layout.gateway(), clock);
  TRY(impl->open_records());
  TRY(impl->start_watching(options, roles));
  if (roles.authority) TRY(impl->start_authority(std::move(options.keys)));
  if (const auto& config = impl->loaded.content.gateway; roles.gateway && config) TRY(impl->start_gateway(*config));
  impl->renewal->start([raw = impl.get()] { return raw->renew(); });
  return std::unique_ptr<Service>(new Service(std::move(impl)));
}

const std::vector<std::string>& Service::started() const { return impl_->started; }
const gateway::Gateway* Service::gateway() const { return impl_->gateway.get(); }

std::vector<std::string> Service::warnings() const {
  std::vector<std::string> out;
  if (impl_->gateway) out = impl_->gateway->warnings();
  if (!impl_->watching->has_folder()) out.push_back(impl_->watching->warning());
  if (impl_->authority) {
    if (const auto status = impl_->authority->status()) {
      for (const api::Warning& warning : status->warnings) out.push_back(warning.words);
    }
  }
  return out;
}

Status Service::reload(const LoadedConfiguration& loaded) { return impl_->reload(loaded); }

void Service::reload_failed(const Error& error) {
  if (impl_->gateway) impl_->gateway->reload_failed(error);
}

void Service::drain(std::function<void()> ended) {
  if (impl_->gateway) return impl_->gateway->drain(std::move(ended));
  ended();
}

bool Service::threads_answer() {
  const bool gateway = !impl_->gateway || impl_->gateway->threads_answer();
  return (!impl_->authority_servers || impl_->authority_servers->threads_answer()) && gateway;
}

}  // namespace symbolon::cli
