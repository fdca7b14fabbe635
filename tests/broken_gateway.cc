// Plays the code of somebody who broke into the gateway: it enters exactly the bounds of the gateway's process, then
// tries what such a person wants, and prints a line for each: what, and the errno (0: it worked). No option of the
// product; for what_breaks_into_the_gateway_stays_there.py.
//
//   broken_gateway CONFIGURATION STATE TRY...   alone
//   broken_gateway run --config CONFIGURATION   as the gateway of `symbolon run`, under its real supervisor, beside its
//                                               real signer and authority: a TRY a line on standard input
//
//   read PATH · write PATH · connect PORT · connect-mptcp PORT · connect-fast-open PORT · connect-unix PATH · execute
//   PATH · fork · trace PID · thread · raw · link TARGET PATH · remove PATH
// and, of the supervisor:
//   ask-read PATH · ask-append PATH · ask-connect PORT · ask-connect-unix PATH · ask-bind PATH · ask-remove PATH (no
//   answer: 0)
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
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/cli.h"
#include "cli/role_bounds.h"
#include "contain/control.h"
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

// `words`: TARGET PATH
int link(const std::string& words) {
  const auto blank = words.find(' ');
  if (blank == std::string::npos) return EINVAL;
  return errno_of(::symlink(words.substr(0, blank).c_str(), words.substr(blank + 1).c_str()));
}

std::optional<contain::Control> supervisor;  // where there is one

// What was lent is kept open.
int errno_of_answer(int answer) { return answer < 0 ? -answer : 0; }

int ask(const std::string& what, const std::string& with) {
  if (what == "ask-read") return errno_of_answer(supervisor->open_for_reading(with));
  if (what == "ask-append") return errno_of_answer(supervisor->open_for_appending(with));
  if (what == "ask-connect-unix") return errno_of_answer(supervisor->connect_unix(with));
  if (what == "ask-bind") return errno_of_answer(supervisor->bind_unix(with, 0600));
  if (what == "ask-connect") {
    const sockaddr_in address = loopback(with);
    return errno_of_answer(supervisor->connect_tcp({reinterpret_cast<const char*>(&address), sizeof address}));
  }
  if (what == "ask-remove") return supervisor->remove_unix(with), 0;
  std::fprintf(stderr, "what is '%s'?\n", what.c_str());
  std::exit(2);
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
  if (what == "link") return link(with);
  if (what == "remove") return errno_of(::unlink(with.c_str()));
  if (what.starts_with("ask-") && supervisor) return ask(what, with);
  std::fprintf(stderr, "what is '%s'?\n", what.c_str());
  std::exit(2);
}

void attempt_and_say(const std::string& word) {
  const auto blank = word.find(' ');
  const std::string with = blank == std::string::npos ? "" : word.substr(blank + 1);
  std::printf("%s: %d\n", word.c_str(), attempt(word.substr(0, blank), with));
  std::fflush(stdout);
}

enum class User : std::uint8_t { ours, of_gateway };

Status enter(const char* config, const char* state, User user) {
  contain::harden_process();
  cli::GlobalOptions options;
  options.config = config;
  options.state = state;
  const cli::Session session(options, system_clock());
  const auto loaded = TRY(cli::load_configuration(session));
  if (user == User::of_gateway) {
    TRY(cli::change_user(TRY(cli::user_of(loaded)), contain::Keep::low_ports));
  }
  const auto bounds = cli::bounds_of_gateway(loaded);
  const cli::Entry entry = TRY(cli::enter_bounds(loaded, bounds));
  TRY(cli::close_unix_sockets(entry));
  std::printf("sandbox: %s\n", entry ? entry->words().c_str() : "off");
  std::fflush(stdout);
  return {};
}

int complain(const Status& problem) {
  std::fprintf(stderr, "%s\n", problem.error().text().c_str());
  return 1;
}

// `words`: role gateway --config FILE --state FOLDER ... --control N
int play_gateway(const std::vector<std::string>& words) {
  const auto after = [&](const char* option) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == option) return words[i + 1];
    }
    std::exit(2);
  };
  supervisor.emplace(contain::Descriptor(std::atoi(after("--control").c_str())));
  const Status entered = enter(after("--config").c_str(), after("--state").c_str(), User::of_gateway);
  if (!entered) return complain(entered);
  supervisor->ready();
  for (std::string line; std::getline(std::cin, line);) attempt_and_say(line);
  ::pause();  // until SIGTERM
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2) return 2;
  if (words[0] == "role" && words[1] == "gateway") return play_gateway(words);
  if (words[0] == "run" || words[0] == "role") return cli::run(words);
  if (const Status entered = enter(arguments[1], arguments[2], User::ours); !entered) return complain(entered);
  for (std::size_t i = 2; i < words.size(); ++i) attempt_and_say(words[i]);
  return 0;
}
