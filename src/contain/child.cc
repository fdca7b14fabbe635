#include "contain/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/errno_text.h"

namespace symbolon::contain {
namespace {

constexpr int kCannotStart = 127;  // as a shell says it

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become_program(char** arguments, const std::vector<int>& descriptors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);
  for (const int descriptor : descriptors) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    ::fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv("/proc/self/exe", arguments);
  ::_exit(kCannotStart);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}
Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}
int Descriptor::release() { return std::exchange(number_, -1); }

Result<PacketPair> packet_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(Code::system_error, "socketpair: {}", errno_text(errno));
  }
  return PacketPair{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::string Ended::words() const {
  if (signal != 0) {
    const char* const description = ::sigdescr_np(signal);
    return fmt::format("ended by signal {} ({})", signal, description != nullptr ? description : "unknown");
  }
  return fmt::format("ended with status {}", status);
}

Result<Child> Child::start(const std::vector<std::string>& arguments, const std::vector<int>& descriptors) {
  std::vector<std::string> words = {"symbolon"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) return fail(Code::system_error, "fork: {}", errno_text(errno));
  if (process == 0) become_program(pointers.data(), descriptors, parent);
  return Child(process);
}

void Child::signal(int number) const { ::kill(process_, number); }

std::optional<Ended> Child::ended() const {
  int status = 0;
  const pid_t found = ::waitpid(process_, &status, WNOHANG);
  if (found != process_) return std::nullopt;
  if (WIFSIGNALED(status)) return Ended{128 + WTERMSIG(status), WTERMSIG(status)};
  return Ended{WEXITSTATUS(status), 0};
}

}  // namespace symbolon::contain
