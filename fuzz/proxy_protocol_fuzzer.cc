// What is read of a PROXY protocol header is written in a form that reads the same; a header's length never changes by
// what follows it, and nothing else than proxy_header_malformed is answered.
#include <algorithm>

#include "net/proxy_protocol.h"

using symbolon::ByteView;
using symbolon::Code;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace net = symbolon::net;
  const ByteView octets(data, size);
  const auto length = net::proxy_header_length(octets);
  if (!length) {
    ENSURE(length.error().code == Code::proxy_header_malformed);
    ENSURE(!net::parse_proxy_header(octets));
    return 0;
  }
  ENSURE(*length > 0 && *length <= net::kMostProxyHeader);
  if (*length > size) {
    ENSURE(!net::parse_proxy_header(octets));
    return 0;
  }
  const ByteView whole = octets.first(*length);
  ENSURE(net::proxy_header_length(whole).value_or(0) == *length);
  const auto header = net::parse_proxy_header(whole);
  if (!header) {
    ENSURE(header.error().code == Code::proxy_header_malformed);
    return 0;
  }
  const auto again = net::encode_proxy_header(*header);
  if (again) {
    const auto same = net::parse_proxy_header(*again);
    ENSURE(same && *same == *header);
  } else {
    ENSURE(again.error().code == Code::identity_not_forwarded);  // control characters
  }
  const auto line = net::encode_proxy_line(*header);
  ENSURE(line && line->size() <= net::kMostProxyLine);
  ENSURE(net::parse_proxy_header(*line)->addresses == header->addresses);
  return 0;
}
