#include "enroll/gateway_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "api/codec.h"
#include "http/client.h"
#include "http/problem.h"
#include "http/target.h"

namespace symbolon::enroll {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kPatience{5};
constexpr std::size_t kMostRejections = 4 << 20;  // octets: the authority asks, and a gateway may be broken into

net::Task<Result<http::Response>> call(net::Endpoint endpoint, std::string target, std::size_t most) {
  const net::Deadline deadline = net::in(kPatience);
  CO_TRY(auto stream, co_await http::connect(std::move(endpoint), deadline));
  http::ClientLimits limits;
  limits.message.body_octets = most;
  http::Client client(std::move(stream), "gateway", limits);
  http::Request request;
  request.target = std::move(target);
  co_return co_await client.call(std::move(request), deadline);
}

}  // namespace

Result<std::string> GatewayClient::get(std::string target, std::size_t most) const {
  asio::io_context context{1};
  std::optional<Result<http::Response>> response;
  net::Endpoint endpoint{.kind = net::Endpoint::Kind::unix_path, .host = socket_.string(), .port = 0};
  auto task = call(std::move(endpoint), std::move(target), most);
  asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& failure, Result<http::Response> answer) {
    response.emplace(failure ? Result<http::Response>(fail(Code::internal, "the call threw")) : std::move(answer));
  });
  context.run();
  ENSURE(response.has_value());
  if (!*response) return fail_at(socket_.string(), Code::gateway_unreachable, "{}", response->error().words);
  if ((*response)->status >= 400) return std::unexpected(http::error_of(**response));
  return std::move((*response)->body);
}

Result<api::GatewayStatus> GatewayClient::status() const {
  return api::decode_answer<api::GatewayStatus>(TRY(get("/v1/gateway/status")));
}

Result<api::SeenPage> GatewayClient::seen(const api::SeenQuery& query) const {
  std::string target = fmt::format("/v1/gateway/seen?limit={}", query.limit);
  if (!query.query.empty()) target += "&query=" + http::percent_encode(query.query);
  if (!query.after.empty()) target += "&after=" + http::percent_encode(query.after);
  return api::decode_answer<api::SeenPage>(TRY(get(std::move(target))));
}

Result<api::RejectionList> GatewayClient::rejections(const api::RejectionQuery& query) const {
  std::string target = "/v1/gateway/records?";
  if (!query.id.empty()) target += "id=" + http::percent_encode(query.id) + "&";
  if (!query.fingerprint.empty()) target += "fingerprint=" + http::percent_encode(query.fingerprint) + "&";
  target.pop_back();
  return api::decode_answer<api::RejectionList>(TRY(get(std::move(target), kMostRejections)));
}

}  // namespace symbolon::enroll
