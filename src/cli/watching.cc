#include "cli/watching.h"

#include <shared_mutex>

#include "watch/authority_metrics.h"
#include "watch/server.h"

namespace symbolon::cli {

struct Watching::Impl {
  Options options;
  std::shared_mutex mutex;  // held while the gateway is asked, so that it does not go meanwhile
  const gateway::Gateway* gateway = nullptr;
  UnixSeconds started_at;
  std::unique_ptr<watch::WatchServer> server;

  std::vector<prometheus::MetricFamily> metrics();
  std::optional<api::GatewayStatus> status();
  Result<api::SeenPage> seen(const api::SeenQuery& query);
};

std::vector<prometheus::MetricFamily> Watching::Impl::metrics() {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::shared_lock lock(mutex);
    if (gateway != nullptr) families = gateway->figures().Collect();
  }
  if (!options.authority) return families;
  Families more;
  watch::add_authority_metrics(more, watch::ask_authority(*options.authority));
  for (auto& family : std::move(more).take()) families.push_back(std::move(family));
  return families;
}

std::optional<api::GatewayStatus> Watching::Impl::status() {
  const std::shared_lock lock(mutex);
  if (gateway != nullptr) return gateway->figures().status();
  if (options.gateway == Gateway::none) return std::nullopt;
  api::GatewayStatus starting;
  starting.version = SYMBOLON_VERSION;
  starting.now = options.clock->now();
  starting.started_at = started_at;
  starting.reload.loaded_at = started_at;
  return starting;
}

Result<api::SeenPage> Watching::Impl::seen(const api::SeenQuery& query) {
  const std::shared_lock lock(mutex);
  if (gateway == nullptr) return fail(Code::gateway_unreachable, "the gateway does not run yet");
  return gateway->figures().seen(query);
}

Watching::Watching(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watching::~Watching() { impl_->server.reset(); }

namespace {

Status serve_status(watch::WatchServer& server, const GatewayLayout& layout) {
  TRY(layout.make());
  return server.listen_for_status(layout.socket());
}

}  // namespace

Result<std::unique_ptr<Watching>> Watching::start(Options options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->started_at = impl->options.clock->now();
  Impl* const raw = impl.get();
  impl->server = std::make_unique<watch::WatchServer>(
      watch::Sources{.metrics = [raw] { return raw->metrics(); },
                     .gateway = [raw] { return raw->status(); },
                     .seen = [raw](const api::SeenQuery& query) { return raw->seen(query); },
                     .rejections = raw->options.rejections});
  std::string started;
  if (const auto& metrics = raw->options.metrics) {
    const auto bound = TRY(raw->server->listen_for_metrics(metrics->endpoint()));
    started = "metrics: " + bound.text();
  }
  Status folder;
  if (raw->options.gateway == Gateway::expected) folder = serve_status(*raw->server, GatewayLayout{raw->options.state});
  raw->server->start();
  std::unique_ptr<Watching> watching(new Watching(std::move(impl)));
  watching->started_ = std::move(started);
  if (!folder)
    watching->warning_ = fmt::format(
        "{}: `symbolon status` does not see this gateway, and whom it has seen is forgotten: "
        "give it a `state` of its own",
        folder.error().words);
  return watching;
}

void Watching::set_gateway(const gateway::Gateway* gateway) {
  const std::unique_lock lock(impl_->mutex);
  impl_->gateway = gateway;
}

}  // namespace symbolon::cli
