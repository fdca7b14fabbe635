#include "prove/suite.h"

#include <algorithm>

#include "prove/cases.h"
#include "prove/session_shelf.h"
#include "x509/path_verification.h"

namespace symbolon::prove {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool is_wanted(const Plan& plan, std::string_view id) {
  return plan.only.empty() || std::ranges::find(plan.only, id) != plan.only.end();
}

// Whose sessions are to be kept from the start.
bool any_wanted(const Plan& plan, std::initializer_list<std::string_view> ids) {
  return std::ranges::any_of(ids, [&](std::string_view id) { return is_wanted(plan, id); });
}

// Nothing: it is the right server, or nobody said which one is.
std::optional<std::string> wrong_server(const Grounds& grounds, const Visit& visit) {
  if (!grounds.plan.trust) return {};
  x509::PathOptions options;
  options.at = grounds.clock.now();
  options.role = PeerRole::server;
  options.depth = static_cast<int>(x509::PathLimits::kCertificates);
  const std::string& name = grounds.plan.target.server_name;
  if (auto ip = x509::GeneralName::ip(name)) {
    options.expected_names.push_back(*std::move(ip));
  } else if (auto dns = x509::GeneralName::dns(name)) {
    options.expected_names.push_back(*std::move(dns));
  }
  const auto path = x509::verify_path(visit.tls.server_chain, *grounds.plan.trust, options);
  if (path) return {};
  return fmt::format("the server's certificate: {}", row(path.error().code).sentence);
}

std::string why_good_is_out(const Grounds& grounds, const Visit& visit) {
  std::string out = fmt::format("the good client does not get in ({}), so nothing can be said", visit.words());
  const auto& [not_before, not_after] = grounds.good->leaf().validity();
  const UnixSeconds now = grounds.clock.now();
  if (not_after < now) return out + fmt::format("; its certificate ended at {}: make a new kit", to_rfc3339(not_after));
  if (visit.entry == Entry::refused_http) return out + "; --path names a page that it may see";
  if (visit.entry == Entry::silent) return out + "; --send names what the service answers to";
  return out + "; does the endpoint trust the kit's CA, and admit the kit's name?";
}

// Verdict and words of the control; fills in what the cases need to know.
Outcome control(Grounds& grounds) {
  const Visit first = grounds.visit(grounds.visitor.as(grounds.good));
  if (first.entry == Entry::unreachable) return not_run(first.words());
  if (!first.let_in()) return failed(why_good_is_out(grounds, first));
  if (auto problem = wrong_server(grounds, first)) return failed(*std::move(problem));
  const Visit second = grounds.visit(grounds.visitor.as(grounds.good));
  grounds.answer = first.http;
  grounds.stable =
      first.http && second.http && first.http->status == second.http->status && first.http->body == second.http->body;
  const auto speaks = [&](tls::ProtocolVersion version) {
    return grounds.visit(grounds.visitor.as(grounds.good, version)).tls.finished;
  };
  grounds.speaks_12 = speaks(tls::ProtocolVersion::tls12);
  grounds.speaks_13 = speaks(tls::ProtocolVersion::tls13);
  return pass(
      fmt::format("{}{}", first.words(), first.tls.certificate_requested ? "" : "; no certificate was asked for"));
}

template <typename Run>
CaseResult timed(std::string_view id, Run run) {
  const auto start = SteadyClock::now();
  Outcome outcome = run();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start);
  return {std::string(id), outcome.verdict, std::move(outcome.words), took};
}

}  // namespace

int Proof::exit_status() const {
  if (!reachable) return kUnreachableStatus;
  if (control.verdict != Verdict::pass) return 1;
  return prove::exit_status(results);
}

Proof prove(const Plan& plan, const Clock& clock) {
  Proof out;
  out.endpoint = plan.target.endpoint.text();
  out.server_name = plan.target.server_name;
  out.at = clock.now();
  Grounds grounds(plan, clock);
  out.control = timed(kControl, [&] { return control(grounds); });
  out.reachable = out.control.verdict != Verdict::not_run;
  if (out.control.verdict != Verdict::pass) return out;
  if (any_wanted(plan, {"resume_expired_tls12_ticket", "resume_expired_tls12_id", "resume_expired_tls13",
                        "ticket_chaining"})) {
    grounds.shelf->begin_expiry(grounds);
  }
  if (any_wanted(plan, {"revoked", "resume_revoked_tls12_ticket", "resume_revoked_tls12_id", "resume_revoked_tls13"})) {
    grounds.shelf->begin_revocation(grounds);
  }
  for (const Case& one : all_cases()) {
    if (!is_wanted(plan, one.id)) continue;
    if (plan.before_case) plan.before_case(one.id);
    out.results.push_back(timed(one.id, [&] { return one.run(grounds); }));
  }
  return out;
}

}  // namespace symbolon::prove
