#include "gateway/limits.h"

#include <utility>

namespace symbolon::gateway {
namespace {

// Adds one unless there are `most` already (0: no limit).
bool count_up(std::atomic<std::size_t>& count, std::int64_t most) {
  const std::size_t before = count.fetch_add(1, std::memory_order_relaxed);
  if (most == 0 || before < static_cast<std::size_t>(most)) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

bool reached(std::uint32_t count, std::int64_t most) { return most != 0 && count >= most; }

}  // namespace

void LimitCounts::replace(const Limits& limits) {
  limits_.connections = limits.connections;
  limits_.connections_per_source = limits.connections_per_source;
  limits_.handshakes = limits.handshakes;
  limits_.handshakes_per_source = limits.handshakes_per_source;
  limits_.handshake_rate = limits.handshake_rate;
  limits_.handshake_rate_per_source = limits.handshake_rate_per_source;
}

Limits LimitCounts::limits() const {
  return {.connections = limits_.connections,
          .connections_per_source = limits_.connections_per_source,
          .handshakes = limits_.handshakes,
          .handshakes_per_source = limits_.handshakes_per_source,
          .handshake_rate = limits_.handshake_rate,
          .handshake_rate_per_source = limits_.handshake_rate_per_source};
}

Result<LimitCounts::Place> LimitCounts::enter(const SourceKey& source, Moment now) {
  const bool counted = is_address(source) && by_source();
  if (counted) TRY(enter_source(source, now));
  if (auto entered = enter_all(now); !entered) {
    if (counted) leave_source(source, true, true);
    return std::unexpected(std::move(entered).error());
  }
  Place place(*this);
  if (counted) place.source_ = source;
  return place;
}

bool LimitCounts::by_source() const {
  return limits_.connections_per_source != 0 || limits_.handshakes_per_source != 0 ||
         limits_.handshake_rate_per_source != 0;
}

Status LimitCounts::enter_all(Moment now) {
  const std::int64_t connections = limits_.connections;
  if (!count_up(connections_, connections)) return fail(Code::connection_limit, "{} are open", connections);
  const std::int64_t handshakes = limits_.handshakes;
  if (!count_up(handshakes_, handshakes)) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    return fail(Code::handshake_limit, "{} are in flight", handshakes);
  }
  if (take_from_rate(now)) return {};
  connections_.fetch_sub(1, std::memory_order_relaxed);
  handshakes_.fetch_sub(1, std::memory_order_relaxed);
  return fail(Code::handshake_rate_limit, "more than {} a second", limits_.handshake_rate.load());
}

bool LimitCounts::take_from_rate(Moment now) {
  const Rate rate{limits_.handshake_rate};
  FullAt before = full_at_.load(std::memory_order_relaxed);
  while (true) {
    FullAt after = before;
    if (!rate.take(after, now)) return false;
    if (full_at_.compare_exchange_weak(before, after, std::memory_order_relaxed)) return true;
  }
}

Status LimitCounts::enter_source(const SourceKey& key, Moment now) {
  const std::int64_t connections = limits_.connections_per_source;
  const std::int64_t handshakes = limits_.handshakes_per_source;
  const Rate rate{limits_.handshake_rate_per_source};
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto [found, added] = shard.sources.try_emplace(key);
  Source& source = found->second;
  if (!added && source.connections == 0) shard.idle.erase(source.idle);
  Code refused = Code::internal;
  std::int64_t limit = 0;
  if (reached(source.connections, connections)) {
    refused = Code::source_connection_limit;
    limit = connections;
  } else if (reached(source.handshakes, handshakes)) {
    refused = Code::source_handshake_limit;
    limit = handshakes;
  } else if (!rate.take(source.full_at, now)) {
    refused = Code::source_handshake_rate_limit;
    limit = rate.per_second;
  } else {
    ++source.connections;
    ++source.handshakes;
    return {};
  }
  if (source.connections == 0) source.idle = shard.idle.insert(shard.idle.end(), key);
  return fail(refused, "{} are allowed", limit);
}

void LimitCounts::leave_source(const SourceKey& key, bool handshaking, bool connection) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.sources.find(key);
  Source& source = found->second;
  if (handshaking) --source.handshakes;
  if (!connection || --source.connections != 0) return;
  source.idle = shard.idle.insert(shard.idle.end(), key);
  // Each that becomes idle takes up to two with it whose rate is full again, so that they do not gather.
  const FullAt now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(Moment::clock::now().time_since_epoch()).count();
  for (int i = 0; i < 2 && !shard.idle.empty(); ++i) {
    const auto quietest = shard.sources.find(shard.idle.front());
    if (quietest->second.full_at > now && shard.idle.size() <= kIdleSources / kShards) return;
    shard.sources.erase(quietest);
    shard.idle.pop_front();
  }
}

std::size_t LimitCounts::sources() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.sources.size();
  }
  return count;
}

LimitCounts::Place& LimitCounts::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  leave();
  counts_ = std::exchange(other.counts_, nullptr);
  source_ = other.source_;
  handshaking_ = other.handshaking_;
  return *this;
}

Status LimitCounts::Place::of_source(const SourceKey& source, Moment now) {
  if (counts_ == nullptr || is_address(source_) || !is_address(source) || !counts_->by_source()) return {};
  TRY(counts_->enter_source(source, now));
  source_ = source;
  return {};
}

void LimitCounts::Place::established() {
  if (counts_ == nullptr || !std::exchange(handshaking_, false)) return;
  counts_->handshakes_.fetch_sub(1, std::memory_order_relaxed);
  if (is_address(source_)) counts_->leave_source(source_, true, false);
}

void LimitCounts::Place::leave() {
  if (counts_ == nullptr) return;
  counts_->connections_.fetch_sub(1, std::memory_order_relaxed);
  if (handshaking_) counts_->handshakes_.fetch_sub(1, std::memory_order_relaxed);
  if (is_address(source_)) counts_->leave_source(source_, handshaking_, true);
  counts_ = nullptr;
}

}  // namespace symbolon::gateway
