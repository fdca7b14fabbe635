// Sessions that were taken while a client was good, to be brought back when it is not.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "tls/misuse_client.h"

namespace symbolon::prove {

struct Grounds;

enum class SessionKind : std::uint8_t { ticket_12, id_12, ticket_13 };
inline constexpr std::array kSessionKinds{SessionKind::ticket_12, SessionKind::id_12, SessionKind::ticket_13};
std::string_view name(SessionKind kind);  // "a ticket of TLS 1.2"

// Of one client and one kind.
struct KeptSessions {
  bool spoken = true;                           // the version that it belongs to
  std::string why_none = {};                    // the endpoint gives none, or takes none up
  std::vector<tls::TakenSession> direct = {};   // of the full handshake
  std::vector<tls::TakenSession> chained = {};  // of a resumption of a resumption
  std::chrono::seconds lifetime{0};             // as the server said of the first one; 0: it did not
};

KeptSessions take_sessions(const Grounds& grounds, const std::shared_ptr<const tls::Credential>& credential,
                           SessionKind kind);
// The connection that brings it back.
tls::MisuseOptions with_session(const Grounds& grounds, const std::shared_ptr<const tls::Credential>& credential,
                                SessionKind kind, const tls::TakenSession& session);

// A client that goes from good to bad while it is watched.
class Turncoat {
 public:
  enum class State : std::uint8_t {
    absent,    // `words`: what is missing for it
    waiting,   // its sessions are kept, it is good still
    over,      // a full handshake of it is refused
    still_in,  // it should be refused, and is not
  };
  State state = State::absent;
  std::string words = {};
  std::shared_ptr<const tls::Credential> credential = nullptr;
  std::map<SessionKind, KeptSessions> kept = {};
};

// Both of them: begun before the other cases, so that time passes meanwhile, and asked for at the end.
class SessionShelf {
 public:
  void begin_expiry(const Grounds& grounds);
  const Turncoat& expired(const Grounds& grounds);  // waits until it is over

  void begin_revocation(const Grounds& grounds);
  const Turncoat& revoked(const Grounds& grounds);  // revokes, and waits until that counts

 private:
  Turncoat short_lived_{.words = "it was not begun"};
  UnixSeconds not_after_{};
  Turncoat revoked_{.words = "it was not begun"};
};

}  // namespace symbolon::prove
