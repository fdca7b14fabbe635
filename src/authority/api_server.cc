#include "authority/api_server.h"

#include <unistd.h>

#include <functional>

#include "api/codec.h"
#include "api/feed_block.h"
#include "api/heads.h"
#include "api/idempotency_key.h"
#include "api/openapi.h"
#include "authority/api_progress.h"
#include "authority/api_queries.h"
#include "authority/api_refusals.h"
#include "authority/api_rights.h"
#include "authority/crl_server.h"
#include "authority/revocation_feed.h"
#include "http/blocking_pool.h"
#include "http/problem.h"
#include "http/router.h"

namespace symbolon::authority {

namespace {

using http::Caller;
using http::Response;
using http::RoutedRequest;

Response json(int status, const std::string& text) { return http::make_response(status, http::kJson, text); }

Status check_media_type(const http::Request& request) {
  const auto type = request.headers.find("Content-Type");
  if (type && http::equal_without_case(type->substr(0, http::kJson.size()), http::kJson)) return {};
  return fail(Code::bad_request, "Content-Type is '{}', {} is expected", type.value_or(""), http::kJson);
}

template <typename T>
Result<T> body_of(const RoutedRequest& routed) {
  if (auto type = check_media_type(routed.request); !type) return std::unexpected(type.error());
  return api::decode<T>(routed.request.body);
}

Result<std::optional<std::string>> idempotency_key_of(const http::Request& request) {
  const auto field = request.headers.find("Idempotency-Key");
  if (!field) return std::optional<std::string>();
  if (request.headers.count("Idempotency-Key") > 1) return fail(Code::bad_request, "Idempotency-Key stands twice");
  return std::optional<std::string>(TRY(api::parse_idempotency_key(*field)));
}

struct AskedBy : Requester {
  std::string fingerprint = {};  // of its certificate; empty: it came with none
};

}  // namespace

struct ApiServer::Impl {
  Impl(boost::asio::io_context& context, Operations& operations_, ApiOptions options)
      : operations(operations_),
        local_roles(options.local_roles),
        look_up(std::move(options.look_up)),
        own_records(options.own_records),
        pool(options.threads, options.waiting),
        server(context, entry(), std::move(options.http)) {
    router.guard_rest(
        [this](const http::Request& request, const Caller& caller) { return guard_rest(request, caller); });
    add_certificates();
    add_information();
    add_release();
    add_crls();
    add_crls_by_hand();
    add_issuers();
    add_changes();
    add_ledger();
    add_feed();
    add_hand_back();
    add_seen();
    add_ticket_keys();
    add_records();
    ENSURE(routed_calls == api::endpoints().size());
  }

  http::Handler entry() {
    return [this](http::Request request, const Caller& caller) { return router.handle(std::move(request), caller); };
  }

  // Who asks, with a role at least. Only certificates need the ledger.
  net::Task<Result<AskedBy>> ask_who(const Caller& caller, Roleless roleless = Roleless::refused) {
    auto call = [this, caller, roleless]() -> Result<AskedBy> {
      const api::Roles roles = TRY(roles_of(caller, operations, {.owner = geteuid(), .roles = local_roles}, roleless));
      AskedBy out{{.text = requester_of(caller), .roles = roles, .person = person_of(caller)}};
      if (caller.verified_path.empty()) return out;
      out.identity = x509::identity_of(caller.verified_path.front()).text();
      out.fingerprint = caller.verified_path.front().fingerprint().hex();
      return out;
    };
    if (caller.transport != http::Transport::tls) co_return call();
    co_return co_await pool.run(std::move(call));
  }

  Response refuse(const http::Request& request, const Caller& caller, const Error& why) {
    if (why.code == Code::forbidden) {
      refusals.record(caller, fmt::format("{} {}", request.method, request.target), why);
    }
    return http::problem(why);
  }

  // Routes a call of the table (api/endpoints.h): who has none of its roles does not come to the handler.
  using Answer = std::function<net::Task<Response>(RoutedRequest, AskedBy)>;
  // `twice`: also after the answer was made, which then is for nobody who was revoked meanwhile.
  enum class Asked : std::uint8_t { once, twice };
  void on(std::string_view name, Answer answer, Asked asked = Asked::once) {
    const api::Endpoint& endpoint = api::endpoint(name);
    const bool for_holders = endpoint.holders == api::Holders::where_allowed && own_records == OwnRecords::for_holders;
    const Roleless roleless = for_holders ? Roleless::admitted : Roleless::refused;
    auto checked = [this, &endpoint, asked, roleless, answer = std::move(answer)](
                       RoutedRequest routed, const Caller& caller) -> net::Task<Response> {
      auto requester = co_await ask_who(caller, roleless);
      if (!requester) co_return refuse(routed.request, caller, requester.error());
      const Status allowed = check_right(endpoint, *requester, caller.transport, roleless);
      if (!allowed) co_return refuse(routed.request, caller, allowed.error());
      const std::string call = fmt::format("{} {}", routed.request.method, routed.request.target);
      auto response = co_await answer(std::move(routed), *std::move(requester));
      // The call was allowed, what it asked for was not: another's role, one's own approval.
      if (response.status == row(Code::forbidden).http_status) refusals.record(caller, call, http::error_of(response));
      if (asked == Asked::once) co_return response;
      const auto still = co_await ask_who(caller, roleless);
      if (still) co_return response;
      if (still.error().code == Code::forbidden) refusals.record(caller, call, still.error());
      co_return http::problem(still.error());
    };
    router.add(endpoint.method, endpoint.path, std::move(checked));
    ++routed_calls;
  }

  // Who has no role is not even told what is not there.
  net::Task<std::optional<Response>> guard_rest(const http::Request& request, const Caller& caller) {
    const auto requester = co_await ask_who(caller);
    if (requester) co_return std::nullopt;
    co_return refuse(request, caller, requester.error());
  }

  // Runs `call`, which gives a wire object, on the pool; the answer is that object, or a problem.
  template <typename F>
  net::Task<Response> run(int status, F call) {
    co_return co_await run_in(pool, status, std::move(call));
  }
  template <typename F>
  net::Task<Response> run_in(http::BlockingPool& where, int status, F call) {
    auto answer = co_await where.run(std::move(call));
    if (!answer) co_return http::problem(answer.error());
    co_return json(status, api::encode(*answer));
  }

  // GET without parameters.
  template <typename Wire>
  void on_plain(std::string_view name, Result<Wire> (Operations::*method)()) {
    on(name, [this, method](RoutedRequest routed, Requester) -> net::Task<Response> {
      if (!routed.target.query.empty()) {
        co_return http::problem({Code::bad_request, "no parameters are taken here"});
      }
      auto call = [this, method] { return (operations.*method)(); };
      co_return co_await run(200, std::move(call));
    });
  }

  void add_certificates();
  void add_information();
  void add_release();
  void add_crls();
  void add_crls_by_hand();
  void add_issuers();
  void add_changes();
  void add_ledger();
  void add_feed();
  void add_hand_back();
  void add_seen();
  void add_ticket_keys();
  void add_records();
  net::Task<Response> answer_records(api::RejectionQuery query);
  net::Task<Response> follow(api::FeedQuery query);

  Operations& operations;
  const api::Roles local_roles;
  const api::LookUpRejections look_up;
  const OwnRecords own_records;
  http::BlockingPool pool;
  http::BlockingPool feed_pool{1, 256};    // its own: revocations wait in the other one for who is answered here
  http::BlockingPool crl_pool{1, 32};      // likewise: a CRL may take long, and revocations are not to wait for it
  http::BlockingPool records_pool{1, 32};  // likewise: a gateway is asked, and a file may be read
  RefusalRecorder refusals{operations, pool};
  http::Router router;
  std::size_t routed_calls = 0;
  http::Server server;
};

void ApiServer::Impl::add_certificates() {
  on("issue", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::IssueRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto key = idempotency_key_of(routed.request);
    if (!key) co_return http::problem(key.error());
    auto call = [this, request = *std::move(body), by = std::move(requester), key = *std::move(key)] {
      return operations.issue(request, by, key);
    };
    co_return co_await run(201, std::move(call));
  });
  on("list", [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    auto query = list_query_of(routed.target);
    if (!query) co_return http::problem(query.error());
    auto call = [this, query = *std::move(query)] { return operations.list(query); };
    co_return co_await run(200, std::move(call));
  });
  on("show", [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    auto call = [this, what = routed.parameters.at("what")] { return operations.show(what); };
    co_return co_await run(200, std::move(call));
  });
  on("revoke", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::RevocationRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, request = *std::move(body), by = std::move(requester)] {
      return operations.revoke(request, by);
    };
    co_return co_await run(200, std::move(call));
  });
}

void ApiServer::Impl::add_release() {
  on("release", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::ReleaseRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, request = *std::move(body), by = std::move(requester)] {
      return operations.release(request, by);
    };
    co_return co_await run(200, std::move(call));
  });
}

void ApiServer::Impl::add_information() {
  on_plain("profiles", &Operations::profiles);
  on_plain("issuers", &Operations::issuers);
  on_plain("status", &Operations::status);
  on_plain("gateways", &Operations::gateways);
  on_plain("heads", &Operations::heads);
  on("openapi", [](RoutedRequest routed, Requester) -> net::Task<Response> {
    if (!routed.target.query.empty()) {
      co_return http::problem({Code::bad_request, "no parameters are taken here"});
    }
    co_return json(200, api::openapi_document());
  });
}

void ApiServer::Impl::add_crls() {
  on("crl", [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    if (!routed.target.query.empty()) {
      co_return http::problem({Code::bad_request, "no parameters are taken here"});
    }
    auto call = [this, issuer = routed.parameters.at("what")] { return operations.crl(issuer); };
    auto crl = co_await crl_pool.run(std::move(call));
    if (!crl) co_return http::problem(crl.error());
    co_return answer_with(*crl, routed.request.headers);
  });
}

void ApiServer::Impl::add_crls_by_hand() {
  on("new_crl", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::NewCrlRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, name = routed.parameters.at("what"), request = *std::move(body), by = std::move(requester)] {
      return operations.new_crl(name, request, by);
    };
    co_return co_await run(202, std::move(call));
  });
  on("sign_crl", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::CrlSignature>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, name = routed.parameters.at("what"), request = *std::move(body), by = std::move(requester)] {
      return operations.sign_crl(name, request, by);
    };
    co_return co_await run(201, std::move(call));
  });
}

void ApiServer::Impl::add_issuers() {
  on("new_issuer", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::NewIssuerRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, request = *std::move(body), by = std::move(requester)] {
      return operations.new_issuer(request, by);
    };
    co_return co_await run(202, std::move(call));
  });
  on("sign_issuer", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::IssuerSignature>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, serial = routed.parameters.at("what"), request = *std::move(body), by = std::move(requester)] {
      return operations.sign_issuer(serial, request, by);
    };
    co_return co_await run(201, std::move(call));
  });
  on("use_issuer", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    if (!routed.request.body.empty()) co_return http::problem({Code::bad_request, "no body is taken here"});
    auto call = [this, name = routed.parameters.at("what"), by = std::move(requester)] {
      return operations.use_issuer(name, by);
    };
    co_return co_await run(200, std::move(call));
  });
  on("import_issuer", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::ImportIssuerRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, request = *std::move(body), by = std::move(requester)] {
      return operations.import_issuer(request, by);
    };
    co_return co_await run(201, std::move(call));
  });
}

void ApiServer::Impl::add_changes() {
  on_plain("changes", &Operations::changes);
  on("approve", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    if (!routed.request.body.empty()) co_return http::problem({Code::bad_request, "no body is taken here"});
    auto call = [this, id = routed.parameters.at("what"), by = std::move(requester)] {
      return operations.approve(id, by);
    };
    co_return co_await run(200, std::move(call));
  });
}

void ApiServer::Impl::add_ledger() {
  on("verify_ledger", [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    auto body = body_of<api::LedgerVerifyRequest>(routed);
    if (!body) co_return http::problem(body.error());
    LongCall call = [this,
                     request = *std::move(body)](const Operations::OnProgress& on_progress) -> Result<std::string> {
      return api::encode(TRY(operations.verify_ledger(request, on_progress)));
    };
    auto answer = co_await answer_with_progress(pool, std::move(call));
    if (!answer) co_return http::problem(answer.error());
    co_return *std::move(answer);
  });
  on("revoke_matching", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::RevokeMatchingRequest>(routed);
    if (!body) co_return http::problem(body.error());
    LongCall call = [this, request = *std::move(body),
                     by = std::move(requester)](const Operations::OnProgress& on_progress) -> Result<std::string> {
      return api::encode(TRY(operations.revoke_matching(request, by, on_progress)));
    };
    auto answer = co_await answer_with_progress(pool, std::move(call));
    if (!answer) co_return http::problem(answer.error());
    co_return *std::move(answer);
  });
  on("backup_ledger", [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    auto body = body_of<api::LedgerBackupRequest>(routed);
    if (!body) co_return http::problem(body.error());
    if (!body->path.starts_with('/'))
      co_return http::problem({Code::bad_request, "'path': an absolute path is expected"});
    LongCall call = [this,
                     request = *std::move(body)](const Operations::OnProgress& on_progress) -> Result<std::string> {
      return api::encode(TRY(operations.backup_ledger(request, on_progress)));
    };
    auto answer = co_await answer_with_progress(pool, std::move(call));
    if (!answer) co_return http::problem(answer.error());
    co_return *std::move(answer);
  });
  on("accept_clock", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    if (!routed.request.body.empty()) co_return http::problem({Code::bad_request, "no body is taken here"});
    auto call = [this, by = std::move(requester)] { return operations.accept_clock(by); };
    co_return co_await run(200, std::move(call));
  });
  on("accept_rollback", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    if (!routed.request.body.empty()) co_return http::problem({Code::bad_request, "no body is taken here"});
    auto call = [this, by = std::move(requester)] { return operations.accept_rollback(by); };
    co_return co_await run(200, std::move(call));
  });
}

void ApiServer::Impl::add_feed() {
  on("forget_gateway", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto call = [this, name = routed.parameters.at("what"), by = std::move(requester)] {
      return operations.forget_gateway(name, by);
    };
    co_return co_await run(200, std::move(call));
  });
  on("feed", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto query = feed_query_of(routed.target);
    if (!query) co_return http::problem(query.error());
    if (requester.identity == api::kLocalGateway) {
      co_return http::problem({Code::forbidden, "'local' is the gateway beside the authority"});
    }
    if (!requester.identity.empty()) {  // nobody speaks for another one
      query->process = query->gateway + "/" + query->process;
      query->gateway = std::move(requester.identity);
    }
    query->packed = routed.request.headers.find("Accept") == api::kFeedMedia;
    co_return co_await follow(*std::move(query));
  });
}

void ApiServer::Impl::add_hand_back() {
  on("hand_back", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::HandBackRequest>(routed);
    if (!body) co_return http::problem(body.error());
    if (requester.identity == api::kLocalGateway) {
      co_return http::problem({Code::forbidden, "'local' is the gateway beside the authority"});
    }
    if (!requester.identity.empty()) body->gateway = requester.identity;  // nobody speaks for another one
    if (body->gateway.empty()) co_return http::problem({Code::bad_request, "gateway is a name"});
    auto call = [this, request = *std::move(body)] { return operations.hand_back(request); };
    co_return co_await run_in(feed_pool, 200, std::move(call));
  });
}

void ApiServer::Impl::add_seen() {
  on("report_seen", [this](RoutedRequest routed, Requester requester) -> net::Task<Response> {
    auto body = body_of<api::SeenPage>(routed);
    if (!body) co_return http::problem(body.error());
    if (requester.identity == api::kLocalGateway) {
      co_return http::problem({Code::forbidden, "'local' is the gateway beside the authority"});
    }
    std::string gateway = requester.identity.empty() ? std::string(api::kLocalGateway) : std::move(requester.identity);
    auto call = [this, seen = *std::move(body), gateway = std::move(gateway)] {
      return operations.report_seen(seen, gateway);
    };
    co_return co_await run_in(feed_pool, 200, std::move(call));
  });
  on_plain("seen_unknown", &Operations::seen_unknown);
}

void ApiServer::Impl::add_ticket_keys() {
  auto answer = [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    auto body = body_of<api::TicketKeysRequest>(routed);
    if (!body) co_return http::problem(body.error());
    auto call = [this, request = *std::move(body)] { return operations.ticket_keys(request); };
    co_return co_await run_in(feed_pool, 200, std::move(call));
  };
  on("ticket_keys", std::move(answer), Asked::twice);
}

void ApiServer::Impl::add_records() {
  on("records", [this](RoutedRequest routed, Requester) -> net::Task<Response> {
    if (!routed.target.query.empty()) co_return http::problem({Code::bad_request, "no parameters are taken here"});
    auto id = api::parse_record_id(routed.parameters.at("what"));
    if (!id) co_return http::problem(id.error());
    api::RejectionQuery query{.id = *std::move(id), .fingerprint = {}};
    co_return co_await answer_records(std::move(query));
  });
  on("own_records", [this](RoutedRequest routed, AskedBy requester) -> net::Task<Response> {
    auto query = own_query_of(routed.target, requester.fingerprint);
    if (!query) co_return http::problem(query.error());
    co_return co_await answer_records(*std::move(query));
  });
}

// An id that nobody has and that of another's certificate are one answer.
net::Task<Response> ApiServer::Impl::answer_records(api::RejectionQuery query) {
  auto call = [this, query = std::move(query)]() -> Result<api::RejectionList> {
    api::RejectionList found;
    if (look_up) found = TRY(look_up(query));
    if (!query.fingerprint.empty()) {
      std::erase_if(found.records, [&](const auto& record) { return !api::is_about(record, query.fingerprint); });
      for (api::RejectionRecord& record : found.records) record = api::for_its_holder(std::move(record));
    }
    if (found.records.empty() && !query.id.empty()) return fail(Code::record_missing, "'{}'", query.id);
    return found;
  };
  co_return co_await run_in(records_pool, 200, std::move(call));
}

net::Task<Response> ApiServer::Impl::follow(api::FeedQuery query) {
  const net::Deadline deadline = net::in(std::chrono::milliseconds(query.wait));
  RevocationFeed* const feed = operations.feed();
  auto read = [this, query] { return operations.feed_page(query); };
  auto page = co_await feed_pool.run(read);
  if (page && page->entries.empty() && page->block.empty() && !page->behind && feed != nullptr && query.wait > 0) {
    co_await feed->news(query, deadline);
    query.repeated = true;
    auto read_again = [this, query] { return operations.feed_page(query); };
    page = co_await feed_pool.run(std::move(read_again));
  }
  if (!page) co_return http::problem(page.error());
  if (query.packed) co_return http::make_response(200, api::kFeedMedia, api::encode_packed(*page));
  co_return json(200, api::encode(*page));
}

ApiServer::ApiServer(boost::asio::io_context& context, Operations& operations, ApiOptions options)
    : impl_(std::make_unique<Impl>(context, operations, std::move(options))) {}
ApiServer::~ApiServer() = default;

http::Server& ApiServer::http() { return impl_->server; }

void ApiServer::stop() {
  if (RevocationFeed* const feed = impl_->operations.feed()) feed->close();
  impl_->server.stop();
}

}  // namespace symbolon::authority
