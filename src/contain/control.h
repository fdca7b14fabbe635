// What a process of a role and its supervisor say to each other, over a packet_pair.
//
//   role -> supervisor   ready                it serves
//                        told TEXT            of what the service manager should know (sd_notify's words)
//                        open PATH            please open this file for reading: it may not
//                        append PATH          likewise for appending
//                        connect PATH         please connect to this Unix socket: it may make none
//                        renew ROLE           please start that role anew: there is something new for it
//   supervisor -> role   done, descriptor     or why not
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/file.h"
#include "contain/child.h"

namespace symbolon::contain {

// The role's end. Thread-safe.
class Control {
 public:
  explicit Control(Descriptor end);

  void ready();
  // False: it could not be said.
  bool tell(const std::string& text);
  // A descriptor, or -errno: -EACCES where the configuration does not name the file, -ETIMEDOUT where nobody answers.
  int open_for_reading(const Path& path);
  int open_for_appending(const Path& path);
  // Likewise; the socket does not block.
  int connect_unix(const Path& path);
  // Asks for it; it happens soon.
  void renew(const std::string& role);

 private:
  int ask(char what, const Path& path);

  std::mutex mutex_;
  Descriptor end_;
  std::uint32_t next_ = 0;  // number of the next question
};

// The supervisor's end: what the role says now.
struct Said {
  enum class What : std::uint8_t { ready, told, open, append, connect, renew, ended, nothing } what = What::nothing;
  Path path = {};              // of open and connect; of renew: the role; of told: the text
  std::uint32_t question = 0;  // of open and connect: what the answer repeats
};
// Waits for nothing; `ended`: the role closed its end; `nothing` also for what cannot be read.
Said read_control(int end);
// Answers an `open`: opens it if `allowed` and it is a plain file. Never waits.
enum class Allowed : std::uint8_t { no, yes };
void answer_open(int end, const Said& said, Allowed allowed);
// Answers an `append`: makes the file if it is not there. Never waits.
void answer_append(int end, const Said& said, Allowed allowed);
// Answers a `connect`. Never waits.
void answer_connect(int end, const Said& said, Allowed allowed);

}  // namespace symbolon::contain
