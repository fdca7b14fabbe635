// A role of `symbolon run` and the process that plays it now. Private to the supervisor.
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "cli/supervisor.h"
#include "contain/child.h"
#include "contain/restarts.h"

namespace symbolon::cli {

class SupervisedRole {
 public:
  explicit SupervisedRole(RoleProcess process) : process_(std::move(process)) {}

  Status start() {
    auto pair = TRY(contain::packet_pair());
    auto arguments = process_.arguments;
    arguments.insert(arguments.end(), {"--control", std::to_string(pair.theirs.get())});
    auto descriptors = process_.descriptors;
    descriptors.push_back(pair.theirs.get());
    child_ = TRY(contain::Child::start(arguments, descriptors));
    control_ = std::move(pair.ours);
    started_ = std::chrono::steady_clock::now();
    restart_at_.reset();
    return {};
  }

  void stop() {
    restart_at_.reset();
    if (!child_) return;
    child_->signal(SIGTERM);
    kill_at_ = std::chrono::steady_clock::now() + process_.stop();
  }

  // It ended: how.
  std::optional<contain::Ended> reap() {
    auto ended = child_ ? child_->ended() : std::nullopt;
    if (ended) {
      child_.reset();
      kill_at_.reset();
      control_ = {};
      ready_ = false;
      reloading_ = false;
    }
    return ended;
  }

  void start_again_later(const contain::Ended& ended) {
    restart_at_ = restarts_.after(started_, std::chrono::steady_clock::now());
    const auto pause =
        std::chrono::duration_cast<std::chrono::milliseconds>(*restart_at_ - std::chrono::steady_clock::now());
    log(LogLevel::error, fmt::format("role {} {}", process_.role, ended.words()),
        {{"role", process_.role},
         {"restarts", std::to_string(restarts_.count())},
         {"again_in_ms", std::to_string(std::max<std::int64_t>(pause.count(), 0))}});
  }

  bool starts_now(contain::Instant at) const { return restart_at_ && at >= *restart_at_; }
  void try_again_later() {
    restart_at_ = restarts_.after(std::chrono::steady_clock::now(), std::chrono::steady_clock::now());
  }

  // What is due: a start, or the end of patience.
  Status pass(contain::Instant at) {
    if (restart_at_ && at >= *restart_at_) return start();
    if (child_ && kill_at_ && at >= *kill_at_) {
      log(LogLevel::warning, fmt::format("role {} did not end in time and is killed", process_.role));
      child_->signal(SIGKILL);
      kill_at_.reset();
    }
    return {};
  }
  std::optional<contain::Instant> due() const { return restart_at_ ? restart_at_ : child_ ? kill_at_ : std::nullopt; }

  void signal(int number) const {
    if (child_) child_->signal(number);
  }
  // It ends, and is started again at once.
  void renew() {
    if (!child_ || renewed_) return;
    renewed_ = true;
    stop();
  }
  bool is_renewed() const { return renewed_; }
  void start_again_now() {
    renewed_ = false;
    restart_at_ = std::chrono::steady_clock::now();
  }
  const std::string& name() const { return process_.role; }
  bool runs() const { return child_.has_value(); }
  bool is_ready() const { return ready_; }
  void got_ready() { ready_ = true; }
  // Between RELOADING=1 and READY=1, whose words stay.
  bool is_reloading() const { return reloading_; }
  void begin_reload() { reloading_ = true; }
  void end_reload(std::string told) {
    reloading_ = false;
    told_ = std::move(told);
  }
  const std::string& told() const { return told_; }
  bool failed() const { return told_.find("failed") != std::string::npos; }
  // A reload for who is not ready waits until then.
  void reload() {
    if (ready_) return signal(SIGHUP);
    missed_reload_ = true;
  }
  bool takes_missed_reload() { return std::exchange(missed_reload_, false); }
  void gave_sign(contain::Instant at) { sign_ = at; }
  // Nothing is wrong with who gives none, and with who is not there: that is ours to mend.
  bool lives(contain::Instant at, std::chrono::microseconds within) const {
    return !process_.signs_of_life || !ready_ || at - sign_ <= within;
  }
  int control() const { return control_.get(); }
  void close_control() { control_ = {}; }
  void stay_away() { restart_at_.reset(); }

 private:
  RoleProcess process_;
  std::optional<contain::Child> child_;
  contain::Descriptor control_;
  contain::Restarts restarts_;
  contain::Instant started_;
  std::optional<contain::Instant> restart_at_;
  std::optional<contain::Instant> kill_at_;
  bool ready_ = false;
  bool renewed_ = false;
  bool reloading_ = false;
  bool missed_reload_ = false;
  std::string told_;
  contain::Instant sign_;
};

}  // namespace symbolon::cli
