// The addresses that a gateway listens on, and how their sockets are shared out among its threads. Private to this
// folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/config.h"
#include "gateway/worker.h"
#include "net/sd_listen_fds.h"
#include "net/unix_socket_file.h"

namespace symbolon::gateway {

class Addresses {
 public:
  // `inherited` may be null.
  explicit Addresses(std::shared_ptr<const net::InheritedSockets> inherited) : inherited_(std::move(inherited)) {}

  // What is bound for a configuration and not served before; nothing of it is served unless it is put to use.
  struct Bound {
    net::Endpoint at;  // with the port that was really bound
    std::vector<net::ListeningSocket> sockets;
    std::unique_ptr<net::UnixSocketFile> file;  // of a Unix socket that we made
  };
  using New = std::map<std::string, Bound>;  // by the text of `listen`

  // Binds what `config` names beyond what is in use, for that many threads. Fails as net::listen, with the place of the
  // first route of the address; then nothing of it is bound.
  Result<New> bind(const GatewayConfig& config, std::size_t threads) const;
  // From now on those of `config` are in use. The doors of the new ones, by worker: a socket for each thread where
  // there are as many; else those that there are hand out what they accept.
  std::vector<std::vector<NewDoor>> use(const GatewayConfig& config, New bound, const std::vector<Worker*>& workers);

  net::Endpoint bound_to(const net::Endpoint& listen) const;
  // Sockets that were inherited and fit no address of `config`.
  std::vector<std::string> unused(const GatewayConfig& config) const;

 private:
  struct InUse {
    net::Endpoint at;
    std::unique_ptr<net::UnixSocketFile> file;
  };
  std::shared_ptr<const net::InheritedSockets> inherited_;
  std::map<std::string, InUse> in_use_;
  std::size_t next_ = 0;  // worker whose turn it is to take a door that stands alone
};

}  // namespace symbolon::gateway
