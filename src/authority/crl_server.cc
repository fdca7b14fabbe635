#include "authority/crl_server.h"

#include "http/conditional.h"
#include "http/problem.h"

namespace symbolon::authority {
namespace {

constexpr std::string_view kSuffix = ".crl";
constexpr std::size_t kConnections = 128;
constexpr std::size_t kConnectionsPerSource = 8;
constexpr std::size_t kHeaderOctets = 8 << 10;

}  // namespace

http::ServerOptions crl_server_options() {
  http::ServerOptions options;
  options.message = {.header_octets = kHeaderOctets, .body_octets = 0};
  options.idle_deadline = std::chrono::seconds(10);
  options.connections = kConnections;
  options.connections_per_source = kConnectionsPerSource;
  return options;
}

http::Response answer_with(const std::shared_ptr<const Crl>& crl, const http::Headers& asked) {
  const std::string tag = fmt::format("\"{}\"", crl->number);
  const std::string date = http::http_date(crl->this_update);
  http::Response out;
  out.headers.add("ETag", tag);
  out.headers.add("Last-Modified", date);
  out.headers.add("Cache-Control", fmt::format("public, max-age={}, must-revalidate", kPublicMaxAge.count));
  if (http::has_it(asked, tag, date)) {
    out.status = 304;
    return out;
  }
  out.headers.add("Content-Type", std::string(kCrlType));
  out.shared = std::shared_ptr<const std::string>(crl, &crl->der);
  return out;
}

http::Handler crl_handler(const CrlPublisher& publisher) {
  const auto router = std::make_shared<http::Router>();
  const auto answer = [](const std::shared_ptr<const Crl>& crl, const http::RoutedRequest& routed) {
    return crl ? answer_with(crl, routed.request.headers)
               : http::problem({Code::not_found, "there is no such CRL here"});
  };
  router->add("GET", "/{file}",
              [&publisher, answer](http::RoutedRequest routed, const http::Caller&) -> net::Task<http::Response> {
                const std::string& file = routed.parameters.at("file");
                std::shared_ptr<const Crl> crl;
                if (file.ends_with(kSuffix)) crl = publisher.find(file.substr(0, file.size() - kSuffix.size()));
                co_return answer(crl, routed);
              });
  router->add("GET", "/{name}/{file}",
              [&publisher, answer](http::RoutedRequest routed, const http::Caller&) -> net::Task<http::Response> {
                const auto part = CrlPart::from_file(routed.parameters.at("file"));
                std::shared_ptr<const Crl> crl;
                if (part) crl = publisher.find(routed.parameters.at("name"), *part);
                co_return answer(crl, routed);
              });
  return [router](http::Request request, const http::Caller& caller) {
    return router->handle(std::move(request), caller);
  };
}

}  // namespace symbolon::authority
