#include "tls/stream.h"

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>

#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;
namespace asio = boost::asio;
using boost::system::error_code;

net::Task<std::size_t> read_to_end(Stream& stream, error_code& error) {
  std::vector<std::uint8_t> buffer(100'000);
  std::size_t total = 0;
  while (true) {
    total += co_await stream.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return total;
  }
}

// A client whose behaviour after the handshake is `act`.
Seen client_that(int descriptor, const Holder& who, int version, std::function<void(SSL*)> act) {
  Seen out;
  const auto made = foreign_context({.holder = &who, .version = version});
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(made.get()), &SSL_free);
  SSL_set_fd(ssl.get(), descriptor);
  out.connected = SSL_connect(ssl.get()) == 1;
  act(ssl.get());
  ::close(descriptor);
  return out;
}

TEST(Stream, CloseNotifyIsTheEndAndItsAbsenceIsNot) {
  const Holder alice = house().alice();
  for (const bool says_goodbye : {true, false}) {
    error_code error;
    const auto client = [&](int descriptor) {
      return client_that(descriptor, alice, TLS1_3_VERSION, [&](SSL* ssl) {
        SSL_write(ssl, "some", 4);
        if (says_goodbye) SSL_shutdown(ssl);
      });
    };
    std::size_t total = 0;
    const auto body = [&](Stream& stream) -> net::Task<void> { total = co_await read_to_end(stream, error); };
    meet(routes(house().options()), client, body);
    EXPECT_EQ(total, 4U);
    EXPECT_EQ(error, says_goodbye ? error_code(asio::error::eof) : error_code(asio::error::connection_aborted));
  }
}

TEST(Stream, MegabytesPassBothWaysAtOnce) {
  const Holder alice = house().alice();
  const std::size_t size = 8'000'000;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    std::size_t got = 0;
    const auto client = [&](int descriptor) {
      return client_that(descriptor, alice, version, [&](SSL* ssl) {
        const std::string sent(size, 'x');
        std::size_t done = 0;
        std::vector<char> buffer(65536);
        while (done < sent.size()) {  // in turns, so that a blocking client cannot lock up
          const int n =
              SSL_write(ssl, sent.data() + done, static_cast<int>(std::min<std::size_t>(50'000, size - done)));
          if (n <= 0) return;
          done += static_cast<std::size_t>(n);
          while (got < done) {
            const int m = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
            if (m <= 0) return;
            got += static_cast<std::size_t>(m);
          }
        }
        SSL_shutdown(ssl);
      });
    };
    const auto echo = [&](Stream& stream) -> net::Task<void> {
      std::vector<std::uint8_t> buffer(30'000);
      error_code error;
      while (true) {
        const std::size_t n =
            co_await stream.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        co_await asio::async_write(stream, asio::buffer(buffer.data(), n), asio::use_awaitable);
      }
    };
    meet(routes(house().options()), client, echo);
    EXPECT_EQ(got, size);
  }
}

TEST(Stream, AKeyUpdateThatAsksForOneIsAnswered) {
  const Holder alice = house().alice();
  const auto client = [&](int descriptor) {
    return client_that(descriptor, alice, TLS1_3_VERSION, [](SSL* ssl) {
      char buffer[64];
      for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        ASSERT_EQ(SSL_write(ssl, "ping", 4), 4);
        ASSERT_EQ(SSL_read(ssl, buffer, sizeof(buffer)), 4);
      }
      SSL_shutdown(ssl);
    });
  };
  int answered = 0;
  const auto echo = [&](Stream& stream) -> net::Task<void> {
    std::array<std::uint8_t, 64> buffer{};
    error_code error;
    while (true) {
      const std::size_t n =
          co_await stream.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      ++answered;
      co_await asio::async_write(stream, asio::buffer(buffer.data(), n), asio::use_awaitable);
    }
  };
  meet(routes(house().options()), client, echo);
  EXPECT_EQ(answered, 100);
}

TEST(Stream, KeyUpdatesWithoutDataAreBounded) {
  const Holder alice = house().alice();
  const auto client = [&](int descriptor) {
    return client_that(descriptor, alice, TLS1_3_VERSION, [](SSL* ssl) {
      for (int i = 0; i < 10'000; ++i) {
        if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl) != 1) return;
      }
    });
  };
  Attempt last;
  const auto body = [&](Stream& stream) -> net::Task<void> {
    std::array<std::uint8_t, 64> buffer{};
    while (true) {
      last = stream.try_read(buffer);
      if (last.state != Attempt::State::want_read) break;
      error_code error;
      co_await stream.socket().async_wait(net::Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    }
    stream.abort();
  };
  meet(routes(house().options()), client, body);
  EXPECT_EQ(last.state, Attempt::State::failed);
  EXPECT_EQ(last.code, Code::too_many_key_updates);
}

TEST(Stream, HalfCloseLeavesTheOtherHalfOpen) {
  const Holder alice = house().alice();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    std::string answer;
    const auto client = [&](int descriptor) {
      return client_that(descriptor, alice, version, [&](SSL* ssl) {
        SSL_write(ssl, "question", 8);
        SSL_shutdown(ssl);  // our half only
        char buffer[64];
        for (int n = 0; (n = SSL_read(ssl, buffer, sizeof(buffer))) > 0;)
          answer.append(buffer, static_cast<std::size_t>(n));
      });
    };
    const auto body = [&](Stream& stream) -> net::Task<void> {
      error_code error;
      const std::size_t got = co_await read_to_end(stream, error);
      EXPECT_EQ(got, 8U);
      EXPECT_EQ(error, asio::error::eof);
      co_await asio::async_write(stream, asio::buffer("after the end", 13), asio::use_awaitable);
    };
    meet(routes(house().options()), client, body);
    EXPECT_EQ(answer, "after the end");
  }
}

TEST(Stream, WritingToAClosedPeerIsAnErrorAndNoSignal) {
  const Holder alice = house().alice();
  error_code error;
  const auto client = [&](int descriptor) { return client_that(descriptor, alice, TLS1_3_VERSION, [](SSL*) {}); };
  const auto body = [&](Stream& stream) -> net::Task<void> {
    const std::string much(1 << 20, 'x');
    while (!error)
      co_await asio::async_write(stream, asio::buffer(much), asio::redirect_error(asio::use_awaitable, error));
  };
  meet(routes(house().options()), client, body);
  EXPECT_TRUE(error);
}

// -- our client's side

ClientOptions client_options(std::shared_ptr<const x509::TrustBundle> trusted) {
  ClientOptions out;
  out.credential = Credential::make({house().client, house().issuing}, key_of("house-client")).value();
  out.servers.trust = std::move(trusted);
  out.servers.clock = &test_clock();
  return out;
}

// Our client meets our server; what both sides say.
struct Both {
  Handshake<Peer> server = std::unexpected(Refusal{});
  Handshake<Peer> client = std::unexpected(Refusal{});
};

Both meet_ourselves(ClientOptions options, const std::string& name, ServerOptions served) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  Both out;
  asio::io_context context;
  const auto room = std::make_shared<net::DrainRoom>(net::DrainLimits{});
  const auto serve = [&]() -> net::Task<void> {
    auto socket = net::adopt(context.get_executor(), ends[0]);
    auto stream = Stream::server(std::move(*socket), routes(std::move(served)));
    out.server = co_await stream->handshake(net::in(std::chrono::seconds(10)));
    co_await stream->close(room);
  };
  const auto connect = [&]() -> net::Task<void> {
    auto socket = net::adopt(context.get_executor(), ends[1]);
    auto stream = Stream::client(std::move(*socket), ClientContext::make(std::move(options)).value(), name);
    out.client = co_await stream->handshake(net::in(std::chrono::seconds(10)));
    co_await stream->close(room);
  };
  const auto rethrow = [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  };
  asio::co_spawn(context, serve, rethrow);
  asio::co_spawn(context, connect, rethrow);
  context.run();
  return out;
}

TEST(ClientStream, VerifiesTheServerAndItsName) {
  const Both good = meet_ourselves(client_options(trust({house().root})), "a.example", house().options());
  ASSERT_TRUE(good.client.has_value()) << good.client.error().words;
  ASSERT_TRUE(good.server.has_value());
  EXPECT_EQ(good.client->admission->identity.dns, std::vector<std::string>{"a.example"});
  const Both wrong_name = meet_ourselves(client_options(trust({house().root})), "b.example", house().options());
  ASSERT_FALSE(wrong_name.client.has_value());
  EXPECT_EQ(wrong_name.client.error().code, Code::server_certificate_name_mismatch);
  EXPECT_EQ(wrong_name.server.error().code, Code::alert_received);
  const auto stranger = forge().ca("s-stranger", "Stranger");
  const Both distrusted = meet_ourselves(client_options(trust({stranger})), "a.example", house().options());
  EXPECT_EQ(distrusted.client.error().code, Code::server_certificate_untrusted_issuer);
}

}  // namespace
}  // namespace symbolon::tls
