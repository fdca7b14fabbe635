#include "check/greeting.h"

#include <algorithm>

namespace symbolon::check {
namespace {

struct Greeting {
  std::string_view prefix;
  Speaker speaker;
};
constexpr Greeting kGreetings[] = {
    {"HTTP/", {"an HTTP server without TLS", {}, true}},
    {"<!DOCTYPE", {"an HTTP server without TLS", {}, true}},
    {"<html", {"an HTTP server without TLS", {}, true}},
    {"SSH-", {"an SSH server"}},
    {"RFB ", {"a VNC server"}},
    {"AMQP", {"an AMQP server"}},
    {"* OK", {"an IMAP server", StartTls::imap}},
    {"* PREAUTH", {"an IMAP server", StartTls::imap}},
    {"* BYE", {"an IMAP server", StartTls::imap}},
    {"+OK", {"a POP3 server", StartTls::pop3}},
    {"-ERR", {"a POP3 or Redis server"}},
    {"<?xml", {"an XMPP server", StartTls::xmpp}},
    {"<stream:", {"an XMPP server", StartTls::xmpp}},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool mentions(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return !std::ranges::search(text, word, same).empty();
}

Speaker who_says_220(std::string_view octets) {
  const std::string_view line = octets.substr(0, octets.find('\n'));
  if (mentions(line, "smtp")) return {"an SMTP server", StartTls::smtp};
  if (mentions(line, "ftp")) return {"an FTP server", StartTls::ftp};
  return {"an SMTP or FTP server"};
}

bool is_reply(std::string_view octets, std::string_view code) {
  return octets.starts_with(code) && (octets.size() == 3 || octets[3] == ' ' || octets[3] == '-');
}

// Length, sequence number 0, and version 10 or an error.
bool is_mysql(std::string_view octets) {
  return octets.size() >= 5 && octets[2] == 0 && octets[3] == 0 && (octets[4] == 10 || octets[4] == '\xff');
}

// A SEQUENCE that begins with a message id.
bool is_ldap(std::string_view octets) {
  if (octets.size() < 4 || octets[0] != 0x30) return false;
  const auto length = static_cast<unsigned char>(octets[1]);
  const std::size_t after = length < 0x80 ? 2 : 2 + (length & 0x7fU);
  return after < 7 && octets.size() > after + 1 && octets[after] == 0x02 && octets[after + 1] >= 1 &&
         octets[after + 1] <= 4;
}

}  // namespace

std::optional<Speaker> recognize(std::string_view octets) {
  if (begins_like_tls(octets)) return Speaker{"a TLS server"};
  for (const Greeting& greeting : kGreetings) {
    if (octets.starts_with(greeting.prefix)) return greeting.speaker;
  }
  if (is_reply(octets, "220")) return who_says_220(octets);
  if (is_mysql(octets)) return Speaker{"a MySQL or MariaDB server", StartTls::mysql};
  if (is_ldap(octets)) return Speaker{"an LDAP server", StartTls::ldap};
  if (octets.size() >= 3 && octets[0] == 'E' && octets[1] == 0 && octets[2] == 0)
    return Speaker{"a PostgreSQL server", StartTls::postgres};
  return {};
}

bool begins_like_tls(std::string_view octets) {
  return octets.size() >= 3 && (octets[0] == 0x15 || octets[0] == 0x16) && octets[1] == 0x03 &&
         static_cast<unsigned char>(octets[2]) <= 0x04;
}

}  // namespace symbolon::check
