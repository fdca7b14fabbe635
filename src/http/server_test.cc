#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <latch>

#include "http/blocking_pool.h"
#include "http/body_source.h"
#include "http/client.h"
#include "http/problem.h"
#include "http/router.h"
#include "http/server_fixture.h"

namespace symbolon::http {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

class ThreePieces final : public BodySource {
 public:
  net::Task<std::optional<std::string>> next() override {
    if (sent_ == 3) co_return std::nullopt;
    co_return fmt::format("piece {}\n", ++sent_);
  }

 private:
  int sent_ = 0;
};

net::Task<Response> echo(Request request, const Caller& caller) {
  if (request.target == "/throw") throw std::runtime_error("on purpose");
  if (request.target == "/injecting") {
    Response bad;
    bad.headers.add("X", "a\r\nb");
    co_return bad;
  }
  if (request.target == "/pieces") {
    Response response = make_response(200, "text/plain", "");
    response.source = std::make_shared<ThreePieces>();
    co_return response;
  }
  if (request.target == "/shared") {
    static const auto shared = std::make_shared<const std::string>(5 << 20, 'x');
    Response response = make_response(200, "text/plain", "");
    response.shared = shared;
    co_return response;
  }
  const std::string who = caller.peer ? std::to_string(caller.peer->user) : std::string("nobody");
  co_return make_response(200, "text/plain",
                          fmt::format("{} {} {} by {}", request.method, request.target, request.body, who));
}

class ServerTest : public testing::Test {
 protected:
  Server& start(ServerOptions options = {}, Handler handler = echo) {
    server_.emplace(context_.get(), std::move(handler), std::move(options));
    const auto listening =
        server_->listen({.kind = net::Endpoint::Kind::unix_path, .host = socket_path().string(), .port = 0});
    EXPECT_TRUE(listening) << listening.error().text();
    return *server_;
  }
  void TearDown() override {
    if (server_) server_->stop();
    context_.finish();
  }
  Path socket_path() const { return folder_.path() / "s.sock"; }
  RawPeer dial() { return RawPeer::connect_unix(socket_path()); }
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
  template <typename T>
  T wait(net::Task<T> task) {
    return boost::asio::co_spawn(context_.get(), std::move(task), boost::asio::use_future).get();
  }

  TemporaryFolder folder_;
  RunningContext context_;
  std::optional<Server> server_;
};

TEST_F(ServerTest, AnswersCurlAndKnowsWhoItIs) {
  start();
  EXPECT_EQ(curl("-d abc http://h/x"), fmt::format("POST /x abc by {}", getuid()));
  EXPECT_THAT(curl("-I http://h/x"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, CurlReusesTheConnection) {
  start();
  EXPECT_THAT(curl("-v http://h/1 http://h/2"), ContainsRegex("Re-?using existing .*connection"));
}

TEST_F(ServerTest, TheSocketIsForItsOwnerOnly) {
  start();
  struct stat status{};
  ASSERT_EQ(::stat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ServerTest, ALiveSocketIsNotTakenOver) {
  start();
  Server second(context_.get(), echo, {});
  const auto listening =
      second.listen({.kind = net::Endpoint::Kind::unix_path, .host = socket_path().string(), .port = 0});
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, Code::listen_in_use);
}

TEST_F(ServerTest, AnswersAPipelineInOrder) {
  start();
  RawPeer peer = dial();
  peer.send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string all = peer.receive_all();
  const auto first = all.find("GET /1");
  const auto second = all.find("POST /2 abc");
  const auto third = all.find("GET /3");
  ASSERT_NE(third, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_EQ(all.find("GET /4"), std::string::npos);
}

TEST_F(ServerTest, RefusesMalformedRequestsWithAProblemAndCloses) {
  start();
  for (const char* text :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    RawPeer peer = dial();
    peer.send(text);
    const std::string answer = peer.receive_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << text;
    EXPECT_THAT(answer, HasSubstr("\"code\":\"bad_request\"")) << text;
  }
}

TEST_F(ServerTest, RefusesWhatIsTooLargeEvenWhileItIsStillSent) {
  start({.message = {.header_octets = 1024, .body_octets = 1000}});
  RawPeer header = dial();
  header.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(4000, 'x') + "\r\n\r\n");
  EXPECT_THAT(header.receive_all(), HasSubstr("\"code\":\"too_large\""));
  RawPeer body = dial();
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + std::string(300000, 'x'));
  EXPECT_THAT(body.receive_all(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, ASlowHeaderEndsAtItsDeadlineHoweverItDrips) {
  start({.header_deadline = 300ms});
  RawPeer peer = dial();
  const auto begin = std::chrono::steady_clock::now();
  std::size_t sent = peer.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  std::thread dripping([&] {
    while (peer.send("x") == 1 && std::chrono::steady_clock::now() < begin + 15s) {
      std::this_thread::yield();
      if (++sent > 900) break;
    }
  });
  const std::string answer = peer.receive_all();
  const auto took = std::chrono::steady_clock::now() - begin;
  dripping.join();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
  EXPECT_GE(took, 300ms);
  EXPECT_LT(took, 10s);
}

TEST_F(ServerTest, ASlowBodyEndsAtItsDeadline) {
  start({.body_deadline = 300ms});
  RawPeer peer = dial();
  peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(peer.receive_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, ASilentConnectionIsClosedWithoutAWord) {
  start({.header_deadline = 200ms, .idle_deadline = 200ms});
  RawPeer silent = dial();
  EXPECT_EQ(silent.receive_all(), "");
  RawPeer idle = dial();
  idle.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(idle.receive_all(), HasSubstr("GET /1"));
}

TEST_F(ServerTest, AClientThatDoesNotTakeItsAnswerIsLetGo) {
  const auto large = [](Request, const Caller&) -> net::Task<Response> {
    co_return make_response(200, "text/plain", std::string(8 << 20, 'x'));
  };
  Server& server = start({.write_deadline = 200ms}, large);
  RawPeer peer = dial();
  peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  peer.receive_until("\r\n\r\n");
  while (server.connections() != 0) std::this_thread::yield();
  EXPECT_LT(peer.receive_all().size(), std::size_t{8 << 20});
}

TEST_F(ServerTest, InvitesTheBodyThatWaitsForAnInvitation) {
  start();
  RawPeer peer = dial();
  peer.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("abc");
  EXPECT_THAT(peer.receive_all(), HasSubstr("POST /x abc"));
}

TEST_F(ServerTest, AHandlersFailureIsAProblemAndTheServerGoesOn) {
  start();
  EXPECT_THAT(curl("http://h/throw"), HasSubstr("\"code\":\"internal\""));
  EXPECT_THAT(curl("http://h/injecting"), HasSubstr("\"code\":\"internal\""));
  EXPECT_THAT(curl("http://h/x"), StartsWith("GET /x"));
}

TEST_F(ServerTest, SendsABodyPieceByPiece) {
  start();
  EXPECT_EQ(curl("http://h/pieces"), "piece 1\npiece 2\npiece 3\n");
  EXPECT_THAT(curl("-I http://h/pieces"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, SendsASharedBodyWholeAndGoesOn) {
  start();
  EXPECT_EQ(curl("-o /dev/null -w '%{size_download} %{header_json}' http://h/shared").substr(0, 8), "5242880 ");
  EXPECT_THAT(curl("-I http://h/shared"), HasSubstr("Content-Length: 5242880\r\n"));
  EXPECT_EQ(curl("--http1.0 -o /dev/null -w '%{size_download}' http://h/shared"), "5242880");
  EXPECT_EQ(curl("-o /dev/null -o /dev/null -w '%{size_download} %{num_connects}\\n' http://h/shared http://h/shared"),
            "5242880 1\n5242880 0\n");
}

TEST_F(ServerTest, TurnsAwayWhatIsBeyondItsConnections) {
  Server& server = start({.connections = 1});
  RawPeer first = dial();
  first.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  first.receive_until("GET /1");
  RawPeer second = dial();
  EXPECT_EQ(second.receive_all(), "");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ServerTest, TurnsAwayWhatOneSourceHasBeyondItsShareAndNobodyElse) {
  Server& server = start({.connections_per_source = 2});
  const auto port = server.listen(net::Endpoint::parse("127.0.0.1:0").value()).value().port;
  const auto is_served = [](RawPeer& peer) {
    peer.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    return peer.receive_until("GET /1").find("GET /1") != std::string::npos;
  };
  RawPeer first = RawPeer::connect_tcp(port);
  std::optional<RawPeer> second = RawPeer::connect_tcp(port);
  EXPECT_TRUE(is_served(first) && is_served(*second));
  RawPeer third = RawPeer::connect_tcp(port);
  EXPECT_FALSE(is_served(third));
  RawPeer elsewhere = RawPeer::connect_tcp(port, "127.0.0.2");
  EXPECT_TRUE(is_served(elsewhere));
  RawPeer local = dial();
  RawPeer another = dial();
  RawPeer one_more = dial();
  EXPECT_TRUE(is_served(local) && is_served(another) && is_served(one_more)) << "a Unix socket is no source";
  second.reset();
  while (server.connections() != 5) std::this_thread::yield();
  RawPeer again = RawPeer::connect_tcp(port);
  EXPECT_TRUE(is_served(again));
}

// Enough of it that the socket cannot take it all.
TEST_F(ServerTest, WhoTakesASharedBodyTooSlowlyIsLetGo) {
  Server& server = start({.shared_deadline = 200ms});
  RawPeer peer = dial();
  peer.send("GET /shared HTTP/1.1\r\nHost: h\r\n\r\n");
  peer.receive_until("\r\n\r\n");
  while (server.connections() != 0) std::this_thread::yield();
  EXPECT_LT(peer.receive_all().size(), std::size_t{5 << 20});
}

TEST_F(ServerTest, ItsStopDoesNotWaitForWhoTakesASharedBody) {
  Server& server = start();
  RawPeer peer = dial();
  peer.send("GET /shared HTTP/1.1\r\nHost: h\r\n\r\n");
  peer.receive_until("\r\n\r\n");
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  while (server.connections() != 0) std::this_thread::yield();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(ServerTest, StopsAfterTheAnswerAtHandAndClosesIdleConnections) {
  std::latch called(1);
  std::latch released(1);
  BlockingPool pool(1, 1);
  const auto slow = [&](Request, const Caller&) -> net::Task<Response> {
    auto call = [&]() -> Result<int> {
      called.count_down();
      released.wait();
      return 1;
    };
    const auto done = co_await pool.run(std::move(call));
    co_return make_response(done ? 200 : 500, "text/plain", "finished");
  };
  Server& server = start({}, slow);
  RawPeer idle = dial();
  RawPeer busy = dial();
  busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  called.wait();
  while (server.connections() != 2) std::this_thread::yield();
  server.stop();
  EXPECT_EQ(idle.receive_all(), "");
  released.count_down();
  const std::string answer = busy.receive_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(answer, HasSubstr("finished"));
}

TEST_F(ServerTest, ServesOneEndOfASocketPair) {
  start();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ASSERT_TRUE(server_->serve(ends[0]));
  RawPeer peer(ends[1]);
  peer.send("GET /pair HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(peer.receive_all(), HasSubstr(fmt::format("GET /pair  by {}", getuid())));
}

TEST_F(ServerTest, OurClientKeepsTheConnectionAndSeesPieces) {
  start();
  const net::Endpoint endpoint{.kind = net::Endpoint::Kind::unix_path, .host = socket_path().string(), .port = 0};
  auto stream = wait(connect(endpoint, net::in(5s)));
  ASSERT_TRUE(stream);
  Client client(*std::move(stream), "h");
  for (int i = 0; i < 3; ++i) {
    Request request{.method = "POST", .target = "/y", .headers = {}, .body = "b"};
    const auto response = wait(client.call(std::move(request), net::in(5s)));
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_THAT(response->body, StartsWith("POST /y b"));
    EXPECT_TRUE(client.usable());
  }
  Request pieces;
  pieces.target = "/pieces";
  const auto response = wait(client.call(std::move(pieces), net::in(5s)));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "piece 1\npiece 2\npiece 3\n");
  Request head{.method = "HEAD", .target = "/y", .headers = {}, .body = {}};
  ASSERT_TRUE(wait(client.call(std::move(head), net::in(5s))));
  EXPECT_TRUE(client.quiet());
}

TEST_F(ServerTest, OurClientPassesALargeBodyOnAndKeepsNothing) {
  start();
  const net::Endpoint endpoint{.kind = net::Endpoint::Kind::unix_path, .host = socket_path().string(), .port = 0};
  auto stream = wait(connect(endpoint, net::in(5s)));
  ASSERT_TRUE(stream);
  Client client(*std::move(stream), "h");
  std::string whole;
  std::size_t longest = 0;
  const TakeBody take = [&](int status, std::string_view piece) -> Status {
    EXPECT_EQ(status, 200);
    longest = std::max(longest, piece.size());
    whole += piece;
    return {};
  };
  for (const auto& [target, body] : {std::pair("/shared", std::string(5 << 20, 'x')),
                                     std::pair("/pieces", std::string("piece 1\npiece 2\npiece 3\n"))}) {
    whole.clear();
    Request request{.method = "GET", .target = target, .headers = {}, .body = {}};
    const auto response = wait(client.call_in_pieces(std::move(request), net::in(5s), take));
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(response->body, "");
    EXPECT_EQ(whole, body);
    EXPECT_TRUE(client.usable());
  }
  EXPECT_LE(longest, 64U << 10);
  const TakeBody full = [](int, std::string_view) -> Status { return fail(Code::file_unwritable, "no room"); };
  Request request{.method = "GET", .target = "/shared", .headers = {}, .body = {}};
  const auto refused = wait(client.call_in_pieces(std::move(request), net::in(5s), full));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::file_unwritable);
  EXPECT_FALSE(client.usable());
}

TEST_F(ServerTest, OurClientGivesUpAtItsDeadline) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  RawPeer silent(ends[1]);
  auto socket = net::adopt(context_.get().get_executor(), ends[0]);
  ASSERT_TRUE(socket);
  Client client(make_stream(*std::move(socket)), "h");
  const auto response = wait(client.call({}, net::in(100ms)));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::connection_timeout);
  EXPECT_FALSE(client.usable());
}

TEST_F(ServerTest, RoutesByPathAndMethod) {
  const auto router = std::make_shared<Router>();  // lives as long as the server asks it
  router->add("GET", "/v1/things/{name}", [](RoutedRequest routed, const Caller&) -> net::Task<Response> {
    co_return make_response(200, "text/plain", "thing " + routed.parameters.at("name"));
  });
  router->add("GET", "/v1/things/special", [](RoutedRequest, const Caller&) -> net::Task<Response> {
    co_return make_response(200, "text/plain", "special");
  });
  router->add("DELETE", "/v1/things/{name}", [](RoutedRequest, const Caller&) -> net::Task<Response> {
    co_return make_response(204, "text/plain", "");
  });
  const auto handler = [router](Request request, const Caller& caller) {
    return router->handle(std::move(request), caller);
  };
  start({}, handler);
  EXPECT_EQ(curl("http://h/v1/things/a%2Fb"), "thing a/b");
  EXPECT_EQ(curl("http://h/v1/things/special"), "special");
  EXPECT_THAT(curl("-i -X DELETE http://h/v1/things/x"), StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(curl("http://h/v1/nothing"), HasSubstr("\"code\":\"not_found\""));
  EXPECT_THAT(curl("--path-as-is http://h/v1/../etc"), HasSubstr("\"code\":\"bad_request\""));
  const std::string put = curl("-i -X PUT http://h/v1/things/x");
  EXPECT_THAT(put, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(put, HasSubstr("Allow: DELETE, GET, HEAD, OPTIONS\r\n"));
  EXPECT_THAT(curl("-i -X OPTIONS http://h/v1/things/x"), HasSubstr("Allow: DELETE, GET, HEAD, OPTIONS\r\n"));
  EXPECT_THAT(curl("-I http://h/v1/things/x"), HasSubstr("Content-Length: 7\r\n"));
}

}  // namespace
}  // namespace symbolon::http
