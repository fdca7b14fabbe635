#include "net/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "net/environment.h"
#include "net/listener.h"

namespace symbolon::net {
namespace {

// A line break would begin another assignment.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

}  // namespace

Result<ServiceManager> ServiceManager::from_environment() {
  ServiceManager out;
  out.address_ = taken_from_environment("NOTIFY_SOCKET");
  const std::string period = taken_from_environment("WATCHDOG_USEC");
  const std::string process = taken_from_environment("WATCHDOG_PID");
  const bool path = out.address_.starts_with('/') || out.address_.starts_with('@');
  if (out.listens() && (!path || out.address_.size() < 2 || out.address_.size() >= sizeof(sockaddr_un::sun_path)))
    return fail(Code::config_bad_value, "NOTIFY_SOCKET={}: neither a path nor an abstract name", out.address_);
  if (period.empty()) return out;
  const auto microseconds = whole_number<std::int64_t>(period);
  if (!microseconds || *microseconds <= 0)
    return fail(Code::config_bad_value, "WATCHDOG_USEC={}: no number of microseconds", period);
  if (process.empty() || whole_number<pid_t>(process) == getpid())
    out.watchdog_ = std::chrono::microseconds(*microseconds);
  return out;
}

ServiceManager ServiceManager::through(Pass pass, std::optional<std::chrono::microseconds> watchdog) {
  ServiceManager out;
  out.pass_ = std::move(pass);
  out.watchdog_ = watchdog;
  return out;
}

Status ServiceManager::ready(std::string_view status) const {
  return send(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

Status ServiceManager::reloading(std::string_view status) const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
  return send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS={}", microseconds, one_line(status)));
}

Status ServiceManager::stopping(std::string_view status) const {
  return send(fmt::format("STOPPING=1\nSTATUS={}", one_line(status)));
}

Status ServiceManager::status(std::string_view status) const { return send("STATUS=" + one_line(status)); }

Status ServiceManager::alive() const { return send("WATCHDOG=1"); }

Status ServiceManager::send(const std::string& message) const {
  if (pass_) return pass_(message);
  if (!listens()) return {};
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (address_.front() == '@') to.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const ListeningSocket socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const ssize_t sent = sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&to), length);
  if (sent == static_cast<ssize_t>(message.size())) return {};
  return fail(Code::system_error, "telling the service manager at {}: {}", address_,
              std::generic_category().message(errno));
}

}  // namespace symbolon::net
