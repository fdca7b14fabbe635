// STARTTLS: from a connection in the clear to one that is ready for a ClientHello, as the client sees it. No I/O:
// octets in, octets out, so that anything may come, cut anywhere.
//
// RFC 3207 (SMTP), RFC 9051 §6.2.1 (IMAP), RFC 2595 §4 (POP3), RFC 4511 §4.14 (LDAP), RFC 6120 §5 (XMPP), RFC 4217 §4
// (FTP); PostgreSQL's SSLRequest and MySQL's SSLRequest as their makers document them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace symbolon::check {

enum class StartTls : std::uint8_t { smtp, imap, pop3, ldap, xmpp, xmpp_server, postgres, mysql, ftp };

std::string_view name(StartTls protocol);  // "xmpp-server", as the command line has it
std::optional<StartTls> starttls_from_name(std::string_view name);
std::vector<std::string> starttls_names();
std::uint16_t default_port(StartTls protocol);

// What is taken of a server that does not come to the point.
struct StartTlsLimits {
  static constexpr std::size_t kOctets = 32 * 1024;  // of the whole dialogue
  static constexpr std::size_t kLine = 4096;         // RFC 5321 §4.5.3.1.5 has 512, IMAP's capabilities are longer
  static constexpr std::size_t kSaid = 40;           // remembered of what was said
  static constexpr std::size_t kShown = 200;         // characters of each
};

// One thing that was said, in the clear: a line, or in words where it is no text. Printable.
struct Said {
  enum class By : std::uint8_t { us, server };
  By by = By::us;
  std::string text;
  bool operator==(const Said&) const = default;
};

struct StartTlsNames {
  std::string server;  // whom it is asked for: XMPP's `to`; empty: nobody
  std::string client;  // who asks: a name, or an address literal of RFC 5321 §4.1.3
};

class StartTlsMachine;

class StartTlsDialogue {
 public:
  StartTlsDialogue(StartTls protocol, const StartTlsNames& names);
  StartTlsDialogue(StartTlsDialogue&&) noexcept;
  ~StartTlsDialogue();

  // To be sent now, at once; empty: the server's turn.
  std::string take_output();
  // What came. Fails, once and for all, with starttls_not_offered, starttls_refused, starttls_wrong_protocol,
  // tls_at_once or peer_sends_too_much: also for whatever stands in the clear behind the server's go-ahead, since who
  // takes that for a part of the TLS connection can be made to believe anything.
  Status take(ByteView octets);
  // The connection ended, or nothing more came in time: what that means. Not to be called when ready.
  Error ended(std::string_view how) const;
  // Once take_output() is sent, the next octet belongs to TLS.
  bool ready() const { return ready_; }
  bool heard_nothing() const { return taken_ == 0; }
  const std::vector<Said>& said() const { return said_; }

 private:
  Status advance();
  void note(Said::By by, std::string_view octets, std::string_view words);

  StartTls protocol_;
  std::unique_ptr<StartTlsMachine> machine_;
  std::string came_;  // and was not yet taken
  std::string output_;
  std::size_t taken_ = 0;  // octets, in all
  bool ready_ = false;
  std::optional<Error> failure_;
  std::vector<Said> said_;
};

}  // namespace symbolon::check
