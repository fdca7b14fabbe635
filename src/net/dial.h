// Connecting.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/endpoint.h"
#include "net/resolver.h"
#include "net/socket.h"

namespace symbolon::net {

// Addresses of one name that are tried at most.
inline constexpr std::size_t kMostAddresses = 16;

// The addresses of an endpoint, at least one; names by `resolver`, which see for `timer` and failures.
Task<Result<std::vector<Address>>> resolve(Endpoint endpoint, Resolver& resolver, boost::asio::steady_timer& timer,
                                           Deadline deadline);

// Opens and connects `socket`; the caller may cancel it and `timer`, on which it waits where the queue of a Unix socket
// is full. Fails with connection_refused, connection_timeout (the deadline passed), network_unreachable,
// out_of_descriptors, cancelled or system_error; the words do not repeat the address.
Task<Status> connect(Socket& socket, Address address, boost::asio::steady_timer& timer, Deadline deadline);

// When the first of `left` attempts must have ended that share the time until `deadline` evenly.
Deadline share_of(Deadline deadline, std::size_t left);

// "192.0.2.1:443", "[2001:db8::1]:443", "unix".
std::string text(const Address& address);

// A connected socket on the executor of the calling coroutine. Names are resolved by the system, each address is tried
// in turn, each with its share of the time. Fails as resolve and connect do.
Task<Result<Socket>> dial(Endpoint endpoint, Deadline deadline);

// For a process that may not make every connection by itself. Each gives a socket that does not block, or -errno. Set
// once, before there are threads; they are called by several, and answer soon: they block whoever asks.
struct Dialers {
  std::function<int(const std::string& path)> to_unix;  // connected; for every Unix socket
  // Its connection may be under way; for TCP, after the kernel refused it to this process. A whole sockaddr.
  std::function<int(std::string_view address)> to_tcp;
};
void dial_through(Dialers dialers);

}  // namespace symbolon::net
