// Reaching what stands behind a route: the addresses in their order, through a proxy or not, TLS or plain. Private to
// this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/relay_end.h"
#include "net/dial.h"
#include "net/tunnel.h"
#include "tls/context.h"

namespace symbolon::gateway {

// Addresses that failed a short while ago, and not for what one client asked of them: they are tried last. Of one
// thread and one route, so it holds no more than `to` does.
class AvoidedAddresses {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  void failed(const net::Endpoint& endpoint, Moment now) { until_[endpoint.text()] = now + kWhile; }
  void worked(const net::Endpoint& endpoint) { until_.erase(endpoint.text()); }
  // In their order, those that are avoided behind the others.
  std::vector<net::Endpoint> order(const std::vector<net::Endpoint>& all, Moment now) const;

 private:
  static constexpr std::chrono::seconds kWhile{10};
  std::map<std::string, Moment> until_;
};

// What a route says of its service. Immutable but for `avoided`, which belongs to the thread.
struct ServiceTarget {
  std::vector<net::Endpoint> to;
  std::shared_ptr<const net::TunnelProxy> via;    // null: directly
  std::shared_ptr<const tls::ClientContext> tls;  // null: plain
  std::string server_name;                        // expected; empty: the host of each address
  std::vector<std::string> alpn;                  // offered; empty: what the client and we agreed on, and nothing else
  std::chrono::seconds timeout{5};                // for all of it
  std::shared_ptr<AvoidedAddresses> avoided;      // not null
  std::shared_ptr<net::Resolver> resolver = net::Resolver::of_system();
};

struct ReachedService {
  RelayEnd end;
  std::string address;            // as records say it: "db.internal:5432 at 10.0.0.7:5432"
  std::optional<tls::Peer> peer;  // where it speaks TLS
  std::string host = {};          // of the address as the configuration has it
};

// Reaches one service once.
class ServiceDialer {
 public:
  // `target` must outlive it; `client_alpn` is what was negotiated with the client, or empty; `header` is what the
  // service gets before everything else (TLS too), or empty.
  ServiceDialer(const ServiceTarget& target, std::string client_alpn, Bytes header,
                std::shared_ptr<net::DrainRoom> drain);

  // Each address is tried until one is reached: connected, through the proxy, its certificate judged. Fails with the
  // code of the failure that says most (a refused certificate before a proxy's refusal before backend_unreachable
  // before backend_timeout) and words that name every failure; `cancelled` after cancel().
  net::Task<Result<ReachedService>> reach();
  // Ends the wait. On the executor only.
  void cancel();

  // Handshakes that were refused on the way, each with its address.
  struct Refused {
    std::string address;
    tls::Refusal refusal;
  };
  const std::vector<Refused>& refused() const { return refused_; }
  // Every failure so far, in one line; empty: none.
  const std::string& failures() const { return failures_; }

 private:
  struct Attempt {
    net::Endpoint endpoint;
    net::Address address;
    std::string text;
    net::Deadline deadline;
  };
  net::Task<std::optional<ReachedService>> try_endpoint(net::Endpoint endpoint, net::Deadline deadline);
  net::Task<std::optional<ReachedService>> try_address(Attempt attempt);
  net::Task<std::optional<ReachedService>> speak_tls(net::Socket socket, Attempt attempt);
  // What the service agreed on must be what the client did; a server's own list (`alpn`) leaves it the choice.
  tls::Handshake<tls::Peer> check_alpn(tls::Peer peer) const;
  enum class Blame : std::uint8_t { address, other };
  Blame blame_of(const tls::Refusal& refusal) const;
  void failed(const std::string& address, const Error& error, Blame blame);
  void refuse(tls::Stream stream, const std::string& address, tls::Refusal refusal, const net::Executor& executor);

  const ServiceTarget& target_;
  std::string client_alpn_;
  Bytes header_;
  std::shared_ptr<net::DrainRoom> drain_;
  net::Socket* waiting_ = nullptr;
  std::unique_ptr<boost::asio::steady_timer> timer_;  // of name resolution and of full queues; made by reach()
  bool cancelled_ = false;
  std::vector<Refused> refused_;
  std::string failures_;
  std::optional<Code> code_;
  std::optional<Blame> blame_;  // of the endpoint that is being tried: other, if that is so for one of its addresses
};

}  // namespace symbolon::gateway
