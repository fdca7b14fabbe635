// For tests: a gateway in this process, with files made by foreign tools, in front of a small echoing service.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "config/load.h"
#include "gateway/gateway.h"
#include "net/listener.h"
#include "revocation/revocation_source.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::gateway::testing {

using x509::testing::Folder;
using x509::testing::Forge;
using x509::testing::forge;

// Echoes each connection until its end, or until what came ends with ".\n"; then closes it.
class EchoService {
 public:
  EchoService() {
    auto sockets = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
    listener_ = std::make_unique<net::Listener>(context_.get_executor(), std::move(sockets->front()));
    address_ = listener_->local();
    boost::asio::co_spawn(context_, accept(), boost::asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  ~EchoService() {
    context_.stop();
    thread_.join();
  }
  net::Endpoint address() const { return address_; }

 private:
  net::Task<void> accept() {
    while (true) {
      auto accepted = co_await listener_->accept();
      if (!accepted) co_return;
      auto socket = std::make_shared<net::Socket>(std::move(accepted->socket));
      boost::asio::co_spawn(context_, echo(socket), boost::asio::detached);
    }
  }
  net::Task<void> echo(std::shared_ptr<net::Socket> socket) {
    std::vector<char> buffer(65536);
    boost::system::error_code error;
    while (true) {
      const std::size_t n = co_await socket->async_read_some(
          boost::asio::buffer(buffer), boost::asio::redirect_error(boost::asio::use_awaitable, error));
      if (error) break;
      co_await boost::asio::async_write(*socket, boost::asio::buffer(buffer.data(), n),
                                        boost::asio::redirect_error(boost::asio::use_awaitable, error));
      if (std::string_view(buffer.data(), n).ends_with(".\n")) break;
    }
    boost::system::error_code ignored;
    socket->shutdown(net::Socket::shutdown_both, ignored);
  }

  boost::asio::io_context context_{1};
  std::unique_ptr<net::Listener> listener_;
  net::Endpoint address_;
  std::thread thread_;
};

// Certificates and keys in files, valid now by any clock.
class Pki {
 public:
  Pki() {
    add("root", "Root", "", Forge::kCa);
    add("issuing", "Issuing", "root", Forge::kCa);
    add("other", "Other Root", "", Forge::kCa);
    add("server", "server", "issuing", Forge::with(Forge::kServer, R"("names": ["dns:a.example", "ip:127.0.0.1"])"));
    add("alice", "alice", "issuing", Forge::with(Forge::kClient, R"("names": ["uri:spiffe://example.com/alice"])"));
    add("bob", "bob", "issuing", Forge::kClient);
    add("stranger", "Stranger", "", Forge::kCa);
    add("hostile", "evil\\u0007\\\"}{\\n\\u001b[31m", "stranger", Forge::kClient);
    folder.put("hostile.chain", folder.get("hostile.crt"));
    folder.put("server.chain", folder.get("server.crt") + folder.get("issuing.crt"));
    folder.put("alice.chain", folder.get("alice.crt") + folder.get("issuing.crt"));
    folder.put("bob.chain", folder.get("bob.crt") + folder.get("issuing.crt"));
    folder.put("root.crl",
               as_text(forge().make(R"({"crl": true, "issuer": "gw-root", "number": 1, "this_update": 1600000000, )"
                                    R"("next_update": 4000000000, "revoked": []})")));
  }
  // name.crt and name.key.
  x509::Certificate add(const std::string& name, std::string_view common_name, const std::string& issuer,
                        std::string_view rest) {
    const std::string validity = R"("not_before": 1600000000, "not_after": 4000000000)";
    const auto made = forge().certificate("gw-" + name, common_name, issuer.empty() ? "" : "gw-" + issuer,
                                          Forge::with(rest, validity));
    folder.put(name + ".crt", made.pem());
    folder.put(name + ".key", forge().make(fmt::format(R"({{"private_key": "gw-{}"}})", name)));
    std::filesystem::permissions(folder / (name + ".key"), std::filesystem::perms::owner_read);
    return made;
  }
  x509::Certificate read(const std::string& name) const {
    return x509::Certificate::from_pem(folder.get(name + ".crt")).value().front();
  }
  Folder folder;
};

inline const Pki& pki() {
  static const Pki pki;
  return pki;
}

inline Result<GatewayConfig> read_config(const std::string& yaml) {
  config::Table<GatewayConfig> table = gateway_table();
  return config::load(yaml, pki().folder / "symbolon.yaml", table).result();
}

class RunningGateway {
 public:
  // `routes` is YAML; "SERVICE" in it is the echo service. No name may be forgotten: it goes through the real table.
  explicit RunningGateway(const std::string& yaml, net::DrainLimits drain = {},
                          const std::function<void(GatewayInputs&)>& change = {}) {
    auto config = read(yaml);
    GatewayInputs inputs;
    inputs.clock = &system_clock();
    inputs.records = records;
    inputs.revocation = revocation;
    inputs.drain = drain;
    if (change) change(inputs);
    auto started = Gateway::start(config, std::move(inputs));
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().text());
    gateway = std::move(*started);
  }
  GatewayConfig read(std::string yaml) const {
    for (std::size_t at = 0; (at = yaml.find("SERVICE")) != std::string::npos;)
      yaml.replace(at, 7, service.address().text());
    auto config = read_config(yaml);
    EXPECT_TRUE(config.has_value()) << (config ? "" : config.error().text());
    return std::move(*config);
  }
  std::string port(const std::string& route = "web") const { return std::to_string(gateway->address_of(route).port); }

  EchoService service;
  std::shared_ptr<MemoryRecordSink> records = std::make_shared<MemoryRecordSink>();
  std::shared_ptr<revocation::RevocationSource> revocation = std::make_shared<revocation::RevocationSource>();
  std::unique_ptr<Gateway> gateway;
};

// One route named web on a free port.
inline std::string route_yaml(const std::string& allow = "any_verified", const std::string& more = "") {
  return fmt::format(R"(threads: 1
routes:
  - name: web
    listen: 127.0.0.1:0
    certificate: {{ cert: server.chain, key: server.key }}
    clients:
      trust: [root.crt]
      allow: {}
    to: SERVICE
{})",
                     allow, more);
}

// `openssl s_client` with what it says; `options` follow the connection's. It ends when the gateway ends.
inline x509::testing::Outcome s_client(const RunningGateway& gateway, const std::string& options) {
  const std::string folder = pki().folder.path().string();
  return x509::testing::run(
      fmt::format("(cd {} && printf 'hello.\\n' | timeout 20 openssl s_client -connect 127.0.0.1:{} "
                  "-servername a.example -CAfile root.crt -verify_return_error -ign_eof {})",
                  folder, gateway.port(), options));
}

}  // namespace symbolon::gateway::testing
