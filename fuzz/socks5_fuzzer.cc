// A SOCKS 5 proxy may answer anything: the client reads what it asked for, ends or goes on, and sends something exactly
// when an answer is due.
#include "net/socks5.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  static const auto kPair = net::ProxyCredentials::parse("user:password");
  const net::Endpoint to{net::Endpoint::Kind::name, "service.example", 443};
  ByteView rest(data, size);
  const bool with_credentials = !rest.empty() && (rest.front() & 1) != 0;
  if (!rest.empty()) rest = rest.subspan(1);
  net::Socks5Client client(to, with_credentials ? &*kPair : nullptr);
  ENSURE(!client.take_output().empty());
  std::size_t steps = 0;
  while (client.wants() != 0 && client.wants() <= rest.size()) {
    ENSURE(++steps <= 4 && client.wants() <= 257);
    const ByteView now = rest.first(client.wants());
    rest = rest.subspan(client.wants());
    if (const Status taken = client.take(now); !taken) {
      const Code code = taken.error().code;
      ENSURE(code == Code::proxy_refused || code == Code::proxy_authentication || code == Code::proxy_malformed);
      return 0;
    }
    client.take_output();
  }
  return 0;
}
