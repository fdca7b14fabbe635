#include "revocation/serial_table.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

namespace symbolon::revocation {

void SerialTable::add(const x509::SerialNumber& serial, UnixSeconds since) {
  const ByteView octets = serial.magnitude();
  Bucket& bucket = buckets_[octets.size()];
  bucket.width = octets.size();
  bucket.serials.insert(bucket.serials.end(), octets.begin(), octets.end());
  bucket.since.push_back(
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(since.count, 0, std::numeric_limits<std::uint32_t>::max())));
}

void SerialTable::sort() {
  for (Bucket& bucket : buckets_) bucket.sort();
}

void SerialTable::Bucket::sort() {
  const auto compare = [this](std::size_t a, std::size_t b) {
    return std::memcmp(serials.data() + a * width, serials.data() + b * width, width);
  };
  bool sorted = true;
  for (std::size_t i = 1; i < since.size() && sorted; ++i) sorted = compare(i - 1, i) < 0;
  if (!sorted) {
    std::vector<std::uint32_t> order(since.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
      const int by_serial = compare(a, b);
      return by_serial != 0 ? by_serial < 0 : since[a] < since[b];
    });
    const auto repeated =
        std::ranges::unique(order, [&](std::uint32_t a, std::uint32_t b) { return compare(a, b) == 0; });
    order.erase(repeated.begin(), repeated.end());
    Bytes new_serials;
    std::vector<std::uint32_t> new_since;
    new_serials.reserve(order.size() * width);
    new_since.reserve(order.size());
    for (const std::uint32_t i : order) {
      const ByteView octets = serial(i);
      new_serials.insert(new_serials.end(), octets.begin(), octets.end());
      new_since.push_back(since[i]);
    }
    serials = std::move(new_serials);
    since = std::move(new_since);
  }
  serials.shrink_to_fit();
  since.shrink_to_fit();
}

SerialTable SerialTable::merged_with(const SerialTable& other) const {
  SerialTable out = *this;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Bucket& more = other.buckets_[i];
    Bucket& bucket = out.buckets_[i];
    if (more.since.empty()) continue;
    bucket.width = more.width;
    bucket.serials.insert(bucket.serials.end(), more.serials.begin(), more.serials.end());
    bucket.since.insert(bucket.since.end(), more.since.begin(), more.since.end());
    bucket.sort();
  }
  return out;
}

std::optional<UnixSeconds> SerialTable::find(const x509::SerialNumber& serial) const {
  const ByteView wanted = serial.magnitude();
  const Bucket& bucket = buckets_[wanted.size()];
  std::size_t low = 0;
  std::size_t high = bucket.since.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = std::memcmp(bucket.serials.data() + middle * bucket.width, wanted.data(), bucket.width);
    if (order == 0) return UnixSeconds{bucket.since[middle]};
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::size_t SerialTable::size() const {
  std::size_t count = 0;
  for (const Bucket& bucket : buckets_) count += bucket.since.size();
  return count;
}

std::size_t SerialTable::memory() const {
  std::size_t octets = 0;
  for (const Bucket& bucket : buckets_) {
    octets += bucket.serials.capacity() + bucket.since.capacity() * sizeof(std::uint32_t);
  }
  return octets;
}

}  // namespace symbolon::revocation
