#include "check/ladder_json.h"

#include <boost/json.hpp>

namespace symbolon::check {

boost::json::array ladder_json(const std::vector<Rung>& rungs) {
  boost::json::array out;
  for (const Rung& rung : rungs) {
    boost::json::object each{{"kind", name(rung.kind)}, {"name", rung.name}, {"detail", rung.detail}};
    if (rung.crosses()) {
      each["from"] = rung.direction == tls::ProbeDirection::sent ? "client" : "server";
      each["octets"] = rung.octets;
      each["microseconds"] = rung.at ? boost::json::value(rung.at->count()) : boost::json::value(nullptr);
    }
    out.emplace_back(std::move(each));
  }
  return out;
}

}  // namespace symbolon::check
