// A session is resumed where a new handshake of the same client would be admitted, and nowhere else.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "revocation/revocation_source.h"
#include "tls/resumption.h"
#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;
using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

Session none() { return {nullptr, &SSL_SESSION_free}; }

struct Visit {
  Met met;
  bool reused = false;
  Session session = none();  // the newest that the client got
};

// A client that comes back with the session that it got, again and again if need be.
Visit visit(const std::shared_ptr<const ServerRoutes>& served, const ClientSetup& setup, SSL_SESSION* offered) {
  static thread_local SSL_SESSION* got = nullptr;
  Visit out;
  SSL_SESSION* session = nullptr;
  out.met = meet(served, [&](int descriptor) {
    got = nullptr;
    ClientSetup keeping = setup;
    keeping.prepare = [&](SSL_CTX* made) {
      SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
      SSL_CTX_sess_set_new_cb(made, [](SSL*, SSL_SESSION* one) {
        SSL_SESSION_free(std::exchange(got, one));
        return 1;
      });
      if (setup.prepare) setup.prepare(made);
    };
    keeping.prepare_connection = [&](SSL* ssl) {
      if (setup.prepare_connection) setup.prepare_connection(ssl);
      // A copy: the library marks a TLS 1.3 session as used up.
      const Session copy(offered != nullptr ? SSL_SESSION_dup(offered) : nullptr, &SSL_SESSION_free);
      if (copy) {
        EXPECT_EQ(SSL_set_session(ssl, copy.get()), 1);
      }
      SSL_set_info_callback(ssl, [](const SSL* one, int where, int value) {
        if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value & 0xFF) != SSL_AD_CLOSE_NOTIFY)
          alert_slot() = value & 0xFF;
        if ((where & SSL_CB_HANDSHAKE_DONE) != 0) alert_slot() = SSL_session_reused(one) != 0 ? 1000 : alert_slot();
      });
    };
    Seen seen = foreign_client(descriptor, keeping);
    out.reused = seen.alert == 1000;
    session = std::exchange(got, nullptr);
    return seen;
  });
  out.session.reset(session);
  return out;
}

struct Setting {
  FixedClock clock{kNow};
  std::shared_ptr<SessionTickets> tickets = std::make_shared<SessionTickets>(clock);
  std::shared_ptr<revocation::RevocationSource> revocation = std::make_shared<revocation::RevocationSource>();
  Holder alice = house().alice();

  ServerOptions options() const {
    ServerOptions out = house().options();
    out.clients.clock = &clock;
    out.clients.revocation = revocation;
    out.sessions = {.tickets = tickets, .lifetime = kHour, .listener = ":8443"};
    return out;
  }
  ClientSetup client(int version = TLS1_3_VERSION) const { return {.holder = &alice, .version = version}; }
  void revoke(const x509::Certificate& issuer, const x509::Certificate& subject) const {
    revocation->add(revocation::IssuerKey::of(issuer), subject.serial(), kNow);
  }
};

// It was let in by a full handshake, and its session was declined for this.
::testing::AssertionResult full(const Visit& visited, std::string_view declined) {
  if (!visited.met.server) return ::testing::AssertionFailure() << visited.met.server.error().words;
  const Peer& peer = *visited.met.server;
  if (visited.reused || peer.resumed) return ::testing::AssertionFailure() << "it was resumed";
  if (peer.declined_session != declined) return ::testing::AssertionFailure() << "declined: " << peer.declined_session;
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult resumed(const Visit& visited) {
  if (!visited.met.server) return ::testing::AssertionFailure() << visited.met.server.error().words;
  const Peer& peer = *visited.met.server;
  if (!visited.reused || !peer.resumed)
    return ::testing::AssertionFailure() << "a full handshake; declined: " << peer.declined_session;
  return ::testing::AssertionSuccess();
}

// Its session was declined, and the full handshake that followed was refused, both for this.
::testing::AssertionResult refused(const Visit& visited, Code code) {
  if (visited.met.server) return ::testing::AssertionFailure() << "it was admitted";
  const Refusal& refusal = visited.met.server.error();
  if (refusal.code != code) return ::testing::AssertionFailure() << name(refusal.code) << ": " << refusal.words;
  if (refusal.declined_session != name(code))
    return ::testing::AssertionFailure() << "declined: " << refusal.declined_session;
  if (visited.met.client.alert != row(code).tls_alert)
    return ::testing::AssertionFailure() << "the alert " << visited.met.client.alert;
  return ::testing::AssertionSuccess();
}

class ResumedSession : public ::testing::TestWithParam<int>, protected Setting {
 protected:
  // The session of a full handshake.
  Session begin(const std::shared_ptr<const ServerRoutes>& served) {
    Visit first = visit(served, client(GetParam()), nullptr);
    EXPECT_TRUE(full(first, ""));
    EXPECT_NE(first.session, nullptr);
    return std::move(first.session);
  }
};

TEST_P(ResumedSession, IsAdmittedWithItsWholePath) {
  const auto served = routes(options());
  const Session session = begin(served);
  const Visit again = visit(served, client(GetParam()), session.get());
  ASSERT_TRUE(resumed(again));
  const auto& admission = again.met.server->admission;
  ASSERT_NE(admission, nullptr);
  EXPECT_EQ(admission->path, (std::vector{house().client, house().issuing, house().root}));
  EXPECT_EQ(admission->identity.serial, house().client.serial());
  EXPECT_FALSE(admission->rule.empty());
  EXPECT_EQ(admission->generation, revocation->generation());
  EXPECT_EQ(again.met.server->server_name, "a.example");
  EXPECT_EQ(again.met.client.answer, "pong");
}

TEST_P(ResumedSession, IsDeclinedAndRefusedWhereItsLeafIsRevoked) {
  const auto served = routes(options());
  const Session session = begin(served);
  revoke(house().issuing, house().client);
  EXPECT_TRUE(refused(visit(served, client(GetParam()), session.get()), Code::client_certificate_revoked));
}

TEST_P(ResumedSession, IsDeclinedAndRefusedWhereACaOfItsPathIsRevoked) {
  const auto served = routes(options());
  const Session session = begin(served);
  revoke(house().root, house().issuing);
  EXPECT_TRUE(refused(visit(served, client(GetParam()), session.get()), Code::client_certificate_issuer_revoked));
}

TEST_P(ResumedSession, IsDeclinedAndRefusedWhereNobodyKnowsWhatIsRevoked) {
  const auto served = routes(options());
  const Session session = begin(served);
  revocation->add(revocation::IssuerKey::of(house().issuing), x509::SerialNumber::parse("77").value(), kNow);
  ASSERT_TRUE(resumed(visit(served, client(GetParam()), session.get())));
  revocation->good_until(kNow - Seconds{1});
  EXPECT_TRUE(refused(visit(served, client(GetParam()), session.get()), Code::client_certificate_revocation_unknown));
}

TEST_P(ResumedSession, IsDeclinedAndRefusedAfterItsCertificate) {
  // The leaf ends first, as it mostly does; then all of its path.
  const Holder hasty =
      holder({forge().certificate("hasty", "hasty", "house-issuing",
                                  Forge::with(Forge::kClient, fmt::format(R"("not_before": {}, "not_after": {})",
                                                                          kNow.count - 60, kNow.count + 600))),
              house().issuing},
             "hasty");
  ClientSetup setup = client(GetParam());
  setup.holder = &hasty;
  const auto usual = routes(options());
  const Visit first = visit(usual, setup, nullptr);
  ASSERT_NE(first.session, nullptr);
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(first.session.get()), 600UL);
  clock.set(kNow + Seconds{600});
  ASSERT_TRUE(resumed(visit(usual, setup, first.session.get())));
  clock.set(kNow + Seconds{601});
  EXPECT_TRUE(refused(visit(usual, setup, first.session.get()), Code::client_certificate_expired));

  ServerOptions made = options();
  made.sessions.lifetime = kDay * 1000;
  const auto served = routes(std::move(made));
  const UnixSeconds end = house().client.validity().not_after;
  clock.set(end - kHour);
  const Session session = begin(served);
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(session.get()), static_cast<unsigned long>(kHour.count));
  clock.set(end);
  ASSERT_TRUE(resumed(visit(served, client(GetParam()), session.get())));
  clock.set(end + Seconds{1});
  EXPECT_TRUE(refused(visit(served, client(GetParam()), session.get()), Code::client_certificate_issuer_expired));
}

TEST_P(ResumedSession, LivesFromItsFullHandshakeOnHoweverOftenItIsResumed) {
  const auto served = routes(options());
  Session session = begin(served);
  for (const Seconds age : {Seconds{1800}, Seconds{3000}, Seconds{3500}}) {
    clock.set(kNow + age);
    Visit again = visit(served, client(GetParam()), session.get());
    ASSERT_TRUE(resumed(again));
    if (GetParam() == TLS1_3_VERSION) {
      ASSERT_NE(again.session, nullptr);
      EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(again.session.get()),
                static_cast<unsigned long>((kHour - age).count));
    }
    if (again.session) session = std::move(again.session);  // chained
  }
  clock.set(kNow + kHour);
  EXPECT_TRUE(full(visit(served, client(GetParam()), session.get()), kTicketTooOld));
}

TEST_P(ResumedSession, IsDeclinedWhereTheClockWentBack) {
  const auto served = routes(options());
  const Session session = begin(served);
  clock.set(kNow - Seconds{1});
  EXPECT_TRUE(full(visit(served, client(GetParam()), session.get()), kTicketUnknown));
}

TEST_P(ResumedSession, OfOneServerNameIsNoneOfAnother) {
  const auto served = routes(options());
  const Session session = begin(served);
  for (const std::string other : {"b.example", ""}) {
    ClientSetup setup = client(GetParam());
    setup.server_name = other;
    EXPECT_TRUE(full(visit(served, setup, session.get()), kTicketOfAnotherContext)) << other;
  }
  EXPECT_TRUE(resumed(visit(served, client(GetParam()), session.get())));
}

TEST_P(ResumedSession, OfOneListenerRouteOrTrustIsNoneOfAnother) {
  const Session session = begin(routes(options()));
  ServerOptions listener = options();
  listener.sessions.listener = ":9443";
  ServerOptions route = options();
  route.name = "other";
  ServerOptions trusting = options();
  trusting.clients.trust = trust({house().root, house().issuing});
  for (ServerOptions* other : {&listener, &route, &trusting}) {
    const auto served = routes(std::move(*other));
    EXPECT_TRUE(full(visit(served, client(GetParam()), session.get()), kTicketOfAnotherContext));
  }
  EXPECT_TRUE(resumed(visit(routes(options()), client(GetParam()), session.get())));  // a reload that changed nothing
}

TEST_P(ResumedSession, IsDeclinedAndRefusedWhereTheRulesAdmitItNoMore) {
  const Session session = begin(routes(options()));
  ServerOptions stricter = options();
  policy::AccessRules rules;
  rules.allow.any_verified = true;
  rules.deny = {policy::Rule::make({{policy::RuleKey::cn, "alice"}}).value()};
  stricter.clients.access =
      std::make_shared<const policy::AccessPolicy>(policy::AccessPolicy::make(rules, "test").value());
  EXPECT_TRUE(
      refused(visit(routes(std::move(stricter)), client(GetParam()), session.get()), Code::not_allowed_by_policy));
}

TEST_P(ResumedSession, IsDeclinedWhereItsKeyIsGone) {
  const auto served = routes(options());
  const Session session = begin(served);
  tickets->keys().renew();
  EXPECT_TRUE(full(visit(served, client(GetParam()), session.get()), kTicketUnknown));
}

TEST_P(ResumedSession, IsDeclinedWhereACaOfItsPathIsForgotten) {
  const auto served = routes(options());
  const Session session = begin(served);
  for (std::size_t i = 0; i < SessionTickets::kMostCas; ++i) {
    const auto root = forge().ca(fmt::format("many-root-{}", i), fmt::format("Many Root {}", i));
    tickets->remember_cas({house().client, house().issuing, root});
  }
  EXPECT_TRUE(full(visit(served, client(GetParam()), session.get()), kTicketPathUnknown));
}

// A declined session must leave nothing behind that the full handshake could be taken for.
TEST_P(ResumedSession, ThatIsDeclinedAdmitsNobodyInItsPlace) {
  ServerOptions made = options();
  made.verify = ClientVerification::optional;
  const auto served = routes(std::move(made));
  const Session session = begin(served);
  ClientSetup without = client(GetParam());
  without.holder = nullptr;
  const Visit while_good = visit(served, without, session.get());
  ASSERT_TRUE(resumed(while_good));
  EXPECT_NE(while_good.met.server->admission, nullptr);
  revoke(house().issuing, house().client);
  const Visit after = visit(served, without, session.get());
  ASSERT_TRUE(full(after, name(Code::client_certificate_revoked)));
  EXPECT_EQ(after.met.server->admission, nullptr);
}

TEST_P(ResumedSession, OfSomebodyAnonymousIsAnonymous) {
  ClientSetup without = client(GetParam());
  without.holder = nullptr;
  for (const auto verify : {ClientVerification::optional, ClientVerification::insecure_none}) {
    ServerOptions made = options();
    made.verify = verify;
    const auto served = routes(std::move(made));
    const Visit first = visit(served, without, nullptr);
    ASSERT_NE(first.session, nullptr);
    const Visit again = visit(served, without, first.session.get());
    ASSERT_TRUE(resumed(again));
    EXPECT_EQ(again.met.server->admission, nullptr);
    // And none where a certificate is demanded now.
    const Visit demanded = visit(routes(options()), without, first.session.get());
    ASSERT_FALSE(demanded.met.server.has_value());
    EXPECT_EQ(demanded.met.server.error().code, Code::client_certificate_missing);
    EXPECT_EQ(demanded.met.server.error().declined_session, kTicketOfAnotherContext);
  }
}

TEST_P(ResumedSession, OfACertificateThatIsPinnedStandsOnItAlone) {
  ServerOptions made = options();
  made.clients.trust = trust({house().client});
  const auto served = routes(std::move(made));
  const Session session = begin(served);
  const Visit again = visit(served, client(GetParam()), session.get());
  ASSERT_TRUE(resumed(again));
  EXPECT_EQ(again.met.server->admission->path, std::vector{house().client});
  revoke(house().issuing, house().client);
  EXPECT_TRUE(refused(visit(served, client(GetParam()), session.get()), Code::client_certificate_revoked));
}

// The library takes the callbacks from the context that a connection begins with, which is the first route's.
TEST_P(ResumedSession, IsOfTheRouteThatTheClientHelloChose) {
  ServerOptions off = options();
  off.name = "off";
  off.sessions = {};
  ServerOptions on = options();
  const auto of_off = context(std::move(off));
  const auto served =
      ServerRoutes::make({{{"off.example"}, of_off}, {{"a.example"}, context(std::move(on))}}, nullptr).value();
  const Session session = begin(served);
  EXPECT_TRUE(resumed(visit(served, client(GetParam()), session.get())));
  ClientSetup setup = client(GetParam());
  setup.server_name = "off.example";
  const Visit other = visit(served, setup, session.get());
  EXPECT_TRUE(full(other, ""));
  EXPECT_EQ(other.session, nullptr);
}

TEST_P(ResumedSession, ThatSomebodyChangedIsDeclined) {
  const auto served = routes(options());
  const Session session = begin(served);
  const unsigned char* ticket = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_ticket(session.get(), &ticket, &size);
  int length = i2d_SSL_SESSION(session.get(), nullptr);
  Bytes der(static_cast<std::size_t>(length));
  unsigned char* out = der.data();
  i2d_SSL_SESSION(session.get(), &out);
  const auto at = std::ranges::search(der, std::span(ticket, size)).begin();
  ASSERT_NE(at, der.end());
  for (const std::size_t place : {std::size_t{0}, std::size_t{20}, size / 2, size - 1}) {
    Bytes changed = der;
    changed[static_cast<std::size_t>(at - der.begin()) + place] ^= 1;
    const unsigned char* in = changed.data();
    const Session other(d2i_SSL_SESSION(nullptr, &in, static_cast<long>(changed.size())), &SSL_SESSION_free);
    ASSERT_NE(other, nullptr);
    EXPECT_TRUE(full(visit(served, client(GetParam()), other.get()), kTicketUnknown)) << place;
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, ResumedSession, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

class Resuming : public ::testing::Test, protected Setting {};

// RFC 7627 §5.3, §5.4.
TEST_F(Resuming, NeedsAnExtendedMasterSecretInTls12) {
  const auto served = routes(options());
  ClientSetup without = client(TLS1_2_VERSION);
  without.prepare = [](SSL_CTX* made) { SSL_CTX_set_options(made, SSL_OP_NO_EXTENDED_MASTER_SECRET); };
  const Visit first = visit(served, without, nullptr);
  EXPECT_TRUE(full(first, ""));
  EXPECT_TRUE(first.session == nullptr || SSL_SESSION_has_ticket(first.session.get()) == 0);
  const Visit good = visit(served, client(TLS1_2_VERSION), nullptr);
  ASSERT_NE(good.session, nullptr);
  EXPECT_TRUE(resumed(visit(served, client(TLS1_2_VERSION), good.session.get())));
  const Visit back = visit(served, without, good.session.get());
  EXPECT_FALSE(back.reused);
  EXPECT_FALSE(back.met.server && back.met.server->resumed);
}

// RFC 8446 §4.1.4: the second ClientHello offers the session again, and is judged again.
TEST_F(Resuming, GoesThroughAHelloRetryRequest) {
  const auto served = routes(options());
  ClientSetup setup = client();
  setup.prepare = [](SSL_CTX* made) { EXPECT_EQ(SSL_CTX_set1_groups_list(made, "ffdhe2048:P-256"), 1); };
  const Visit first = visit(served, setup, nullptr);
  ASSERT_NE(first.session, nullptr);
  EXPECT_TRUE(resumed(visit(served, setup, first.session.get())));
  revoke(house().issuing, house().client);
  EXPECT_TRUE(refused(visit(served, setup, first.session.get()), Code::client_certificate_revoked));
}

// Names of one length, often: what is bound is the name, and the same one each time.
TEST_F(Resuming, IsForOneNameAndForTheSameEachTime) {
  const auto one = context(options());
  const auto two = context(options());
  const std::vector<std::optional<std::string>> names = {
      std::nullopt, "", "a.example", "b.example", "c.example", "a-name-that-fits-into-no-short-string.example"};
  for (const auto& name : names) {
    EXPECT_EQ(one->session_context(name), two->session_context(name));
    for (const auto& other : names) EXPECT_EQ(one->session_context(name) == two->session_context(other), name == other);
  }
}

TEST_F(Resuming, IsOffWithoutTickets) {
  ServerOptions off = options();
  off.sessions = {};
  const Visit first = visit(routes(std::move(off)), client(), nullptr);
  EXPECT_TRUE(full(first, ""));
  EXPECT_EQ(first.session, nullptr);
}

}  // namespace
}  // namespace symbolon::tls
