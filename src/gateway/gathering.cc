#include "gateway/gathering.h"

namespace symbolon::gateway {

Gathering::Gathering(std::vector<AskThread> threads) : threads_(std::move(threads)) {
  mailbox_->latest.resize(threads_.size());
  mailbox_->awaited.resize(threads_.size());
}

Gathered Gathering::gather(std::chrono::milliseconds patience) {
  const std::lock_guard one(gathering_);
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    {
      const std::lock_guard lock(mailbox_->mutex);
      if (mailbox_->awaited[i]) continue;  // it was asked before and will answer once: nothing piles up
      mailbox_->awaited[i] = true;
      ++mailbox_->outstanding;
    }
    threads_[i]([mailbox = mailbox_, i](ThreadReport report) {
      const std::lock_guard lock(mailbox->mutex);
      mailbox->latest[i] = std::move(report.counts);
      mailbox->sightings.insert(mailbox->sightings.end(), std::make_move_iterator(report.sightings.begin()),
                                std::make_move_iterator(report.sightings.end()));
      mailbox->awaited[i] = false;
      --mailbox->outstanding;
      mailbox->came.notify_all();
    });
  }
  std::unique_lock lock(mailbox_->mutex);
  mailbox_->came.wait_for(lock, patience, [this] { return mailbox_->outstanding == 0; });
  Gathered out;
  for (const Counts& counts : mailbox_->latest) out.counts.add(counts);
  out.sightings = std::exchange(mailbox_->sightings, {});
  out.threads = threads_.size();
  out.silent = mailbox_->outstanding;
  return out;
}

}  // namespace symbolon::gateway
