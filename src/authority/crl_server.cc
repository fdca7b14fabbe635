#include "authority/crl_server.h"

#include "http/problem.h"

namespace symbolon::authority {
namespace {

constexpr std::string_view kSuffix = ".crl";
constexpr std::size_t kConnections = 128;
constexpr std::size_t kConnectionsPerSource = 8;
constexpr std::size_t kHeaderOctets = 8 << 10;
// Seconds that a cache may go on with the one it has: it adds to what passes between revocation and refusal.
constexpr int kMaxAge = 30;

// RFC 9110 §8.8.3, §13.1.2: a list of entity tags, or "*"; weak comparison.
bool holds_tag(std::string_view field, std::string_view tag) {
  if (field == "*") return true;
  while (!field.empty()) {
    const auto comma = field.find(',');
    std::string_view one = field.substr(0, comma);
    field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
  }
  return false;
}

// §13.1.3: "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match header field". The date
// counts where it is the very one that we said: a CRL of a clock that was set right is not the older one of before.
bool has_it(const http::Headers& asked, std::string_view tag, std::string_view date) {
  if (const auto tags = asked.find("If-None-Match")) return holds_tag(*tags, tag);
  return asked.find("If-Modified-Since") == date;
}

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
  out.headers.add("Cache-Control", fmt::format("public, max-age={}, must-revalidate", kMaxAge));
  if (has_it(asked, tag, date)) {
    out.status = 304;
    return out;
  }
  out.headers.add("Content-Type", std::string(kCrlType));
  out.shared = std::shared_ptr<const std::string>(crl, &crl->der);
  return out;
}

http::Handler crl_handler(const CrlPublisher& publisher) {
  const auto router = std::make_shared<http::Router>();
  router->add("GET", "/{file}",
              [&publisher](http::RoutedRequest routed, const http::Caller&) -> net::Task<http::Response> {
                const std::string& file = routed.parameters.at("file");
                std::shared_ptr<const Crl> crl;
                if (file.ends_with(kSuffix)) crl = publisher.find(file.substr(0, file.size() - kSuffix.size()));
                if (!crl) co_return http::problem({Code::not_found, "there is no such CRL here"});
                co_return answer_with(crl, routed.request.headers);
              });
  return [router](http::Request request, const http::Caller& caller) {
    return router->handle(std::move(request), caller);
  };
}

}  // namespace symbolon::authority
