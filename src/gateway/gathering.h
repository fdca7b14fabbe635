// Asks every thread of a gateway for what it counted. A thread that does not answer in time is said to be silent, and
// what it said last stands for it. Private to this folder.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/counts.h"

namespace symbolon::gateway {

struct ThreadReport {
  Counts counts;
  std::vector<api::SeenCertificate> sightings;
};

struct Gathered {
  Counts counts;                                // of all threads
  std::vector<api::SeenCertificate> sightings;  // since the last time, what came late included
  std::size_t threads = 0;
  std::size_t silent = 0;
};

// Runs `take` on the thread, soon.
using AskThread = std::function<void(std::function<void(ThreadReport)> take)>;

class Gathering {
 public:
  explicit Gathering(std::vector<AskThread> threads);

  // Blocks until all have answered, or for `patience`. Thread-safe: one gathers, others wait.
  Gathered gather(std::chrono::milliseconds patience = std::chrono::milliseconds(1000));

 private:
  struct Mailbox {  // outlives the gathering in answers that come late
    std::mutex mutex;
    std::condition_variable came;
    std::vector<Counts> latest;
    std::vector<bool> awaited;
    std::size_t outstanding = 0;
    std::vector<api::SeenCertificate> sightings;
  };
  std::vector<AskThread> threads_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::mutex gathering_;
};

}  // namespace symbolon::gateway
