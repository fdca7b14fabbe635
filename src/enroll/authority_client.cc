#include "enroll/authority_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

#include "api/codec.h"
#include "api/feed_block.h"
#include "api/idempotency_key.h"
#include "enroll/ndjson.h"
#include "http/client.h"
#include "http/problem.h"
#include "http/target.h"

namespace symbolon::enroll {

namespace {

namespace asio = boost::asio;
using http::ByteStream;

using Connect = std::function<net::Task<Result<std::unique_ptr<ByteStream>>>(net::Deadline)>;

http::Request get(std::string target) {
  http::Request request;
  request.target = std::move(target);
  return request;
}

http::Request post(std::string target, std::string json) {
  http::Request request{.method = "POST", .target = std::move(target), .headers = {}, .body = std::move(json)};
  if (!request.body.empty()) request.headers.add("Content-Type", std::string(http::kJson));
  return request;
}

// A lost answer is asked for again after these.
constexpr std::chrono::milliseconds kRepeatAfter[] = {std::chrono::milliseconds(200), std::chrono::seconds(1),
                                                      std::chrono::seconds(4)};

// Nobody there is one thing to whoever calls the authority, whatever the transport called it.
Error unreachable(Error error, const std::string& where) {
  switch (error.code) {
    case Code::connection_refused:
    case Code::connection_timeout:
    case Code::connection_reset:
    case Code::network_unreachable:
    case Code::name_not_found:
    case Code::truncated:
    case Code::file_missing: return {Code::authority_unreachable, error.words, where};
    default: break;
  }
  if (error.where.empty()) error.where = where;
  return error;
}

}  // namespace

struct AuthorityClient::Impl {
  asio::io_context context{1};
  Connect connect;    // none: there is only the one connection
  std::string host;   // of the Host field
  std::string where;  // for errors
  ClientTimes times;
  std::optional<http::Client> client = {};

  // Runs the coroutine to its end on this thread.
  template <typename T>
  Result<T> wait(net::Task<Result<T>> task) {
    std::optional<Result<T>> result;
    asio::co_spawn(context, std::move(task), [&result](const std::exception_ptr& failure, Result<T> value) {
      result.emplace(failure ? Result<T>(fail(Code::internal, "the call threw")) : std::move(value));
    });
    context.restart();
    context.run();
    ENSURE(result.has_value());
    return *std::move(result);
  }

  Status pause(std::chrono::milliseconds span) {
    asio::steady_timer timer(context, span);
    timer.async_wait([](const boost::system::error_code&) {});
    context.restart();
    context.run();
    return {};
  }

  net::Task<Status> open() {
    if (client && client->usable()) co_return Status();
    if (!connect) co_return fail(Code::authority_unreachable, "the connection to the authority has ended");
    client.reset();
    CO_TRY(auto stream, co_await connect(net::in(times.connect)));
    client.emplace(std::move(stream), host);
    co_return Status();
  }

  net::Task<Result<http::Response>> call(http::Request request, net::Deadline deadline, http::OnBody on_body) {
    // What the other side has closed while it was idle is opened anew: a call is never sent twice.
    if (connect && client && !client->quiet()) client.reset();
    CO_TRY_DONE(co_await open());
    co_return co_await client->call(std::move(request), deadline, std::move(on_body));
  }

  Result<http::Response> exchange(http::Request request, std::chrono::milliseconds span, http::OnBody on_body = {}) {
    auto response = wait(call(std::move(request), net::in(span), std::move(on_body)));
    if (!response) return std::unexpected(unreachable(std::move(response).error(), where));
    if (response->status >= 400) return std::unexpected(http::error_of(*response));
    return response;
  }

  template <typename T>
  Result<T> ask(http::Request request) {
    const http::Response response = TRY(exchange(std::move(request), times.call));
    return api::decode_answer<T>(response.body);
  }

  template <typename T>
  Result<T> ask_long(http::Request request, const OnProgress& on_progress) {
    LineReader lines(on_progress);
    const auto on_body = [&lines](std::string_view so_far) { lines.see(so_far); };
    const http::Response response = TRY(exchange(std::move(request), times.long_call, on_body));
    return api::decode_answer<T>(TRY(lines.finish(response.body)));
  }
};

AuthorityClient::AuthorityClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuthorityClient::AuthorityClient(AuthorityClient&&) noexcept = default;
AuthorityClient& AuthorityClient::operator=(AuthorityClient&&) noexcept = default;
AuthorityClient::~AuthorityClient() = default;

Result<AuthorityClient> AuthorityClient::over_unix(const Path& socket, ClientTimes times) {
  auto impl = std::make_unique<Impl>();
  const net::Endpoint endpoint{.kind = net::Endpoint::Kind::unix_path, .host = socket.string(), .port = 0};
  impl->connect = [endpoint](net::Deadline deadline) { return http::connect(endpoint, deadline); };
  impl->host = "authority";
  impl->where = endpoint.text();
  impl->times = times;
  return opened(std::move(impl));
}

Result<AuthorityClient> AuthorityClient::over_tls(const RemoteAuthority& remote, const Clock& clock,
                                                  ClientTimes times) {
  tls::ClientOptions options{.credential = remote.credential, .servers = {}};
  options.servers.role = PeerRole::server;
  options.servers.trust = remote.trust;
  options.servers.clock = &clock;
  const http::TlsTarget target{.endpoint = remote.endpoint,
                               .server_name = remote.server_name.empty() ? remote.endpoint.host : remote.server_name,
                               .context = TRY(tls::ClientContext::make(std::move(options)))};
  auto impl = std::make_unique<Impl>();
  impl->connect = [target](net::Deadline deadline) { return http::connect_tls(target, deadline); };
  impl->host = target.server_name;
  impl->where = fmt::format("https://{}", remote.endpoint.text());
  impl->times = times;
  return opened(std::move(impl));
}

// Connected, so that a wrong address shows before the first call.
Result<AuthorityClient> AuthorityClient::opened(std::unique_ptr<Impl> impl) {
  if (auto open = impl->wait(impl->open()); !open) {
    return std::unexpected(unreachable(std::move(open).error(), impl->where));
  }
  return AuthorityClient(std::move(impl));
}

Result<AuthorityClient> AuthorityClient::over_descriptor(int descriptor, ClientTimes times) {
  auto impl = std::make_unique<Impl>();
  auto socket = TRY(net::adopt(impl->context.get_executor(), descriptor));
  impl->client.emplace(http::make_stream(std::move(socket)), "authority");
  impl->host = "authority";
  impl->where = "the authority in this process";
  impl->times = times;
  return AuthorityClient(std::move(impl));
}

Result<api::IssueAnswer> AuthorityClient::issue(const api::IssueRequest& request, const std::string& idempotency_key) {
  http::Request call = post("/v1/certificates", api::encode(request));
  if (!idempotency_key.empty()) call.headers.add("Idempotency-Key", api::idempotency_key_field(idempotency_key));
  auto answer = impl_->ask<api::IssueAnswer>(call);
  for (const auto pause : kRepeatAfter) {
    const bool lost = !answer && answer.error().code == Code::authority_unreachable;
    if (!lost || idempotency_key.empty() || !impl_->connect) break;
    TRY(impl_->pause(pause));
    answer = impl_->ask<api::IssueAnswer>(call);
  }
  return answer;
}

Result<api::ListPage> AuthorityClient::list(const api::ListQuery& query) {
  std::string target = fmt::format("/v1/certificates?limit={}", query.limit);
  if (!query.query.empty()) target += "&query=" + http::percent_encode(query.query);
  if (!query.after.empty()) target += "&after=" + http::percent_encode(query.after);
  return impl_->ask<api::ListPage>(get(std::move(target)));
}

Result<api::CertificateDetails> AuthorityClient::show(const std::string& what) {
  if (what.empty()) return fail(Code::bad_request, "what to show is empty");
  return impl_->ask<api::CertificateDetails>(get("/v1/certificates/" + http::percent_encode(what)));
}

Result<api::RevocationAnswer> AuthorityClient::revoke(const api::RevocationRequest& request) {
  return impl_->ask<api::RevocationAnswer>(post("/v1/revocations", api::encode(request)));
}

Result<api::ReleaseAnswer> AuthorityClient::release(const api::ReleaseRequest& request) {
  return impl_->ask<api::ReleaseAnswer>(post("/v1/releases", api::encode(request)));
}

Result<api::ProfileList> AuthorityClient::profiles() { return impl_->ask<api::ProfileList>(get("/v1/profiles")); }
Result<api::IssuerList> AuthorityClient::issuers() { return impl_->ask<api::IssuerList>(get("/v1/issuers")); }
Result<api::StatusInfo> AuthorityClient::status() { return impl_->ask<api::StatusInfo>(get("/v1/status")); }

Result<std::string> AuthorityClient::crl(const std::string& issuer) {
  if (issuer.empty()) return fail(Code::bad_request, "which CA is empty");
  // It may have to be made first: that of a large CA takes seconds.
  auto response = TRY(impl_->exchange(get("/v1/crls/" + http::percent_encode(issuer)), impl_->times.long_call));
  return std::move(response.body);
}

Result<api::NewCrlAnswer> AuthorityClient::new_crl(const std::string& issuer, const api::NewCrlRequest& request) {
  return impl_->ask<api::NewCrlAnswer>(post("/v1/crls/" + http::percent_encode(issuer), api::encode(request)));
}

Result<api::CrlInfo> AuthorityClient::sign_crl(const std::string& issuer, const api::CrlSignature& signature) {
  return impl_->ask<api::CrlInfo>(
      post("/v1/crls/" + http::percent_encode(issuer) + "/signature", api::encode(signature)));
}

Result<api::NewIssuerAnswer> AuthorityClient::new_issuer(const api::NewIssuerRequest& request) {
  return impl_->ask<api::NewIssuerAnswer>(post("/v1/issuers", api::encode(request)));
}

Result<api::IssuerInfo> AuthorityClient::sign_issuer(const std::string& serial, const api::IssuerSignature& signature) {
  const std::string target = "/v1/issuers/" + http::percent_encode(serial) + "/signature";
  return impl_->ask<api::IssuerInfo>(post(target, api::encode(signature)));
}

Result<api::IssuerInfo> AuthorityClient::use_issuer(const std::string& name) {
  if (name.empty()) return fail(Code::bad_request, "which CA to use is empty");
  return impl_->ask<api::IssuerInfo>(post("/v1/issuers/" + http::percent_encode(name) + "/use", ""));
}

Result<api::IssuerInfo> AuthorityClient::import_issuer(const api::ImportIssuerRequest& request) {
  return impl_->ask<api::IssuerInfo>(post("/v1/issuers/import", api::encode(request)));
}

Result<api::ChangeList> AuthorityClient::changes() { return impl_->ask<api::ChangeList>(get("/v1/changes")); }

Result<api::ChangeInfo> AuthorityClient::approve(const std::string& id) {
  if (id.empty()) return fail(Code::bad_request, "which change is empty");
  return impl_->ask<api::ChangeInfo>(post("/v1/changes/" + http::percent_encode(id) + "/approval", ""));
}

Result<api::FeedPage> AuthorityClient::feed(const api::FeedQuery& query) {
  std::string target =
      fmt::format("/v1/feed?gateway={}&after={}&wait={}", http::percent_encode(query.gateway), query.after, query.wait);
  if (!query.process.empty()) target += "&process=" + http::percent_encode(query.process);
  if (!query.version.empty()) target += "&version=" + http::percent_encode(query.version);
  if (query.head) target += fmt::format("&head={}", *query.head);
  if (!query.digest.empty()) target += "&digest=" + http::percent_encode(query.digest);
  http::Request request = get(std::move(target));
  if (query.packed) request.headers.add("Accept", std::string(api::kFeedMedia));
  const http::Response response = TRY(impl_->exchange(std::move(request), impl_->times.call));
  if (response.headers.find("Content-Type") == api::kFeedMedia) return api::decode_packed(response.body);
  return api::decode_answer<api::FeedPage>(response.body);
}

Result<api::HandBackAnswer> AuthorityClient::hand_back(const api::HandBackRequest& request) {
  return impl_->ask<api::HandBackAnswer>(post("/v1/feed/hand-back", api::encode(request)));
}

Result<api::HeadsAnswer> AuthorityClient::heads() { return impl_->ask<api::HeadsAnswer>(get("/v1/heads")); }

Result<api::SeenPage> AuthorityClient::report_seen(const api::SeenPage& seen) {
  return impl_->ask<api::SeenPage>(post("/v1/feed/seen", api::encode(seen)));
}

Result<api::SeenPage> AuthorityClient::seen_unknown() { return impl_->ask<api::SeenPage>(get("/v1/feed/seen")); }

// What the answer came in is wiped: it has keys.
Result<api::TicketKeysAnswer> AuthorityClient::ticket_keys(const api::TicketKeysRequest& request) {
  http::Response response = TRY(impl_->exchange(post("/v1/ticket-keys", api::encode(request)), impl_->times.call));
  auto out = api::decode_answer<api::TicketKeysAnswer>(response.body);
  explicit_bzero(response.body.data(), response.body.size());
  return out;
}

Result<api::GatewayList> AuthorityClient::gateways() { return impl_->ask<api::GatewayList>(get("/v1/gateways")); }

Result<api::GatewayInfo> AuthorityClient::forget_gateway(const std::string& name) {
  return impl_->ask<api::GatewayInfo>(post("/v1/gateways/" + http::percent_encode(name) + "/forget", ""));
}

Result<api::RejectionList> AuthorityClient::rejections(const std::string& id) {
  return impl_->ask<api::RejectionList>(get("/v1/gateway/records/" + http::percent_encode(id)));
}

Result<api::RejectionList> AuthorityClient::own_rejections(const std::string& id) {
  const std::string target = "/v1/gateway/own-records";
  return impl_->ask<api::RejectionList>(get(id.empty() ? target : target + "?id=" + http::percent_encode(id)));
}

void AuthorityClient::cancel() {
  asio::post(impl_->context, [impl = impl_.get()] {
    if (impl->client) impl->client->close();
  });
}

Result<api::LedgerVerifyAnswer> AuthorityClient::verify_ledger(const api::LedgerVerifyRequest& request,
                                                               const OnProgress& on_progress) {
  return impl_->ask_long<api::LedgerVerifyAnswer>(post("/v1/ledger/verify", api::encode(request)), on_progress);
}

Result<api::RevokeMatchingAnswer> AuthorityClient::revoke_matching(const api::RevokeMatchingRequest& request,
                                                                   const OnProgress& on_progress) {
  return impl_->ask_long<api::RevokeMatchingAnswer>(post("/v1/revocations/matching", api::encode(request)),
                                                    on_progress);
}

Result<api::LedgerBackupAnswer> AuthorityClient::backup_ledger(const api::LedgerBackupRequest& request,
                                                               const OnProgress& on_progress) {
  return impl_->ask_long<api::LedgerBackupAnswer>(post("/v1/ledger/backup", api::encode(request)), on_progress);
}

Result<api::ClockAcceptance> AuthorityClient::accept_clock() {
  return impl_->ask<api::ClockAcceptance>(post("/v1/ledger/accept-clock", ""));
}

Result<api::RollbackAcceptance> AuthorityClient::accept_rollback() {
  return impl_->ask<api::RollbackAcceptance>(post("/v1/ledger/accept-rollback", ""));
}

}  // namespace symbolon::enroll
