// Issuance over the authority's API: N connections, each asking for one certificate after the other.
//
//   api_bench --listen 127.0.0.1:8440 --name ca.internal --cert admin.crt --key admin.key --ca root.crt     mutual TLS
//   api_bench --socket /var/lib/symbolon/authority.sock                                                     Unix socket
//   further: --connections 64 --seconds 10 --profile client --subject alice
//
// Each connection makes one key and one request at the start; an answer counts when it is a 201 with a certificate.
// Prints the rate, and p50, p99 and the longest of the answers' times. The authority is a process of its own.
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <map>
#include <string>

#include "api/codec.h"
#include "base/file.h"
#include "http/client.h"
#include "http/problem.h"
#include "x509/request.h"

namespace {

using namespace symbolon;
using SteadyClock = std::chrono::steady_clock;

struct Plan {
  net::Endpoint endpoint;
  std::string server_name;
  std::shared_ptr<const tls::ClientContext> context;  // null: a Unix socket
  int connections = 64;
  std::chrono::seconds span{10};
  std::string profile = "client";
  std::string subject = "bench";
};

struct Tally {
  std::vector<double> milliseconds;
  std::map<std::string, int> failures;  // by code
  SteadyClock::time_point begin;
  SteadyClock::time_point end;
};

std::map<std::string, std::string> arguments(int count, char** values) {
  std::map<std::string, std::string> out;
  for (int i = 1; i + 1 < count; i += 2) out[values[i]] = values[i + 1];
  return out;
}

Result<std::shared_ptr<const tls::ClientContext>> context_of(std::map<std::string, std::string>& given) {
  tls::ClientOptions options;
  options.credential = TRY(tls::Credential::load(given["--cert"], given["--key"]));
  const std::string trust = TRY(read_file(given["--ca"]));
  options.servers.trust = std::make_shared<const x509::TrustBundle>(
      TRY(x509::TrustBundle::from_file_content(trust, system_clock().now(), given["--ca"])));
  options.servers.role = PeerRole::server;
  options.servers.clock = &system_clock();
  return tls::ClientContext::make(std::move(options));
}

Result<Plan> plan_of(std::map<std::string, std::string> given) {
  Plan plan;
  const bool local = given.contains("--socket");
  plan.endpoint = TRY(net::Endpoint::parse(local ? "unix:" + given["--socket"] : given["--listen"]));
  if (!local) plan.context = TRY(context_of(given));
  plan.server_name = given.contains("--name") ? given["--name"] : plan.endpoint.host;
  if (given.contains("--connections")) plan.connections = std::atoi(given["--connections"].c_str());
  if (given.contains("--seconds")) plan.span = std::chrono::seconds(std::atoi(given["--seconds"].c_str()));
  if (given.contains("--profile")) plan.profile = given["--profile"];
  if (given.contains("--subject")) plan.subject = given["--subject"];
  return plan;
}

Result<std::string> request_of(const Plan& plan) {
  const auto key = TRY(crypto::PrivateKey::generate(crypto::KeyType::p256));
  const auto csr = TRY(x509::make_request(key, x509::DistinguishedName(), {}));
  api::IssueRequest request;
  request.profile = plan.profile;
  request.csr = csr.pem();
  request.names = {plan.subject};
  return api::encode(request);
}

net::Task<Result<std::unique_ptr<http::ByteStream>>> connect(const Plan& plan) {
  const auto deadline = net::in(std::chrono::seconds(20));
  if (!plan.context) co_return co_await http::connect(plan.endpoint, deadline);
  http::TlsTarget target{plan.endpoint, plan.server_name, plan.context};
  co_return co_await http::connect_tls(std::move(target), deadline);
}

net::Task<Status> ask(const Plan& plan, Tally& tally) {
  CO_TRY(const auto body, request_of(plan));
  CO_TRY(auto stream, co_await connect(plan));
  http::Client client(std::move(stream), plan.server_name);
  tally.begin = std::max(tally.begin, SteadyClock::now());  // when the last connection stands
  const auto stop = SteadyClock::now() + plan.span;
  while (SteadyClock::now() < stop) {
    http::Request request{.method = "POST", .target = "/v1/certificates", .headers = {}, .body = body};
    request.headers.add("Content-Type", std::string(http::kJson));
    const auto sent = SteadyClock::now();
    CO_TRY(const auto response, co_await client.call(std::move(request), net::in(std::chrono::seconds(60))));
    if (response.status == 201) {
      tally.milliseconds.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count());
    } else {
      ++tally.failures[std::string(name(http::error_of(response).code))];
    }
  }
  tally.end = SteadyClock::now();
  co_return Status();
}

double at(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int report(Tally& tally, const Plan& plan) {
  for (const auto& [code, count] : tally.failures) fmt::print("failed: {} x {}\n", count, code);
  if (tally.milliseconds.empty()) return 1;
  std::ranges::sort(tally.milliseconds);
  const double seconds = std::chrono::duration<double>(tally.end - tally.begin).count();
  fmt::print(
      "{}: {} certificates over {} connections in {:.1f} s: {:.0f}/s; p50 {:.1f} ms, p99 {:.1f} ms, most {:.1f} ms\n",
      plan.context ? "mutual TLS" : "Unix socket", tally.milliseconds.size(), plan.connections, seconds,
      static_cast<double>(tally.milliseconds.size()) / seconds, at(tally.milliseconds, 0.5),
      at(tally.milliseconds, 0.99), tally.milliseconds.back());
  return tally.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  const auto plan = plan_of(arguments(count, values));
  if (!plan) {
    fmt::print(stderr, "{}\n", plan.error().text());
    return 2;
  }
  boost::asio::io_context context{1};
  Tally tally;
  for (int i = 0; i < plan->connections; ++i) {
    boost::asio::co_spawn(context, ask(*plan, tally),
                          [&tally](const std::exception_ptr& failure, const Status& outcome) {
                            if (failure) ++tally.failures["exception"];
                            if (!failure && !outcome) ++tally.failures[std::string(name(outcome.error().code))];
                          });
  }
  context.run();
  return report(tally, *plan);
}
