// What the protocols of starttls.h have in common. Each reads one message at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "check/starttls.h"

namespace symbolon::check {

// What one message of the server leads to.
struct Step {
  std::size_t used = 0;    // octets of it; 0: it is not whole yet
  std::string send = {};   // the answer
  std::string heard = {};  // the message in words, where it is no text
  std::string says = {};   // the answer likewise
  bool ready = false;      // TLS begins behind `send`
};

class StartTlsMachine {
 public:
  virtual ~StartTlsMachine() = default;
  // What the client says unasked.
  virtual Step begin() { return {}; }
  // `came` begins where the last step ended and is not empty. The same octets lead to the same end, however they are
  // cut.
  virtual Result<Step> take(std::string_view came) = 0;
};

std::unique_ptr<StartTlsMachine> smtp_machine(std::string client);
std::unique_ptr<StartTlsMachine> ftp_machine();
std::unique_ptr<StartTlsMachine> imap_machine();
std::unique_ptr<StartTlsMachine> pop3_machine();
std::unique_ptr<StartTlsMachine> ldap_machine();
std::unique_ptr<StartTlsMachine> postgres_machine();
std::unique_ptr<StartTlsMachine> mysql_machine();
enum class XmppStream : std::uint8_t { client, server };
std::unique_ptr<StartTlsMachine> xmpp_machine(XmppStream stream, std::string server);

// starttls_wrong_protocol, with who seems to speak; tls_at_once when that is a TLS server.
std::unexpected<Error> other_protocol(std::string_view expected, std::string_view came);

struct Line {
  std::string_view text;  // without its end
  std::size_t used = 0;
};
// None: it has not ended yet. Fails with peer_sends_too_much.
Result<std::optional<Line>> next_line(std::string_view came);

// Parts between blanks.
std::vector<std::string_view> words_of(std::string_view line);
bool same_word(std::string_view a, std::string_view b);  // ASCII, any case
bool starts_with_word(std::string_view line, std::string_view word);

// For messages: printable, shortened.
std::string in_quotes(std::string_view octets);

}  // namespace symbolon::check
