// One thread of the gateway: its io_context, its listening sockets, its sessions, its cache. Private to this folder.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "gateway/gathering.h"
#include "gateway/session.h"
#include "gateway/shared_state.h"
#include "gateway/snapshot.h"
#include "net/listener.h"
#include "net/pulse.h"

namespace symbolon::gateway {

class Worker;

// A listening socket for one thread to accept from.
struct NewDoor {
  std::string address;  // as the snapshot names it
  net::ListeningSocket socket;
  std::vector<Worker*> hands_to;  // in turn; empty: the thread keeps what it accepts
};

class Worker {
 public:
  explicit Worker(SharedState& shared);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // ends at once, joins

  x509::PathCache& cache() { return cache_; }

  // Thread-safe, all of them.
  // What is served from now on: doors of addresses that the snapshot lacks are closed once their backlog is empty, open
  // sessions are judged again, in turns.
  void change(Snapshot snapshot);
  // Of addresses that the snapshot has: in every thread already, since doors may hand out.
  void open(std::vector<NewDoor> doors);
  void judge_again();
  // Judges those again, before all others, that stand on one of these certificates.
  void judge_again(std::span<const CertificateKey> revoked);
  // Calls `take` with what the thread counted: on it, soon; on the caller's, at once, when it has left.
  void report(std::function<void(ThreadReport)> take);
  // Runs the thread; `ended` is called there when it has left, which it does after drain() only.
  void start(std::function<void()> ended);
  // Accepts what waits in the backlogs and then nothing more; leaves when no session is left, ends those that are left
  // at `deadline`. A second call may bring the deadline forward.
  void drain(net::Deadline deadline);
  void join();
  // Whether the last question of this kind was answered by the thread (or it has left); then asks the next one.
  bool answers();

 private:
  struct Door {
    Door(const net::Executor& executor, NewDoor door)
        : address(std::move(door.address)),
          listener(executor, std::move(door.socket)),
          hands_to(std::move(door.hands_to)) {}
    std::string address;
    net::Listener listener;
    std::vector<Worker*> hands_to;
    std::size_t accepts = 0;
  };
  // Until the door closes. Used-up memory costs those who come a pause, never the door.
  net::Task<void> accept_from(std::shared_ptr<Door> door);
  net::Task<bool> accept_some(Door& door);  // false: it is closed
  void accepted_for(Worker& server, const Door& door, net::Accepted accepted);
  // Whoever is to be judged again: where nobody judges yet, from now on.
  void go_on_judging();
  void tell();  // the thread that there is something to judge; with `telling_` held
  net::Task<void> judge_in_turns();
  Session* next_to_judge();  // those first whom a revocation concerns; null: there is nobody left
  std::optional<CertificateKey> next_revoked();
  void apply(Snapshot snapshot);
  void serve(const std::string& address, net::Accepted accepted);
  void refuse(net::Accepted accepted, const Error& error, int alert);
  void leave_when_empty();
  void answer_reports();
  // Ends sessions whose certificates have ended: looked for once a second, since the clock may jump. And goes on with
  // judging that stopped for want of memory.
  void look_around();

  SharedState& shared_;
  x509::PathCache cache_;
  SessionThread thread_state_;
  std::map<std::string, std::shared_ptr<ServedAddress>> served_;
  net::Pulse pulse_;
  boost::asio::io_context context_{1};
  std::vector<std::shared_ptr<Door>> doors_;
  std::unique_ptr<boost::asio::steady_timer> leaving_;
  boost::asio::steady_timer looking_{context_};
  net::Deadline end_at_;                 // sessions, when leaving
  net::Deadline leave_at_;               // whatever is left
  bool judging_ = false;                 // judge_in_turns goes on
  bool walking_ = false;                 // a walk over all sessions has begun
  bool judge_again_ = false;             // and another one is wanted after it
  std::mutex telling_;                   // guards what follows
  std::vector<CertificateKey> revoked_;  // whose sessions are yet to be judged again; has its room from the start
  bool all_revoked_ = false;             // all sessions are to be: that was asked for, or they were too many for it
  bool told_ = false;                    // the thread will look
  std::atomic<bool> left_{false};
  std::mutex reporting_;
  std::vector<std::function<void(ThreadReport)>> asked_;  // for a report, and not answered
  bool counts_rest_ = false;                              // the thread touches its counts no more
  std::thread thread_;
};

}  // namespace symbolon::gateway
