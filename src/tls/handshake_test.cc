#include "tls/handshake.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;

Seen write_raw(int descriptor, std::string_view octets) {
  EXPECT_EQ(::write(descriptor, octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  ::shutdown(descriptor, SHUT_WR);
  Seen out;
  char buffer[256];
  for (ssize_t n = 0; (n = ::read(descriptor, buffer, sizeof(buffer))) > 0;)
    out.answer.append(buffer, static_cast<std::size_t>(n));
  ::close(descriptor);
  return out;
}

// The public half of `key` with a private half that does not belong to it.
crypto::EvpKey with_another_scalar(EVP_PKEY* key) {
  OSSL_PARAM* params = nullptr;
  EXPECT_EQ(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params), 1);
  OSSL_PARAM* const scalar = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PRIV_KEY);
  static_cast<unsigned char*>(scalar->data)[5] ^= 1;
  const crypto::EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, params), 1);
  OSSL_PARAM_free(params);
  return crypto::EvpKey(made);
}

Code code_of(const Met& met) { return met.server ? Code::internal : met.server.error().code; }

TEST(Handshake, AClientWithACertificateIsAdmittedAndServed) {
  const Holder alice = house().alice();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Met met = meet(routes(house().options()), {.holder = &alice, .version = version});
    ASSERT_TRUE(met.server.has_value()) << met.server.error().words;
    EXPECT_EQ(met.client.answer, "pong") << met.client.error;
    EXPECT_EQ(met.server->admission->identity.common_names, std::vector<std::string>{"alice"});
    EXPECT_EQ(met.server->server_name, "a.example");
    EXPECT_EQ(met.server->version, version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
  }
}

TEST(Handshake, NoCertificateIsRefusedWhereOneIsRequired) {
  const Met met = meet(routes(house().options()), ClientSetup{});
  EXPECT_EQ(code_of(met), Code::client_certificate_missing);
  EXPECT_EQ(met.client.alert, row(Code::client_certificate_missing).tls_alert);
  EXPECT_EQ(met.server.error().alert_sent, met.client.alert);
}

TEST(Handshake, OptionalMeansAnonymousWithoutACertificateAndRefusedWithABadOne) {
  ServerOptions options = house().options();
  options.verify = ClientVerification::optional;
  const auto served = routes(std::move(options));
  const Met anonymous = meet(served, ClientSetup{});
  ASSERT_TRUE(anonymous.server.has_value());
  EXPECT_EQ(anonymous.server->admission, nullptr);
  const auto stranger = forge().ca("stranger-root", "Stranger");
  const Holder bad = holder({forge().client("mallory", "mallory", "stranger-root"), stranger}, "mallory");
  const Met refused = meet(served, {.holder = &bad});
  EXPECT_EQ(code_of(refused), Code::client_certificate_untrusted_issuer);
  EXPECT_EQ(refused.client.answer, "");
}

TEST(Handshake, InsecureNoneAsksForNothing) {
  ServerOptions options = house().options();
  options.verify = ClientVerification::insecure_none;
  const Holder alice = house().alice();
  const Met met = meet(routes(std::move(options)), {.holder = &alice});
  ASSERT_TRUE(met.server.has_value());
  EXPECT_EQ(met.server->admission, nullptr);
}

TEST(Handshake, ACertificateWithoutItsKeyIsPossessionUnproven) {
  // Alice's public key with another private scalar: the library's own checks compare the public halves only.
  Holder alice = house().alice();
  alice.key = with_another_scalar(alice.key.get());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Met met = meet(routes(house().options()), {.holder = &alice, .version = version});
    EXPECT_EQ(code_of(met), Code::possession_unproven) << met.server.error().words;
    EXPECT_EQ(met.server.error().possession, Possession::unproven);
    EXPECT_EQ(met.client.alert, row(Code::possession_unproven).tls_alert);
    EXPECT_EQ(met.server.error().presented.size(), 2U);
  }
}

TEST(Handshake, OldVersionsAreRefused) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const Met met =
        meet(routes(house().options()),
             {.version = version, .prepare = [](SSL_CTX* made) { SSL_CTX_set_cipher_list(made, "ALL:@SECLEVEL=0"); }});
    EXPECT_EQ(code_of(met), Code::protocol_version);
    EXPECT_EQ(met.client.alert, SSL_AD_PROTOCOL_VERSION);
  }
}

TEST(Handshake, WhatIsNotSharedIsNamed) {
  const Met cipher = meet(routes(house().options()), {.version = TLS1_2_VERSION, .prepare = [](SSL_CTX* made) {
                                                        SSL_CTX_set_cipher_list(made, "ECDHE-ECDSA-AES128-SHA256");
                                                      }});
  EXPECT_EQ(code_of(cipher), Code::no_shared_cipher);
  EXPECT_EQ(cipher.client.alert, SSL_AD_HANDSHAKE_FAILURE);
  const Met group =
      meet(routes(house().options()), {.prepare = [](SSL_CTX* made) { SSL_CTX_set1_groups_list(made, "ffdhe2048"); }});
  EXPECT_EQ(code_of(group), Code::no_shared_group) << group.server.error().words;
  const Met signature =
      meet(routes(house().options()), {.prepare = [](SSL_CTX* made) { SSL_CTX_set1_sigalgs_list(made, "ed25519"); }});
  EXPECT_EQ(code_of(signature), Code::no_shared_signature_algorithm) << signature.server.error().words;
}

TEST(Handshake, WhatIsNotTlsIsNamed) {
  const auto served = routes(house().options());
  const auto send = [&](std::string_view octets) {
    return code_of(meet(served, [=](int descriptor) { return write_raw(descriptor, octets); }));
  };
  EXPECT_EQ(send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), Code::plain_http);
  EXPECT_EQ(send("OPTIONS * HTTP/1.1\r\n\r\n"), Code::plain_http);
  EXPECT_EQ(send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Code::plain_http);
  EXPECT_EQ(send("SSH-2.0-OpenSSH_9.2\r\n"), Code::not_tls);
  EXPECT_EQ(send(std::string_view("\0\0\0\x08\x04\xd2\x16\x2f", 8)), Code::not_tls);  // PostgreSQL's SSLRequest
  EXPECT_EQ(send(""), Code::handshake_closed);
}

TEST(Handshake, ATruncatedClientHelloIsClosedAndABrokenOneMalformed) {
  const auto served = routes(house().options());
  const std::string half("\x16\x03\x01\x00\x40\x01\x00\x00\x3c", 9);
  EXPECT_EQ(code_of(meet(served, [&](int descriptor) { return write_raw(descriptor, half); })), Code::handshake_closed);
  std::string broken("\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\xff\xff", 13);
  const Met met = meet(served, [&](int descriptor) { return write_raw(descriptor, broken); });
  EXPECT_EQ(code_of(met), Code::handshake_malformed);
  ASSERT_EQ(met.client.answer.size(), 7U);  // an alert record
  EXPECT_EQ(met.client.answer[0], '\x15');
}

TEST(Handshake, SilenceEndsAtTheDeadline) {
  const auto wait = [](int descriptor) {
    char octet = 0;
    Seen out;
    out.connected = ::read(descriptor, &octet, 1) == 1;
    ::close(descriptor);
    return out;
  };
  const Met met = meet(routes(house().options()), wait, answer_pong, std::chrono::milliseconds(50));
  EXPECT_EQ(code_of(met), Code::handshake_timeout);
}

TEST(Handshake, AClientThatDistrustsUsIsHeard) {
  const Holder alice = house().alice();
  const Met met =
      meet(routes(house().options()),
           {.holder = &alice, .prepare = [](SSL_CTX* made) { SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nullptr); }});
  EXPECT_EQ(code_of(met), Code::alert_received);
  EXPECT_EQ(met.server.error().alert_received, SSL_AD_UNKNOWN_CA);
}

TEST(Handshake, AByteWiseClientIsServed) {
  // Every write of the client leaves octet by octet, so that each record and message arrives torn.
  const Holder alice = house().alice();
  const auto byte_wise = [&](int descriptor) {
    int inner[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, inner), 0);
    std::thread up([&] {
      char octet = 0;
      while (::read(inner[1], &octet, 1) == 1 && ::write(descriptor, &octet, 1) == 1) {
      }
      ::shutdown(descriptor, SHUT_WR);
    });
    std::thread down([&] {
      char octets[64];
      for (ssize_t n = 0; (n = ::read(descriptor, octets, sizeof(octets))) > 0;) {
        if (::send(inner[1], octets, static_cast<std::size_t>(n), MSG_NOSIGNAL) < 0) break;
      }
      ::shutdown(inner[1], SHUT_WR);
    });
    Seen seen = foreign_client(inner[0], {.holder = &alice});
    up.join();
    down.join();
    ::close(inner[1]);
    ::close(descriptor);
    return seen;
  };
  const Met met = meet(routes(house().options()), byte_wise);
  EXPECT_TRUE(met.server.has_value());
  EXPECT_EQ(met.client.answer, "pong");
}

}  // namespace
}  // namespace symbolon::tls
