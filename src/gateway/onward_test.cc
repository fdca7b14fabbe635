#include "gateway/onward.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "x509/testing/forge.h"

namespace symbolon::gateway {
namespace {

using Field = OnwardConfig::Field;
using Version = OnwardConfig::Version;
using x509::testing::forge;
using x509::testing::Forge;

const net::PeerAddress kClient{"192.0.2.1", 4711};
const net::PeerAddress kHere{"198.51.100.1", 443};

tls::Peer anonymous() {
  tls::Peer out;
  out.version = "TLSv1.3";
  out.cipher = "TLS_AES_128_GCM_SHA256";
  out.group = "x25519";
  out.alpn = "h2";
  out.server_name = "a.example";
  return out;
}

tls::Peer admitted(const x509::Certificate& leaf) {
  tls::Peer out = anonymous();
  auto admission = std::make_shared<tls::Admission>();
  admission->path = {leaf};
  out.admission = std::move(admission);
  return out;
}

net::ProxyHeader said(const OnwardConfig& config, const Onward& onward) {
  const auto header = onward_header(config, onward);
  EXPECT_TRUE(header.has_value()) << header.error().text();
  return net::parse_proxy_header(header.value()).value();
}

const OnwardConfig kV2{.version = Version::v2};

TEST(Onward, NothingIsSaidWhereNothingIsConfigured) {
  EXPECT_TRUE(onward_header({}, {.source = kClient, .destination = kHere}).value().empty());
}

TEST(Onward, SaysWhoWasAdmitted) {
  const x509::Certificate leaf = forge().certificate("ow-alice", "alice", "", Forge::kClient);
  const tls::Peer peer = admitted(leaf);
  const net::ProxyHeader header = said(kV2, {kClient, kHere, &peer, &leaf, "7Q4M"});
  EXPECT_EQ(header.addresses->source, kClient);
  EXPECT_EQ(header.addresses->destination, kHere);
  EXPECT_EQ(header.alpn, "h2");
  EXPECT_EQ(header.authority, "a.example");
  EXPECT_FALSE(header.unique_id || header.checksum || header.tls->group || header.tls->key_algorithm);
  EXPECT_TRUE(header.tls->certificate_in_connection && header.tls->certificate_in_session);
  EXPECT_EQ(header.tls->verify, 0U);
  EXPECT_EQ(header.tls->version, "TLSv1.3");
  EXPECT_EQ(header.tls->common_name, "alice");
  EXPECT_EQ(header.tls->client_certificate, to_bytes(leaf.der()));
}

// proxy-protocol.txt §2.2.5: PP2_CLIENT_CERT_CONN is about "the current connection", PP2_CLIENT_CERT_SESS about "the
// current session".
TEST(Onward, WhoResumedASessionPresentedNothingInThisConnection) {
  const x509::Certificate leaf = forge().certificate("ow-alice", "alice", "", Forge::kClient);
  tls::Peer peer = admitted(leaf);
  peer.resumed = true;
  const net::ProxyHeader header = said(kV2, {kClient, kHere, &peer, &leaf});
  EXPECT_TRUE(header.tls->certificate_in_session);
  EXPECT_FALSE(header.tls->certificate_in_connection);
  EXPECT_EQ(header.tls->verify, 0U);
  EXPECT_EQ(header.tls->common_name, "alice");
  tls::Peer nobody = anonymous();
  nobody.resumed = true;
  EXPECT_FALSE(said(kV2, {kClient, kHere, &nobody, &leaf}).tls->certificate_in_session);
}

TEST(Onward, WhoIsAnonymousIsNotVerified) {
  const tls::Peer peer = anonymous();
  const net::ProxyHeader header = said(kV2, {kClient, kHere, &peer, nullptr});
  EXPECT_FALSE(header.tls->certificate_in_connection || header.tls->certificate_in_session);
  EXPECT_NE(header.tls->verify, 0U);
  EXPECT_FALSE(header.tls->common_name || header.tls->client_certificate);
}

TEST(Onward, WithoutTlsNothingIsSaidOfIt) {
  const net::ProxyHeader header = said(kV2, {.source = kClient, .destination = kHere});
  EXPECT_TRUE(header.addresses && !header.tls && !header.alpn && !header.authority);
  EXPECT_FALSE(said(kV2, {.source = {"unix", 0}, .destination = {"unix", 0}}).addresses.has_value());
}

TEST(Onward, SaysWhatIsChosen) {
  const x509::Certificate leaf = forge().certificate("ow-bob", "bob", "", Forge::kClient);
  const tls::Peer peer = admitted(leaf);
  OnwardConfig config = kV2;
  config.send = {Field::key_algorithm, Field::signature_algorithm, Field::group, Field::unique_id, Field::crc32c};
  const net::ProxyHeader header = said(config, {kClient, kHere, &peer, &leaf, "7Q4M"});
  EXPECT_TRUE(header.checksum);
  EXPECT_EQ(header.unique_id, "7Q4M");
  EXPECT_EQ(header.tls->key_algorithm, "EC256");
  EXPECT_EQ(header.tls->signature_algorithm, "ecdsa-with-SHA256");
  EXPECT_EQ(header.tls->group, "x25519");
  EXPECT_FALSE(header.alpn || header.authority || header.tls->common_name || header.tls->client_certificate);
  config.send = {Field::alpn};
  EXPECT_FALSE(said(config, {kClient, kHere, &peer, &leaf, ""}).tls.has_value());
}

TEST(Onward, WhatCannotBeSaidIsAnError) {
  tls::Peer peer = anonymous();
  peer.server_name = "a.example\tx";
  EXPECT_EQ(onward_header(kV2, {kClient, kHere, &peer}).error().code, Code::identity_not_forwarded);
  EXPECT_TRUE(onward_header({.version = Version::v1}, {kClient, kHere, &peer}).has_value()) << "is not said there";
  peer.server_name = std::string(66000, 'a');
  EXPECT_EQ(onward_header(kV2, {kClient, kHere, &peer}).error().code, Code::identity_not_forwarded);
}

// -- the configuration

struct Read {
  OnwardConfig onward;
  ProxySources from;
};

Result<Read> read(const std::string& yaml) {
  config::Table<Read> table("");
  table.optional("proxy_protocol", &Read::onward, onward_value(), "")
      .optional("accept_proxy_from", &Read::from, proxy_sources_value(), "");
  return config::load(yaml, "/etc/symbolon/symbolon.yaml", table).result();
}

TEST(OnwardConfig, IsAVersionOrAChoice) {
  EXPECT_EQ(read("proxy_protocol: v1\n")->onward.version, Version::v1);
  EXPECT_TRUE(read("proxy_protocol: v2\n")->onward.sends(Field::certificate));
  const auto chosen = read("proxy_protocol: { send: [cn, crc32c] }\n");
  ASSERT_TRUE(chosen.has_value()) << chosen.error().text();
  EXPECT_EQ(chosen->onward.version, Version::v2);
  EXPECT_TRUE(chosen->onward.sends(Field::cn) && chosen->onward.sends_tls() && !chosen->onward.sends(Field::alpn));
  EXPECT_FALSE(read("proxy_protocol: { send: [cn] }\n")->onward.sends(Field::ssl));
  for (const char* const wrong :
       {"proxy_protocol: v3\n", "proxy_protocol: { send: [serial] }\n", "proxy_protocol: {}\n"})
    EXPECT_FALSE(read(wrong).has_value()) << wrong;
}

TEST(ProxySources, AreNetworksUnixSocketsOrEverybody) {
  const auto some = read("accept_proxy_from: [192.0.2.0/24, \"2001:db8::/32\", unix]\n");
  ASSERT_TRUE(some.has_value()) << some.error().text();
  EXPECT_TRUE(some->from.include("192.0.2.200") && some->from.include("2001:db8::1") && some->from.include("unix"));
  EXPECT_FALSE(some->from.include("192.0.3.1") || some->from.include("::1"));
  EXPECT_FALSE(ProxySources{}.include("192.0.2.1") || ProxySources{}.include("unix"));
  EXPECT_TRUE(read("accept_proxy_from: [insecure_anybody]\n")->from.include("203.0.113.1"));
  for (const char* const wrong :
       {"accept_proxy_from: []\n", "accept_proxy_from: [0.0.0.0/0]\n", "accept_proxy_from: [\"::/0\"]\n",
        "accept_proxy_from: [192.0.2.1/24]\n", "accept_proxy_from: [example.com]\n"})
    EXPECT_EQ(read(wrong).error().code, Code::config_bad_value) << wrong;
}

}  // namespace
}  // namespace symbolon::gateway
