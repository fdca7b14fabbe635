// The API over real sockets: curl and our client ask, made-up operations answer.
#include "authority/api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "authority/api_refusals.h"
#include "authority/api_rights.h"
#include "authority/unasked_operations.h"
#include "enroll/authority_client.h"
#include "http/server_fixture.h"

namespace symbolon::authority {
namespace {

using enroll::AuthorityClient;
using testing::HasSubstr;
using testing::StartsWith;

api::CertificateSummary web() {
  return {.serial = "01ab",
          .fingerprint = "ff",
          .issuer = "issuing",
          .profile = "server",
          .subject = "CN=web",
          .names = {"dns:web.example"},
          .requester = "unix: uid 0",
          .state = api::CertificateState::issued,
          .not_before = {1},
          .not_after = {2},
          .issued_at = {1},
          .revocation = {}};
}

class MadeUp : public UnaskedOperations {
 public:
  Result<api::IssueAnswer> issue(const api::IssueRequest& request, const Requester& requester,
                                 const std::optional<std::string>& idempotency_key) override {
    if (request.profile == "admin") return fail(Code::forbidden, "{} is no admin", requester.text);
    if (request.profile != "server") return fail(Code::profile_unknown, "there is no profile '{}'", request.profile);
    api::IssueAnswer answer{"PEM", "CHAIN", "ROOT", web(), {}};
    if (idempotency_key) answer.notes = {*idempotency_key};
    answer.summary.requester = requester.text;
    answer.summary.names = request.names;
    return answer;
  }
  Result<api::ListPage> list(const api::ListQuery& query) override {
    api::ListPage page{{web()}, query.query + "|" + query.after + "|" + std::to_string(query.limit)};
    return page;
  }
  Result<api::CertificateDetails> show(const std::string& what) override {
    if (what == "both") return fail(Code::ambiguous, "01ab and 01ac");
    api::CertificateDetails details{web(), "PEM", "CHAIN"};
    details.summary.subject = what;
    return details;
  }
  Result<api::RevocationAnswer> revoke(const api::RevocationRequest& request, const Requester& requester) override {
    api::RevocationAnswer answer{web(), api::RevocationOutcome::revoked};
    answer.certificate.revocation = api::Revocation{request.reason, {3}, requester.text};
    return answer;
  }
  Result<api::ProfileList> profiles() override { return api::ProfileList{}; }
  Result<api::IssuerList> issuers() override { return api::IssuerList{}; }
  Result<api::StatusInfo> status() override {
    api::StatusInfo info;
    info.version = "test";
    return info;
  }
  Result<api::ChangeList> changes() override { return api::ChangeList{}; }
  Result<api::ChangeInfo> approve(const std::string& id, const Requester& requester) override {
    return api::ChangeInfo{
        .id = id, .kind = "k", .what = "w", .digest = "d", .asked_by = requester.person, .asked_at = {1}};
  }
  Result<api::LedgerVerifyAnswer> verify_ledger(const api::LedgerVerifyRequest&,
                                                const OnProgress& on_progress) override {
    for (int done = 0; done <= 3; ++done) on_progress({done, 3});
    return fail(Code::audit_broken, "entry 3 does not follow entry 2");
  }
  Result<api::LedgerBackupAnswer> backup_ledger(const api::LedgerBackupRequest& request,
                                                const OnProgress& on_progress) override {
    for (int done = 0; done <= 3; ++done) on_progress({done, 3});
    return api::LedgerBackupAnswer{request.path, 4096};
  }
  Result<api::ClockAcceptance> accept_clock(const Requester&) override {
    return api::ClockAcceptance{api::ClockOutcome::accepted, {7}, {9}};
  }
  Result<Standing> standing_of(const x509::Certificate&, const x509::Certificate&) const override {
    return Standing::foreign;
  }
  void record_refusal(const std::string& requester, const std::string& call, const Error& why) override {
    refusals.set_value(fmt::format("{} {} {}", requester, call, name(why.code)));
  }

  std::promise<std::string> refusals;
};

class ApiServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto listening =
        server_.http().listen({.kind = net::Endpoint::Kind::unix_path, .host = socket_path().string()});
    ASSERT_TRUE(listening) << listening.error().text();
  }
  void TearDown() override {
    server_.http().stop();
    context_.finish();
  }
  Path socket_path() const { return folder_.path() / "authority.sock"; }
  AuthorityClient client() {
    auto made = AuthorityClient::over_unix(socket_path());
    EXPECT_TRUE(made) << made.error().text();
    return *std::move(made);
  }
  std::string curl(const std::string& arguments) {
    const std::string command =
        fmt::format("curl -sS -m 20 --unix-socket {} {} 2>&1", socket_path().string(), arguments);
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    char buffer[4096];
    while (std::size_t n = ::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
    ::pclose(pipe);
    return out;
  }

  http::TemporaryFolder folder_;
  http::RunningContext context_;
  MadeUp operations_;
  ApiServer server_{context_.get(), operations_};
};

TEST_F(ApiServerTest, OurClientReachesEveryOperation) {
  AuthorityClient authority = client();
  api::IssueRequest request;
  request.profile = "server";
  request.csr = "CSR";
  request.names = {"web.example", "ip:192.0.2.1"};
  const auto issued = authority.issue(request);
  ASSERT_TRUE(issued) << issued.error().text();
  EXPECT_EQ(issued->summary.names, request.names);
  EXPECT_EQ(issued->summary.requester, fmt::format("unix: uid {}", geteuid()));

  const auto page = authority.list({.query = "web & more", .after = "c/1", .limit = 7});
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_EQ(page->next, "web & more|c/1|7");
  const auto shown = authority.show("spiffe://td/a b?c");
  ASSERT_TRUE(shown) << shown.error().text();
  EXPECT_EQ(shown->summary.subject, "spiffe://td/a b?c");
  const auto revoked = authority.revoke({"web", api::RevocationReason::superseded});
  ASSERT_TRUE(revoked) << revoked.error().text();
  EXPECT_EQ(revoked->certificate.revocation->reason, api::RevocationReason::superseded);
  EXPECT_TRUE(authority.profiles());
  EXPECT_TRUE(authority.issuers());
  const auto status = authority.status();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->version, "test");
  const auto accepted = authority.accept_clock();
  ASSERT_TRUE(accepted) << accepted.error().text();
  EXPECT_EQ(accepted->newest, UnixSeconds{9});
}

TEST_F(ApiServerTest, FailuresKeepTheirCode) {
  AuthorityClient authority = client();
  api::IssueRequest request;
  request.profile = "sever";
  request.csr = "CSR";
  const auto issued = authority.issue(request);
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, Code::profile_unknown);
  const auto shown = authority.show("both");
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().code, Code::ambiguous);
  EXPECT_EQ(shown.error().words, "01ab and 01ac");
}

TEST_F(ApiServerTest, LongCallsReportProgressAndThenTheirResult) {
  AuthorityClient authority = client();
  std::vector<api::Progress> seen;
  const auto backup =
      authority.backup_ledger({"/tmp/x.db"}, [&seen](const api::Progress& progress) { seen.push_back(progress); });
  ASSERT_TRUE(backup) << backup.error().text();
  EXPECT_EQ(backup->octets, 4096);
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen.back(), (api::Progress{3, 3}));
  const auto verified = authority.verify_ledger();
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, Code::audit_broken);
  EXPECT_TRUE(authority.status());  // the connection is good for the next call
}

TEST_F(ApiServerTest, CurlIsServedToo) {
  EXPECT_THAT(curl("-i -H 'Content-Type: application/json' -d '{\"profile\":\"server\",\"csr\":\"x\"}' "
                   "http://a/v1/certificates"),
              StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(curl("-d '{\"profile\":\"server\",\"csr\":\"x\"}' http://a/v1/certificates"), HasSubstr("Content-Type"));
  EXPECT_THAT(curl("-H 'Content-Type: application/json' -d '{\"profle\":1}' http://a/v1/certificates"),
              HasSubstr("\"code\":\"bad_request\""));
  const std::string issue =
      "-H 'Content-Type: application/json' -d '{\"profile\":\"server\",\"csr\":\"x\"}' http://a/v1/certificates ";
  EXPECT_THAT(curl(issue + "-H 'Idempotency-Key: \"k 1\"'"), HasSubstr("\"notes\":[\"k 1\"]"));
  EXPECT_THAT(curl(issue + "-H 'Idempotency-Key: a b'"), HasSubstr("\"code\":\"bad_request\""));
  EXPECT_THAT(curl(issue + "-H 'Idempotency-Key: a' -H 'Idempotency-Key: a'"), HasSubstr("\"code\":\"bad_request\""));
  EXPECT_THAT(curl("'http://a/v1/certificates?limit=5&query=web'"), HasSubstr("\"next\":\"web||5\""));
  EXPECT_THAT(curl("'http://a/v1/certificates?limit=0'"), HasSubstr("\"code\":\"bad_request\""));
  EXPECT_THAT(curl("'http://a/v1/certificates?limit=5&limit=6'"), HasSubstr("\"code\":\"bad_request\""));
  EXPECT_THAT(curl("'http://a/v1/certificates?limits=5'"), HasSubstr("\"code\":\"bad_request\""));
  EXPECT_THAT(curl("-X DELETE http://a/v1/certificates/x"), HasSubstr("\"code\":\"method_not_allowed\""));
  EXPECT_THAT(curl("-H 'Content-Type: application/json' -d '{\"path\":\"relative\"}' http://a/v1/ledger/backup"),
              HasSubstr("\"code\":\"bad_request\""));
  const std::string verified = curl("-H 'Content-Type: application/json' -d '{}' http://a/v1/ledger/verify");
  EXPECT_THAT(verified, HasSubstr("{\"progress\":{\"done\":1,\"of\":3}}\n"));
  EXPECT_THAT(verified, HasSubstr("\n{\"problem\":{"));
  EXPECT_THAT(verified, HasSubstr("\"code\":\"audit_broken\""));
}

TEST_F(ApiServerTest, ManyClientsIssueAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> issued{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      AuthorityClient authority = client();
      api::IssueRequest request;
      request.profile = "server";
      request.csr = "CSR";
      for (int i = 0; i < 20; ++i) issued += authority.issue(request).has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(issued, 160);
}

TEST_F(ApiServerTest, ASocketPairInOneProcessServesTheSame) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ASSERT_TRUE(server_.http().serve(ends[0]));
  auto authority = AuthorityClient::over_descriptor(ends[1]);
  ASSERT_TRUE(authority);
  EXPECT_TRUE(authority->status());
  EXPECT_TRUE(authority->status());
}

TEST_F(ApiServerTest, APlainConnectionIsRefusedAndTheRefusalRecorded) {
  const auto listening = server_.http().listen({.kind = net::Endpoint::Kind::address, .host = "127.0.0.1", .port = 0});
  ASSERT_TRUE(listening);
  const std::string command = fmt::format("curl -sS -m 20 http://127.0.0.1:{}/v1/status", listening->port);
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  const std::string answer(buffer, ::fread(buffer, 1, sizeof buffer, pipe));
  ::pclose(pipe);
  EXPECT_THAT(answer, HasSubstr("\"code\":\"forbidden\""));
  const std::string record = operations_.refusals.get_future().get();
  EXPECT_THAT(record, StartsWith("tcp 127.0.0.1:"));
  EXPECT_THAT(record, HasSubstr("GET /v1/status forbidden"));
}

TEST_F(ApiServerTest, WhatAnAllowedCallAskedForInVainIsRecorded) {
  api::IssueRequest request;
  request.profile = "admin";
  request.csr = "CSR";
  const auto answer = client().issue(request, "k");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::forbidden);
  EXPECT_THAT(operations_.refusals.get_future().get(), HasSubstr("POST /v1/certificates forbidden"));
}

TEST_F(ApiServerTest, AClientOpensAnewWhatTheServerClosedMeanwhile) {
  http::ServerOptions short_lived;
  short_lived.idle_deadline = std::chrono::milliseconds(1);
  ApiServer other(context_.get(), operations_, {.http = short_lived});
  const std::string path = (folder_.path() / "other.sock").string();
  ASSERT_TRUE(other.http().listen({.kind = net::Endpoint::Kind::unix_path, .host = path}));
  auto authority = AuthorityClient::over_unix(path);
  ASSERT_TRUE(authority);
  ASSERT_TRUE(authority->status());
  while (other.http().connections() != 0) std::this_thread::yield();
  EXPECT_TRUE(authority->status());
  other.http().stop();
  while (other.http().connections() != 0) std::this_thread::yield();
}

TEST(RefusalRecorder, CountsWhatItLeavesOut) {
  class Counting final : public MadeUp {
   public:
    void record_refusal(const std::string&, const std::string&, const Error&) override { ++recorded; }
    std::atomic<int> recorded = 0;
  } operations;
  http::BlockingPool pool(1, 1000);
  RefusalRecorder recorder(operations, pool);
  constexpr int kAttempts = 500;
  for (int i = 0; i < kAttempts; ++i) recorder.record({}, "GET /v1/status", {Code::forbidden, "no"});
  std::promise<void> done;
  ASSERT_TRUE(pool.start([&done] { done.set_value(); }));  // one thread: the others came before
  done.get_future().get();
  EXPECT_GT(recorder.left_out(), 0U);
  EXPECT_EQ(operations.recorded + static_cast<int>(recorder.left_out()), kAttempts);
}

TEST(AuthorityClient, SaysThatNobodyIsThere) {
  const auto missing = AuthorityClient::over_unix("/nonexistent/authority.sock");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::authority_unreachable);
}

TEST(ApiRights, AreThoseOfRootAndOwnerOnALocalSocket) {
  MadeUp operations;
  const auto allowed = [&](http::Transport transport, std::optional<http::UnixPeer> peer) {
    const http::Caller caller{.transport = transport, .address = "x", .peer = peer, .verified_path = {}};
    return roles_of(caller, operations, {.owner = 1000}).has_value();
  };
  using http::Transport;
  EXPECT_TRUE(allowed(Transport::unix_socket, http::UnixPeer{.user = 0, .group = 0, .process = 1}));
  EXPECT_TRUE(allowed(Transport::unix_socket, http::UnixPeer{.user = 1000, .group = 0, .process = 1}));
  EXPECT_TRUE(allowed(Transport::socket_pair, http::UnixPeer{.user = 1000, .group = 0, .process = 1}));
  EXPECT_FALSE(allowed(Transport::unix_socket, http::UnixPeer{.user = 1001, .group = 0, .process = 1}));
  EXPECT_FALSE(allowed(Transport::unix_socket, std::nullopt));
  EXPECT_FALSE(allowed(Transport::tcp, std::nullopt));
  EXPECT_FALSE(allowed(Transport::tls, std::nullopt));
}

}  // namespace
}  // namespace symbolon::authority
