// What a process of a role and its supervisor say to each other, over a packet_pair.
//
//   role -> supervisor   ready                it serves
//                        told TEXT            of what the service manager should know (sd_notify's words)
//                        open PATH            please open this file for reading: it may not
//                        append PATH          likewise for appending
//                        connect PATH         please connect to this Unix socket: it may make none
//                        connect ADDRESS      likewise over TCP: a port that was not named yet when it was confined
//                        listen PATH          please bind this Unix socket
//                        remove PATH          and remove the file of one that it bound
//                        renew ROLE           please start that role anew: there is something new for it
//   supervisor -> role   done, descriptor     or why not
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

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
  // Likewise; the connection may still be under way. `address` is a sockaddr_in or sockaddr_in6.
  int connect_tcp(std::string_view address);
  // Likewise: bound, its file with these permissions; a dead one is replaced.
  int bind_unix(const Path& path, unsigned mode);
  // Ask for it; it happens soon.
  void remove_unix(const Path& path);
  void renew(const std::string& role);

 private:
  int ask(char what, std::string_view words);

  std::mutex mutex_;
  Descriptor end_;
  std::uint32_t next_ = 0;  // number of the next question
};

// The supervisor's end: what the role says now.
struct Said {
  enum class What : std::uint8_t {
    ready,
    told,
    open,
    append,
    connect_unix,
    connect_tcp,
    bind_unix,
    remove_unix,
    renew,
    ended,
    nothing
  } what = What::nothing;
  Path path = {};              // that is asked for; of renew: the role; of told: the text
  std::string address = {};    // of connect_tcp: a whole sockaddr_in or sockaddr_in6
  unsigned mode = 0;           // of bind_unix
  std::uint32_t question = 0;  // where an answer is awaited: what it repeats
};
// Waits for nothing; `ended`: the role closed its end; `nothing` also for what cannot be read.
Said read_control(int end);
// For an `open`: a descriptor to read from, or -errno; -EACCES for what is no plain file. Never waits.
int open_plain_file(const Path& path);
// A socket that is connected and does not block, or -errno. Never waits.
int connect_unix_socket(const Path& path);
// Answers a `connect_tcp`: the connection is begun, not awaited.
enum class Allowed : std::uint8_t { no, yes };
void answer_connect_tcp(int end, const Said& said, Allowed allowed);
// Answers an `open`, an `append`, a `connect_unix` and a `bind_unix` with what was made elsewhere: a descriptor, which
// is closed here, or -errno.
void answer_with(int end, const Said& said, int outcome);

}  // namespace symbolon::contain
