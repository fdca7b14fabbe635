#include "http/url.h"

#include <boost/url/parse.hpp>

namespace symbolon::http {
namespace {

constexpr std::size_t kLongest = 2048;

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  if (text.size() > kLongest) return fail(Code::bad_request, "a URL of {} characters", text.size());
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return fail(Code::bad_request, "not a URL: {}", parsed.error().message());
  if (parsed->scheme_id() != boost::urls::scheme::http) return fail(Code::bad_request, "a URL that is not http");
  if (parsed->has_userinfo() || parsed->has_fragment())
    return fail(Code::bad_request, "a URL with a user or a fragment");
  HttpUrl out;
  out.host = parsed->encoded_host_and_port();
  if (out.host.ends_with(':')) out.host.pop_back();  // RFC 3986 §6.2.3: an empty port is none
  const bool names_port = parsed->has_port() && !parsed->port().empty();
  out.endpoint = TRY(net::Endpoint::parse(names_port ? out.host : fmt::format("{}:{}", out.host, kHttpPort)));
  const bool is_host =
      out.endpoint.kind == net::Endpoint::Kind::name || out.endpoint.kind == net::Endpoint::Kind::address;
  if (!is_host || out.endpoint.port == 0) return fail(Code::bad_request, "a URL without host or port");
  out.target = parsed->encoded_path();
  if (out.target.empty()) out.target = "/";
  if (!out.target.starts_with('/')) return fail(Code::bad_request, "a URL with a port that is none");
  if (parsed->has_query()) out.target += fmt::format("?{}", std::string_view(parsed->encoded_query()));
  return out;
}

}  // namespace symbolon::http
