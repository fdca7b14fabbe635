#include "prove/grounds.h"

#include "prove/session_shelf.h"

namespace symbolon::prove {
namespace {

std::string without(std::string text, std::string_view name) {
  if (name.empty()) return text;
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) text.erase(at, name.size());
  return text;
}

}  // namespace

Grounds::Grounds(const Plan& with, const Clock& time)
    : plan(with),
      clock(time),
      visitor(with.target),
      good(with.kit.find("good")),
      shelf(std::make_unique<SessionShelf>()) {}

Grounds::~Grounds() = default;

Visit Grounds::visit(tls::MisuseOptions options) const {
  constexpr int kClientError = 400;  // RFC 9110 §15.5
  constexpr int kServerError = 500;
  Visit out = visitor.visit(std::move(options));
  if (out.let_in() && out.http && answer && answer->status < kClientError && out.http->status >= kClientError &&
      out.http->status < kServerError) {
    out.entry = Entry::refused_http;
  }
  return out;
}

Outcome must_be_refused(Grounds& grounds, std::string who, tls::MisuseOptions options) {
  Visit visit = grounds.visit(options);
  const std::string words = visit.words();
  const Entry entry = visit.entry;
  const bool finished = visit.tls.finished;
  const bool asked = visit.tls.certificate_requested || visit.tls.resumed;
  if (is_refused(entry)) grounds.refusals.push_back({std::move(who), std::move(options), std::move(visit)});
  switch (entry) {
    case Entry::let_in: return failed(asked ? words : words + "; no certificate was asked for");
    case Entry::refused_alert:
    case Entry::refused_http:
    case Entry::cut: return pass(words);
    case Entry::silent:
      return unclear(words + (finished && !asked ? "; no certificate was asked for: likely let in"
                                                 : ": it may have been let in (see --path and --send)"));
    case Entry::late:
    case Entry::broken:
    case Entry::unreachable: return unclear(words);
  }
  return unclear(words);
}

std::optional<bool> same_answer(const Grounds& grounds, const HttpAnswer& answer) {
  if (!grounds.answer) return {};
  if (answer.status != grounds.answer->status) return false;
  const auto plain = [&](const std::string& body) {
    return without(without(body, grounds.visitor.target().other_name), grounds.visitor.target().server_name);
  };
  if (plain(answer.body) == plain(grounds.answer->body)) return true;
  if (!grounds.stable) return {};
  return false;
}

}  // namespace symbolon::prove
