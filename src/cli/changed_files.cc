#include "cli/changed_files.h"

#include <algorithm>

#include "base/log.h"

namespace symbolon::cli {
namespace {

using namespace std::chrono_literals;

// A certificate and its key are two files, a copy is written in pieces: wait until nothing happens any more, but not
// for ever.
constexpr auto kRest = 250ms;
constexpr auto kAtLatest = 3s;

}  // namespace

ChangedFiles::ChangedFiles() {
  auto watch = FileWatch::open();
  if (watch) {
    watch_.emplace(std::move(*watch));
  } else {
    log(LogLevel::warning, "changed files will not be noticed, SIGHUP reloads: " + watch.error().text());
  }
}

void ChangedFiles::follow(const std::vector<Path>& files) {
  if (!watch_) return;
  const Status watched = watch_->watch(files);
  if (!watched && !told_)
    log(LogLevel::warning, "not every changed file will be noticed, SIGHUP reloads: " + watched.error().text());
  told_ = !watched;
}

void ChangedFiles::look(Moment now) {
  if (!watch_) return;
  auto changed = watch_->changed();
  if (!changed) return;
  if (!first_) {
    first_ = now;
    cause_ = std::move(*changed);
  }
  last_ = now;
}

std::optional<ChangedFiles::Moment> ChangedFiles::due() const {
  if (!first_) return std::nullopt;
  return std::min<Moment>(*first_ + kAtLatest, last_ + kRest);
}

}  // namespace symbolon::cli
