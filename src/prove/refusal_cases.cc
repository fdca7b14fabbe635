// Clients that must not get in, each for one reason.
#include "prove/cases.h"
#include "prove/session_shelf.h"

namespace symbolon::prove::refusals {
namespace {

Outcome of_kit(Grounds& grounds, std::string_view id) {
  auto credential = grounds.plan.kit.find(id);
  if (!credential) return not_run(grounds.plan.kit.why_not(id));
  return must_be_refused(grounds, std::string(id), grounds.visitor.as(std::move(credential)));
}

// Several clients, changed in the same way: the first that is not refused decides.
template <typename Change>
Outcome none_of(Grounds& grounds, std::string_view in_what, std::initializer_list<std::string_view> ids,
                Change change) {
  std::string words;
  for (const std::string_view id : ids) {
    auto credential = grounds.plan.kit.find(id);
    if (!credential && !id.empty()) continue;
    tls::MisuseOptions options = grounds.visitor.as(std::move(credential));
    change(options);
    const std::string_view who = id.empty() ? "no_certificate" : id;
    std::string how = in_what.empty() ? std::string(who) : fmt::format("{} {}", who, in_what);
    Outcome outcome = must_be_refused(grounds, std::move(how), std::move(options));
    outcome.words = fmt::format("{}: {}", who, outcome.words);
    if (outcome.verdict != Verdict::pass) return outcome;
    words += (words.empty() ? "" : "; ") + outcome.words;
  }
  return pass(words);
}

// Does it get its alert when the client sends nothing that could be in its way?
bool says_why(const Grounds& grounds, const Refusal& refusal) {
  const Entry first = refusal.visit.entry;
  if (first == Entry::refused_alert || first == Entry::refused_http) return true;
  return grounds.visitor.visit_in_silence(refusal.options).entry == Entry::refused_alert;
}

}  // namespace

Outcome no_certificate(Grounds& grounds) {
  return must_be_refused(grounds, "no_certificate", grounds.visitor.as(nullptr));
}
Outcome foreign_ca(Grounds& grounds) {
  if (!grounds.plan.kit.find("foreign_ca")) return not_run(grounds.plan.kit.why_not("foreign_ca"));
  return none_of(grounds, "", {"foreign_ca", "foreign_ca_own_id"}, [](tls::MisuseOptions&) {});
}
Outcome self_signed(Grounds& grounds) { return of_kit(grounds, "self_signed"); }
Outcome expired(Grounds& grounds) { return of_kit(grounds, "expired"); }
Outcome not_yet_valid(Grounds& grounds) { return of_kit(grounds, "not_yet_valid"); }
Outcome wrong_eku(Grounds& grounds) { return of_kit(grounds, "wrong_eku"); }
Outcome ca_as_leaf(Grounds& grounds) { return of_kit(grounds, "ca_as_leaf"); }
Outcome path_length(Grounds& grounds) { return of_kit(grounds, "path_length"); }
Outcome name_constraints(Grounds& grounds) { return of_kit(grounds, "name_constraints"); }

Outcome no_sni(Grounds& grounds) {
  return none_of(grounds, "without a server name", {"", "foreign_ca"},
                 [](tls::MisuseOptions& options) { options.server_name.clear(); });
}

Outcome tls12_fallback(Grounds& grounds) {
  if (!grounds.speaks_12) return not_run("TLS 1.2 is not spoken");
  return none_of(grounds, "in TLS 1.2", {"", "foreign_ca", "self_signed", "expired"}, [](tls::MisuseOptions& options) {
    options.least = tls::ProtocolVersion::tls12;
    options.most = tls::ProtocolVersion::tls12;
  });
}

Outcome revoked(Grounds& grounds) {
  if (!grounds.plan.revoke_command) {
    if (grounds.plan.revoked) return of_kit(grounds, "revoked");
    return not_run("revoke revoked.crt and say --revoked, or say --revoke-command");
  }
  const Turncoat& client = grounds.shelf->revoked(grounds);
  switch (client.state) {
    case Turncoat::State::over: return of_kit(grounds, "revoked");
    case Turncoat::State::still_in: return failed(client.words + ", though it is revoked");
    case Turncoat::State::waiting:
    case Turncoat::State::absent: break;
  }
  return unclear(client.words);
}

Outcome refusal_alerts(Grounds& grounds) {
  if (grounds.refusals.empty()) no_certificate(grounds);  // with --only this case
  if (grounds.refusals.empty()) return not_run("nobody was refused");
  std::string without;
  for (const Refusal& refusal : grounds.refusals) {
    if (says_why(grounds, refusal)) continue;
    without += (without.empty() ? "" : ", ") + refusal.who;
  }
  if (!without.empty()) return failed(fmt::format("cut without a word: {}", without));
  return pass(fmt::format("each of {} refusals was said", grounds.refusals.size()));
}

}  // namespace symbolon::prove::refusals
