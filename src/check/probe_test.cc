// Against openssl s_server: what is observed, and what follows from it.
#include "check/probe.h"

#include <gtest/gtest.h>

#include "check/report.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::check {
namespace {

using x509::testing::Folder;
using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;

const FixedClock kClock(kNow);

struct House {
  Folder folder;
  x509::Certificate root = forge().ca("p-root", "Root");
  x509::Certificate issuing = forge().ca("p-issuing", "Issuing", "p-root");
  x509::Certificate other = forge().ca("p-other", "Other");
  x509::Certificate server = forge().certificate("p-server", "server", "p-issuing",
                                                 Forge::with(Forge::kServer, R"("names": ["dns:localhost"])"));

  House() {
    folder.put("root.pem", root.pem());
    folder.put("issuing.pem", issuing.pem());
    put("server", server, {});
    put("alice", forge().client("alice", "alice", "p-issuing"), issuing.pem());
    put("mallory", forge().client("mallory", "mallory", "p-other"), {});
  }
  void put(const std::string& id, const x509::Certificate& leaf, const std::string& rest) {
    folder.put(id + ".crt", leaf.pem() + rest);
    const std::string forge_id = id == "server" ? "p-server" : id;
    folder.put(id + ".key", forge().make(fmt::format(R"({{"private_key": "{}"}})", forge_id)));
    std::filesystem::permissions(folder / (id + ".key"), std::filesystem::perms(0600));
  }
};

House& house() {
  static House house;
  return house;
}

// openssl s_server on a port of its own choice, for one connection, at the time of the certificates.
class Server {
 public:
  explicit Server(const std::string& options) {
    const Folder& f = house().folder;
    const std::string command = "exec openssl s_server -accept 127.0.0.1:0 -naccept 1 -www -attime " +
                                std::to_string(kNow.count) + " -cert " + f / "server.crt" + " -key " +
                                f / "server.key" + " -cert_chain " + f / "issuing.pem" + " -CAfile " + f / "root.pem" +
                                " -verify_return_error " + options + " </dev/null 2>&1";
    pipe_ = popen(command.c_str(), "r");
    std::array<char, 256> line{};
    while (std::fgets(line.data(), line.size(), pipe_) != nullptr) {
      const std::string text(line.data());
      if (!text.starts_with("ACCEPT")) continue;
      port = text.substr(text.rfind(':') + 1);
      port.pop_back();
      break;
    }
    EXPECT_FALSE(port.empty());
  }
  ~Server() {
    std::array<char, 4096> rest;
    while (std::fread(rest.data(), 1, rest.size(), pipe_) > 0) {
    }
    pclose(pipe_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  std::string port;

 private:
  std::FILE* pipe_ = nullptr;
};

ProbeArguments arguments_for(const std::string& port, const std::string& client) {
  ProbeArguments arguments{.endpoint = "localhost:" + port, .ca = Path(house().folder / "root.pem")};
  if (!client.empty()) {
    arguments.certificate = house().folder / (client + ".crt");
    arguments.key = house().folder / (client + ".key");
  }
  return arguments;
}

Observation observe(const ProbeArguments& arguments) {
  auto request = read_arguments(arguments, kNow);
  EXPECT_TRUE(request) << request.error().text();
  request->linger = std::chrono::seconds(10);  // what is awaited comes; a slow machine may take its time
  return probe(*request, kClock);
}

class Versions : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Tls, Versions, testing::Values("-tls1_2", "-tls1_3"),
                         [](const auto& version) { return std::string(version.param).substr(4); });

TEST_P(Versions, TheRightClientIsProvenToBeAccepted) {
  const Server server(std::string("-Verify 2 ") + GetParam());
  ProbeArguments arguments = arguments_for(server.port, "alice");
  arguments.ask = Ask::http;
  const Observation seen = observe(arguments);
  ASSERT_TRUE(seen.tls);
  const Report report = diagnose(seen);
  EXPECT_EQ(report.outcome, Outcome::accepted) << to_text(seen, report);
  EXPECT_EQ(report.exit_code(), 0) << to_text(seen, report);
  EXPECT_TRUE(seen.tls->certificate_sent);
  EXPECT_EQ(seen.tls->server_chain.size(), 2U);
  EXPECT_EQ(seen.tls->ca_names, std::vector{house().root.subject()});
  EXPECT_FALSE(seen.tls->signature_algorithms.empty());
  EXPECT_EQ(seen.tls->version, std::string(GetParam()) == "-tls1_2" ? "TLSv1.2" : "TLSv1.3");
  EXPECT_FALSE(seen.tls->cipher.empty());
  EXPECT_FALSE(seen.tls->group.empty());
  EXPECT_TRUE(seen.server_path && *seen.server_path);
  EXPECT_TRUE(seen.client_path && *seen.client_path);
}

TEST_P(Versions, AForeignClientSeesTheAlertAlsoWhenItComesLate) {
  const Server server(std::string("-Verify 2 ") + GetParam());
  const Observation seen = observe(arguments_for(server.port, "mallory"));
  ASSERT_TRUE(seen.tls && seen.tls->alert_received);
  EXPECT_EQ(seen.tls->alert_received->description, 48);
  const Report report = diagnose(seen);
  EXPECT_EQ(report.outcome, Outcome::refused);
  EXPECT_EQ(report.findings.at(0).code, Code::client_certificate_untrusted_issuer) << to_text(seen, report);
}

TEST_P(Versions, NoCertificateIsTheFinding) {
  const Server server(std::string("-Verify 2 ") + GetParam());
  const Observation seen = observe(arguments_for(server.port, ""));
  EXPECT_EQ(diagnose(seen).findings.at(0).code, Code::client_certificate_missing);
  EXPECT_FALSE(seen.tls->certificate_sent);
}

TEST_P(Versions, AServerThatDoesNotAskIsFoundOpen) {
  const Server server(GetParam());
  ProbeArguments arguments = arguments_for(server.port, "alice");
  arguments.ask = Ask::http;
  const Observation seen = observe(arguments);
  EXPECT_EQ(diagnose(seen).outcome, Outcome::open);
  EXPECT_FALSE(seen.tls->certificate_requested);
  EXPECT_FALSE(seen.tls->certificate_sent);
}

TEST(Probe, GoesOnWhenTheServersCertificateIsBad) {
  const Server server("-Verify 2");
  ProbeArguments arguments = arguments_for(server.port, "alice");
  arguments.server_name = "elsewhere.example";
  arguments.ask = Ask::http;
  const Observation seen = observe(arguments);
  const Report report = diagnose(seen);
  EXPECT_EQ(report.outcome, Outcome::accepted);
  EXPECT_EQ(report.findings.at(0).code, Code::server_certificate_name_mismatch);
}

TEST(Probe, WhatCannotBeReachedIsAnObservation) {
  const Observation refused = observe(arguments_for("1", ""));
  ASSERT_TRUE(refused.unreachable);
  EXPECT_EQ(refused.unreachable->code, Code::connection_refused);
  ProbeArguments nowhere = arguments_for("443", "");
  nowhere.endpoint = "nowhere.invalid:443";  // RFC 6761 §6.4
  EXPECT_EQ(observe(nowhere).unreachable.value().code, Code::name_not_found);
}

TEST(Arguments, BadOnesAreNamedBeforeAnythingIsSent) {
  const auto code_of = [](const ProbeArguments& arguments) {
    const auto request = read_arguments(arguments, kNow);
    return request ? Code::internal : request.error().code;
  };
  const Folder& f = house().folder;
  EXPECT_EQ(code_of({.endpoint = ""}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:port"}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:0"}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:1", .key = Path("/x")}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:1", .certificate = Path(f / "none")}), Code::file_missing);
  EXPECT_EQ(code_of({.endpoint = "host:1",
                     .certificate = Path(f / "alice.crt"),
                     .key = Path(f / "mallory.key"),
                     .ca = Path(f / "root.pem")}),
            Code::internal);  // read, and found wrong in the report
  EXPECT_EQ(code_of({.endpoint = "host:1", .ca = Path(f / "alice.key")}), Code::trust_empty);
  EXPECT_EQ(code_of({.endpoint = "host:1", .version = "1.1"}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:1", .protocols = {""}}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:1", .protocols = {"h2,"}}), Code::usage);
  EXPECT_EQ(code_of({.endpoint = "host:1", .protocols = {std::string(256, 'x')}}), Code::usage);
  for (const char* name : {"a b", "a..b", "https://a.example", "a.example:443", "-a"}) {
    EXPECT_EQ(code_of({.endpoint = "host:1", .server_name = name}), Code::usage) << name;
  }
  EXPECT_EQ(code_of({.endpoint = "host:1", .certificate = Path(f / "alice.key")}), Code::file_unrecognized);
}

TEST(Arguments, AKeyOfAnotherCertificateIsPartOfTheRequest) {
  const Folder& f = house().folder;
  const auto request = read_arguments({.endpoint = "host:1",
                                       .certificate = Path(f / "alice.crt"),
                                       .key = Path(f / "mallory.key"),
                                       .ca = Path(f / "root.pem"),
                                       .version = "1.2",
                                       .protocols = {"h2,http/1.1", "x"}},
                                      kNow);
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->client_problem.value().code, Code::key_mismatch);
  EXPECT_EQ(request->client_chain.size(), 2U);
  EXPECT_EQ(request->credential, nullptr);
  EXPECT_EQ(request->only_version, tls::ProbeVersion::tls12);
  EXPECT_EQ(request->protocols, (std::vector<std::string>{"h2", "http/1.1", "x"}));
}

TEST(Arguments, AnEndpointThatIsNoneIsNamedOnceAsItWasTyped) {
  for (const std::string text :
       {"host:70000", "host:0", "[::1", "::1:46001", "https://host:1/", "b\u00fccher.example"}) {
    const auto request = read_arguments({.endpoint = text}, kNow);
    ASSERT_FALSE(request) << text;
    const std::string words = request.error().text();
    EXPECT_TRUE(words.starts_with("'" + text)) << words;
  }
}

TEST(Arguments, EndpointsMayLackPortAndBrackets) {
  const auto endpoint_of = [](const std::string& text) {
    const auto request = read_arguments({.endpoint = text, .ca = Path(house().folder / "root.pem")}, kNow);
    return request ? request->endpoint.text() : request.error().text();
  };
  EXPECT_EQ(endpoint_of("a.example"), "a.example:443");
  EXPECT_EQ(endpoint_of("a.example:8443"), "a.example:8443");
  EXPECT_EQ(endpoint_of("[2001:db8::1]"), "[2001:db8::1]:443");
  EXPECT_EQ(endpoint_of("2001:db8::1"), "[2001:db8::1]:443");
  EXPECT_EQ(endpoint_of("[2001:db8::1]:1"), "[2001:db8::1]:1");
  EXPECT_EQ(endpoint_of(":8443"), "localhost:8443");
  EXPECT_EQ(endpoint_of("unix:/run/x.sock"), "unix:/run/x.sock");
}

}  // namespace
}  // namespace symbolon::check
