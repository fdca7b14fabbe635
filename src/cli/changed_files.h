// When to reload because files changed: not at the first event, but when they have come to rest.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/file_watch.h"

namespace symbolon::cli {

// Of a system that does not let us watch, no change is ever told; that is logged once.
class ChangedFiles {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  ChangedFiles();
  // As FileWatch::watch.
  void follow(const std::vector<Path>& files);
  // To be polled for reading; -1: there is none.
  int descriptor() const { return watch_ ? watch_->descriptor() : -1; }
  // Takes what happened.
  void look(Moment now);
  // When it is time to reload; none: nothing changed.
  std::optional<Moment> due() const;
  // For the log: what changed first of what is taken care of now.
  std::string why() const { return "reloading: " + cause_.string() + " changed"; }
  // The reload begins: what changed so far is taken care of.
  void taken() { first_.reset(); }

 private:
  std::optional<FileWatch> watch_;
  std::optional<Moment> first_;  // change that was not taken care of yet
  Moment last_;
  Path cause_;
  bool told_ = false;
};

}  // namespace symbolon::cli
