#include "tls/misuse_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace symbolon::tls {

bool MisuseSocket::prepare() const {
  const int flags = fcntl(descriptor_, F_GETFL);
  return flags >= 0 && fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) >= 0;
}

MisuseSocket::Input MisuseSocket::receive(BIO* into, Time deadline) {
  while (true) {
    std::array<char, 16384> buffer;
    const ssize_t octets = recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (octets > 0) {
      if (static_cast<std::size_t>(octets) > left_) return Input::flood;
      left_ -= static_cast<std::size_t>(octets);
      BIO_write(into, buffer.data(), static_cast<int>(octets));
      return Input::octets;
    }
    if (octets == 0) return Input::end;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      words_ = std::generic_category().message(errno);
      return Input::reset;
    }
    if (!wait(POLLIN, deadline)) return Input::late;
  }
}

void MisuseSocket::flush(BIO* from, Time deadline) {
  char* data = nullptr;
  auto left = static_cast<std::size_t>(std::max(0L, BIO_get_mem_data(from, &data)));
  while (left > 0 && !write_broken_) {
    const ssize_t sent = send(descriptor_, data, left, MSG_NOSIGNAL);
    if (sent >= 0) {
      data += sent;
      left -= static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      write_broken_ = !wait(POLLOUT, deadline);
    } else if (errno != EINTR) {
      write_broken_ = true;
    }
  }
  (void)BIO_reset(from);
}

bool MisuseSocket::wait(short events, Time deadline) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{descriptor_, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace symbolon::tls
