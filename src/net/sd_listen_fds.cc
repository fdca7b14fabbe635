#include "net/sd_listen_fds.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "net/environment.h"

namespace symbolon::net {
namespace {

constexpr int kFirst = 3;             // SD_LISTEN_FDS_START
constexpr int kMostInherited = 1024;  // more is a mistake in the environment

int option(int descriptor, int which) {
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(descriptor, SOL_SOCKET, which, &value, &length) == 0 ? value : -1;
}

}  // namespace

SocketsToPassOn sockets_to_pass_on() {
  SocketsToPassOn out;
  const std::string process = taken_from_environment("LISTEN_PID");
  const int count = whole_number<int>(taken_from_environment("LISTEN_FDS")).value_or(0);
  std::string names = taken_from_environment("LISTEN_FDNAMES");
  if (whole_number<pid_t>(process) != getpid() || count > kMostInherited) return out;
  for (int descriptor = kFirst; descriptor < kFirst + count; ++descriptor) {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    out.descriptors.push_back(descriptor);
  }
  out.names = std::move(names);
  return out;
}

void take_over_sockets(std::size_t count, const std::string& names) {
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
  setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

Result<InheritedSockets> InheritedSockets::from_environment() {
  InheritedSockets out;
  const std::string process = taken_from_environment("LISTEN_PID");
  const std::string count = taken_from_environment("LISTEN_FDS");
  std::string names = taken_from_environment("LISTEN_FDNAMES");
  if (count.empty() || whole_number<pid_t>(process) != getpid()) return out;
  const int sockets = whole_number<int>(count).value_or(-1);
  if (sockets < 0 || sockets > kMostInherited)
    return fail(Code::activation_unusable, "LISTEN_FDS={}: no number of descriptors", count);
  for (int descriptor = kFirst; descriptor < kFirst + sockets; ++descriptor) {
    std::string name = names.substr(0, names.find(':'));
    names.erase(0, std::min(names.size(), name.size() + 1));
    if (name.empty()) name = "unknown";  // what sd_listen_fds_with_names(3) calls it
    if (option(descriptor, SO_TYPE) != SOCK_STREAM || option(descriptor, SO_ACCEPTCONN) != 1)
      return fail(Code::activation_unusable, "descriptor {} ({}) is no listening stream socket", descriptor, name);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    out.sockets_.push_back({ListeningSocket(descriptor), std::move(name)});
  }
  return out;
}

Result<std::vector<ListeningSocket>> InheritedSockets::bound_to(const Endpoint& endpoint) const {
  std::vector<ListeningSocket> out;
  for (const Named& one : sockets_) {
    if (!TRY(is_bound_to(one.socket.get(), endpoint))) continue;
    ListeningSocket copy(fcntl(one.socket.get(), F_DUPFD_CLOEXEC, kFirst));
    if (copy.get() < 0)
      return fail(Code::out_of_descriptors, "taking over {} ({}): {}", endpoint.text(), one.name,
                  std::generic_category().message(errno));
    out.push_back(std::move(copy));
  }
  return out;
}

std::vector<std::string> InheritedSockets::besides(const std::vector<Endpoint>& endpoints) const {
  std::vector<std::string> out;
  for (const Named& one : sockets_) {
    const auto is_this = [&](const Endpoint& endpoint) {
      return is_bound_to(one.socket.get(), endpoint).value_or(false);
    };
    if (std::ranges::none_of(endpoints, is_this))
      out.push_back(fmt::format("{} ({})", one.name, net::bound_to(one.socket.get()).text()));
  }
  return out;
}

}  // namespace symbolon::net
