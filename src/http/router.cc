#include "http/router.h"

#include <set>

#include "http/problem.h"

namespace symbolon::http {

namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

// How many literal segments fit, plus one; none: the template does not fit.
std::optional<std::size_t> fit(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return std::nullopt;
  std::size_t literals = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) continue;
    if (pattern[i] != segments[i]) return std::nullopt;
    ++literals;
  }
  return literals;
}

Parameters parameters_of(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  Parameters parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) parameters.emplace(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
  }
  return parameters;
}

std::string allowed(std::set<std::string> methods) {
  if (methods.contains("GET")) methods.insert("HEAD");
  methods.insert("OPTIONS");
  return fmt::format("{}", fmt::join(methods, ", "));
}

}  // namespace

void Router::add(std::string_view method, std::string_view path, RouteHandler handler) {
  Route route{std::string(method), {}, std::move(handler)};
  while (!path.empty()) {
    ENSURE(path.front() == '/');
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    route.segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  routes_.push_back(std::move(route));
}

net::Task<Response> Router::handle(Request request, const Caller& caller) const {
  auto target = Target::parse(request.target);
  if (!target) co_return problem(target.error());

  std::set<std::string> methods;
  const Route* chosen = nullptr;
  std::size_t best = 0;
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  for (const Route& route : routes_) {
    const auto literals = fit(route.segments, target->segments);
    if (!literals) continue;
    methods.insert(route.method);
    if (route.method != method || *literals <= best) continue;
    best = *literals;
    chosen = &route;
  }
  if (chosen != nullptr) {
    RoutedRequest routed{std::move(request), {}, parameters_of(chosen->segments, target->segments)};
    routed.target = *std::move(target);
    co_return co_await chosen->handler(std::move(routed), caller);
  }
  if (guard_) {
    auto instead = co_await guard_(request, caller);
    if (instead) co_return *std::move(instead);
  }
  if (methods.empty()) co_return problem({Code::not_found, fmt::format("nothing is at {}", request.target)});
  Response response = make_response(204, "text/plain", "");
  if (request.method != "OPTIONS") {
    response = problem({Code::method_not_allowed, fmt::format("{} {}", request.method, request.target)});
  }
  response.headers.set("Allow", allowed(std::move(methods)));
  co_return response;
}

}  // namespace symbolon::http
