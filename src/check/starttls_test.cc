#include "check/starttls.h"

#include <gtest/gtest.h>

#include <map>

#include "check/greeting.h"

namespace symbolon::check {
namespace {

std::string hex(std::string_view digits) { return std::string(as_text(from_hex(digits).value())); }

// A server's side: what it says after each of ours, beginning with what it says unasked.
struct Outcome {
  std::optional<Code> code;  // none: no failure
  bool ready = false;
  std::string sent;
  bool operator==(const Outcome&) const = default;
};

Outcome talk(StartTls protocol, std::string_view server, std::size_t piece) {
  StartTlsDialogue dialogue(protocol, {"mail.example", "[192.0.2.1]"});
  Outcome out;
  out.sent = dialogue.take_output();
  for (; !server.empty(); server.remove_prefix(std::min(piece, server.size()))) {
    const Status taken = dialogue.take(as_bytes(server.substr(0, piece)));
    if (!taken) return {taken.error().code, false, {}};
    out.sent += dialogue.take_output();
  }
  out.ready = dialogue.ready();
  return out;
}

// The same in one piece and in single octets.
Outcome talk(StartTls protocol, std::string_view server) {
  const Outcome whole = talk(protocol, server, server.size());
  EXPECT_EQ(whole, talk(protocol, server, 1));
  return whole;
}

Code refusal(StartTls protocol, std::string_view server) {
  const Outcome out = talk(protocol, server);
  EXPECT_TRUE(out.code) << server;
  return out.code.value_or(Code::internal);
}

const std::string kLdapRequest = hex("301d02010177188016312e332e362e312e342e312e313436362e3230303337");
const std::string kLdapYes = hex("300c02010178070a010004000400");
const std::string kMysqlRequest = hex("20000001018a0000000000012d") + std::string(23, '\0');

std::string mysql_handshake(std::uint16_t capabilities) {
  std::string payload =
      "\x0a"
      "10.11.6-MariaDB";
  payload += '\0';
  payload += std::string(4 + 8 + 1, '\1');
  payload += static_cast<char>(capabilities & 0xFF);
  payload += static_cast<char>(capabilities >> 8);
  payload += std::string(20, '\2');
  return std::string(1, static_cast<char>(payload.size())) + std::string(3, '\0') + payload;
}

const std::string kXmppHeader =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' id='x>y' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";
const std::string kXmppTls = "<starttls xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"><required/></starttls>";
const std::string kXmppFeatures = kXmppHeader + "<stream:features>" + kXmppTls + "</stream:features>";

struct Case {
  StartTls protocol;
  std::string server;
  std::string client;
};

std::vector<Case> willing() {
  return {
      {StartTls::smtp, "220-mail.example\r\n220 ESMTP\r\n250-mail.example\r\n250-SIZE 1\r\n250 starttls\r\n220 go\r\n",
       "EHLO [192.0.2.1]\r\nSTARTTLS\r\n"},
      {StartTls::imap, "* OK hi\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\n* OK still here\r\na1 OK done\r\na2 ok go\r\n",
       "a1 CAPABILITY\r\na2 STARTTLS\r\n"},
      {StartTls::pop3, "+OK hi\r\n+OK list\r\nUIDL\r\nSTLS\r\n.\r\n+OK go\r\n", "CAPA\r\nSTLS\r\n"},
      {StartTls::pop3, "+OK hi\r\n-ERR what?\r\n+OK go\r\n", "CAPA\r\nSTLS\r\n"},
      {StartTls::ldap, kLdapYes, kLdapRequest},
      {StartTls::xmpp, kXmppFeatures + "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
       "<?xml version='1.0'?><stream:stream to='mail.example' version='1.0' xmlns='jabber:client' "
       "xmlns:stream='http://etherx.jabber.org/streams'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
      {StartTls::xmpp_server, kXmppFeatures + "\n<proceed a='/>'></proceed>",
       "<?xml version='1.0'?><stream:stream to='mail.example' version='1.0' xmlns='jabber:server' "
       "xmlns:stream='http://etherx.jabber.org/streams'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
      {StartTls::postgres, "S", hex("0000000804d2162f")},
      {StartTls::mysql, mysql_handshake(0xFFFE), kMysqlRequest},
      {StartTls::ftp, "120 soon\r\n220-hello\r\nanything\r\n 220 x\r\n220 there\r\n234 go\r\n", "AUTH TLS\r\n"},
  };
}

TEST(StartTls, EveryProtocolComesToTls) {
  for (const Case& one : willing()) {
    const Outcome out = talk(one.protocol, one.server);
    EXPECT_FALSE(out.code) << name(one.protocol) << ": " << (out.code ? name(*out.code) : "");
    EXPECT_TRUE(out.ready) << name(one.protocol);
    EXPECT_EQ(out.sent, one.client);
  }
}

TEST(StartTls, NothingBeforeTheLastOctetIsAGoAhead) {
  for (const Case& one : willing()) {
    const Outcome out = talk(one.protocol, std::string_view(one.server).substr(0, one.server.size() - 1));
    EXPECT_FALSE(out.code || out.ready) << name(one.protocol);
  }
}

TEST(StartTls, WhatFollowsTheGoAheadInTheClearIsRefused) {
  for (const Case& one : willing()) {
    EXPECT_EQ(refusal(one.protocol, one.server + "\r\n"), Code::peer_sends_too_much) << name(one.protocol);
    EXPECT_EQ(refusal(one.protocol, one.server + std::string(70'000, 'x')), Code::peer_sends_too_much);
  }
}

TEST(StartTls, WhoeverDoesNotOfferItIsSaidToDoSo) {
  const std::vector<std::pair<StartTls, std::string>> cases = {
      {StartTls::smtp, "220 x\r\n250-x STARTTLS\r\n250 SIZE\r\n"},
      {StartTls::smtp, "220 x\r\n250 STARTTLS\r\n"},  // the name of the server, no extension
      {StartTls::smtp, "220 x\r\n250-x\r\n250 XSTARTTLS\r\n"},
      {StartTls::smtp, "220 x\r\n502 no\r\n"},
      {StartTls::imap, "* OK x\r\n* CAPABILITY IMAP4rev1\r\na1 OK\r\n"},
      {StartTls::imap, "* OK x\r\na1 BAD what\r\n"},
      {StartTls::pop3, "+OK x\r\n+OK\r\nUIDL\r\n.\r\n"},
      {StartTls::pop3, "+OK x\r\n-ERR\r\n-ERR\r\n"},
      {StartTls::ldap, hex("300c02010178070a010204000400")},
      {StartTls::xmpp, kXmppHeader + "<stream:features/>"},
      {StartTls::xmpp, kXmppHeader + "<stream:features><starttls xmlns='urn:other'/></stream:features>"},
      {StartTls::xmpp, "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"},
      {StartTls::postgres, "N"},
      {StartTls::mysql, mysql_handshake(0xF7FE)},
      {StartTls::ftp, "220 x\r\n530 Please login\r\n"},
      {StartTls::ftp, "220 x\r\n500 what\r\n"},
  };
  for (const auto& [protocol, server] : cases)
    EXPECT_EQ(refusal(protocol, server), Code::starttls_not_offered) << server;
}

TEST(StartTls, WhoeverRefusesIsSaidToDoSo) {
  const std::vector<std::pair<StartTls, std::string>> cases = {
      {StartTls::smtp, "554 go away\r\n"},
      {StartTls::smtp, "220 x\r\n421 busy\r\n"},
      {StartTls::smtp, "220 x\r\n250-x\r\n250 STARTTLS\r\n454 TLS not available\r\n"},
      {StartTls::imap, "* BYE too many\r\n"},
      {StartTls::imap, "* PREAUTH hello\r\n"},
      {StartTls::imap, "* OK x\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 NO certificate\r\n"},
      {StartTls::pop3, "-ERR busy\r\n"},
      {StartTls::pop3, "+OK x\r\n+OK\r\nSTLS\r\n.\r\n-ERR no\r\n"},
      {StartTls::ldap, hex("300c02010178070a013404000400")},  // unavailable
      {StartTls::ldap, hex("300c02010078070a013404000400")},  // the notice of disconnection
      {StartTls::xmpp, kXmppFeatures + "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
      {StartTls::xmpp, kXmppHeader + "<stream:error><host-unknown/></stream:error></stream:stream>"},
      {StartTls::xmpp, kXmppFeatures + "</stream:stream>"},
      {StartTls::postgres, hex("450000000c") + "Mno" + hex("00") + "C1" + hex("0000")},
      {StartTls::mysql, hex("0a000000ff1004") + "too many"},
      {StartTls::ftp, "421 busy\r\n"},
      {StartTls::ftp, "220 x\r\n431 no certificate\r\n"},
  };
  for (const auto& [protocol, server] : cases) EXPECT_EQ(refusal(protocol, server), Code::starttls_refused) << server;
}

TEST(StartTls, AnotherProtocolIsRecognized) {
  const std::map<StartTls, std::string> greetings = {
      {StartTls::smtp, "220 mail.example ESMTP\r\n"},
      {StartTls::imap, "* OK [CAPABILITY IMAP4rev1] ready.\r\n"},
      {StartTls::pop3, "+OK ready.\r\n"},
      {StartTls::ldap, hex("300c02010078070a013404000400")},
      {StartTls::xmpp, kXmppHeader},
      {StartTls::postgres, hex("45000000") +
                               "\x08"
                               "Mno" +
                               hex("00")},
      {StartTls::mysql, mysql_handshake(0xFFFE)},
      {StartTls::ftp, "220 FTP server\r\n"},
  };
  for (const auto& [asked, unused] : greetings) {
    for (const auto& [speaking, words] : greetings) {
      if (asked == speaking) continue;
      ASSERT_TRUE(recognize(words) && recognize(words)->starttls == speaking) << words;
      // Between these two only an answer tells.
      const bool alike = asked == StartTls::smtp && speaking == StartTls::ftp;
      EXPECT_EQ(refusal(asked, alike ? words + "530 login\r\n" : words), Code::starttls_wrong_protocol)
          << name(asked) << ": " << words;
    }
    EXPECT_EQ(refusal(asked, "HTTP/1.1 400 Bad Request\r\n\r\n"), Code::starttls_wrong_protocol);
    // Its first letter is PostgreSQL's go-ahead.
    EXPECT_EQ(refusal(asked, "SSH-2.0-OpenSSH_9.2\r\n"),
              asked == StartTls::postgres ? Code::peer_sends_too_much : Code::starttls_wrong_protocol);
    EXPECT_EQ(refusal(asked, hex("15030100020228")), Code::tls_at_once);
    EXPECT_EQ(refusal(asked, hex("1603030050") + "x"), Code::tls_at_once);
  }
}

TEST(StartTls, WhoeverDoesNotEndIsCutOff) {
  const std::string line(StartTlsLimits::kLine, ' ');
  for (const auto& [protocol, server] : std::vector<std::pair<StartTls, std::string>>{
           {StartTls::smtp, "220-" + line},
           {StartTls::imap, "* OK x\r\n* " + line},
           {StartTls::pop3, "+OK" + line},
           {StartTls::ftp, "220-" + line},
           {StartTls::xmpp, "<stream:stream" + std::string(StartTlsLimits::kOctets, ' ')},
       }) {
    EXPECT_EQ(refusal(protocol, server), Code::peer_sends_too_much) << name(protocol);
  }
  std::string endless;
  while (endless.size() <= StartTlsLimits::kOctets) endless += "220-and so on\r\n";
  EXPECT_EQ(refusal(StartTls::smtp, endless), Code::peer_sends_too_much);
}

TEST(StartTls, TheDialogueIsKeptPrintableAndBounded) {
  StartTlsDialogue dialogue(StartTls::smtp, {"", "[192.0.2.1]"});
  ASSERT_TRUE(dialogue.take(as_bytes("220 \x1b[2J\xff\r\n")));
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(dialogue.take(as_bytes("250-X" + std::string(1000, 'x') + "\r\n")) || i > 28);
  EXPECT_LE(dialogue.said().size(), StartTlsLimits::kSaid);
  EXPECT_EQ(dialogue.said()[0], (Said{Said::By::server, R"(220 \x1b[2J\xff)"}));
  EXPECT_EQ(dialogue.said()[1], (Said{Said::By::us, "EHLO [192.0.2.1]"}));
  for (const Said& said : dialogue.said()) EXPECT_LE(said.text.size(), 5 * StartTlsLimits::kShown);
}

TEST(StartTls, AfterItsEndTheFailureStays) {
  StartTlsDialogue dialogue(StartTls::postgres, {});
  EXPECT_TRUE(dialogue.heard_nothing());
  EXPECT_EQ(dialogue.ended("it closed").code, Code::starttls_refused);
  ASSERT_FALSE(dialogue.take(as_bytes("N")));
  const Status again = dialogue.take(as_bytes("S"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::starttls_not_offered);
  EXPECT_FALSE(dialogue.ready());
}

TEST(StartTls, NamesAndPortsAreThoseOfTheCommandLine) {
  for (const std::string& one : starttls_names()) EXPECT_EQ(name(starttls_from_name(one).value()), one);
  EXPECT_FALSE(starttls_from_name("nntp"));
  EXPECT_EQ(default_port(StartTls::xmpp_server), 5269);
}

}  // namespace
}  // namespace symbolon::check
