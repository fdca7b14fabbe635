#include "enroll/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

extern "C" {  // glibc 2.36 declares it without
#include <sys/pidfd.h>
}

namespace symbolon::enroll {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kLargestOutput = 16UL << 20;

// Where Debian (and, by the same names, most others) has a program from.
constexpr std::pair<std::string_view, std::string_view> kPackages[] = {
    {"certutil", "libnss3-tools"},
    {"keytool", "default-jre-headless"},
    {"update-ca-certificates", "ca-certificates"},
    {"update-ca-trust", "ca-certificates"},
};

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() { reset(); }
  void reset() {
    if (value_ >= 0) close(value_);
    value_ = -1;
  }
  int get() const { return value_; }

 private:
  int value_ = -1;
};

struct Channel {
  Descriptor ours;
  Descriptor theirs;
  // A socket pair, not a pipe: a program that does not read its input costs EPIPE and no signal.
  static Result<Channel> open() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      return fail(Code::system_error, "socketpair: {}", std::generic_category().message(errno));
    }
    Channel out{Descriptor(ends[0]), Descriptor(ends[1])};
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return out;
  }
};

Result<std::string> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (access(program.c_str(), X_OK) == 0) return program;
    return fail(Code::tool_missing, "{} is not there or cannot be executed", program);
  }
  const char* path = std::getenv("PATH");
  std::string folders = (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  folders += ":/usr/local/sbin:/usr/sbin:/sbin";
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    const std::string candidate = folders.substr(at, end - at) + "/" + program;
    if (candidate.front() == '/' && access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) {
      return candidate;
    }
    at = end + 1;
  }
  for (const auto& [name, package] : kPackages) {
    if (name == program) {
      return fail(Code::tool_missing, "{} is not installed; on Debian: apt install {}", program, package);
    }
  }
  return fail(Code::tool_missing, "{} is not installed", program);
}

std::vector<std::string> environment_for(const ProgramCall& call) {
  std::vector<std::string> out;
  const auto overridden = [&](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('='));
    return name == "LC_ALL" || std::any_of(call.environment.begin(), call.environment.end(),
                                           [&](const auto& pair) { return pair.first == name; });
  };
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!overridden(*entry)) out.emplace_back(*entry);
  }
  out.emplace_back("LC_ALL=C");
  for (const auto& [name, value] : call.environment) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// A started child in a process group of its own; whatever of it still runs dies with this object.
class Child {
 public:
  static Result<Child> start(const std::string& file, const ProgramCall& call) {
    Child child;
    child.in_ = TRY(Channel::open());
    child.out_ = TRY(Channel::open());
    child.err_ = TRY(Channel::open());

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child.in_.theirs.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child.out_.theirs.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child.err_.theirs.get(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::vector<std::string> words{call.program};
    words.insert(words.end(), call.arguments.begin(), call.arguments.end());
    std::vector<std::string> environment = environment_for(call);
    const int problem = posix_spawn(&child.pid_, file.c_str(), &actions, &attributes, pointers_to(words).data(),
                                    pointers_to(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
      child.pid_ = -1;
      return fail(Code::tool_failed, "{} cannot be started: {}", file, std::generic_category().message(problem));
    }
    child.in_.theirs.reset();
    child.out_.theirs.reset();
    child.err_.theirs.reset();
    child.exit_ = Descriptor(pidfd_open(child.pid_, 0));
    if (child.exit_.get() < 0) {
      return fail(Code::system_error, "pidfd_open: {}", std::generic_category().message(errno));
    }
    return child;
  }

  Child(Child&& other) noexcept
      : in_(std::move(other.in_)),
        out_(std::move(other.out_)),
        err_(std::move(other.err_)),
        exit_(std::move(other.exit_)),
        pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    kill(-pid_, SIGKILL);
    reap();
  }

  Result<ProgramOutput> finish(const ProgramCall& call) {
    const auto deadline = SteadyClock::now() + call.deadline;
    ProgramOutput output;
    std::string_view input = call.input;
    bool ended = false;
    while (!ended) {
      feed(input);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
      if (left <= 0) return fail(Code::tool_failed, "{} did not end in time", command_line(call));
      std::array<pollfd, 4> waits{{{exit_.get(), POLLIN, 0},
                                   {out_.ours.get(), POLLIN, 0},
                                   {err_.ours.get(), POLLIN, 0},
                                   {in_.ours.get(), POLLOUT, 0}}};
      if (poll(waits.data(), waits.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0) continue;
      ended = waits[0].revents != 0;  // what its children may still write is not waited for
      drain(out_.ours, output.out);
      drain(err_.ours, output.err);
      if (output.out.size() > kLargestOutput || output.err.size() > kLargestOutput) {
        return fail(Code::tool_failed, "{} writes without end", command_line(call));
      }
    }
    const int status = reap();
    output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
  }

 private:
  Child() = default;

  int reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  void feed(std::string_view& input) {
    while (in_.ours.get() >= 0) {
      if (input.empty()) return in_.ours.reset();
      const ssize_t sent = send(in_.ours.get(), input.data(), input.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        input.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return;
      } else if (errno != EINTR) {
        input = {};  // it does not want to read it
      }
    }
  }

  static void drain(Descriptor& from, std::string& into) {
    std::array<char, 16384> buffer;
    while (from.get() >= 0 && into.size() <= kLargestOutput) {
      const ssize_t octets = read(from.get(), buffer.data(), buffer.size());
      if (octets > 0) {
        into.append(buffer.data(), static_cast<std::size_t>(octets));
      } else if (octets < 0 && errno == EINTR) {
        continue;
      } else {
        if (octets == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) from.reset();
        return;
      }
    }
  }

  Channel in_, out_, err_;
  Descriptor exit_;
  pid_t pid_ = -1;
};

// The last words, which hold the reason.
std::string tail(std::string_view text) {
  constexpr std::size_t kShown = 400;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (text.size() > kShown) text.remove_prefix(text.size() - kShown);
  return std::string(text);
}

}  // namespace

Result<ProgramOutput> run_program(const ProgramCall& call) {
  const std::string file = TRY(find_program(call.program));
  Child child = TRY(Child::start(file, call));
  return child.finish(call);
}

Result<ProgramOutput> run_to_success(const ProgramCall& call) {
  ProgramOutput output = TRY(run_program(call));
  if (output.status == 0) return output;
  const std::string words = tail(output.err.empty() ? output.out : output.err);
  return fail(Code::tool_failed, "{} ended with status {}: {}", command_line(call), output.status, words);
}

std::string command_line(const ProgramCall& call) {
  std::string out = call.program;
  for (const std::string& argument : call.arguments) {
    const bool plain = !argument.empty() && std::all_of(argument.begin(), argument.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("-_./:,=+@").find(c) != std::string_view::npos;
    });
    if (plain) {
      out += " " + argument;
      continue;
    }
    out += " '";
    for (const char c : argument) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    out += "'";
  }
  return out;
}

}  // namespace symbolon::enroll
