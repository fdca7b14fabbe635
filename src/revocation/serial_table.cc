#include "revocation/serial_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace symbolon::revocation {
namespace {

// The first eight octets, or what there is and zeros.
std::uint64_t big_endian(ByteView octets) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> first{};
  std::memcpy(first.data(), octets.data(), std::min(octets.size(), first.size()));
  std::uint64_t out = 0;
  for (const std::uint8_t octet : first) out = out << 8U | octet;
  return out;
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

void SerialTable::append(const SerialTable& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i].append(other.buckets_[i]);
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

void SerialTable::Bucket::sort() {
  bool sorted = true;
  for (std::size_t i = 1; i < since.size() && sorted; ++i) sorted = compare(i - 1, i) < 0;
  if (!sorted) {
    sort(0, since.size(), 0);
    drop_repeated();
  }
  give_back_room();
  common = 0;
  if (since.empty()) return;
  const ByteView first = serial(0);
  const ByteView last = serial(since.size() - 1);
  while (common < width && first[common] == last[common]) ++common;
}

int SerialTable::Bucket::compare(std::size_t a, std::size_t b) const {
  return std::memcmp(serials.data() + a * width, serials.data() + b * width, width);
}

void SerialTable::Bucket::swap(std::size_t a, std::size_t b) {
  std::swap_ranges(serials.data() + a * width, serials.data() + (a + 1) * width, serials.data() + b * width);
  std::swap(since[a], since[b]);
}

// By the octets from `octet` on, in place, so that a million entries need no second room: those of each value of that
// octet are brought together, then sorted by the next one. At most `width` levels deep.
void SerialTable::Bucket::sort(std::size_t begin, std::size_t end, std::size_t octet) {
  constexpr std::size_t kFew = 24;
  while (octet < width && end - begin > kFew) {
    std::array<std::size_t, 257> bounds{};
    for (std::size_t i = begin; i < end; ++i) ++bounds[serials[i * width + octet] + 1U];
    bounds[0] = begin;
    std::partial_sum(bounds.begin(), bounds.end(), bounds.begin());
    std::array<std::size_t, 256> next{};
    std::copy_n(bounds.begin(), next.size(), next.begin());
    for (std::size_t value = 0; value < next.size(); ++value) {
      while (next[value] < bounds[value + 1]) {
        const std::uint8_t own = serials[next[value] * width + octet];
        if (own == value) {
          ++next[value];
        } else {
          swap(next[value], next[own]++);
        }
      }
    }
    ++octet;
    const auto whole = std::ranges::adjacent_find(
        bounds, [&](std::size_t from, std::size_t to) { return from == begin && to == end; });
    if (whole != bounds.end()) continue;  // all have the same octet there
    for (std::size_t value = 0; value < next.size(); ++value) sort(bounds[value], bounds[value + 1], octet);
    return;
  }
  if (octet == width) return;
  for (std::size_t i = begin + 1; i < end; ++i) {
    for (std::size_t j = i; j > begin && compare(j - 1, j) > 0; --j) swap(j - 1, j);
  }
}

void SerialTable::Bucket::drop_repeated() {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < since.size(); ++i) {
    if (compare(kept, i) == 0) {
      since[kept] = std::min(since[kept], since[i]);
    } else if (++kept != i) {
      std::memcpy(serials.data() + kept * width, serials.data() + i * width, width);
      since[kept] = since[i];
    }
  }
  since.resize(kept + 1);
  serials.resize(since.size() * width);
}

// What was never written to costs nothing; to move many for a little would need room for both at once.
void SerialTable::Bucket::give_back_room() {
  constexpr std::size_t kMany = 100'000;
  const std::size_t spare = since.size() < kMany ? 0 : since.size() / 8;
  if (since.capacity() - since.size() > spare) since.shrink_to_fit();
  if (serials.capacity() - serials.size() > spare * width) serials.shrink_to_fit();
}

void SerialTable::Bucket::append(const Bucket& more) {
  if (more.since.empty()) return;
  width = more.width;
  serials.insert(serials.end(), more.serials.begin(), more.serials.end());
  since.insert(since.end(), more.since.begin(), more.since.end());
}

SerialTable SerialTable::merged_with(const SerialTable& other) const {
  SerialTable out = *this;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (other.buckets_[i].since.empty()) continue;
    out.buckets_[i].append(other.buckets_[i]);
    out.buckets_[i].sort();
  }
  return out;
}

SerialTable SerialTable::without(const x509::SerialNumber& serial) const {
  SerialTable out = *this;
  Bucket& bucket = out.buckets_[serial.magnitude().size()];
  if (const auto at = bucket.place_of(serial.magnitude())) {
    const auto first = bucket.serials.begin() + static_cast<std::ptrdiff_t>(*at * bucket.width);
    bucket.serials.erase(first, first + static_cast<std::ptrdiff_t>(bucket.width));
    bucket.since.erase(bucket.since.begin() + static_cast<std::ptrdiff_t>(*at));
  }
  return out;
}

// Serials are drawn at random, most of the time, so a serial's place can be guessed from its value: about n entries
// away the next guess is wrong by about the root of n. Each look is one at memory that is in no cache. From the last
// guess on steps double until they are beyond, so that other serials cost a few looks more.
std::optional<std::size_t> SerialTable::Bucket::place_of(ByteView wanted) const {
  constexpr int kGuesses = 3;
  constexpr double kNear = 8;
  if (since.empty() || std::memcmp(serials.data(), wanted.data(), common) != 0) return std::nullopt;
  const std::uint64_t key = big_endian(wanted.subspan(common));
  const auto key_at = [&](std::size_t i) { return big_endian(serial(i).subspan(common)); };
  const auto order_at = [&](std::size_t i) {
    const std::uint64_t there = key_at(i);
    if (there != key) return there < key ? -1 : 1;
    return std::memcmp(serial(i).data(), wanted.data(), wanted.size());
  };
  std::size_t low = 0;
  std::size_t high = since.size();  // it lies before this, if it is there
  const std::uint64_t first = key_at(low);
  const std::uint64_t last = key_at(high - 1);
  if (key < first || key > last) return std::nullopt;

  const double density = first < last ? static_cast<double>(high - 1) / static_cast<double>(last - first) : 0;
  std::size_t at = std::min(static_cast<std::size_t>(static_cast<double>(key - first) * density), high - 1);
  for (int guess = 0; guess < kGuesses; ++guess) {
    const int order = order_at(at);
    if (order == 0) return at;
    if (order < 0) {
      low = at + 1;
    } else {
      high = at;
    }
    if (low == high) return std::nullopt;
    const std::uint64_t there = key_at(at);
    const double away =
        there < key ? static_cast<double>(key - there) * density : -(static_cast<double>(there - key) * density);
    at = static_cast<std::size_t>(
        std::clamp(static_cast<double>(at) + away, static_cast<double>(low), static_cast<double>(high - 1)));
    if (std::abs(away) < kNear) break;
  }

  std::size_t step = 2;
  if (order_at(at) < 0) {
    low = at + 1;
    for (; high - low > step && order_at(low + step) < 0; step *= 2) low += step + 1;
    if (high - low > step) high = low + step + 1;
  } else {
    high = at + 1;
    for (; high - low > step && order_at(high - step) > 0; step *= 2) high -= step;
    if (high - low > step) low = high - step;
  }
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = order_at(middle);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::optional<UnixSeconds> SerialTable::find(const x509::SerialNumber& serial) const {
  const Bucket& bucket = buckets_[serial.magnitude().size()];
  const auto at = bucket.place_of(serial.magnitude());
  return at ? std::optional(UnixSeconds{bucket.since[*at]}) : std::nullopt;
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
