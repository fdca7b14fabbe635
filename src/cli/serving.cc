#include "cli/serving.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <tuple>

#include "base/log.h"
#include "base/log_role.h"
#include "base/memory_guard.h"
#include "cli/changed_files.h"
#include "cli/watching.h"
#include "net/sd_notify.h"

namespace symbolon::cli {
namespace {

using Steady = std::chrono::steady_clock;

// Signs of life within the time that the service manager waits for one: a thread may miss some of them.
constexpr int kSignsInTime = 4;

constexpr std::chrono::seconds kRetry{2};
constexpr int kMostRetries = 5;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) { ENSURE(descriptor >= 0); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(descriptor_); }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// Blocked in this thread and in those that it starts; read from a descriptor.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

class Serving {
 public:
  Serving(const ServeOptions& options, const Session& session, net::ServiceManager manager)
      : options_(options),
        session_(session),
        manager_(std::move(manager)),
        set_(block_signals()),
        signals_(signalfd(-1, &set_, SFD_NONBLOCK | SFD_CLOEXEC)),
        ended_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  Status start(std::shared_ptr<const net::InheritedSockets> inherited);
  void run();

 private:
  void reload();
  Status try_reload();
  void try_again_after(const Status& reload);
  void drain();
  void follow(const std::vector<Path>& files) {
    if (options_.watches_files) files_.follow(files);
  }
  // Until something happens or something is due.
  void wait();
  std::optional<int> next_signal();
  void give_sign_of_life();
  void tell(const Status& told);

  const ServeOptions& options_;
  const Session& session_;
  net::ServiceManager manager_;
  sigset_t set_;
  Descriptor signals_;
  Descriptor ended_;  // readable when the gateway is drained
  ChangedFiles files_;
  std::unique_ptr<Service> service_;
  std::optional<Steady::time_point> retry_at_;
  int retries_ = 0;
  Steady::time_point next_sign_ = Steady::now();
};

Status Serving::start(std::shared_ptr<const net::InheritedSockets> inherited) {
  follow({session_.default_places().config});
  const auto loaded = TRY(options_.load());
  // Made before its name counts: else the reload of a change would follow the start.
  if (loaded.content.gateway) std::ignore = GatewayLayout{loaded.state}.make();
  files_.look(Steady::now());
  follow(files_of(loaded));  // before they are read: no change is lost
  ServiceOptions options{.roles = options_.roles,
                         .metrics = options_.metrics,
                         .keys = options_.keys ? options_.keys(loaded) : AuthorityKeys{},
                         .inherited = std::move(inherited),
                         .load_again = options_.load_silently,
                         .renew_authority = options_.renew_authority};
  service_ = TRY(Service::start(loaded, std::move(options), session_.clock()));
  for (const std::string& line : service_->started()) log(LogLevel::info, line);
  for (const std::string& line : service_->warnings()) log(LogLevel::warning, line);
  if (options_.ready) TRY(options_.ready(*service_));
  log(LogLevel::info, "ready");
  tell(manager_.ready("ready"));
  return {};
}

void Serving::run() {
  while (true) {
    wait();
    const auto now = Steady::now();
    const auto due = files_.due();
    const bool changed = due && *due <= now;
    if (changed) log(LogLevel::info, files_.why());
    bool wanted = changed || (retry_at_ && *retry_at_ <= now);
    while (const auto signal = next_signal()) {
      if (*signal != SIGHUP) return drain();
      wanted = true;
    }
    if (wanted) reload();
    give_sign_of_life();
  }
}

void Serving::reload() {
  tell(manager_.reloading("reloading"));
  const Status done = unless_out_of_memory([this] { return try_reload(); });
  if (done) {
    for (const std::string& line : service_->warnings()) log(LogLevel::warning, line);
    log(LogLevel::info, "reloaded");
  } else {
    log(LogLevel::error, done.error());
    log(LogLevel::warning, "the reload failed: everything stays as it was");
  }
  try_again_after(done);
  tell(manager_.ready(done ? "ready" : "the reload failed, all stays as it was: " + done.error().text()));
}

// The authority may be on its way to the same configuration.
void Serving::try_again_after(const Status& reload) {
  retry_at_.reset();
  const bool may_pass =
      !reload && (reload.error().code == Code::authority_unreachable || reload.error().code == Code::profile_unknown);
  retries_ = may_pass ? retries_ + 1 : 0;
  if (may_pass && retries_ <= kMostRetries) retry_at_ = Steady::now() + kRetry;
}

Status Serving::try_reload() {
  files_.taken();
  follow({session_.default_places().config});
  const auto loaded = options_.load_again();
  if (!loaded) {
    service_->reload_failed(loaded.error());
    return std::unexpected(loaded.error());
  }
  follow(files_of(*loaded));
  return service_->reload(*loaded);
}

void Serving::drain() {
  const std::size_t open = service_->gateway() != nullptr ? service_->gateway()->connections() : 0;
  log(LogLevel::info,
      open == 0 ? "stopping"
                : fmt::format("stopping: {} connections may end by themselves; a second signal ends them", open));
  tell(manager_.stopping("open connections may end"));
  service_->drain([this] { eventfd_write(ended_.get(), 1); });
  files_.taken();
  eventfd_t ended = 0;
  while (eventfd_read(ended_.get(), &ended) != 0) {
    wait();
    files_.taken();  // nothing is reloaded any more
    while (const auto signal = next_signal()) {
      if (*signal == SIGHUP) continue;
      log(LogLevel::info, "stopping at once");
      return;
    }
    give_sign_of_life();
  }
}

void Serving::wait() {
  std::array<pollfd, 3> watched{
      {{signals_.get(), POLLIN, 0}, {ended_.get(), POLLIN, 0}, {files_.descriptor(), POLLIN, 0}}};
  std::optional<Steady::time_point> until = files_.due();
  if (retry_at_) until = std::min(until.value_or(*retry_at_), *retry_at_);
  if (manager_.watchdog()) until = std::min(until.value_or(next_sign_), next_sign_);
  int milliseconds = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Steady::now()).count();
    milliseconds = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  poll(watched.data(), watched.size(), milliseconds);
  files_.look(Steady::now());
}

std::optional<int> Serving::next_signal() {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof(info)) != sizeof(info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void Serving::give_sign_of_life() {
  const auto within = manager_.watchdog();
  if (!within || Steady::now() < next_sign_) return;
  next_sign_ = Steady::now() + *within / kSignsInTime;
  if (service_->threads_answer()) tell(manager_.alive());
}

void Serving::tell(const Status& told) {
  if (!told) log(LogLevel::warning, told.error());
}

}  // namespace

void start_log_of(const std::string& role) {
  name_log(role);
  start_log({.least = LogLevel::info, .form = ::isatty(STDERR_FILENO) == 1 ? LogForm::text : LogForm::json});
}

Status serve(const ServeOptions& options, const Session& session) {
  auto manager = options.manager ? *options.manager : TRY(net::ServiceManager::from_environment());
  auto inherited = std::make_shared<const net::InheritedSockets>(TRY(net::InheritedSockets::from_environment()));
  block_signals();
  start_log_of(options.role);
  Serving serving(options, session, std::move(manager));
  TRY(serving.start(std::move(inherited)));
  serving.run();
  return {};
}

}  // namespace symbolon::cli
