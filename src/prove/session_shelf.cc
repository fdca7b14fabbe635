#include "prove/session_shelf.h"

#include <algorithm>
#include <thread>

#include "enroll/program.h"
#include "prove/grounds.h"

namespace symbolon::prove {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr Seconds kAfterEnd{1};                        // notAfter is inclusive (RFC 5280 §4.1.2.5)
constexpr std::chrono::seconds kClocksDiffer{5};       // how much later an endpoint may see an end
constexpr std::chrono::seconds kRevocationCounts{30};  // how much later an endpoint may know of a revocation
constexpr std::chrono::milliseconds kBetweenVisits{250};
constexpr int kInARow = 3;  // an endpoint of several processes may be of two minds

tls::ProtocolVersion version_of(SessionKind kind) {
  return kind == SessionKind::ticket_13 ? tls::ProtocolVersion::tls13 : tls::ProtocolVersion::tls12;
}

std::vector<tls::TakenSession> of_kind(const std::vector<tls::TakenSession>& all, SessionKind kind) {
  std::vector<tls::TakenSession> out;
  for (const tls::TakenSession& session : all) {
    if (kind == SessionKind::ticket_13 || tls::is_ticket(session) == (kind == SessionKind::ticket_12)) {
      out.push_back(session);
    }
  }
  return out;
}

void keep_all(Turncoat& client, const Grounds& grounds) {
  for (const SessionKind kind : kSessionKinds) client.kept[kind] = take_sessions(grounds, client.credential, kind);
  client.state = Turncoat::State::waiting;
}

// Until full handshakes are refused.
void await_refusal(Turncoat& client, const Grounds& grounds, SteadyClock::duration at_most) {
  const auto deadline = SteadyClock::now() + at_most;
  int refused = 0;
  while (true) {
    const Visit visit = grounds.visit(grounds.visitor.as(client.credential));
    client.words = visit.words();
    refused = is_refused(visit.entry) ? refused + 1 : 0;
    if (refused == kInARow) {
      client.state = Turncoat::State::over;
      return;
    }
    if (refused == 0 && SteadyClock::now() > deadline) {
      client.state = Turncoat::State::still_in;
      return;
    }
    if (refused == 0) std::this_thread::sleep_for(kBetweenVisits);
  }
}

Status run_revocation(const std::string& command, const Grounds& grounds, const tls::Credential& credential) {
  const enroll::ProgramCall call{
      .program = "/bin/sh",
      .arguments = {"-c", command},
      .environment = {{"CERTIFICATE", (grounds.plan.kit.folder() / "revoked.crt").string()},
                      {"SERIAL", credential.leaf().serial().hex()}},
  };
  TRY(enroll::run_to_success(call));
  return {};
}

}  // namespace

std::string_view name(SessionKind kind) {
  switch (kind) {
    case SessionKind::ticket_12: return "a ticket of TLS 1.2";
    case SessionKind::id_12: return "a session id of TLS 1.2";
    case SessionKind::ticket_13: return "a ticket of TLS 1.3";
  }
  return "a session";
}

tls::MisuseOptions with_session(const Grounds& grounds, const std::shared_ptr<const tls::Credential>& credential,
                                SessionKind kind, const tls::TakenSession& session) {
  tls::MisuseOptions out = grounds.visitor.as(credential, version_of(kind));
  out.without_tickets = kind == SessionKind::id_12;
  out.session = session;
  return out;
}

KeptSessions take_sessions(const Grounds& grounds, const std::shared_ptr<const tls::Credential>& credential,
                           SessionKind kind) {
  KeptSessions out;
  const bool spoken = kind == SessionKind::ticket_13 ? grounds.speaks_13 : grounds.speaks_12;
  if (!spoken) {
    out.spoken = false;
    out.why_none = fmt::format("{} is not spoken", tls::name(version_of(kind)));
    return out;
  }
  const Visit first = grounds.visit(with_session(grounds, credential, kind, nullptr));
  if (!first.let_in()) {
    out.why_none = fmt::format("the client did not get in to begin with: {}", first.words());
    return out;
  }
  out.direct = of_kind(first.tls.sessions, kind);
  if (out.direct.empty()) {
    out.why_none = "no session is given";
    return out;
  }
  out.lifetime = tls::lifetime_hint(out.direct.front());
  const Visit second = grounds.visit(with_session(grounds, credential, kind, out.direct.front()));
  if (!second.let_in() || !second.tls.resumed) {
    out.why_none = "no session is resumed, of a good client neither";
    return out;
  }
  out.chained = of_kind(second.tls.sessions, kind);
  if (out.chained.empty()) return out;
  const Visit third = grounds.visit(with_session(grounds, credential, kind, out.chained.front()));
  if (auto again = of_kind(third.tls.sessions, kind); third.tls.resumed && !again.empty()) out.chained = again;
  return out;
}

void SessionShelf::begin_expiry(const Grounds& grounds) {
  if (!grounds.plan.ca) {
    short_lived_.words = "--ca-key is needed, to make a client that ends meanwhile";
    return;
  }
  const UnixSeconds now = grounds.clock.now();
  not_after_ = now + grounds.plan.life;
  auto made = make_short_lived(*grounds.plan.ca, grounds.plan.kit.identity(), now, not_after_);
  if (!made) {
    short_lived_.words = made.error().text();
    return;
  }
  auto credential = tls::Credential::make(std::move(made->chain), std::move(made->key));
  if (!credential) {
    short_lived_.words = credential.error().text();
    return;
  }
  short_lived_.credential = *credential;
  keep_all(short_lived_, grounds);
  if (grounds.clock.now() < not_after_) return;
  short_lived_.state = Turncoat::State::absent;
  short_lived_.words = "the client ended before its sessions were taken: give it a longer --life";
}

const Turncoat& SessionShelf::expired(const Grounds& grounds) {
  if (short_lived_.state != Turncoat::State::waiting) return short_lived_;
  while (grounds.clock.now() <= not_after_ + kAfterEnd) std::this_thread::sleep_for(kBetweenVisits);
  await_refusal(short_lived_, grounds, kClocksDiffer);
  return short_lived_;
}

void SessionShelf::begin_revocation(const Grounds& grounds) {
  revoked_.credential = grounds.plan.kit.find("revoked");
  if (!revoked_.credential) {
    revoked_.words = grounds.plan.kit.why_not("revoked");
    return;
  }
  if (!grounds.plan.revoke_command) {
    revoked_.words = "--revoke-command is needed, to revoke a client while its sessions are kept";
    return;
  }
  const Visit before = grounds.visit(grounds.visitor.as(revoked_.credential));
  if (!before.let_in()) {
    revoked_.words =
        fmt::format("revoked.crt does not get in before it is revoked ({}): make a new kit", before.words());
    return;
  }
  keep_all(revoked_, grounds);
}

const Turncoat& SessionShelf::revoked(const Grounds& grounds) {
  const auto& command = grounds.plan.revoke_command;
  if (revoked_.state != Turncoat::State::waiting || !command || !revoked_.credential) return revoked_;
  if (const Status done = run_revocation(*command, grounds, *revoked_.credential); !done) {
    revoked_.state = Turncoat::State::absent;
    revoked_.words = fmt::format("--revoke-command: {}", done.error().text());
    return revoked_;
  }
  await_refusal(revoked_, grounds, kRevocationCounts);
  return revoked_;
}

}  // namespace symbolon::prove
