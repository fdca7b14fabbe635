// Connecting.
#pragma once

#include <functional>
#include <string>
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

// For a process that may not make Unix sockets by itself: `dialer` gives a connected one that does not block, or
// -errno. Once, before there are threads; it is called by several, and answers at once.
void dial_unix_through(std::function<int(const std::string& path)> dialer);

}  // namespace symbolon::net
