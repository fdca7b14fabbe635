// A server name that is accepted is the whole extension but for its five octets of lengths and type, in lower case.
#include "tls/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto name = symbolon::tls::parse_server_name({data, size});
  if (!name) {
    ENSURE(name.error().code == symbolon::Code::handshake_malformed);
    return 0;
  }
  ENSURE(size > 5);
  if (!*name) return 0;  // an address
  ENSURE((*name)->size() == size - 5 && (*name)->find('\0') == std::string::npos);
  for (const char c : **name) ENSURE(c < 'A' || c > 'Z');
  return 0;
}
