#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include "net/crc32c.h"

namespace symbolon::net {
namespace {

// Sent by HAProxy 2.6.12 (`send-proxy`, `send-proxy-v2`, and the latter with `proxy-v2-options
// ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id`).
constexpr std::string_view kHaproxyLine = "PROXY TCP4 127.0.0.1 127.0.0.1 41990 28282\r\n";
constexpr std::string_view kHaproxyPlain = "0d0a0d0a000d0a515549540a2111000c7f0000017f000001bc5e61e6";

Bytes haproxy_tls() {
  return from_hex(
             "0d0a0d0a000d0a515549540a21110080"
             "7f0000017f000001b9d2638d"
             "030004e4a1fb16"
             "010008687474702f312e31"
             "0200096c6f63616c686f7374"
             "05000469642d30"
             "20004c0700000000"
             "210007544c5376312e33"
             "220005616c696365"
             "2500054543323536"
             "24001165636473612d776974682d534841323536"
             "230016544c535f4145535f3235365f47434d5f534841333834")
      .value();
}

Bytes with(Bytes octets, std::size_t at, std::uint8_t value) {
  octets.at(at) = value;
  return octets;
}

// A header with these TLVs behind IPv4 addresses.
Bytes header_with(std::string_view tlvs) {
  Bytes out = from_hex("0d0a0d0a000d0a515549540a21110000c0000201c633640112340050").value();
  const Bytes more = from_hex(tlvs).value();
  out.insert(out.end(), more.begin(), more.end());
  out[15] = static_cast<std::uint8_t>(out.size() - kProxyHeaderStart);
  return out;
}

Result<ProxyHeader> parse(std::string_view line) { return parse_proxy_header(as_bytes(line)); }

ProxyHeader tls_header() {
  ProxyHeader out;
  out.addresses = {{"192.0.2.1", 4711}, {"198.51.100.1", 443}};
  out.alpn = "h2";
  out.authority = "a.example";
  out.unique_id = "7Q4M";
  out.checksum = true;
  ProxyTls tls;
  tls.certificate_in_connection = tls.certificate_in_session = true;
  tls.verify = 0;
  tls.version = "TLSv1.3";
  tls.common_name = "alice";
  tls.cipher = "TLS_AES_128_GCM_SHA256";
  tls.signature_algorithm = "ecdsa-with-SHA256";
  tls.key_algorithm = "EC256";
  tls.group = "x25519";
  tls.client_certificate = Bytes{0x30, 0x00};
  out.tls = tls;
  return out;
}

TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8A9136AAU);  // RFC 3720 §B.4
  EXPECT_EQ(crc32c(Bytes(32, 0xFF)), 0x62A8AB43U);
}

TEST(ProxyParser, ReadsWhatHaproxySends) {
  const auto line = parse(kHaproxyLine);
  ASSERT_TRUE(line.has_value()) << line.error().text();
  EXPECT_EQ(line->addresses->source.text(), "127.0.0.1:41990");
  EXPECT_EQ(line->addresses->destination.text(), "127.0.0.1:28282");

  const auto plain = parse_proxy_header(from_hex(kHaproxyPlain).value());
  ASSERT_TRUE(plain.has_value()) << plain.error().text();
  EXPECT_EQ(plain->addresses->source.text(), "127.0.0.1:48222");
  EXPECT_FALSE(plain->tls.has_value());

  const auto tls = parse_proxy_header(haproxy_tls());
  ASSERT_TRUE(tls.has_value()) << tls.error().text();
  EXPECT_TRUE(tls->checksum);
  EXPECT_EQ(tls->alpn, "http/1.1");
  EXPECT_EQ(tls->authority, "localhost");
  EXPECT_EQ(tls->unique_id, "id-0");
  EXPECT_TRUE(tls->tls->over_tls && tls->tls->certificate_in_connection && tls->tls->certificate_in_session);
  EXPECT_EQ(tls->tls->verify, 0U);
  EXPECT_EQ(tls->tls->version, "TLSv1.3");
  EXPECT_EQ(tls->tls->common_name, "alice");
  EXPECT_EQ(tls->tls->cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(tls->tls->signature_algorithm, "ecdsa-with-SHA256");
  EXPECT_EQ(tls->tls->key_algorithm, "EC256");
}

TEST(ProxyEncoder, SaysThatTheSameWay) {
  EXPECT_EQ(as_text(encode_proxy_line(parse(kHaproxyLine).value()).value()), kHaproxyLine);
  const Bytes plain = from_hex(kHaproxyPlain).value();
  EXPECT_EQ(encode_proxy_header(parse_proxy_header(plain).value()).value(), plain);
  // Only the order of what stands within the TLV 0x20 is another; the checksum fits what we made of it.
  const ProxyHeader header = parse_proxy_header(haproxy_tls()).value();
  const Bytes ours = encode_proxy_header(header).value();
  EXPECT_EQ(ours.size(), haproxy_tls().size());
  EXPECT_EQ(parse_proxy_header(ours).value(), header);
}

TEST(ProxyEncoder, SaysAllThatIsKnown) {
  const ProxyHeader header = tls_header();
  const auto octets = encode_proxy_header(header);
  ASSERT_TRUE(octets.has_value()) << octets.error().text();
  EXPECT_EQ(parse_proxy_header(*octets).value(), header);
  EXPECT_EQ(as_text(encode_proxy_line(header).value()), "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n");
}

// A resumed session: the certificate belongs to the session, not to this connection's handshake.
TEST(ProxyEncoder, TellsASessionsCertificateFromAConnections) {
  ProxyHeader header;
  header.tls.emplace().certificate_in_session = true;
  header.tls->verify = 0;
  const Bytes octets = encode_proxy_header(header).value();
  EXPECT_EQ(to_hex(ByteView(octets).subspan(12)),
            "21000008"
            "200005"
            "0500000000");
  EXPECT_EQ(parse_proxy_header(octets).value(), header);
}

TEST(ProxyEncoder, MixedFamiliesAreIPv6) {
  ProxyHeader header;
  header.addresses = {{"192.0.2.1", 1}, {"2001:db8::1", 2}};
  EXPECT_EQ(as_text(encode_proxy_line(header).value()), "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n");
  const Bytes octets = encode_proxy_header(header).value();
  EXPECT_EQ(octets.at(13), 0x21);
  EXPECT_EQ(parse_proxy_header(octets).value(), header);
  EXPECT_EQ(parse_proxy_header(encode_proxy_line(header).value()).value(), header);
}

TEST(ProxyEncoder, WhatHasNoIpAddressesIsUnknown) {
  ProxyHeader header;
  header.authority = "a.example";
  EXPECT_EQ(as_text(encode_proxy_line(header).value()), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(parse_proxy_header(encode_proxy_header(header).value()).value(), header);
  header.local = true;
  EXPECT_EQ(to_hex(ByteView(encode_proxy_header(header).value()).subspan(12)), "20000000");
}

TEST(ProxyEncoder, WhatCannotBeSaidIsAnError) {
  const auto refused = [](const ProxyHeader& header) {
    const auto octets = encode_proxy_header(header);
    return octets ? Code::connection_ended : octets.error().code;
  };
  ProxyHeader header = tls_header();
  header.tls->client_certificate = Bytes(65000, 0x30);
  EXPECT_EQ(refused(header), Code::connection_ended);
  header.authority = std::string(1000, 'a');  // each fits, both together do not
  EXPECT_EQ(refused(header), Code::identity_not_forwarded);
  header = tls_header();
  header.tls->client_certificate = Bytes(70000, 0x30);
  EXPECT_EQ(refused(header), Code::identity_not_forwarded);
  header = tls_header();
  header.tls->common_name = std::string("alice\0.evil", 11);
  EXPECT_EQ(refused(header), Code::identity_not_forwarded);
  header = tls_header();
  header.authority = "a.example\r\nX: y";
  EXPECT_EQ(refused(header), Code::identity_not_forwarded);
  header = tls_header();
  header.unique_id = std::string(129, 'x');
  EXPECT_EQ(refused(header), Code::identity_not_forwarded);
  header = tls_header();
  header.addresses->source.address = "unix";
  EXPECT_EQ(refused(header), Code::identity_not_forwarded);
  EXPECT_FALSE(encode_proxy_line(header).has_value());
}

TEST(ProxyParser, AHeaderIsWholeExactlyAtItsEnd) {
  for (const Bytes& whole : {haproxy_tls(), to_bytes(as_bytes(kHaproxyLine))}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const ByteView begun = ByteView(whole).first(size);
      const auto length = proxy_header_length(begun);
      ASSERT_TRUE(length.has_value()) << size;
      EXPECT_TRUE(*length > size && *length <= whole.size()) << size;
      EXPECT_FALSE(parse_proxy_header(begun).has_value()) << size;
    }
    Bytes more = whole;
    more.push_back('x');
    EXPECT_EQ(proxy_header_length(more), whole.size());
    EXPECT_FALSE(parse_proxy_header(more).has_value());
  }
}

TEST(ProxyParser, WhatIsNoHeaderIsSeenAtOnce) {
  for (const std::string_view text : {"\x16\x03\x01", "GET / HTTP/1.1\r\n", "PROXY\t", "\r\n\r\n\r"}) {
    const auto length = proxy_header_length(as_bytes(text));
    ASSERT_FALSE(length.has_value()) << text;
    EXPECT_EQ(length.error().code, Code::proxy_header_malformed);
  }
  EXPECT_FALSE(proxy_header_length(as_bytes("PROXY " + std::string(101, '1'))).has_value());
}

TEST(ProxyParser, ReadsLinesStrictly) {
  EXPECT_TRUE(parse("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n").has_value());
  EXPECT_FALSE(parse("PROXY UNKNOWN\r\n")->addresses.has_value());
  EXPECT_FALSE(parse("PROXY UNKNOWN ffff::1 whatever\r\n")->addresses.has_value());
  for (const std::string_view line : {
           "PROXY UNKNOWNX\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
           "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
           "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
           "PROXY TCP4 192.0.2.1 ::1 1 2\r\n",
           "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
           "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
           "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
           "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
       })
    EXPECT_FALSE(parse(line).has_value()) << line;
}

TEST(ProxyParser, AMappedSourceIsTheIPv4Source) {
  EXPECT_EQ(parse("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n")->addresses->source.address, "192.0.2.1");
}

TEST(ProxyParser, TakesUnixSocketsAndLocalWithoutAddresses) {
  EXPECT_FALSE(parse_proxy_header(from_hex("0d0a0d0a000d0a515549540a2131000c7f0000017f000001bc5e61e6").value()));
  Bytes unix_socket = from_hex("0d0a0d0a000d0a515549540a213100d8").value();
  unix_socket.resize(kProxyHeaderStart + 216);
  EXPECT_FALSE(parse_proxy_header(unix_socket)->addresses.has_value());
  const auto local = parse_proxy_header(with(from_hex(kHaproxyPlain).value(), 12, 0x20));
  EXPECT_TRUE(local->local && !local->addresses);
}

TEST(ProxyParser, RefusesOtherVersionsCommandsAndDatagrams) {
  const Bytes plain = from_hex(kHaproxyPlain).value();
  for (const int octet : {0x11, 0x31, 0x22, 0x2F})
    EXPECT_FALSE(parse_proxy_header(with(plain, 12, static_cast<std::uint8_t>(octet))).has_value()) << octet;
  for (const int octet : {0x10, 0x12, 0x13, 0x22, 0x32, 0x41, 0xFF, 0x21})
    EXPECT_FALSE(parse_proxy_header(with(plain, 13, static_cast<std::uint8_t>(octet))).has_value()) << octet;
}

TEST(ProxyParser, ReadsTlvsStrictly) {
  EXPECT_TRUE(parse_proxy_header(header_with("")).has_value());
  EXPECT_TRUE(parse_proxy_header(header_with("04000100"
                                             "ea0002abcd"
                                             "30000161"))
                  .has_value())
      << "skipped";
  for (const std::string_view tlvs : {
           "01",
           "0100",
           "01000261",  // cut off
           "01000161"
           "01000162",  // twice
           "03000100",
           "03000400000000",  // no checksum of this
           "20000401000000",  // too short
           "2000080100000000"
           "210001",  // cut off within
           "20000d0100000000"
           "21000161"
           "21000162",
           "2000050000000000"
           "2000050000000000",
       })
    EXPECT_FALSE(parse_proxy_header(header_with(tlvs)).has_value()) << tlvs;
}

TEST(ProxyParser, AnyChangeOfAnOctetBreaksTheChecksum) {
  const Bytes whole = haproxy_tls();
  for (std::size_t at = kProxyHeaderStart; at < whole.size(); ++at) {
    const auto parsed = parse_proxy_header(with(whole, at, static_cast<std::uint8_t>(whole[at] ^ 0x04)));
    // Where the change turned the checksum's own type or length into another TLV, it is no checksum any more.
    EXPECT_TRUE(!parsed.has_value() || !parsed->checksum) << at;
  }
}

}  // namespace
}  // namespace symbolon::net
