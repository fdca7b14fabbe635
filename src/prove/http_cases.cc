// What HTTP adds: names that disagree, and headers that lie.
#include "prove/cases.h"
#include "prove/identity_headers.h"

namespace symbolon::prove::in_http {
namespace {

constexpr std::string_view kNoHttp = "the endpoint is not asked in HTTP (--send)";

Outcome says_header(Grounds& grounds, const std::string& clean) {
  std::vector<std::string> believed = grounds.plan.identity_headers;
  const bool named = !believed.empty();
  if (!named) believed = shown_headers(clean);
  std::vector<std::string> through;
  std::vector<std::string> others;
  const Target& target = grounds.visitor.target();
  for (const Forgery& forgery : forgeries(believed)) {
    tls::MisuseOptions options = grounds.visitor.as(grounds.good);
    options.request = target.request(target.server_name, *grounds.plan.echo_path, forgery.fields);
    const Visit visit = grounds.visit(options);
    if (is_refused(visit.entry)) continue;  // so nothing went through
    if (!visit.http) return unclear(fmt::format("with headers {}: {}", forgery.what, visit.words()));
    for (const std::string& name : forgery.seen_in(visit.http->body)) {
      (is_among(name, believed) ? through : others).push_back(name);
    }
  }
  if (!through.empty()) return failed(fmt::format("the service is shown what the client forged: {}", list(through)));
  if (!others.empty() && !named) {
    return unclear(
        fmt::format("forged headers reach the service, and nothing shows that it believes them: {}; name "
                    "those that it believes: --identity-header",
                    list(others)));
  }
  if (believed.empty()) return pass("no header of the client's reaches the service as its identity");
  return pass(fmt::format("nothing forged in place of {}", list(believed)));
}

}  // namespace

Outcome other_sni(Grounds& grounds) {
  if (grounds.visitor.target().ask() != Ask::http) return not_run(std::string(kNoHttp));
  tls::MisuseOptions options = grounds.visitor.as(nullptr);
  options.server_name = grounds.visitor.target().other_name;
  Visit visit = grounds.visit(options);
  if (is_refused(visit.entry)) {
    Outcome out = pass(visit.words());
    grounds.refusals.push_back({"other_sni", std::move(options), std::move(visit)});
    return out;
  }
  if (!visit.let_in() || !visit.http) return unclear(visit.words());
  if (visit.http->status >= 400) return pass(fmt::format("HTTP {}", visit.http->status));
  const auto same = same_answer(grounds, *visit.http);
  if (!same) return unclear(visit.words() + ", with an answer that cannot be compared");
  if (*same) return failed(visit.words() + ", with what the good client gets");
  return pass(visit.words() + ", but not with what the good client gets");
}

Outcome other_host(Grounds& grounds) {
  const Target& target = grounds.visitor.target();
  if (target.ask() != Ask::http) return not_run(std::string(kNoHttp));
  tls::MisuseOptions options = grounds.visitor.as(grounds.good);
  options.request = target.request(target.other_name, target.path);
  const Visit visit = grounds.visit(options);
  if (visit.entry == Entry::refused_http || visit.entry == Entry::refused_alert) return pass(visit.words());
  if (!visit.http) return unclear(visit.words());
  if (visit.http->status >= 400) return pass(fmt::format("HTTP {}", visit.http->status));
  const auto same = same_answer(grounds, *visit.http);
  if (!same) return unclear(visit.words() + ", with an answer that cannot be compared");
  if (*same) return pass("Host makes no difference");
  return failed(visit.words() + ": Host led to another service than the one whose name was agreed");
}

Outcome forged_headers(Grounds& grounds) {
  const Target& target = grounds.visitor.target();
  if (target.ask() != Ask::http) return not_run(std::string(kNoHttp));
  if (!grounds.plan.echo_path) {
    return not_run("--echo-path is needed: a path whose answer shows what the service knows of the client");
  }
  tls::MisuseOptions options = grounds.visitor.as(grounds.good);
  options.request = target.request(target.server_name, *grounds.plan.echo_path);
  const Visit visit = grounds.visit(options);
  if (!visit.let_in() || !visit.http) return not_run(fmt::format("--echo-path: {}", visit.words()));
  return says_header(grounds, visit.http->body);
}

}  // namespace symbolon::prove::in_http
