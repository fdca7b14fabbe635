// Plays the code of somebody who broke into the gateway: it enters exactly the bounds of the gateway's process, then
// tries what such a person wants, and prints a line for each: what, and the errno (0: it worked). No option of the
// product; for what_breaks_into_the_gateway_stays_there.py. usage: broken_gateway CONFIGURATION STATE TRY...
//
//   read PATH · write PATH · connect PORT · connect-mptcp PORT · connect-fast-open PORT · connect-unix PATH · execute
//   PATH · fork · trace PID · thread · raw
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "cli/role_bounds.h"
#include "contain/hardening.h"

using namespace symbolon;

namespace {

int errno_of(int outcome) { return outcome < 0 ? errno : 0; }

int open_with(const std::string& path, int flags) { return errno_of(::open(path.c_str(), flags | O_CLOEXEC, 0600)); }

int connect_to(const sockaddr* address, socklen_t size, int protocol = 0) {
  const int socket = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
  if (socket < 0) return errno;
  return errno_of(::connect(socket, address, size));
}

sockaddr_in loopback(const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_port(const std::string& port, int protocol = 0) {
  const sockaddr_in address = loopback(port);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, protocol);
}

// The first octets connect.
int connect_fast_open(const std::string& port) {
  const sockaddr_in address = loopback(port);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  return errno_of(static_cast<int>(::sendto(socket, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
                                            reinterpret_cast<const sockaddr*>(&address), sizeof address)));
}

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int fork_once() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return errno_of(child);
}

int execute(const std::string& path) {
  char* const arguments[] = {const_cast<char*>(path.c_str()), nullptr};
  ::execv(path.c_str(), arguments);
  return errno;
}

int thread() {
  try {
    std::thread([] {}).join();
    return 0;
  } catch (const std::system_error& problem) {
    return problem.code().value();
  }
}

int attempt(const std::string& what, const std::string& with) {
  if (what == "read") return open_with(with, O_RDONLY);
  if (what == "write") return open_with(with, O_WRONLY | O_CREAT);
  if (what == "connect") return connect_port(with);
  if (what == "connect-mptcp") return connect_port(with, IPPROTO_MPTCP);
  if (what == "connect-fast-open") return connect_fast_open(with);
  if (what == "connect-unix") return connect_unix(with);
  if (what == "execute") return execute(with);
  if (what == "fork") return fork_once();
  if (what == "trace") return errno_of(static_cast<int>(::ptrace(PTRACE_ATTACH, std::atoi(with.c_str()), 0, 0)));
  if (what == "raw") return errno_of(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  if (what == "thread") return thread();
  std::fprintf(stderr, "what is '%s'?\n", what.c_str());
  std::exit(2);
}

Status enter(const char* config, const char* state) {
  contain::harden_process();
  cli::GlobalOptions options;
  options.config = config;
  options.state = state;
  const cli::Session session(options, system_clock());
  const auto loaded = TRY(cli::load_configuration(session));
  const auto bounds = cli::bounds_of_gateway(loaded);
  const cli::Entry entry = TRY(cli::enter_bounds(loaded, bounds));
  TRY(cli::close_unix_sockets(entry));
  std::printf("sandbox: %s\n", entry ? entry->words().c_str() : "off");
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  if (const Status entered = enter(arguments[1], arguments[2]); !entered) {
    std::fprintf(stderr, "%s\n", entered.error().text().c_str());
    return 1;
  }
  for (int i = 3; i < count; ++i) {
    const std::string word = arguments[i];
    const auto blank = word.find(' ');
    const std::string with = blank == std::string::npos ? "" : word.substr(blank + 1);
    std::printf("%s: %d\n", word.c_str(), attempt(word.substr(0, blank), with));
    std::fflush(stdout);
  }
  return 0;
}
