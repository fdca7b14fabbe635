// The certificates that our own listeners present, kept fresh: issued by the authority, renewed in time.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "enroll/authority_reach.h"
#include "enroll/credential.h"

namespace symbolon::cli {

class Renewal {
 public:
  // `folder` keeps the credentials (0700).
  Renewal(enroll::ReachAuthority reach, Path folder, const Clock& clock);
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;
  ~Renewal();

  // The credential of this profile for these names, fresh; noted, so that the next one is asked for in time.
  // Thread-safe.
  Result<std::shared_ptr<const tls::Credential>> credential(const std::string& profile,
                                                            const std::vector<std::string>& names);
  // From now on, `due` is called on a thread of its own whenever a noted credential should be renewed; it asks for the
  // credentials again. A failure is logged and tried again later.
  void start(std::function<Status()> due);
  // Calls it no more: it has returned when this does. What else is asked is still answered.
  void stop();
  // Calls it soon, whatever the dates say. Thread-safe.
  void hurry();

 private:
  void run(const std::function<Status()>& due);
  Result<enroll::AuthorityClient> reach_authority();

  enroll::ReachAuthority reach_;
  Path folder_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  UnixSeconds next_;  // the earliest renewal that was noted
  bool started_ = false;
  bool hurried_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace symbolon::cli
