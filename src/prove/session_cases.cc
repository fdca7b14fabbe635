// Sessions that are brought back when nobody should take them.
#include "prove/cases.h"
#include "prove/session_shelf.h"

namespace symbolon::prove::sessions {
namespace {

enum class Which : std::uint8_t { direct, chained };

std::string how(const Visit& visit) {
  return fmt::format("{} ({})", visit.words(), visit.tls.resumed ? "resumed" : "by a full handshake");
}

// Each session is offered once, with the client's certificate for the full handshake that may follow.
Outcome come_back(Grounds& grounds, const Turncoat& client, SessionKind kind, Which which) {
  const KeptSessions& kept = client.kept.at(kind);
  std::string words = "no session was kept";
  for (const tls::TakenSession& session : which == Which::direct ? kept.direct : kept.chained) {
    const Visit visit = grounds.visit(with_session(grounds, client.credential, kind, session));
    words = visit.words();
    if (visit.let_in()) return failed(how(visit));
    if (!is_refused(visit.entry)) return unclear(words);
  }
  return pass(words);
}

std::optional<Outcome> cannot(const Turncoat& client) {
  switch (client.state) {
    case Turncoat::State::over: return {};
    case Turncoat::State::still_in:
      return not_run(fmt::format("a full handshake of the client is not refused either: {}", client.words));
    case Turncoat::State::waiting:
    case Turncoat::State::absent: break;
  }
  return not_run(client.words);
}

Outcome back(Grounds& grounds, const Turncoat& client, SessionKind kind) {
  if (auto reason = cannot(client)) return *std::move(reason);
  const KeptSessions& kept = client.kept.at(kind);
  if (!kept.spoken) return not_run(kept.why_none);
  if (!kept.why_none.empty()) return pass(kept.why_none);
  return come_back(grounds, client, kind, Which::direct);
}

std::string of_lifetime(const KeptSessions& kept, Seconds life) {
  const std::int64_t said = kept.lifetime.count();
  if (said == 0) return {};
  return fmt::format("; the first ticket was to last {} s{}", said,
                     said < life.count ? ", which are over, too" : ", the certificate less");
}

// RFC 6066 §3: "A server that implements this extension MUST NOT accept the request to resume the session if the
// server_name extension contains a different name." RFC 8446 §4.2.11 leaves that open for TLS 1.3: there it counts
// whether the name makes a difference.
Outcome under_another_name(Grounds& grounds, SessionKind kind, const KeptSessions& kept) {
  tls::MisuseOptions options = with_session(grounds, nullptr, kind, kept.direct.back());
  options.server_name = grounds.visitor.target().other_name;
  const Visit resumed = grounds.visit(options);
  if (!resumed.let_in()) return is_refused(resumed.entry) ? pass(resumed.words()) : unclear(resumed.words());
  if (!resumed.tls.resumed) return pass("it was not taken up");  // who gets in without a certificate, others tell
  if (kind != SessionKind::ticket_13) return failed(how(resumed));
  tls::MisuseOptions whole = grounds.visitor.as(grounds.good, tls::ProtocolVersion::tls13);
  whole.server_name = options.server_name;
  const Visit full = grounds.visit(whole);
  if (!full.let_in())
    return failed(fmt::format("{}; a full handshake under that name: {}", how(resumed), full.words()));
  const bool comparable = resumed.http && full.http && resumed.http->status == full.http->status;
  if (comparable && same_answer(grounds, *resumed.http).value_or(true)) {
    return pass("it was taken up, and the name makes no difference to the client");
  }
  return unclear("it was taken up, and a full handshake under that name is answered otherwise");
}

}  // namespace

Outcome expired_ticket_12(Grounds& grounds) {
  return back(grounds, grounds.shelf->expired(grounds), SessionKind::ticket_12);
}
Outcome expired_id_12(Grounds& grounds) { return back(grounds, grounds.shelf->expired(grounds), SessionKind::id_12); }
Outcome expired_ticket_13(Grounds& grounds) {
  return back(grounds, grounds.shelf->expired(grounds), SessionKind::ticket_13);
}
Outcome revoked_ticket_12(Grounds& grounds) {
  return back(grounds, grounds.shelf->revoked(grounds), SessionKind::ticket_12);
}
Outcome revoked_id_12(Grounds& grounds) { return back(grounds, grounds.shelf->revoked(grounds), SessionKind::id_12); }
Outcome revoked_ticket_13(Grounds& grounds) {
  return back(grounds, grounds.shelf->revoked(grounds), SessionKind::ticket_13);
}

Outcome chaining(Grounds& grounds) {
  const Turncoat& client = grounds.shelf->expired(grounds);
  if (auto reason = cannot(client)) return *std::move(reason);
  std::string words;
  for (const SessionKind kind : kSessionKinds) {
    const KeptSessions& kept = client.kept.at(kind);
    if (!kept.why_none.empty() || kept.chained.empty()) continue;
    Outcome outcome = come_back(grounds, client, kind, Which::chained);
    outcome.words = fmt::format("{}: {}{}", name(kind), outcome.words, of_lifetime(kept, grounds.plan.life));
    if (outcome.verdict != Verdict::pass) return outcome;
    words += (words.empty() ? "" : "; ") + outcome.words;
  }
  return pass(words.empty() ? "no resumption gives another session" : words);
}

Outcome other_sni(Grounds& grounds) {
  std::string words;
  for (const SessionKind kind : kSessionKinds) {
    const KeptSessions kept = take_sessions(grounds, grounds.good, kind);
    Outcome outcome = kept.why_none.empty() ? under_another_name(grounds, kind, kept) : pass(kept.why_none);
    outcome.words = fmt::format("{}: {}", name(kind), outcome.words);
    if (outcome.verdict != Verdict::pass) return outcome;
    words += (words.empty() ? "" : "; ") + outcome.words;
  }
  return pass(words);
}

}  // namespace symbolon::prove::sessions
