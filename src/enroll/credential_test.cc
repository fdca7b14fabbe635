// Credentials kept fresh by an authority that is made of the openssl command line and an HTTP server.
#include "enroll/credential.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "api/codec.h"
#include "http/problem.h"
#include "http/server_fixture.h"

namespace symbolon::enroll {
namespace {

class OpensslAuthority {
 public:
  explicit OpensslAuthority(Path folder) : folder_(std::move(folder)) {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 "
        "-subj /CN=test-ca");
  }

  net::Task<http::Response> handle(http::Request request, const http::Caller&) {
    if (request.method == "POST") co_return issue(request.body);
    api::CertificateDetails details;
    details.summary.serial = "01";
    details.summary.state = revoked ? api::CertificateState::revoked : api::CertificateState::issued;
    co_return http::make_response(200, http::kJson, api::encode(details));
  }

  std::atomic<bool> refuses = false;
  std::atomic<bool> revoked = false;
  std::atomic<int> issued = 0;

 private:
  void run(const std::string& command) {
    ASSERT_EQ(std::system(fmt::format("cd {} && {} 2>/dev/null", folder_.string(), command).c_str()), 0) << command;
  }

  http::Response issue(const std::string& body) {
    if (refuses) return http::problem({Code::overloaded, "on purpose"});
    const auto request = api::decode<api::IssueRequest>(body);
    if (!request) return http::problem(request.error());
    std::ofstream(folder_ / "leaf.csr") << request->csr;
    std::ofstream names(folder_ / "leaf.ext");
    names << "subjectAltName=" << fmt::format("DNS:{}", fmt::join(request->names, ",DNS:")) << "\n";
    names.close();
    run("openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -days 10 -extfile leaf.ext -out leaf.crt");
    ++issued;
    api::IssueAnswer answer;
    answer.summary.serial = "01";
    answer.certificate = read_file(folder_ / "leaf.crt").value();
    answer.chain = read_file(folder_ / "ca.crt").value();
    return http::make_response(201, http::kJson, api::encode(answer));
  }

  Path folder_;
};

class CredentialTest : public testing::Test {
 protected:
  CredentialTest() {
    const auto handler = [this](http::Request request, const http::Caller& caller) {
      return openssl_.handle(std::move(request), caller);
    };
    server_.emplace(context_.get(), handler, http::ServerOptions{});
    const Path socket = folder_.path() / "s.sock";
    EXPECT_TRUE(server_->listen({.kind = net::Endpoint::Kind::unix_path, .host = socket.string()}));
    authority_.emplace(AuthorityClient::over_unix(socket).value());
    wish_ = {.file = folder_.path() / "credentials" / "web.pem", .profile = "server", .names = {"web.example"}};
  }
  ~CredentialTest() override {
    server_->stop();
    authority_.reset();
    context_.finish();
  }
  ManagedCredential fresh(const Clock& clock) {
    auto managed = keep_fresh(wish_, *authority_, clock);
    if (!managed) throw std::runtime_error(managed.error().text());
    return *std::move(managed);
  }

  http::TemporaryFolder folder_;
  http::RunningContext context_;
  OpensslAuthority openssl_{folder_.path()};
  std::optional<http::Server> server_;
  std::optional<AuthorityClient> authority_;
  CredentialWish wish_;
};

TEST_F(CredentialTest, IsIssuedOnceAndThenKept) {
  const auto first = fresh(system_clock());
  EXPECT_EQ(first.origin, CredentialOrigin::issued);
  const auto second = fresh(system_clock());
  EXPECT_EQ(second.origin, CredentialOrigin::kept);
  EXPECT_EQ(second.credential->leaf(), first.credential->leaf());
  EXPECT_EQ(openssl_.issued, 1);
  ASSERT_EQ(first.credential->leaf().subject_alt_names().size(), 1U);
  EXPECT_EQ(first.credential->leaf().subject_alt_names()[0].text(), "dns:web.example");
}

TEST_F(CredentialTest, ItsFileIsPrivate) {
  fresh(system_clock());
  struct stat status{};
  ASSERT_EQ(::stat(wish_.file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::chmod(wish_.file.c_str(), 0644), 0);
  const auto exposed = keep_fresh(wish_, *authority_, system_clock());
  ASSERT_FALSE(exposed);
  EXPECT_EQ(exposed.error().code, Code::key_file_exposed);
}

TEST_F(CredentialTest, IsRenewedWithANewKeyWhenItsTimeHasCome) {
  const auto first = fresh(system_clock());
  FixedClock clock(first.renew_at - Seconds{1});
  EXPECT_EQ(fresh(clock).origin, CredentialOrigin::kept);
  clock.set(first.renew_at);
  const auto second = fresh(clock);
  EXPECT_EQ(second.origin, CredentialOrigin::issued);
  EXPECT_FALSE(second.credential->key().belongs_to(first.credential->leaf().public_key()));
}

TEST_F(CredentialTest, AnotherWishReplacesIt) {
  fresh(system_clock());
  wish_.names = {"other.example"};
  EXPECT_EQ(fresh(system_clock()).origin, CredentialOrigin::issued);
  wish_.lifetime = kDay;
  EXPECT_EQ(fresh(system_clock()).origin, CredentialOrigin::issued);
  EXPECT_EQ(fresh(system_clock()).origin, CredentialOrigin::kept);
}

TEST_F(CredentialTest, ARevokedOneIsReplaced) {
  fresh(system_clock());
  openssl_.revoked = true;
  EXPECT_EQ(fresh(system_clock()).origin, CredentialOrigin::issued);
}

TEST_F(CredentialTest, ServesOnWhileTheAuthorityCannotRenewItButNotBeyondItsEnd) {
  const auto first = fresh(system_clock());
  openssl_.refuses = true;
  FixedClock clock(first.renew_at);
  const auto kept = fresh(clock);
  EXPECT_EQ(kept.origin, CredentialOrigin::kept);
  ASSERT_TRUE(kept.problem);
  EXPECT_EQ(kept.problem->code, Code::overloaded);
  EXPECT_GT(kept.renew_at, clock.now());
  EXPECT_LE(kept.renew_at, clock.now() + kHour);
  clock.set(first.credential->leaf().validity().not_after + Seconds{1});
  const auto ended = keep_fresh(wish_, *authority_, clock);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::overloaded);
}

TEST_F(CredentialTest, IsRenewedBetweenSevenTwelfthsAndTwoThirdsOfItsLife) {
  const auto managed = fresh(system_clock());
  const auto& validity = managed.credential->leaf().validity();
  const Seconds life = validity.not_after - validity.not_before;
  EXPECT_LE(managed.renew_at, validity.not_before + Seconds{life.count * 2 / 3});
  EXPECT_GE(managed.renew_at, validity.not_before + Seconds{life.count * 7 / 12});
}

}  // namespace
}  // namespace symbolon::enroll
