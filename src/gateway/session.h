// One connection from accept to close: handshake, dialling the service, the relay's two coroutines. Private to this
// folder.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/expiries.h"
#include "gateway/record.h"
#include "gateway/relay.h"
#include "gateway/service_dialer.h"
#include "gateway/session_index.h"
#include "gateway/shared_state.h"
#include "gateway/snapshot.h"
#include "gateway/tally.h"

namespace symbolon::gateway {

struct SessionThread;

// A listening address as one thread serves it. On that thread only.
struct ServedAddress {
  std::shared_ptr<const AddressRoutes> routes;  // of now; null: it was taken out of the configuration
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  struct Arrival {
    net::Accepted accepted;
    LimitCounts::Place place;
    std::shared_ptr<const ServedAddress> served;
    bool from_proxy = false;  // of `accept_proxy_from`
  };
  // Begins to serve on the socket's executor; owns itself from here on.
  static void begin(Arrival arrival, SharedState& shared, SessionThread& thread);
  ~Session();

  // Ends it; the record says why. On the executor only.
  void end(Code reason, std::string words);
  // Judges it as a new connection of the same peer would be judged now, and ends it where that one would be refused, or
  // where there is no memory to judge. On the executor only.
  void judge_again() noexcept;
  // A certificate by which one of its sides was admitted has ended. On the executor only.
  void expired();

 private:
  Session(Arrival arrival, SharedState& shared, SessionThread& thread);

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
  // Counts it on the route, if that has a place for it.
  Status enter_route();
  // Where a new connection of the same client would lead now. Fails with route_removed, or proxy_... where whom it
  // comes from counts no more.
  Result<std::shared_ptr<const Route>> route_now() const;
  void judge_as_new();
  void judge_server_again();
  void take_admission(std::shared_ptr<const tls::Admission>& place, std::shared_ptr<const tls::Admission> next);
  // Among those that a revocation of one of its certificates finds.
  void index();
  // Whether revocations came since this verdict, or while it was reached.
  bool is_behind(const tls::Admission* admission) const;
  void passed(AdmissionStep step) const;
  // What dates are held against, where the route keeps who was admitted once.
  std::optional<UnixSeconds> judged_at(const tls::Admission& admission) const;
  void note_expiry();
  Result<Bytes> say_onward(net::Socket& client) const;
  // For another reason than its handshake.
  void write_refusal(const Error& error, int alert_sent = 0);
  net::Task<void> refuse(tls::Stream stream, tls::Refusal refusal);
  void write_refused_servers();
  net::Task<void> give_up(RelayEnd client, Error error);
  // One direction, until it or the connection ends; whoever is last closes.
  net::Task<void> pump(Next (Relay::*step)());
  net::Task<void> close();
  // A coroutine of it fell: only an allocation throws.
  void give_up_for_memory() noexcept;
  void watch_idleness();
  RecordHead head() const;
  void write_closing(std::uint64_t received, std::uint64_t sent);

  SharedState& shared_;
  SessionThread& thread_;
  std::shared_ptr<const ServedAddress> served_;
  std::shared_ptr<const AddressRoutes> routes_;  // until it is admitted: those that it began with
  std::shared_ptr<const Route> route_;           // after it; a reload replaces it at any wait
  LimitCounts::Place place_;
  std::shared_ptr<LimitCounts> route_limits_;  // of the route that it entered, if there were any
  LimitCounts::Place place_on_route_;          // dies before them
  net::PeerAddress address_;  // the client: what connected, or whom the proxy that connected speaks for
  bool from_proxy_;
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
  struct Server {
    std::shared_ptr<const tls::Admission> admission;
    std::string host;  // of the address by which it was reached
  };
  std::unique_ptr<Server> server_;  // the service, where it speaks TLS
  Tally tally_;
  std::optional<Relay> relay_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point last_octets_;
  int running_ = 0;  // coroutines of the relay
  std::optional<Expiries::Entry> expiry_;
  SessionIndex::Place indexed_;
  bool ended_ = false;
  bool outdated_ = false;  // what the client, and then the server, is judged by changed during the handshake
  Code reason_ = Code::connection_ended;
  std::string words_;

  friend class SessionList;
  Session* next_ = nullptr;
  Session* previous_ = nullptr;
};

// The sessions of one thread, so that they can be ended or judged again.
class SessionList {
 public:
  void add(Session& session);
  void remove(Session& session);
  void end_all(Code reason, const std::string& words);
  bool empty() const { return first_ == nullptr; }
  // A walk over those that are there when it begins: next() gives each once, unless it ended meanwhile, then null.
  void begin_walk() { walk_ = first_; }
  Session* next();

 private:
  Session* first_ = nullptr;
  Session* walk_ = nullptr;
};

// What the sessions of one thread share.
struct SessionThread {
  SessionList sessions;
  Expiries expiries = {};
  SessionIndex index = {};
  ThreadCounts counts = {};
  net::Turns handshakes = {};
};

}  // namespace symbolon::gateway
