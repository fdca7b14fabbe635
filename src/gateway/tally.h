// What one session tells the counts of its thread. Private to this folder.
#pragma once

#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "gateway/counts.h"

namespace symbolon::gateway {

class Tally {
 public:
  explicit Tally(ThreadCounts& thread) : thread_(thread) {}
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally();  // no longer open

  // The client's handshake was refused, or failed.
  void refused(const tls::Refusal& refusal);
  // The client is refused for another reason; `route` is empty where none was chosen.
  void refused(Code code, std::string_view route);
  // The client's handshake went well.
  void admitted(std::string_view route, const tls::Peer& peer);
  struct Entry {
    std::string_view route;
    std::string_view address;
    UnixSeconds at;
  };
  // The client is on the route, which stays as long as it is. Null where it speaks plain.
  void entered(const Entry& entry, const tls::Admission* client);
  // A handshake with a service of the route.
  void reached(const tls::Peer& service);
  void refused_service(const tls::Refusal& refusal);
  // The octets so far.
  void moved(std::uint64_t received, std::uint64_t sent);
  void closed(Code reason);

 private:
  using Moment = std::chrono::steady_clock::time_point;
  ThreadCounts& thread_;
  RouteCounts* route_ = nullptr;  // once it has entered
  Moment since_ = std::chrono::steady_clock::now();
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace symbolon::gateway
