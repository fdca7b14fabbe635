// What the report says of the way to the server.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "check/report.h"

namespace symbolon::check {

// Of an observation that ended on the way: whose fault that is, and what mends it. Pure.
Report way_report(const Observation& observation);

// For people: proxy, PROXY protocol, STARTTLS, a line each; none of a plain connection.
std::vector<std::string> way_lines(const WaySeen& way);

// `proxy`, `proxy_protocol`, `starttls` (null each where there is none), `dialogue` (`by`: "us" or "server", `text`).
boost::json::object way_json(const WaySeen& way);

}  // namespace symbolon::check
