// The server over real sockets, asked by curl; made-up sources answer.
#include "watch/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "api/codec.h"
#include "enroll/gateway_client.h"
#include "x509/testing/shell.h"

namespace symbolon::watch {
namespace {

using testing::HasSubstr;
using x509::testing::Folder;

class Watched {
 public:
  Watched() {
    status.emplace();
    status->phase = api::GatewayPhase::serving;
    status->most_open = 9;
    status->threads = 2;
    status->routes.emplace_back();
    Sources sources;
    sources.metrics = [] {
      Families families;
      families.counter("symbolon_made_up_total", "Made up.", 7);
      return std::move(families).take();
    };
    sources.gateway = [this] {
      const std::lock_guard lock(mutex);
      return status;
    };
    sources.seen = [](const api::SeenQuery& query) -> Result<api::SeenPage> {
      return api::SeenPage{{}, query.query + "|" + query.after + "|" + std::to_string(query.limit)};
    };
    sources.rejections = [](const api::RejectionQuery& query) -> Result<api::RejectionList> {
      api::RejectionRecord record;
      record.id = query.id.empty() ? "0000" : query.id;
      record.code = record.fault = record.sentence = "made up";
      record.detail = query.fingerprint;
      return api::RejectionList{{record}};
    };
    server = std::make_unique<WatchServer>(std::move(sources));
    port = server->listen_for_metrics(net::Endpoint::parse("127.0.0.1:0").value())->port;
    EXPECT_TRUE(server->listen_for_status(socket()));
    server->start();
  }
  Path socket() const { return Path(folder.path()) / "gateway.sock"; }
  // Status and body.
  std::string get(const std::string& path) const { return ask(fmt::format("'http://127.0.0.1:{}{}'", port, path)); }
  std::string get_on_socket(const std::string& path) const {
    return ask(fmt::format("--unix-socket {} 'http://gateway{}'", socket().string(), path));
  }
  static std::string ask(const std::string& where) {
    return x509::testing::run("curl -s --max-time 20 -w '\\n%{http_code} %{content_type}' " + where).output;
  }

  Folder folder;
  void change(const std::function<void(std::optional<api::GatewayStatus>&)>& how) {
    const std::lock_guard lock(mutex);
    how(status);
  }

  std::mutex mutex;
  std::optional<api::GatewayStatus> status;
  std::uint16_t port = 0;
  std::unique_ptr<WatchServer> server;
};

TEST(WatchServer, ServesMetricsWithThoseOfTheProcess) {
  const Watched watched;
  const std::string answer = watched.get("/metrics");
  EXPECT_THAT(answer, HasSubstr("\nsymbolon_made_up_total 7\n"));
  EXPECT_THAT(answer, HasSubstr("\nprocess_open_fds "));
  EXPECT_THAT(answer, HasSubstr("\nsymbolon_build_info{version=\"" SYMBOLON_VERSION "\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("\n200 text/plain; version=0.0.4"));
}

TEST(WatchServer, SaysReadyOrWhyNot) {
  Watched watched;
  EXPECT_THAT(watched.get("/readyz"), HasSubstr("ready\n\n200"));
  watched.change([](auto& status) { status->phase = api::GatewayPhase::draining; });
  EXPECT_THAT(watched.get("/readyz"), HasSubstr("not ready\ndraining\n\n503"));
  watched.change([](auto& status) { status.reset(); });
  EXPECT_THAT(watched.get("/readyz"), HasSubstr("ready\n\n200")) << "an authority alone";
}

TEST(WatchServer, SaysHealthyUnlessAThreadIsSilent) {
  Watched watched;
  EXPECT_THAT(watched.get("/healthz"), HasSubstr("ok\n\n200"));
  watched.change([](auto& status) { status->threads_silent = 1; });
  EXPECT_THAT(watched.get("/healthz"), HasSubstr("1 of 2 threads do not answer\n\n503"));
}

TEST(WatchServer, KeepsStatusToTheSocketAndMetricsToThePort) {
  const Watched watched;
  EXPECT_THAT(watched.get("/v1/gateway/status"), HasSubstr("\n404"));
  EXPECT_THAT(watched.get("/v1/gateway/seen"), HasSubstr("\n404"));
  EXPECT_THAT(watched.get("/v1/gateway/records?id=7Q4M"), HasSubstr("\n404"));
  EXPECT_THAT(watched.get_on_socket("/metrics"), HasSubstr("\n404"));
  EXPECT_THAT(watched.get_on_socket("/v1/gateway/status"), HasSubstr("\"phase\":\"serving\""));
}

TEST(WatchServer, AnswersOurClient) {
  Watched watched;
  const enroll::GatewayClient client(watched.socket());
  const auto status = client.status();
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(*status, *watched.status);
  const auto page = client.seen({.query = "a b", .after = "1.f.we b", .limit = 3});
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_EQ(page->next, "a b|1.f.we b|3");
  const auto records = client.rejections({.id = "7Q4M", .fingerprint = "ab"});
  ASSERT_TRUE(records) << records.error().text();
  EXPECT_EQ(records->records.at(0).id, "7Q4M");
  EXPECT_EQ(records->records.at(0).detail, "ab");
  EXPECT_EQ(client.rejections({.fingerprint = "ab"}).value().records.at(0).id, "0000");
  watched.change([](auto& known) { known.reset(); });
  EXPECT_EQ(client.status().error().code, Code::not_found);
  watched.server.reset();
  EXPECT_EQ(client.status().error().code, Code::gateway_unreachable);
}

TEST(WatchServer, RefusesParametersThatItDoesNotKnow) {
  const Watched watched;
  for (const std::string query : {"limit=0", "limit=1001", "limit=x", "limit=1&limit=1", "colour=red"})
    EXPECT_THAT(watched.get_on_socket("/v1/gateway/seen?" + query), HasSubstr("\n400")) << query;
  EXPECT_THAT(watched.get_on_socket("/v1/gateway/seen?limit=1000"), HasSubstr("\n200"));
  for (const std::string query : {"", "id=", "id=7Q4", "id=7Q4M&id=7Q4M", "fingerprint=", "limit=1"})
    EXPECT_THAT(watched.get_on_socket("/v1/gateway/records?" + query), HasSubstr("\n400")) << query;
  EXPECT_THAT(watched.get_on_socket("/v1/gateway/records?id=7q4m"), HasSubstr("\"id\":\"7Q4M\""));
}

TEST(WatchServer, ThatWasNeverStartedEndsAllTheSame) {
  WatchServer server(Sources{});
  EXPECT_TRUE(server.listen_for_metrics(net::Endpoint::parse("127.0.0.1:0").value()));
}

}  // namespace
}  // namespace symbolon::watch
