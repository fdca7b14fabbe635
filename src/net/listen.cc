#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <system_error>

#include "net/listener.h"

namespace symbolon::net {
namespace {

struct Bindable {
  sockaddr_storage address{};
  socklen_t length = 0;
};

std::unexpected<Error> refuse(const Endpoint& endpoint, const char* step, int problem) {
  Code code = Code::system_error;
  if (problem == EADDRINUSE) code = Code::listen_in_use;
  if (problem == EACCES || problem == EPERM) code = Code::listen_denied;
  if (problem == EMFILE || problem == ENFILE) code = Code::out_of_descriptors;
  return fail(code, "{} {}: {}", step, endpoint.text(), std::generic_category().message(problem));
}

Bindable any_of(int family, std::uint16_t port) {
  Bindable out;
  if (family == AF_INET6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.length = sizeof(v6);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out.address);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.length = sizeof(v4);
  }
  return out;
}

Result<Bindable> resolve(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::any) return any_of(AF_INET6, endpoint.port);
  Bindable out;
  if (endpoint.kind == Endpoint::Kind::unix_path) {
    auto& local = reinterpret_cast<sockaddr_un&>(out.address);
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, endpoint.host.data(), std::min(endpoint.host.size(), sizeof(local.sun_path) - 1));
    out.length = sizeof(local);
    return out;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int problem = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (problem != 0) return fail(Code::name_not_found, "listening on {}: {}", endpoint.text(), gai_strerror(problem));
  std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
  out.length = found->ai_addrlen;
  freeaddrinfo(found);
  return out;
}

void set(int descriptor, int level, int option, int value) {
  setsockopt(descriptor, level, option, &value, sizeof(value));
}

// A dead process leaves the file of its socket behind; whoever listens answers a connect.
Status remove_dead_unix_socket(const Endpoint& endpoint, const Bindable& where) {
  struct stat status{};
  if (lstat(endpoint.host.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return fail(Code::listen_in_use, "{} exists and is no socket", endpoint.host);
  const ListeningSocket probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int connected = connect(probe.get(), reinterpret_cast<const sockaddr*>(&where.address), where.length);
  if (connected == 0 || errno == EAGAIN)
    return fail(Code::listen_in_use, "another process listens on {}", endpoint.host);
  if (errno == ECONNREFUSED) unlink(endpoint.host.c_str());
  return {};
}

UnixBinder& unix_binder() {
  static UnixBinder kBinder;
  return kBinder;
}

// One bound socket. The first of a group is bound alone and opened to the group after: the kernel then refuses a port
// that is taken, even by a process of the same user that would share it.
Result<ListeningSocket> bind_one(const Endpoint& endpoint, const Bindable& where, bool first,
                                 const ListenOptions& options) {
  const int family = where.address.ss_family;
  ListeningSocket bound(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (bound.get() < 0) return refuse(endpoint, "making a socket for", errno);
  set(bound.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == AF_INET6) set(bound.get(), IPPROTO_IPV6, IPV6_V6ONLY, endpoint.kind == Endpoint::Kind::any ? 0 : 1);
  if (!first) set(bound.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (bind(bound.get(), reinterpret_cast<const sockaddr*>(&where.address), where.length) != 0)
    return refuse(endpoint, "listening on", errno);
  if (first && options.sockets > 1) set(bound.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  return bound;
}

Result<ListeningSocket> bind_unix(const Endpoint& endpoint, const Bindable& where, unsigned mode) {
  if (const auto& bind_elsewhere = unix_binder().bind) {
    const int descriptor = bind_elsewhere(endpoint.host, mode);
    if (descriptor < 0) return refuse(endpoint, "listening on", -descriptor);
    return ListeningSocket(descriptor);
  }
  TRY(remove_dead_unix_socket(endpoint, where));
  ListeningSocket bound(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (bound.get() < 0) return refuse(endpoint, "making a socket for", errno);
  const mode_t before = umask(static_cast<mode_t>(~mode & 0777));
  const int outcome = bind(bound.get(), reinterpret_cast<const sockaddr*>(&where.address), where.length);
  const int problem = errno;
  umask(before);
  if (outcome != 0) return refuse(endpoint, "listening on", problem);
  return bound;
}

}  // namespace

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = other.release();
  }
  return *this;
}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void bind_unix_through(UnixBinder binder) { unix_binder() = std::move(binder); }

void remove_unix_socket(const std::string& path) {
  if (unix_binder().remove) return unix_binder().remove(path);
  unlink(path.c_str());
}

Result<std::vector<ListeningSocket>> listen(const Endpoint& endpoint, const ListenOptions& options) {
  Bindable where = TRY(resolve(endpoint));
  const bool unix_socket = endpoint.kind == Endpoint::Kind::unix_path;
  std::vector<ListeningSocket> out;
  auto bound = unix_socket ? bind_unix(endpoint, where, options.unix_mode) : bind_one(endpoint, where, true, options);
  if (!bound && endpoint.kind == Endpoint::Kind::any && bound.error().code == Code::system_error) {
    where = any_of(AF_INET, endpoint.port);  // a machine without IPv6
    bound = bind_one(endpoint, where, true, options);
  }
  out.push_back(TRY(std::move(bound)));
  if (endpoint.port == 0 && !unix_socket)
    getsockname(out.front().get(), reinterpret_cast<sockaddr*>(&where.address), &where.length);
  while (out.size() < options.sockets && !unix_socket) out.push_back(TRY(bind_one(endpoint, where, false, options)));
  for (const auto& one : out) {
    if (::listen(one.get(), options.backlog) != 0) return refuse(endpoint, "listening on", errno);
  }
  return out;
}

Result<bool> is_bound_to(int descriptor, const Endpoint& endpoint) {
  Bindable bound;
  bound.length = sizeof(bound.address);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound.address), &bound.length) != 0) return false;
  if (endpoint.kind == Endpoint::Kind::unix_path) return net::bound_to(descriptor) == endpoint;
  if (endpoint.port == 0) return false;
  const auto is = [&](const Bindable& wanted) {
    const auto& have = bound.address;
    if (have.ss_family != wanted.address.ss_family) return false;
    if (have.ss_family == AF_INET) {
      const auto& a = reinterpret_cast<const sockaddr_in&>(have);
      const auto& b = reinterpret_cast<const sockaddr_in&>(wanted.address);
      return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
    }
    const auto& a = reinterpret_cast<const sockaddr_in6&>(have);
    const auto& b = reinterpret_cast<const sockaddr_in6&>(wanted.address);
    return a.sin6_port == b.sin6_port && std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof(a.sin6_addr)) == 0;
  };
  if (endpoint.kind == Endpoint::Kind::any)
    return is(any_of(AF_INET6, endpoint.port)) || is(any_of(AF_INET, endpoint.port));
  return is(TRY(resolve(endpoint)));
}

}  // namespace symbolon::net
