#include "check/way_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "check/printable.h"

namespace symbolon::check {
namespace {

namespace json = boost::json;

std::string_view name(ProxyProtocol version) { return version == ProxyProtocol::v1 ? "v1" : "v2"; }

// The table's remedy speaks to the owner of a gateway; this to who typed the command. Empty: the table's.
std::string remedy_of(const WaySeen& way, const Error& error) {
  switch (error.code) {
    case Code::connection_refused:
    case Code::name_not_found:
      if (way.stage == Stage::dialling && !way.proxy.empty()) return "start the proxy, or correct --proxy";
      return {};
    case Code::proxy_authentication: return "name a file with user:password of the proxy by --proxy-credentials";
    case Code::proxy_malformed: return "correct --proxy: host and port, and http:// or socks5:// before them";
    case Code::peer_sends_too_much: return "look at what answers on this port, and at what stands on the way to it";
    default: return {};
  }
}

Side side_of(const WaySeen& way, const Error& error) {
  if (way.stage == Stage::starttls) {
    const bool asked_wrongly = error.code == Code::starttls_wrong_protocol || error.code == Code::tls_at_once;
    return asked_wrongly ? Side::client : Side::server;
  }
  const bool told_wrongly = error.code == Code::name_not_found || error.code == Code::proxy_authentication;
  return told_wrongly ? Side::client : Side::network;
}

// A server that answers was reached, whatever it says.
Outcome outcome_of(const WaySeen& way, const Error& error) {
  if (way.stage != Stage::starttls || error.code == Code::connection_timeout) return Outcome::unreachable;
  return error.code == Code::starttls_wrong_protocol ? Outcome::not_tls : Outcome::failed;
}

std::string summary_of(const Observation& seen, Outcome outcome) {
  const std::string endpoint = seen.endpoint.text();
  const WaySeen& way = seen.way;
  if (way.stage == Stage::starttls) return fmt::format("{} did not change to TLS ({})", endpoint, name(*way.starttls));
  if (outcome == Outcome::unreachable && !way.proxy.empty())
    return fmt::format("{} could not be reached through {}", endpoint, way.proxy);
  return fmt::format("{} could not be reached", endpoint);
}

}  // namespace

Report way_report(const Observation& seen) {
  const Error& error = *seen.unreachable;
  const Outcome outcome = outcome_of(seen.way, error);
  return {outcome,
          summary_of(seen, outcome),
          {{error.code, Certainty::proven, side_of(seen.way, error), error.words, remedy_of(seen.way, error)}},
          {}};
}

std::vector<std::string> way_lines(const WaySeen& way) {
  std::vector<std::string> out;
  if (!way.proxy.empty()) out.push_back("through the proxy " + way.proxy);
  if (way.proxy_protocol != ProxyProtocol::none)
    out.push_back(fmt::format("a PROXY protocol header ({}) goes first", name(way.proxy_protocol)));
  if (!way.starttls) return out;
  if (way.stage != Stage::reached && way.stage != Stage::starttls) {
    out.push_back(fmt::format("STARTTLS of {} was not begun", name(*way.starttls)));
    return out;
  }
  const auto last = std::ranges::find(way.dialogue.rbegin(), way.dialogue.rend(), Said::By::server, &Said::by);
  out.push_back(fmt::format(
      "{} by STARTTLS of {}{}", way.stage == Stage::reached ? "changed to TLS" : "did not change to TLS",
      name(*way.starttls),
      last == way.dialogue.rend() ? std::string() : fmt::format("; the server's last words: {}", last->text)));
  return out;
}

json::object way_json(const WaySeen& way) {
  json::array dialogue;
  for (const Said& said : way.dialogue)
    dialogue.emplace_back(json::object{{"by", said.by == Said::By::us ? "us" : "server"}, {"text", said.text}});
  const bool header = way.proxy_protocol != ProxyProtocol::none;
  return {
      {"proxy", way.proxy.empty() ? json::value(nullptr) : json::value(way.proxy)},
      {"proxy_protocol", header ? json::value(name(way.proxy_protocol)) : json::value(nullptr)},
      {"starttls", way.starttls ? json::value(name(*way.starttls)) : json::value(nullptr)},
      {"dialogue", std::move(dialogue)},
  };
}

}  // namespace symbolon::check
