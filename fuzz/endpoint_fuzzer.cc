// Every endpoint that is read is written in a form that reads the same; nothing else than bad_request is answered. An
// authority's address leads to an endpoint that can be dialled.
#include "enroll/authority_url.h"
#include "net/endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using symbolon::net::Endpoint;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto authority = symbolon::enroll::parse_authority_url(text)) {
    ENSURE(authority->kind != Endpoint::Kind::any && *Endpoint::parse(authority->text()) == *authority);
  } else {
    ENSURE(authority.error().code == symbolon::Code::bad_request && !authority.error().words.empty());
  }
  const auto endpoint = Endpoint::parse(text);
  if (!endpoint) {
    ENSURE(endpoint.error().code == symbolon::Code::bad_request && !endpoint.error().words.empty());
    return 0;
  }
  const auto again = Endpoint::parse(endpoint->text());
  ENSURE(again && *again == *endpoint);
  ENSURE(endpoint->host.find('\0') == std::string::npos);
  return 0;
}
