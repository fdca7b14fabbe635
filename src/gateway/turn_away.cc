#include "gateway/turn_away.h"

#include <sys/socket.h>

#include "tls/alert_record.h"

namespace symbolon::gateway {

net::Task<void> turn_away(net::Socket socket, int alert, std::shared_ptr<net::DrainRoom> room) {
  if (alert != 0) {
    // The buffer of a socket that has just been accepted takes it; if it does not, there is nobody to tell.
    const auto record = tls::fatal_alert_record(alert);
    static_cast<void>(::send(socket.native_handle(), record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  co_await net::drain_and_close(std::move(socket), std::move(room));
}

}  // namespace symbolon::gateway
