#include "net/socket.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"

namespace symbolon::net {

struct CancelAt::State {
  explicit State(const Executor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;
  bool passed = false;
  bool alive = true;
};

CancelAt::CancelAt(Socket& socket, Deadline deadline) : state_(std::make_shared<State>(socket.get_executor())) {
  state_->timer.expires_at(deadline);
  state_->timer.async_wait([state = state_, &socket](boost::system::error_code error) {
    if (error || !state->alive) return;
    state->passed = true;
    boost::system::error_code ignored;
    socket.cancel(ignored);
  });
}

CancelAt::~CancelAt() {
  state_->alive = false;
  state_->timer.cancel();
}

bool CancelAt::passed() const { return state_->passed; }

Result<Socket> adopt(const Executor& executor, int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    const int problem = errno;
    ::close(descriptor);
    return fail(Code::system_error, "getsockname: {}", std::generic_category().message(problem));
  }
  if (address.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  Socket socket(executor);
  boost::system::error_code error;
  socket.assign({address.ss_family, 0}, descriptor, error);
  if (error) {
    ::close(descriptor);
    return fail(Code::system_error, "watching a socket: {}", error.message());
  }
  socket.non_blocking(true, error);
  if (error) return fail(Code::system_error, "making a socket nonblocking: {}", error.message());
  return socket;
}

std::string peer_text(Socket& socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getpeername(socket.native_handle(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return PeerAddress::from(address).text();
}

}  // namespace symbolon::net
