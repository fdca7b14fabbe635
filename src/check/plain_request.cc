#include "check/plain_request.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace symbolon::check {
namespace {

using SteadyClock = std::chrono::steady_clock;
using tls::ProbeEnd;

constexpr std::size_t kMostOctets = 4096;
constexpr std::chrono::milliseconds kPause{200};  // after the first octets: is there more?

bool wait_for_input(int descriptor, SteadyClock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  pollfd entry{descriptor, POLLIN, 0};
  return left > 0 && poll(&entry, 1, static_cast<int>(left)) > 0;
}

}  // namespace

PlainAnswer ask_plainly(int descriptor, std::string_view request, std::chrono::milliseconds wait) {
  PlainAnswer out;
  // A few octets on a new connection: they fit into its buffer, or it is broken and reading tells.
  (void)send(descriptor, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  auto deadline = SteadyClock::now() + wait;
  while (out.octets.size() < kMostOctets && wait_for_input(descriptor, deadline)) {
    std::array<char, 1024> buffer;
    const ssize_t octets = recv(descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (octets < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    if (octets <= 0) {
      out.end = octets == 0 ? ProbeEnd::cut : ProbeEnd::reset;
      break;
    }
    out.octets.append(buffer.data(), static_cast<std::size_t>(octets));
    deadline = std::min(deadline, SteadyClock::now() + kPause);
  }
  if (!out.octets.empty()) out.end = ProbeEnd::data;
  return out;
}

}  // namespace symbolon::check
