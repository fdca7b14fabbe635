// The API over mutual TLS: certificates by the openssl command line, callers are curl and our client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "authority/api_server.h"
#include "authority/rights.h"
#include "authority/unasked_operations.h"
#include "enroll/authority_client.h"
#include "http/server_fixture.h"
#include "policy/access_policy.h"

namespace symbolon::authority {
namespace {

using testing::HasSubstr;

// Knows status() and ticket_keys() alone; every certificate has the standing that the test sets.
class StatusOnly final : public UnaskedOperations {
 public:
  Result<api::StatusInfo> status() override { return api::StatusInfo{}; }
  Result<api::TicketKeysAnswer> ticket_keys(const api::TicketKeysRequest&) override {
    if (revoked_meanwhile) standing = Standing::revoked;
    return api::TicketKeysAnswer{.generation = "one", .domains = {}};
  }
  Result<Standing> standing_of(const x509::Certificate& issuer, const x509::Certificate&) const override {
    EXPECT_TRUE(issuer.is_ca());
    return standing.load();
  }
  api::Roles roles_of(const x509::Identity& identity) const override { return Rights().of(identity); }
  void record_refusal(const std::string&, const std::string&, const Error&) override { ++refusals; }

  std::atomic<Standing> standing = Standing::good;
  std::atomic<bool> revoked_meanwhile = false;
  std::atomic<int> refusals = 0;
};

class ApiTlsTest : public testing::Test {
 protected:
  explicit ApiTlsTest(ApiOptions options = {}) : server_(context_.get(), operations_, std::move(options)) {}
  void SetUp() override {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 "
        "-subj /CN=root -addext keyUsage=critical,keyCertSign,cRLSign");
    make("server", "subjectAltName=DNS:ca.internal\nextendedKeyUsage=serverAuth\n");
    make("admin", fmt::format("extendedKeyUsage=clientAuth\n{}=ASN1:UTF8String:admin\n", x509::kProfileOid));
    make("gateway", fmt::format("extendedKeyUsage=clientAuth\n{}=ASN1:UTF8String:gateway\n", x509::kProfileOid));
    make("other", fmt::format("extendedKeyUsage=clientAuth\n{}=ASN1:UTF8String:person\n", x509::kProfileOid));
    make("plain", "extendedKeyUsage=clientAuth\n");
    trust_ = std::make_shared<const x509::TrustBundle>(
        x509::TrustBundle::from_file_content(read_file(folder_.path() / "ca.crt").value(), system_clock().now(), "ca")
            .value());
    tls::ServerOptions options{.name = "api", .credential = credential("server"), .clients = {}};
    options.clients.trust = trust_;
    options.clients.clock = &system_clock();
    policy::AccessRules rules;
    rules.allow.any_verified = true;
    options.clients.access =
        std::make_shared<const policy::AccessPolicy>(policy::AccessPolicy::make(std::move(rules), "test").value());
    const auto context = tls::ServerContext::make(std::move(options));
    ASSERT_TRUE(context) << context.error().text();
    const auto listening =
        server_.http().listen({.kind = net::Endpoint::Kind::address, .host = "127.0.0.1"},
                              [routes = tls::ServerRoutes::single(*context).value()] { return routes; });
    ASSERT_TRUE(listening) << listening.error().text();
    endpoint_ = *listening;
  }
  void TearDown() override {
    server_.http().stop();
    context_.finish();
  }

  void run(const std::string& command) {
    ASSERT_EQ(
        std::system(fmt::format("cd {} && umask 077 && {} 2>/dev/null", folder_.path().string(), command).c_str()), 0)
        << command;
  }
  void make(const std::string& name, const std::string& extensions) {
    std::ofstream(folder_.path() / (name + ".ext")) << "keyUsage=critical,digitalSignature\n" << extensions;
    run(
        fmt::format("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {0}.key -out {0}.csr "
                    "-subj /CN={0} && openssl x509 -req -in {0}.csr -CA ca.crt -CAkey ca.key -days 10 -extfile {0}.ext "
                    "-out {0}.crt",
                    name));
  }
  std::shared_ptr<const tls::Credential> credential(const std::string& name) {
    const std::string base = (folder_.path() / name).string();
    return tls::Credential::load(base + ".crt", base + ".key").value();
  }
  std::string curl(const std::string& name) {
    const std::string folder = folder_.path().string();
    const std::string command = fmt::format(
        "curl -sS -m 20 --resolve ca.internal:{0}:127.0.0.1 --cacert {1}/ca.crt --cert {1}/{2}.crt --key {1}/{2}.key "
        "https://ca.internal:{0}/v1/status 2>&1",
        endpoint_.port, folder, name);
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    char buffer[4096];
    while (std::size_t n = ::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
    ::pclose(pipe);
    return out;
  }
  Result<enroll::AuthorityClient> client(const std::string& name) {
    return enroll::AuthorityClient::over_tls(
        {.endpoint = endpoint_, .server_name = "ca.internal", .credential = credential(name), .trust = trust_},
        system_clock());
  }

  http::TemporaryFolder folder_;
  http::RunningContext context_;
  StatusOnly operations_;
  ApiServer server_;
  std::shared_ptr<const x509::TrustBundle> trust_;
  net::Endpoint endpoint_;
};

TEST_F(ApiTlsTest, AnAdminIsServed) {
  EXPECT_THAT(curl("admin"), HasSubstr("\"started_at\""));
  auto authority = client("admin");
  ASSERT_TRUE(authority) << authority.error().text();
  EXPECT_TRUE(authority->status());
  EXPECT_TRUE(authority->status());
  EXPECT_EQ(operations_.refusals, 0);
}

TEST_F(ApiTlsTest, WhoeverIsNoAdminIsForbidden) {
  EXPECT_THAT(curl("other"), HasSubstr("\"code\":\"forbidden\""));
  EXPECT_THAT(curl("plain"), HasSubstr("\"code\":\"forbidden\""));
  auto authority = client("other");
  ASSERT_TRUE(authority) << authority.error().text();
  const auto status = authority->status();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::forbidden);
}

TEST_F(ApiTlsTest, AnAdminThatIsRevokedMeanwhileIsForbiddenOnItsOpenConnection) {
  auto authority = client("admin");
  ASSERT_TRUE(authority) << authority.error().text();
  EXPECT_TRUE(authority->status());
  operations_.standing = Standing::revoked;
  const auto revoked = authority->status();
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code, Code::forbidden);
  operations_.standing = Standing::foreign;
  EXPECT_FALSE(authority->status());
}

TEST_F(ApiTlsTest, KeysOfTicketsAreForGatewaysAlone) {
  const api::TicketKeysRequest request{{std::string(64, 'a')}};
  const auto answer = client("gateway")->ticket_keys(request);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->generation, "one");
  for (const char* const who : {"admin", "other", "plain"}) {
    const auto refused = client(who)->ticket_keys(request);
    ASSERT_FALSE(refused) << who;
    EXPECT_EQ(refused.error().code, Code::forbidden) << who;
  }
}

TEST_F(ApiTlsTest, KeysOfTicketsAreForNobodyWhoIsRevokedWhileTheyAreFetched) {
  operations_.revoked_meanwhile = true;
  const auto refused = client("gateway")->ticket_keys({{std::string(64, 'a')}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::forbidden);
}

// Two refusals under the id 7Q4M: of the certificate that is asked for, and of another one.
Result<api::RejectionList> two_records(const api::RejectionQuery& query) {
  if (!query.id.empty() && query.id != "7Q4M") return api::RejectionList();
  api::RejectionList out;
  for (const std::string& fingerprint : {query.fingerprint, std::string("of another")}) {
    api::RejectionRecord& record = out.records.emplace_back();
    record.id = "7Q4M";
    record.code = record.fault = record.sentence = "made up";
    record.peer = "192.0.2.7:4711";
    record.leaf.emplace().fingerprint = fingerprint.empty() ? "of somebody" : fingerprint;
  }
  return out;
}

class RecordsTest : public ApiTlsTest {
 protected:
  explicit RecordsTest(OwnRecords own = OwnRecords::for_roles)
      : ApiTlsTest({.look_up = two_records, .own_records = own}) {}
};
class OwnRecordsTest : public RecordsTest {
 protected:
  OwnRecordsTest() : RecordsTest(OwnRecords::for_holders) {}
};

TEST_F(RecordsTest, AreForAdminsAndNobodyElse) {
  const auto found = client("admin")->rejections("7q4m");
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->records.size(), 2U);
  EXPECT_EQ(found->records.at(0).peer, "192.0.2.7:4711");
  EXPECT_EQ(client("admin")->rejections("0000").error().code, Code::record_missing);
  EXPECT_EQ(client("admin")->rejections("own").error().code, Code::bad_request);
  EXPECT_EQ(operations_.refusals, 0);
  for (const char* const who : {"gateway", "other", "plain"}) {
    EXPECT_EQ(client(who)->rejections("7Q4M").error().code, Code::forbidden) << who;
    EXPECT_EQ(client(who)->own_rejections().error().code, Code::forbidden) << who;
  }
}

TEST_F(OwnRecordsTest, AreThoseOfTheCallersCertificateAlone) {
  for (const char* const who : {"gateway", "other", "plain"}) {
    auto caller = client(who);
    const auto found = caller->own_rejections();
    ASSERT_TRUE(found) << who << found.error().text();
    ASSERT_EQ(found->records.size(), 1U) << who;
    EXPECT_NE(found->records.at(0).leaf->fingerprint, "of another");
    EXPECT_FALSE(found->records.at(0).peer) << "whoever has a copy of the certificate may have come from there";
    EXPECT_EQ(caller->own_rejections("7Q4M").value().records.size(), 1U);
    EXPECT_EQ(caller->own_rejections("0000").error().code, Code::record_missing);
    EXPECT_EQ(caller->rejections("7Q4M").error().code, Code::forbidden) << "everybody's";
    EXPECT_EQ(caller->status().has_value(), std::string_view(who) == "gateway") << "of the other calls, nothing more";
  }
}

TEST_F(OwnRecordsTest, AreNotForARevokedCertificate) {
  for (const Standing standing : {Standing::revoked, Standing::foreign}) {
    operations_.standing = standing;
    EXPECT_EQ(client("plain")->own_rejections().error().code, Code::forbidden);
  }
}

TEST_F(ApiTlsTest, AServerOfAnotherNameIsNotTalkedTo) {
  const auto authority = enroll::AuthorityClient::over_tls(
      {.endpoint = endpoint_, .server_name = "elsewhere.internal", .credential = credential("admin"), .trust = trust_},
      system_clock());
  ASSERT_FALSE(authority);
  EXPECT_EQ(authority.error().code, Code::server_certificate_name_mismatch);
}

}  // namespace
}  // namespace symbolon::authority
