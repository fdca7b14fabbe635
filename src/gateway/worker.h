// One thread of the gateway: its io_context, its listening sockets, its sessions, its cache. Private to this folder.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/session.h"
#include "gateway/shared_state.h"
#include "gateway/snapshot.h"
#include "net/listener.h"

namespace symbolon::gateway {

class Worker {
 public:
  explicit Worker(SharedState& shared) : shared_(shared) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // stops, joins

  x509::PathCache& cache() { return cache_; }
  // One socket for each address of the snapshot, in its order.
  void start(std::vector<net::ListeningSocket> sockets, Snapshot snapshot);
  // New connections are judged by this one. Thread-safe.
  void replace(Snapshot snapshot);
  // Thread-safe; join() then.
  void stop();
  void join();

 private:
  net::Task<void> accept_from(std::size_t address);
  void take_in(net::Accepted accepted, const std::shared_ptr<const AddressRoutes>& routes);
  void refuse(net::Accepted accepted, const Error& error, int alert);
  void leave_when_empty();

  SharedState& shared_;
  x509::PathCache cache_;
  SessionThread thread_state_;
  Snapshot snapshot_;
  boost::asio::io_context context_{1};
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::unique_ptr<boost::asio::steady_timer> leaving_;
  std::chrono::steady_clock::time_point leave_at_latest_;
  std::thread thread_;
};

}  // namespace symbolon::gateway
