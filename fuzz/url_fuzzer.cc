// Whatever a certificate names as its responder: what is read leads to a host that can be dialled and makes a request
// of one line; nothing else than bad_request is answered.
#include "http/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using symbolon::net::Endpoint;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = symbolon::http::parse_http_url(text);
  if (!url) {
    ENSURE(url.error().code == symbolon::Code::bad_request && !url.error().words.empty());
    return 0;
  }
  const Endpoint& endpoint = url->endpoint;
  ENSURE(endpoint.kind == Endpoint::Kind::name || endpoint.kind == Endpoint::Kind::address);
  ENSURE(endpoint.port != 0 && !url->host.empty() && url->target.starts_with('/'));
  for (const std::string& part : {url->host, url->target}) {
    for (const char c : part) ENSURE(c > ' ' && c < '\x7f');
  }
  const auto again = symbolon::http::parse_http_url("http://" + url->host + url->target);
  if (text.size() < 2000) ENSURE(again && again->endpoint == endpoint && again->target == url->target);
  return 0;
}
