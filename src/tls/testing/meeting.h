// For tests: our server side meets a client made of bare OpenSSL calls, over a socket pair or TCP.
#pragma once

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "policy/access_policy.h"
#include "tls/context.h"
#include "tls/stream.h"
#include "x509/testing/forge.h"

namespace symbolon::tls::testing {

using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;

inline const FixedClock& test_clock() {
  static const FixedClock clock(kNow);
  return clock;
}

inline crypto::PrivateKey key_of(std::string_view id) {
  const Bytes pem = forge().make(fmt::format(R"({{"private_key": "{}"}})", id));
  auto key = crypto::PrivateKey::from_pem(Secret(as_text(pem)), Secret());
  EXPECT_TRUE(key.has_value());
  return std::move(*key);
}

// A chain and the key of its leaf, as a foreign client would hold them.
struct Holder {
  std::vector<x509::Certificate> chain;
  crypto::EvpKey key;
};

inline Holder holder(std::vector<x509::Certificate> chain, std::string_view key_id) {
  const crypto::PrivateKey key = key_of(key_id);
  EVP_PKEY_up_ref(key.get());
  return {std::move(chain), crypto::EvpKey(key.get())};
}

inline std::shared_ptr<const x509::TrustBundle> trust(std::vector<x509::Certificate> anchors) {
  auto bundle = x509::TrustBundle::make(std::move(anchors), kNow, "test");
  EXPECT_TRUE(bundle.has_value()) << (bundle ? "" : bundle.error().text());
  return std::make_shared<const x509::TrustBundle>(std::move(*bundle));
}

inline std::shared_ptr<const policy::AccessPolicy> any_verified() {
  policy::AccessRules rules;
  rules.allow.any_verified = true;
  return std::make_shared<const policy::AccessPolicy>(policy::AccessPolicy::make(rules, "test").value());
}

// What the tests of this program share: a root, an issuing CA, a server and a client.
struct House {
  x509::Certificate root = forge().ca("house-root", "House Root");
  x509::Certificate issuing = forge().ca("house-issuing", "House Issuing", "house-root");
  x509::Certificate server = forge().certificate("house-server", "server", "house-issuing",
                                                 Forge::with(Forge::kServer, R"("names": ["dns:a.example"])"));
  x509::Certificate client = forge().client("house-client", "alice", "house-issuing");

  std::shared_ptr<const Credential> credential() const {
    auto made = Credential::make({server, issuing}, key_of("house-server"));
    EXPECT_TRUE(made.has_value());
    return *made;
  }
  ServerOptions options() const {
    ServerOptions out;
    out.name = "web";
    out.credential = credential();
    out.clients.trust = trust({root});
    out.clients.access = any_verified();
    out.clients.clock = &test_clock();
    return out;
  }
  Holder alice() const { return holder({client, issuing}, "house-client"); }
};

inline const House& house() {
  static const House house;
  return house;
}

inline std::shared_ptr<const ServerContext> context(ServerOptions options) {
  auto made = ServerContext::make(std::move(options));
  EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().text());
  return *made;
}

inline std::shared_ptr<const ServerRoutes> routes(ServerOptions options) {
  return ServerRoutes::single(context(std::move(options))).value();
}

// What the foreign client saw.
struct Seen {
  bool connected = false;
  int alert = -1;  // received
  std::string answer;
  std::string error;
};

struct ClientSetup {
  const Holder* holder = nullptr;
  int version = TLS1_3_VERSION;
  std::string server_name = "a.example";
  std::function<void(SSL_CTX*)> prepare = {};
  std::function<void(SSL*)> prepare_connection = {};
  std::string request = "ping";  // written after the handshake, before anything is read
};

inline int& alert_slot() {
  thread_local int alert = -1;
  return alert;
}

inline std::unique_ptr<SSL_CTX, ContextHandle> foreign_context(const ClientSetup& setup) {
  std::unique_ptr<SSL_CTX, ContextHandle> made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(made.get(), 0);
  SSL_CTX_set_min_proto_version(made.get(), setup.version);
  SSL_CTX_set_max_proto_version(made.get(), setup.version);
  SSL_CTX_set_info_callback(made.get(), [](const SSL*, int where, int value) {
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value & 0xFF) != SSL_AD_CLOSE_NOTIFY)
      alert_slot() = value & 0xFF;
  });
  if (setup.holder != nullptr) {
    EXPECT_EQ(SSL_CTX_use_certificate(made.get(), setup.holder->chain.front().get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(made.get(), setup.holder->key.get()), 1);
    for (std::size_t i = 1; i < setup.holder->chain.size(); ++i)
      SSL_CTX_add1_chain_cert(made.get(), setup.holder->chain[i].get());
  }
  if (setup.prepare) setup.prepare(made.get());
  return made;
}

// Connects, writes the request, reads an answer to its end. Blocking; closes the descriptor.
inline Seen foreign_client(int descriptor, const ClientSetup& setup) {
  Seen out;
  alert_slot() = -1;
  const auto made = foreign_context(setup);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(made.get()), &SSL_free);
  SSL_set_fd(ssl.get(), descriptor);
  if (!setup.server_name.empty()) SSL_set_tlsext_host_name(ssl.get(), setup.server_name.c_str());
  if (setup.prepare_connection) setup.prepare_connection(ssl.get());
  if (SSL_connect(ssl.get()) == 1) {
    out.connected = true;
    if (setup.request.empty() ||
        SSL_write(ssl.get(), setup.request.data(), static_cast<int>(setup.request.size())) > 0) {
      char buffer[4096];
      for (int n = 0; (n = SSL_read(ssl.get(), buffer, sizeof(buffer))) > 0;)
        out.answer.append(buffer, static_cast<std::size_t>(n));
      SSL_shutdown(ssl.get());
    }
  }
  const unsigned long problem = ERR_get_error();
  if (problem != 0) out.error = ERR_error_string(problem, nullptr);
  ERR_clear_error();
  out.alert = alert_slot();
  ::close(descriptor);
  return out;
}

struct Met {
  Handshake<Peer> server = std::unexpected(Refusal{});
  Seen client;
};

using ServerBody = std::function<net::Task<void>(Stream&)>;

inline net::Task<void> answer_pong(Stream& stream) {
  std::array<std::uint8_t, 64> buffer{};
  boost::system::error_code error;
  co_await stream.async_read_some(boost::asio::buffer(buffer),
                                  boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (error) co_return;
  co_await stream.async_write_some(boost::asio::buffer("pong", 4),
                                   boost::asio::redirect_error(boost::asio::use_awaitable, error));
}

// Our server on one end of a socket pair; `client` on the other, in a thread of its own.
inline Met meet(std::shared_ptr<const ServerRoutes> served, std::function<Seen(int)> client,
                ServerBody body = answer_pong, std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  Met out;
  std::thread other([&] { out.client = client(ends[1]); });
  boost::asio::io_context context;
  auto serve = [&]() -> net::Task<void> {
    const net::Executor executor = context.get_executor();
    auto socket = net::adopt(executor, ends[0]);
    auto stream = Stream::server(std::move(*socket), served);
    out.server = co_await stream->handshake(net::in(timeout));
    if (out.server) co_await body(*stream);
    auto room = std::make_shared<net::DrainRoom>(net::DrainLimits{});
    co_await stream->close(room);
  };
  boost::asio::co_spawn(context, serve, [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  other.join();
  return out;
}

inline Met meet(std::shared_ptr<const ServerRoutes> served, const ClientSetup& setup) {
  return meet(std::move(served), [&](int descriptor) { return foreign_client(descriptor, setup); });
}

}  // namespace symbolon::tls::testing
