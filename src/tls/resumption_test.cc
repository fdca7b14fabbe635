// Without tickets nothing is ever resumed, in any form.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;
using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

struct Offer {
  Session session{nullptr, &SSL_SESSION_free};
  int tickets = 0;  // NewSessionTicket messages, or sessions with an id
};

Offer& offer() {
  static Offer offer;
  return offer;
}

// A client that keeps every session that it is given.
void keep_sessions(SSL_CTX* made) {
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(made, [](SSL*, SSL_SESSION* session) {
    ++offer().tickets;
    offer().session.reset(session);
    return 1;
  });
}

// Connects, offering `session` where there is one; says whether it was resumed and which session there is at the end.
struct Visit {
  bool connected = false;
  bool reused = false;
  Session session{nullptr, &SSL_SESSION_free};
};

Met visit(std::shared_ptr<const ServerRoutes> served, const ClientSetup& setup, SSL_SESSION* session, Visit& visited) {
  return meet(std::move(served), [&, session](int descriptor) {
    const auto made = foreign_context(setup);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(made.get()), &SSL_free);
    SSL_set_fd(ssl.get(), descriptor);
    SSL_set_tlsext_host_name(ssl.get(), "a.example");
    if (session != nullptr) {
      EXPECT_EQ(SSL_set_session(ssl.get(), session), 1);
    }
    visited.connected = SSL_connect(ssl.get()) == 1;
    visited.reused = SSL_session_reused(ssl.get()) == 1;
    SSL_write(ssl.get(), "ping", 4);
    char buffer[64];
    while (SSL_read(ssl.get(), buffer, sizeof(buffer)) > 0) {
    }
    visited.session.reset(SSL_get1_session(ssl.get()));
    SSL_shutdown(ssl.get());
    ::close(descriptor);
    return Seen{};
  });
}

class Resumption : public ::testing::TestWithParam<std::tuple<int, ClientVerification, bool>> {};

TEST_P(Resumption, IsNeverOfferedAndNeverAccepted) {
  const auto& [version, verify, tickets] = GetParam();
  offer() = {};
  const Holder alice = house().alice();
  ServerOptions options = house().options();
  options.verify = verify;
  const auto served = routes(std::move(options));
  ClientSetup setup{.holder = &alice, .version = version, .prepare = [wanted = tickets](SSL_CTX* made) {
                      keep_sessions(made);
                      if (!wanted) SSL_CTX_set_options(made, SSL_OP_NO_TICKET);
                    }};
  Visit first;
  visit(served, setup, nullptr, first);
  ASSERT_TRUE(first.connected);
  EXPECT_EQ(offer().tickets, 0);
  unsigned id_length = 0;
  SSL_SESSION_get_id(first.session.get(), &id_length);
  if (version == TLS1_2_VERSION) {
    EXPECT_EQ(id_length, 0U);
  }
  EXPECT_EQ(SSL_SESSION_has_ticket(first.session.get()), 0);
  // Offered all the same, it is not taken: the handshake is a full one, with a judgement.
  Visit again;
  const Met second = visit(served, setup, first.session.get(), again);
  EXPECT_TRUE(again.connected);
  EXPECT_FALSE(again.reused);
  if (verify != ClientVerification::insecure_none) {
    EXPECT_NE(second.server->admission, nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Resumption,
                         ::testing::Combine(::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                                            ::testing::Values(ClientVerification::require, ClientVerification::optional,
                                                              ClientVerification::insecure_none),
                                            ::testing::Bool()));

// A session that another server of the same credential made (tickets on, as a careless one would): not accepted here.
TEST(Resumption, TheTicketOfAnotherServerIsNotAccepted) {
  const Holder alice = house().alice();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    offer() = {};
    const auto careless = context(house().options());
    SSL_CTX* const raw = careless->get();
    SSL_CTX_clear_options(raw, SSL_OP_NO_TICKET);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(raw, nullptr);
    SSL_CTX_set_session_ticket_cb(raw, nullptr, nullptr, nullptr);
    SSL_CTX_set_num_tickets(raw, 2);
    SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>("x"), 1);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_SERVER);
    ClientSetup setup{.holder = &alice, .version = version, .prepare = keep_sessions};
    const Met first = meet(ServerRoutes::single(careless).value(), setup);
    ASSERT_TRUE(first.server.has_value());
    ASSERT_GT(offer().tickets, 0) << "the careless server is not careless enough for this test";
    // The same keys, so that the ticket could be opened, but our settings.
    std::array<unsigned char, 80> keys{};
    const auto ours = context(house().options());
    SSL_CTX_get_tlsext_ticket_keys(raw, keys.data(), keys.size());
    SSL_CTX_set_tlsext_ticket_keys(ours->get(), keys.data(), keys.size());
    SSL_CTX_set_session_id_context(ours->get(), reinterpret_cast<const unsigned char*>("x"), 1);
    Visit second;
    visit(ServerRoutes::single(ours).value(), setup, offer().session.get(), second);
    EXPECT_TRUE(second.connected);
    EXPECT_FALSE(second.reused) << version;
    Visit control;  // the session is good: its maker takes it
    visit(ServerRoutes::single(careless).value(), setup, offer().session.get(), control);
    EXPECT_TRUE(control.reused) << version;
    offer() = {};
  }
}

}  // namespace
}  // namespace symbolon::tls
