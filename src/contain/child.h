// Processes of our own: this program again, with another role.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace symbolon::contain {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const { return number_; }
  int release();

 private:
  int number_ = -1;
};

// Both ends of a socket pair whose packets keep their bounds (SOCK_SEQPACKET).
struct PacketPair {
  Descriptor ours;
  Descriptor theirs;
};
Result<PacketPair> packet_pair();

// How a child ended.
struct Ended {
  int status = 0;  // exit status, or 128 + the signal as a shell counts it
  int signal = 0;  // that ended it; 0: it ended by itself
  std::string words() const;
};

// A running child. Its end is not awaited by this object: end it, or leave it to the kernel, which kills it with us.
class Child {
 public:
  // Runs /proc/self/exe with these arguments. `descriptors` of ours get the same numbers there; others that are
  // close-on-exec stay here. No signal is blocked in it; it is killed when the thread that started it ends. Call it
  // from the main thread. Fails with system_error.
  static Result<Child> start(const std::vector<std::string>& arguments, const std::vector<int>& descriptors);

  pid_t process() const { return process_; }
  void signal(int number) const;
  // Whether it has ended; asks the kernel, waits for nothing. Once.
  std::optional<Ended> ended() const;

 private:
  explicit Child(pid_t process) : process_(process) {}
  pid_t process_;
};

}  // namespace symbolon::contain
