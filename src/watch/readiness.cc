#include "watch/readiness.h"

#include <algorithm>

namespace symbolon::watch {

Readiness readiness_of(const api::GatewayStatus& gateway) {
  Readiness out{.ready = true, .words = {}};
  const auto refuse = [&](std::string words) {
    out.ready = false;
    out.words.push_back(std::move(words));
  };
  if (gateway.phase != api::GatewayPhase::serving) {
    refuse(std::string(api::name(gateway.phase)));
    return out;
  }
  if (gateway.open >= gateway.most_open)
    refuse(fmt::format("{}: {} connections are open", name(Code::connection_limit), gateway.open));
  const auto hindered = [](const api::RouteStatus& route) { return !route.hindrances.empty(); };
  if (std::ranges::all_of(gateway.routes, hindered)) refuse("no route can admit anybody");
  for (const api::RouteStatus& route : gateway.routes) {
    for (const api::Warning& one : route.hindrances)
      out.words.push_back(fmt::format("{}: {}", name(one.code), one.words));
  }
  return out;
}

}  // namespace symbolon::watch
