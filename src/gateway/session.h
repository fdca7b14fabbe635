// One connection from accept to close: handshake, dialling the service, the relay's two coroutines. Private to this
// folder.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/record.h"
#include "gateway/relay.h"
#include "gateway/service_dialer.h"
#include "gateway/shared_state.h"
#include "gateway/snapshot.h"

namespace symbolon::gateway {

struct SessionThread;

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Begins to serve on the socket's executor; owns itself from here on.
  static void begin(net::Accepted accepted, LimitCounts::Place place, std::shared_ptr<const AddressRoutes> routes,
                    SharedState& shared, SessionThread& thread);
  ~Session();

  // Ends it; the record says why. On the executor only.
  void end(Code reason, std::string words);

 private:
  Session(net::Accepted accepted, LimitCounts::Place place, std::shared_ptr<const AddressRoutes> routes,
          SharedState& shared, SessionThread& thread);

  // The phases, in their order.
  net::Task<void> run(net::Socket socket);
  // From the accepted socket to a peer that was admitted. None: it was refused, and closed.
  net::Task<std::optional<RelayEnd>> admit(net::Socket socket);
  // The service behind the route, told about the client where the route says so.
  net::Task<Result<RelayEnd>> reach(net::Socket& client);
  void relay(RelayEnd client, RelayEnd service);

  // From a proxy of `accept_proxy_from`: whom it speaks for. False: it did not say, and was refused and closed.
  net::Task<bool> learn_source(net::Socket& socket, net::Deadline deadline);
  net::Task<std::optional<RelayEnd>> speak_plain(net::Socket socket);
  net::Task<std::optional<RelayEnd>> shake_hands(net::Socket socket, net::Deadline deadline);
  // Whether the route has a place for it.
  Status enter_route();
  Result<Bytes> say_onward(net::Socket& client) const;
  void write_refusal(const Error& error, int alert_sent = 0);
  net::Task<void> refuse(tls::Stream stream, tls::Refusal refusal);
  void write_refused_servers();
  net::Task<void> give_up(RelayEnd client, Error error);
  // One direction, until it or the connection ends; whoever is last closes.
  net::Task<void> pump(Next (Relay::*step)());
  net::Task<void> close();
  void watch_idleness();
  RecordHead head() const;
  void write_closing(std::uint64_t received, std::uint64_t sent);

  SharedState& shared_;
  SessionThread& thread_;
  std::shared_ptr<const AddressRoutes> routes_;
  std::shared_ptr<const Route> route_;
  LimitCounts::Place place_;
  LimitCounts::Place place_on_route_;  // dies before route_
  net::PeerAddress address_;           // the client: what connected, or whom the proxy that connected speaks for
  struct Forwarded {
    net::PeerAddress proxy;
    net::PeerAddress destination;
  };
  std::unique_ptr<const Forwarded> forwarded_;  // by a proxy of `accept_proxy_from`
  std::string id_;
  tls::Peer peer_;
  net::Socket* handshaking_ = nullptr;   // while there is neither of the next two
  std::optional<ServiceDialer> dialer_;  // while the service is being reached
  std::string service_;                  // which address was reached
  std::optional<Relay> relay_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_octets_;
  int running_ = 0;  // coroutines of the relay
  bool ended_ = false;
  Code reason_ = Code::connection_ended;
  std::string words_;

  friend class SessionList;
  Session* next_ = nullptr;
  Session* previous_ = nullptr;
};

// The sessions of one thread, so that they can be ended.
class SessionList {
 public:
  void add(Session& session);
  void remove(Session& session);
  void end_all(Code reason, const std::string& words);
  bool empty() const { return first_ == nullptr; }

 private:
  Session* first_ = nullptr;
};

// What the sessions of one thread share.
struct SessionThread {
  SessionList sessions;
  net::Turns handshakes = {};
};

}  // namespace symbolon::gateway
