#include "watch/server.h"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <map>
#include <set>
#include <thread>

#include "api/codec.h"
#include "base/memory_guard.h"
#include "http/blocking_pool.h"
#include "http/problem.h"
#include "http/router.h"
#include "http/server.h"
#include "watch/process_metrics.h"
#include "watch/readiness.h"

namespace symbolon::watch {
namespace {

namespace asio = boost::asio;
using http::Caller;
using http::Response;
using http::RoutedRequest;

constexpr std::size_t kThreads = 2;   // that wait for the gateway's threads
constexpr std::size_t kWaiting = 64;  // requests that run or wait; further ones are refused with `overloaded`
constexpr std::size_t kConnections = 64;

Response text(int status, const std::vector<std::string>& lines) {
  std::string body;
  for (const std::string& line : lines) (body += line) += '\n';
  return http::make_response(status, "text/plain; charset=utf-8", std::move(body));
}

Status check_caller(const Caller& caller) {
  if (caller.peer && (caller.peer->user == 0 || caller.peer->user == geteuid())) return {};
  return fail(Code::forbidden, "only root and uid {} may use this socket", geteuid());
}

// Each parameter at most once, and none but `known`; empty where it is absent.
using Parameters = std::map<std::string, std::string>;
Result<Parameters> parameters_of(const http::Target& target, const std::set<std::string>& known) {
  Parameters given;
  for (const auto& [key, value] : target.query) {
    if (!known.contains(key)) return fail(Code::bad_request, "the parameter '{}' is not known", key);
    if (!given.emplace(key, value).second) return fail(Code::bad_request, "the parameter '{}' stands twice", key);
  }
  return given;
}

Result<api::RejectionQuery> rejection_query_of(const http::Target& target) {
  Parameters given = TRY(parameters_of(target, {"id", "fingerprint"}));
  api::RejectionQuery query{.id = {}, .fingerprint = given["fingerprint"]};
  if (given.contains("id")) query.id = TRY(api::parse_record_id(given["id"]));
  if (query.id.empty() && query.fingerprint.empty()) return fail(Code::bad_request, "neither id nor fingerprint");
  return query;
}

Result<api::SeenQuery> seen_query_of(const http::Target& target) {
  Parameters given = TRY(parameters_of(target, {"query", "after", "limit"}));
  api::SeenQuery query{.query = given["query"], .after = given["after"], .limit = 50};
  if (const std::string& limit = given["limit"]; !limit.empty()) {
    const auto [end, problem] = std::from_chars(limit.data(), limit.data() + limit.size(), query.limit);
    if (problem != std::errc() || end != limit.data() + limit.size()) query.limit = 0;
  }
  if (query.limit < 1 || query.limit > api::SeenQuery::kMostPerPage)
    return fail(Code::bad_request, "limit is a number between 1 and {}", api::SeenQuery::kMostPerPage);
  return query;
}

}  // namespace

struct WatchServer::Impl {
  explicit Impl(Sources given) : sources(std::move(given)) {
    add(open, "/metrics", [this](const http::Target&) -> Result<Response> {
      Families own;
      add_process_metrics(own);
      auto families = sources.metrics();
      for (auto& family : std::move(own).take()) families.push_back(std::move(family));
      return http::make_response(200, kExpositionType, exposition(families));
    });
    add(open, "/healthz", [this](const http::Target&) { return health(); });
    add(open, "/readyz", [this](const http::Target&) { return readiness(); });
    add(closed, "/v1/gateway/status", [this](const http::Target&) -> Result<Response> {
      const auto status = sources.gateway();
      if (!status) return fail(Code::not_found, "no gateway runs in this process");
      return http::make_response(200, http::kJson, api::encode(*status));
    });
    add(closed, "/v1/gateway/seen", [this](const http::Target& target) -> Result<Response> {
      const auto query = TRY(seen_query_of(target));
      return http::make_response(200, http::kJson, api::encode(TRY(sources.seen(query))));
    });
    add(closed, "/v1/gateway/records", [this](const http::Target& target) -> Result<Response> {
      const auto query = TRY(rejection_query_of(target));
      return http::make_response(200, http::kJson, api::encode(TRY(sources.rejections(query))));
    });
  }

  Result<Response> health() const {
    const auto status = sources.gateway();
    if (!status || status->threads_silent == 0) return text(200, {"ok"});
    return text(503, {fmt::format("{} of {} threads do not answer", status->threads_silent, status->threads)});
  }

  Result<Response> readiness() const {
    const auto status = sources.gateway();
    if (!status) return text(200, {"ready"});
    Readiness found = readiness_of(*status);
    found.words.insert(found.words.begin(), found.ready ? "ready" : "not ready");
    return text(found.ready ? 200 : 503, found.words);
  }

  using Answer = std::function<Result<Response>(const http::Target&)>;
  void add(http::Router& router, const char* path, Answer answer) {
    router.add("GET", path, [this, answer = std::move(answer)](RoutedRequest routed, const Caller&) {
      return run(std::move(routed), answer);
    });
  }

  net::Task<Response> run(RoutedRequest routed, Answer answer) {
    auto call = [answer = std::move(answer), target = std::move(routed.target)] { return answer(target); };
    auto response = co_await pool.run(std::move(call));
    if (!response) co_return http::problem(response.error());
    co_return *std::move(response);
  }

  static http::ServerOptions options() {
    http::ServerOptions options;
    options.connections = kConnections;
    return options;
  }

  net::Task<Response> for_our_own(http::Request request, const Caller& caller) {
    const Status allowed = check_caller(caller);
    if (!allowed) co_return http::problem(allowed.error());
    co_return co_await closed.handle(std::move(request), caller);
  }

  Sources sources;
  http::BlockingPool pool{kThreads, kWaiting};
  http::Router open;    // on the port for metrics
  http::Router closed;  // on the socket
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  http::Server metrics_server{
      context, [this](http::Request request, const Caller& caller) { return open.handle(std::move(request), caller); },
      options()};
  http::Server status_server{
      context, [this](http::Request request, const Caller& caller) { return for_our_own(std::move(request), caller); },
      options()};
  std::thread thread;
};

WatchServer::WatchServer(Sources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}

WatchServer::~WatchServer() {
  impl_->metrics_server.stop();
  impl_->status_server.stop();
  impl_->work.reset();
  if (!impl_->thread.joinable()) start();  // what was spawned must have its end
  impl_->thread.join();
}

Result<net::Endpoint> WatchServer::listen_for_metrics(const net::Endpoint& endpoint) {
  return impl_->metrics_server.listen(endpoint);
}

Status WatchServer::listen_for_status(const Path& socket) {
  TRY(impl_->status_server.listen({net::Endpoint::Kind::unix_path, socket.string(), 0}));
  return {};
}

void WatchServer::start() {
  impl_->thread = std::thread([context = &impl_->context] {
    while (!unless_out_of_memory([context]() -> Status {
      context->run();
      return {};
    })) {
    }
  });
}

}  // namespace symbolon::watch
