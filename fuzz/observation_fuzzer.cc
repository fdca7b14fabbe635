// What a server may send: the probe decodes it from a socket, the diagnosis and the report speak of it. The ClientHello
// is never answered fittingly, so that the octets decide alone how far it comes. Input: options (1 octet), then what
// the server sends before it ends the connection.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "check/report.h"
#include "tls/probe.h"

namespace {

using namespace symbolon;

tls::Transcript watch(ByteView octets, bool only_12) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::abort();
  (void)!write(ends[1], octets.data(), octets.size());
  shutdown(ends[1], SHUT_WR);
  tls::ProbeOptions options;
  options.server_name = "a.example";
  options.handshake = options.linger = std::chrono::milliseconds(200);
  if (only_12) options.most = tls::ProbeVersion::tls12;
  tls::Transcript out = tls::probe(ends[0], options);
  close(ends[0]);
  close(ends[1]);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 65536) return 0;
  check::Observation seen;
  seen.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  seen.server_name = "a.example";
  seen.at = {1'800'000'000};
  seen.asked_http = (data[0] & 1) != 0;
  seen.tls = watch(ByteView(data, size).subspan(1), (data[0] & 2) != 0);
  if (seen.tls->finished) std::abort();  // nobody has the keys
  if (seen.tls->messages.size() > tls::ProbeLimits::kMessages) std::abort();
  if (seen.tls->first_octets.size() > tls::ProbeLimits::kFirstOctets) std::abort();
  const check::Report report = check::diagnose(seen);
  if (report.findings.empty() || report.exit_code() != check::kFound) std::abort();
  (void)check::next_attempt(seen);
  if (check::to_text(seen, report).empty() || check::to_json(seen, report).empty()) std::abort();
  return 0;
}
