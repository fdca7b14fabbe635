#include "cli/supervisor.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "base/errno_text.h"
#include "base/log.h"
#include "cli/supervised_role.h"
#include "contain/control.h"

namespace symbolon::cli {
namespace {

using contain::Instant;
using std::chrono::milliseconds;

constexpr int kMostHeard = 64;
constexpr int kSignsInTime = 4;  // of life, within the time that the service manager waits for one

Instant now() { return std::chrono::steady_clock::now(); }

// Both sockaddr_in and sockaddr_in6 have it at the same place.
std::uint16_t port_of(const std::string& address) {
  sockaddr_in internet{};
  std::memcpy(&internet, address.data(), std::min(address.size(), sizeof internet));
  return ntohs(internet.sin_port);
}

// Its line for people, without what else a role could try to tell the service manager.
std::string status_in(const std::string& told) {
  constexpr std::string_view kStatus = "\nSTATUS=";
  const auto at = told.find(kStatus);
  if (at == std::string::npos) return {};
  const auto begin = at + kStatus.size();
  return told.substr(begin, told.find('\n', begin) - begin);
}

sigset_t supervised_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  return set;
}

//   starting  --all ready-->  serving  --SIGTERM-->  stopping  --all ended-->  over
//      |                                                 ^
//      +------------- a role ended, SIGTERM -------------+
enum class Phase : std::uint8_t { starting, serving, stopping };

class Supervisor {
 public:
  Supervisor(std::vector<RoleProcess> processes, const SupervisorHooks& hooks) : hooks_(hooks) {
    for (RoleProcess& process : processes) roles_.emplace_back(std::move(process));
  }

  Result<int> run() {
    const sigset_t watched = supervised_signals();
    signals_ = contain::Descriptor(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    if (signals_.get() < 0) return fail(Code::system_error, "signalfd: {}", errno_text(errno));
    prepare(roles_.front());
    TRY(roles_.front().start());
    while (phase_ != Phase::stopping || std::ranges::any_of(roles_, &SupervisedRole::runs)) {
      wait();
      read_signals();
      look_at_files();
      for (SupervisedRole& role : roles_) hear(role);
      TRY(reap());
      TRY(go_on());
      for (SupervisedRole& role : roles_) pass(role);
      give_sign_of_life();
    }
    return status_;
  }

 private:
  void wait() const {
    std::vector<pollfd> sources{{.fd = signals_.get(), .events = POLLIN, .revents = 0}};
    std::optional<Instant> first;
    for (const SupervisedRole& role : roles_) {
      if (role.control() >= 0) sources.push_back({.fd = role.control(), .events = POLLIN, .revents = 0});
      if (const auto due = role.due(); due && (!first || *due < *first)) first = due;
    }
    if (hooks_.files != nullptr) {
      sources.push_back({.fd = hooks_.files->descriptor(), .events = POLLIN, .revents = 0});
      if (const auto due = hooks_.files->due(); due && (!first || *due < *first)) first = due;
    }
    if (hooks_.manager.watchdog()) first = std::min(first.value_or(next_sign_), next_sign_);
    int span = -1;
    if (first) {
      const auto left = std::chrono::ceil<milliseconds>(*first - now()).count();
      span = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    }
    ::poll(sources.data(), sources.size(), span);
  }

  void read_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
      switch (signal.ssi_signo) {
        case SIGTERM:
        case SIGINT: stop_asked(); break;
        case SIGHUP: reload(); break;
        default: break;  // SIGCHLD: reap() asks each
      }
    }
  }

  void reload() {
    if (phase_ == Phase::stopping) return;
    if (hooks_.reloading) hooks_.reloading();
    for (SupervisedRole& role : roles_) role.reload();
  }

  void look_at_files() {
    if (hooks_.files == nullptr) return;
    hooks_.files->look(now());
    if (const auto due = hooks_.files->due(); !due || *due > now()) return;
    hooks_.files->taken();
    log(LogLevel::info, hooks_.files->why());
    reload();
  }

  // All that waits, but for one that talks without end.
  void hear(SupervisedRole& role) {
    for (int i = 0; i < kMostHeard && role.control() >= 0; ++i) {
      const contain::Said said = contain::read_control(role.control());
      if (said.what == contain::Said::What::nothing) return;
      answer(role, said);
    }
  }

  void answer(SupervisedRole& role, const contain::Said& said) {
    switch (said.what) {
      case contain::Said::What::ready: role.got_ready(); break;
      case contain::Said::What::told: take(role, said.path.string()); break;
      case contain::Said::What::open:
        contain::answer_with(role.control(), said, hooks_.open ? hooks_.open(role.name(), said.path) : -EACCES);
        break;
      case contain::Said::What::append:
        contain::answer_with(role.control(), said, hooks_.append ? hooks_.append(role.name(), said.path) : -EACCES);
        break;
      case contain::Said::What::connect_unix:
        contain::answer_with(role.control(), said,
                             hooks_.connect_unix ? hooks_.connect_unix(role.name(), said.path) : -EACCES);
        break;
      case contain::Said::What::connect_tcp: {
        const bool named = hooks_.may_connect_tcp && hooks_.may_connect_tcp(role.name(), port_of(said.address));
        contain::answer_connect_tcp(role.control(), said, named ? contain::Allowed::yes : contain::Allowed::no);
        break;
      }
      case contain::Said::What::bind_unix:
        contain::answer_with(role.control(), said,
                             hooks_.bind_unix ? hooks_.bind_unix(role.name(), said.path, said.mode) : -EACCES);
        break;
      case contain::Said::What::remove_unix:
        if (hooks_.remove_unix) hooks_.remove_unix(role.name(), said.path);
        break;
      case contain::Said::What::renew: renew(role, said.path.string()); break;
      case contain::Said::What::ended: role.close_control(); break;
      case contain::Said::What::nothing: break;
    }
  }

  // In the words of sd_notify(3). The service manager hears of one process, not of several, and from this one alone: of
  // what a role says only the status is passed on.
  void take(SupervisedRole& role, const std::string& told) {
    const auto says = [&](std::string_view word) { return told.starts_with(word); };
    if (says("WATCHDOG=1")) return role.gave_sign(now());
    if (says("RELOADING=1")) {
      const bool first = std::ranges::none_of(roles_, &SupervisedRole::is_reloading);
      role.begin_reload();
      if (first && phase_ == Phase::serving) tell(hooks_.manager.reloading("reloading"));
    } else if (says("READY=1") && role.is_reloading()) {
      role.end_reload(status_in(told));
      if (hooks_.reloaded) hooks_.reloaded(role.name(), !role.failed());
      tell_reloaded();
    } else if (says("READY=1")) {
      role.got_ready();
      role.gave_sign(now());
      role.end_reload(status_in(told));
      if (role.takes_missed_reload()) role.signal(SIGHUP);
    }
  }

  // When none reloads any more: in the words of one that could not, if there is one.
  void tell_reloaded() {
    if (phase_ != Phase::serving || std::ranges::any_of(roles_, &SupervisedRole::is_reloading)) return;
    const auto one = std::ranges::find_if(roles_, &SupervisedRole::failed);
    tell(hooks_.manager.ready(one == roles_.end() ? "ready" : one->told()));
  }

  void give_sign_of_life() {
    const auto within = hooks_.manager.watchdog();
    if (!within || now() < next_sign_) return;
    next_sign_ = now() + *within / kSignsInTime;
    const auto lives = [&](const SupervisedRole& role) { return role.lives(now(), *within); };
    if (std::ranges::all_of(roles_, lives)) tell(hooks_.manager.alive());
  }

  static void tell(const Status& told) {
    if (!told) log(LogLevel::warning, told.error());
  }

  void prepare(const SupervisedRole& role) {
    if (!hooks_.starts) return;
    for (const std::string& name : hooks_.starts(role.name())) {
      if (const auto other = std::ranges::find(roles_, name, &SupervisedRole::name); other != roles_.end())
        other->renew();
    }
  }

  // While it serves, a start that fails is tried again.
  void pass(SupervisedRole& role) {
    if (role.starts_now(now())) prepare(role);
    const Status passed = role.pass(now());
    if (passed) return;
    log(LogLevel::error, passed.error());
    role.try_again_later();
  }

  void renew(const SupervisedRole& asked_by, const std::string& name) {
    const auto other = std::ranges::find(roles_, name, &SupervisedRole::name);
    if (phase_ != Phase::serving || other == roles_.end()) return;
    if (hooks_.may_renew && hooks_.may_renew(asked_by.name(), name)) other->renew();
  }

  Status reap() {
    for (SupervisedRole& role : roles_) {
      hear(role);  // its last words
      const bool reloaded = role.is_reloading();
      const auto ended = role.reap();
      if (!ended) continue;
      if (reloaded) tell_reloaded();
      switch (phase_) {
        case Phase::starting:
          status_ = ended->status == 0 ? row(Code::internal).exit_code : ended->status;
          stop_asked();
          break;
        case Phase::serving:
          if (role.is_renewed()) {
            role.start_again_now();
          } else {
            role.start_again_later(*ended);
          }
          break;
        case Phase::stopping: break;
      }
    }
    return {};
  }

  // Starting: each role when those before it are ready. Stopping: each when those after it have ended.
  Status go_on() {
    if (phase_ == Phase::starting) {
      const auto first = std::ranges::find_if_not(roles_, &SupervisedRole::is_ready);
      if (first != roles_.end() && first->runs()) return {};
      if (first != roles_.end()) {
        prepare(*first);
        return first->start();
      }
      phase_ = Phase::serving;
      if (hooks_.ready) hooks_.ready();
      tell(hooks_.manager.ready("ready"));
    }
    if (phase_ != Phase::stopping) return {};
    for (auto role = roles_.rbegin(); role != roles_.rend(); ++role) {
      if (!role->runs()) continue;
      if (!role->due()) role->stop();
      break;
    }
    return {};
  }

  void stop_asked() {
    if (phase_ == Phase::stopping) {  // a second time: at once
      for (const SupervisedRole& role : roles_) role.signal(SIGTERM);
    }
    if (phase_ == Phase::serving) tell(hooks_.manager.stopping("open connections may end"));
    phase_ = Phase::stopping;
    for (SupervisedRole& role : roles_) role.stay_away();
  }

  const SupervisorHooks& hooks_;
  std::vector<SupervisedRole> roles_;
  contain::Descriptor signals_;
  Phase phase_ = Phase::starting;
  Instant next_sign_ = now();
  int status_ = 0;
};

}  // namespace

void block_supervised_signals() {
  const sigset_t set = supervised_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Result<int> supervise(std::vector<RoleProcess> roles, const SupervisorHooks& hooks) {
  ENSURE(!roles.empty());
  return Supervisor(std::move(roles), hooks).run();
}

}  // namespace symbolon::cli
