// Which handler answers a request: methods and path templates.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/caller.h"
#include "http/message.h"
#include "http/target.h"
#include "net/socket.h"

namespace symbolon::http {

// What a route's handler is given.
struct RoutedRequest {
  Request request;
  Target target;
  std::map<std::string, std::string, std::less<>> parameters;  // of the template: {"what", "web"}
};

using RouteHandler = std::function<net::Task<Response>(RoutedRequest, const Caller&)>;

using RestGuard = std::function<net::Task<std::optional<Response>>(const Request&, const Caller&)>;

// Filled at the start, then only read. Thread-safe from then on.
class Router {
 public:
  // `path`: "/v1/certificates/{what}"; a template in braces takes exactly one segment; literal segments win over it.
  void add(std::string_view method, std::string_view path, RouteHandler handler);

  // Asked before a request is answered that no route takes; what it answers, if anything, stands instead.
  void guard_rest(RestGuard guard) { guard_ = std::move(guard); }

  // 404 not_found, 405 method_not_allowed with Allow, both as problem documents. HEAD is answered by GET's handler
  // (the server drops the body), OPTIONS with Allow.
  net::Task<Response> handle(Request request, const Caller& caller) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // "{what}" stands as such
    RouteHandler handler;
  };
  std::vector<Route> routes_;
  RestGuard guard_;
};

}  // namespace symbolon::http
