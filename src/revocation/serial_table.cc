#include "revocation/serial_table.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace symbolon::revocation {
namespace {

// A little that was never written to costs nothing, and a copy of much does.
template <typename Vector>
void give_back(Vector& vector) {
  constexpr std::size_t kMuch = 1 << 18;
  if (vector.size() < kMuch || vector.capacity() > vector.size() + vector.size() / 32) vector.shrink_to_fit();
}

}  // namespace

void SerialTable::add(const x509::SerialNumber& serial, UnixSeconds since) {
  const ByteView octets = serial.magnitude();
  Bucket& bucket = buckets_[octets.size()];
  bucket.width = octets.size();
  bucket.serials.insert(bucket.serials.end(), octets.begin(), octets.end());
  bucket.since.push_back(
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(since.count, 0, std::numeric_limits<std::uint32_t>::max())));
}

void SerialTable::will_grow(double times) {
  constexpr double kReserve = 1.01;  // for buckets that differ a little
  for (Bucket& bucket : buckets_) {
    const auto count = static_cast<std::size_t>(static_cast<double>(bucket.since.size()) * times * kReserve);
    bucket.serials.reserve(count * bucket.width);
    bucket.since.reserve(count);
  }
}

void SerialTable::sort() {
  for (Bucket& bucket : buckets_) bucket.sort();
}

namespace {

// What two serials of a bucket differ in first, most of the time; so most comparisons look at nothing else.
struct SortKey {
  std::uint64_t octets = 0;
  std::uint32_t index = 0;
};

// Of all of them: how many octets they have in common, from the first on.
std::size_t common_prefix(ByteView serials, std::size_t width) {
  std::size_t common = width;
  for (std::size_t at = width; at < serials.size() && common > 0; at += width) {
    while (common > 0 && std::memcmp(serials.data(), serials.data() + at, common) != 0) --common;
  }
  return common;
}

// The first eight octets, or what there is and zeros.
std::uint64_t big_endian(ByteView octets) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> first{};
  std::memcpy(first.data(), octets.data(), std::min(octets.size(), first.size()));
  std::uint64_t out = 0;
  for (const std::uint8_t octet : first) out = out << 8U | octet;
  return out;
}

}  // namespace

bool SerialTable::Bucket::is_sorted() const {
  for (std::size_t i = 1; i < since.size(); ++i) {
    if (std::memcmp(serials.data() + (i - 1) * width, serials.data() + i * width, width) >= 0) return false;
  }
  return true;
}

void SerialTable::Bucket::sort() {
  if (!is_sorted()) {
    const std::size_t common = common_prefix(serials, width);
    std::vector<SortKey> order(since.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = {big_endian(serial(i).subspan(common)), i};
    const auto compare = [this](const SortKey& a, const SortKey& b) {
      return std::memcmp(serials.data() + a.index * width, serials.data() + b.index * width, width);
    };
    std::ranges::sort(order, [&](const SortKey& a, const SortKey& b) {
      if (a.octets != b.octets) return a.octets < b.octets;
      const int by_serial = compare(a, b);
      return by_serial != 0 ? by_serial < 0 : since[a.index] < since[b.index];
    });
    const auto repeated = std::ranges::unique(
        order, [&](const SortKey& a, const SortKey& b) { return a.octets == b.octets && compare(a, b) == 0; });
    order.erase(repeated.begin(), repeated.end());
    // One after the other: both beside what they replace would be the most that there is at a time.
    Bytes new_serials(order.size() * width);
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::memcpy(new_serials.data() + i * width, serials.data() + order[i].index * width, width);
    }
    serials = std::move(new_serials);
    std::vector<std::uint32_t> new_since(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) new_since[i] = since[order[i].index];
    since = std::move(new_since);
  }
  give_back(serials);
  give_back(since);
  common = 0;
  if (since.empty()) return;
  const ByteView first = serial(0);
  const ByteView last = serial(since.size() - 1);
  while (common < width && first[common] == last[common]) ++common;
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

// Serials are drawn at random, most of the time, so a serial's place can be guessed from its value: that is looked at
// first, so that halving begins with a part that is in the cache. Guesses that are wrong cost two looks each.
std::optional<UnixSeconds> SerialTable::find(const x509::SerialNumber& serial) const {
  constexpr int kGuesses = 3;
  constexpr std::size_t kFew = 32;
  const ByteView wanted = serial.magnitude();
  const Bucket& bucket = buckets_[wanted.size()];
  if (bucket.since.empty() || std::memcmp(bucket.serials.data(), wanted.data(), bucket.common) != 0)
    return std::nullopt;
  const std::uint64_t key = big_endian(wanted.subspan(bucket.common));
  const auto key_at = [&](std::size_t i) { return big_endian(bucket.serial(i).subspan(bucket.common)); };
  std::size_t low = 0;
  std::size_t high = bucket.since.size();  // it lies before this, if it is there
  std::uint64_t first = key_at(low);
  std::uint64_t last = key_at(high - 1);
  if (key < first || key > last) return std::nullopt;
  for (int guess = 0; guess < kGuesses && high - low > kFew && first < last; ++guess) {
    const auto count = static_cast<double>(high - 1 - low);
    const auto place =
        low + static_cast<std::size_t>(static_cast<double>(key - first) / static_cast<double>(last - first) * count);
    const auto around = 8 + static_cast<std::size_t>(2 * std::sqrt(count));
    const std::size_t from = place - low > around ? place - around : low;
    const std::size_t to = std::min(place + around, high - 1);
    const std::uint64_t before = key_at(from);
    const std::uint64_t behind = key_at(to);
    if (key < before) {
      high = from;
      last = key_at(high - 1);
    } else if (key > behind) {
      low = to + 1;
      first = key_at(low);
    } else if (key > before && key < behind) {
      low = from;
      high = to + 1;
      first = before;
      last = behind;
    } else {
      break;  // others with the same key may lie on both sides
    }
    if (low >= high || key < first || key > last) return std::nullopt;
  }
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::uint64_t there = key_at(middle);
    const int order =
        there != key ? (there < key ? -1 : 1) : std::memcmp(bucket.serial(middle).data(), wanted.data(), wanted.size());
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
