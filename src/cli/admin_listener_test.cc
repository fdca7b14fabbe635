// The API's own certificate is replaced while it listens: a foreign client sees the new one on its next connection.
#include "cli/admin_listener.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "http/server_fixture.h"
#include "x509/trust_bundle.h"

namespace symbolon::cli {
namespace {

class AdminListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 "
        "-subj /CN=root -addext keyUsage=critical,keyCertSign,cRLSign");
    for (const std::string name : {"first", "second", "client"}) make(name);
  }
  void run(const std::string& command) { ASSERT_EQ(shell(command), 0) << command; }
  int shell(const std::string& command) {
    return std::system(fmt::format("cd {} && umask 077 && {} 2>/dev/null", folder_.path().string(), command).c_str());
  }
  void make(const std::string& name) {
    run(
        fmt::format("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {0}.key -out {0}.csr "
                    "-subj /CN={0} -addext subjectAltName=DNS:ca.internal -addext keyUsage=critical,digitalSignature "
                    "-addext extendedKeyUsage=serverAuth,clientAuth && openssl x509 -req -in {0}.csr -CA ca.crt "
                    "-CAkey ca.key -days 10 -copy_extensions copy -out {0}.crt",
                    name));
  }
  // The subject that openssl sees.
  bool shows(const net::Endpoint& at, const std::string& subject) {
    return shell(
               fmt::format("openssl s_client -connect {} -servername ca.internal -CAfile ca.crt -cert client.crt -key "
                           "client.key -nameopt RFC2253 </dev/null | grep -q 'subject=CN={}'",
                           at.text(), subject)) == 0;
  }
  AdminListener::Inputs inputs() {
    return {.credential = [this]() -> Result<std::shared_ptr<const tls::Credential>> {
              if (current_.empty()) return fail(Code::authority_unreachable, "nobody issues");
              const std::string base = (folder_.path() / current_).string();
              return tls::Credential::load(base + ".crt", base + ".key");
            },
            .trust = [this]() -> Result<std::shared_ptr<const x509::TrustBundle>> {
              const std::string roots = TRY(read_file(folder_.path() / "ca.crt"));
              auto bundle = TRY(x509::TrustBundle::from_file_content(roots, system_clock().now(), "ca"));
              return std::make_shared<const x509::TrustBundle>(std::move(bundle));
            },
            .revocation = std::make_shared<const revocation::RevocationSource>(),
            .records = records_,
            .clock = &system_clock()};
  }

  http::TemporaryFolder folder_;
  std::string current_ = "first";
  std::shared_ptr<gateway::MemoryRecordSink> records_ = std::make_shared<gateway::MemoryRecordSink>();
};

TEST_F(AdminListenerTest, ShowsANewCertificateWithoutARestart) {
  http::RunningContext context;
  AdminListener listener(inputs());
  http::ServerOptions options;
  options.on_refusal = [&](const tls::Refusal& refusal, const net::PeerAddress& peer) {
    listener.record(refusal, peer);
  };
  http::Server server(
      context.get(),
      [](http::Request, const http::Caller&) -> net::Task<http::Response> { co_return http::Response(); },
      std::move(options));
  ASSERT_TRUE(listener.refresh());
  const auto bound = listener.listen(server, {.kind = net::Endpoint::Kind::address, .host = "127.0.0.1"});
  ASSERT_TRUE(bound) << bound.error().text();
  EXPECT_TRUE(shows(*bound, "first"));
  current_ = "second";
  EXPECT_TRUE(shows(*bound, "first"));
  ASSERT_TRUE(listener.refresh());
  EXPECT_TRUE(shows(*bound, "second"));
  current_.clear();
  EXPECT_FALSE(listener.refresh());
  EXPECT_TRUE(shows(*bound, "second"));

  // Without a certificate nobody gets in, and there is a record of it.
  EXPECT_NE(shell(fmt::format("openssl s_client -connect {} -ign_eof -CAfile ca.crt </dev/null", bound->text())), 0);
  EXPECT_NE(records_->wait_for({"\"refused\"", "\"authority\"", "client_certificate_missing"}), "");
  server.stop();
  context.finish();
}

}  // namespace
}  // namespace symbolon::cli
